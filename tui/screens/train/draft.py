"""The run being set up: what was chosen so far, and the request that it makes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.prompts import strategies
from engine.prompts.strategies import Strategy
from engine.run.settings import Part
from engine.start.request import Request
from tui import remembered

FILES = ("data.train", "data.validation", "data.test")


@dataclass(frozen=True)
class Draft:
    """Choices; settings that are not named in `overrides` are the profile's."""

    profile: str
    strategy_name: str = strategies.QLORA.name
    overrides: Mapping[str, str] = field(default_factory=dict)
    gpu: str = ""
    """UUID of the GPU to run on; empty for the freest."""

    @property
    def strategy(self) -> Strategy:
        return strategies.get(self.strategy_name)

    @property
    def changed_settings(self) -> dict[str, str]:
        """Overrides other than data files."""
        return {key: text for key, text in self.overrides.items() if key not in FILES}

    def uses(self, part: Part) -> bool:
        """Does a run of this strategy read this file?"""
        if part == "train":
            return self.strategy.trains or self.strategy.shows_examples
        return part == "test" or self.strategy.trains

    def with_file(self, part: Part, path: str) -> Draft:
        """Another data file."""
        return self.with_overrides({**self.overrides, f"data.{part}": quoted(path)})

    def with_own_file(self, part: Part) -> Draft:
        """The profile's data file."""
        kept = {key: text for key, text in self.overrides.items() if key != f"data.{part}"}
        return self.with_overrides(kept)

    def with_examples(self, ids: Sequence[str]) -> Draft:
        """These few-shot examples, in this order; none: as the profile chooses them."""
        others = ("few_shot.ids", "few_shot.choose")
        kept = {key: text for key, text in self.overrides.items() if key not in others}
        named = {"few_shot.ids": json.dumps(list(ids), ensure_ascii=False)} if ids else {}
        return self.with_overrides({**kept, **named})

    def with_overrides(self, overrides: Mapping[str, str]) -> Draft:
        """Other settings."""
        return replace(self, overrides=dict(overrides))

    def with_strategy(self, name: str) -> Draft:
        """Another strategy."""
        return replace(self, strategy_name=name)

    def with_profile(self, name: str) -> Draft:
        """Another profile, with its own files; the changed settings stay."""
        return replace(self, profile=name, overrides=self.changed_settings)

    def with_gpu(self, uuid: str) -> Draft:
        """Another GPU."""
        return replace(self, gpu=uuid)

    def request(self, root: Path) -> Request:
        """What to ask the engine for."""
        return Request(
            root=root,
            strategy=self.strategy_name,
            profile=self.profile,
            overrides=dict(self.overrides),
            gpu=self.gpu,
        )


def first_draft(profile: str, goes_on: bool) -> Draft:
    """What was set up last, if it is gone on with and was for this profile; else the profile."""
    kept = remembered.desk()
    if not goes_on or kept.profile != profile or kept.strategy not in strategies.STRATEGIES:
        return Draft(profile)
    return Draft(profile, kept.strategy, kept.overrides)


def keep_draft(draft: Draft) -> None:
    """For the next session. GPUs are others then, or in others' hands."""
    remembered.keep_desk(
        profile=draft.profile, strategy=draft.strategy_name, overrides=dict(draft.overrides)
    )


def quoted(text: str) -> str:
    """A text as an override's value, safe from being read as a number or a date."""
    return json.dumps(text, ensure_ascii=False)
