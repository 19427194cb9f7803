"""Finds what no single key of a profile shows to be wrong."""

from __future__ import annotations

from typing import NamedTuple

from engine.language.said import Said
from engine.machine import checked_toml
from engine.profile import seed_loop
from engine.profile.schema import Profile, Prompt

_PARTS = ["system", "examples", "instruction"]


class Contradiction(NamedTuple):
    """Settings that are right one by one, but not together."""

    keys: tuple[str, ...]
    """Of what does not go together; the text is about the first."""
    text: Said


def of(profile: Profile) -> list[Contradiction]:
    """All contradictions in a profile."""
    found = _in_prompt(profile.prompt)
    few_shot, training = profile.few_shot, profile.training
    if few_shot.ids and few_shot.choose != "ids":
        found.append(
            Contradiction(
                ("few_shot.ids", "few_shot.choose"), Said('goes with few_shot.choose = "ids"')
            )
        )
    if training.patience and profile.evaluation.choose_by == "last":
        found.append(
            Contradiction(
                ("training.patience", "evaluation.choose_by"),
                Said('needs evaluation.choose_by = "validation" or "test"'),
            )
        )
    if training.seed_bug_compatible and training.batch_size % seed_loop.ACCUMULATION:
        found.append(
            Contradiction(
                ("training.batch_size", "training.seed_bug_compatible"),
                Said(
                    "found {found}, expected a multiple of {multiple}, the seed's accumulation, "
                    "with training.seed_bug_compatible",
                    found=training.batch_size,
                    multiple=seed_loop.ACCUMULATION,
                ),
            )
        )
    return found


def _in_prompt(prompt: Prompt) -> list[Contradiction]:
    forms = {
        "template": (prompt.template, _PARTS, "instruction"),
        "example": (prompt.example, ["instruction", "output", "number"], "output"),
        "to_classical": (prompt.to_classical, ["text"], "text"),
        "to_modern": (prompt.to_modern, ["text"], "text"),
    }
    if prompt.few_shot_template:
        forms["few_shot_template"] = (prompt.few_shot_template, _PARTS, "instruction")
    found = [
        Contradiction((f"prompt.{key}",), mistake)
        for key, (text, parts, needed) in forms.items()
        for mistake in checked_toml.part_mistakes(text, parts, needed)
    ]
    if prompt.system and "{system}" not in prompt.template + prompt.few_shot_template:
        found.append(
            Contradiction(
                ("prompt.system", "prompt.template", "prompt.few_shot_template"),
                Said("is given, but prompt.template has no {system} part"),
            )
        )
    return found
