"""What run.toml holds: everything that a run's worker needs to know, and what follows from it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from engine.data.dataset import Pair
from engine.language.said import Said
from engine.profile.schema import Profile
from engine.prompts import strategies

Job = Literal["train", "evaluate", "predict", "probe"]
Part = Literal["train", "validation", "test"]
FORMAT = 1
PEEKED = Said("* The checkpoint was chosen on the test file: the score is optimistic.")
"""Explains the mark."""


class DataFile(Struct, frozen=True):
    """A data file as a run used it."""

    path: str
    sha256: str
    pairs: int


class RunSettings(Struct, frozen=True, kw_only=True, gc=False):
    """run.toml: everything a worker needs to know, written once before it starts."""

    format: int = FORMAT
    id: str
    created: str
    """Local time with zone, ISO 8601."""
    job: Job
    strategy: str
    profile: Profile
    overrides: dict[str, str] = {}
    data: dict[str, DataFile] = {}
    """By part: train, validation, test (the file that is scored)."""
    adapter: str = ""
    """Folder of the adapter that is evaluated; empty for the base model."""
    adapter_run: str = ""
    """Id of the run that trained it."""
    checkpoint: str = ""
    """Name of the checkpoint it is; empty for that run's result."""
    examples: list[Pair] = []
    """The pairs that few-shot examples are taken from; none where each item has its own."""
    gpu: str = ""
    """UUID of the GPU it is to run on; empty for the freest."""
    versions: dict[str, str] = {}
    host: str = ""
    git: str = ""

    @property
    def examples_shown(self) -> int:
        """Examples that stand before each item, k."""
        few_shot = self.profile.few_shot
        if not strategies.get(self.strategy).shows_examples:
            return 0
        return len(few_shot.ids) if few_shot.choose == "ids" else few_shot.examples

    @property
    def strategy_in_full(self) -> str:
        """With the examples, if it shows any: `few-shot 4`, `few-shot 8 nearest same`."""
        few_shot = self.profile.few_shot
        if not self.examples_shown:
            return self.strategy
        words = [self.strategy, str(self.examples_shown)]
        if few_shot.choose != "random":
            words.append(few_shot.choose)
        if few_shot.choose != "ids" and few_shot.direction == "same":
            words.append("same")
        return " ".join(words)

    def is_set_aside(self, part: str) -> bool:
        """Is the part no file of its own, but pairs of the training file that were put aside?"""
        train, other = self.data.get("train"), self.data.get(part)
        return (
            part != "train"
            and train is not None
            and other is not None
            and (train.sha256 == other.sha256 and not self.profile.data.validation)
        )

    @property
    def chosen_by(self) -> str:
        """The part whose perplexity chose the checkpoint, or `last`; empty where nothing trains."""
        if self.job != "train":
            return ""
        by = self.profile.evaluation.choose_by
        return "last" if by == "validation" and "validation" not in self.data else by

    @property
    def chosen_on_test(self) -> bool:
        """Was the adapter's checkpoint chosen on the test file, so that its score flatters it?"""
        asked = self.profile.evaluation.choose_by == "test"
        return asked and strategies.get(self.strategy).trains

    @property
    def mark(self) -> str:
        """What stands behind a perplexity that flatters the run (see `PEEKED`)."""
        return "*" if self.chosen_on_test else ""
