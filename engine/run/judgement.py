"""What is said of an evaluation beside its perplexity: intervals, BLEU, chrF, faults of outputs."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from engine.language.said import Said

FAULTS = {
    "empty": Said("empty"),
    "cut": Said("cut off at max_new_tokens"),
    "repeats": Said("with endless repetition"),
    "thinking": Said("with thinking aloud"),
    "copied": Said("untranslated copies"),
    "simplified": Said("with Simplified characters"),
    "english": Said("with English words"),
    "prompt": Said("with words of the prompt"),
    "special": Said("with special tokens"),
}
"""Kinds in the order shown, and how they are called (see engine.wording.fault_name)."""
FAULTS_IN_SHORT = {
    "empty": Said("empty"),
    "cut": Said("cut off"),
    "repeats": Said("repeats"),
    "thinking": Said("thinks"),
    "copied": Said("copy"),
    "simplified": Said("Simplified"),
    "english": Said("English"),
    "prompt": Said("prompt"),
    "special": Said("tokens"),
}
"""The same in a word, for a column."""


class Metric(NamedTuple):
    """A score of translations against references; more is better."""

    name: str
    """The same in every language."""
    title: Said
    """In a list of columns."""


METRICS = {
    "bleu": Metric("BLEU", Said("BLEU, highest first")),
    "chrf": Metric("chrF", Said("chrF, highest first")),
}
"""By the field of `Judgement`, which has another as `source_…`; tables read them off this list."""


class Measure(Struct, frozen=True):
    """A score of a set of items, and how far it may be off by the choice of the items."""

    value: float
    low: float = math.nan
    """Bounds of the 95 % bootstrap interval; nan where there is none."""
    high: float = math.nan


class Fault(Struct, frozen=True, omit_defaults=True):
    """How many outputs have one kind of fault, and one of them to look at."""

    count: int
    id: str = ""
    found: str = ""
    """What is wrong with that one: characters, words, tokens."""
    output: str = ""


class Judgement(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of one set of items: the whole file, or one direction."""

    samples: int
    perplexity: Measure | None = None
    """Macro, like `corpus`: None for a file that was only translated."""
    corpus: Measure | None = None
    median: float | None = None
    """Of the samples' perplexities, which no single bad one can move."""
    bleu: Measure | None = None
    """Of the outputs, like `chrf`; 0–100. None where there are no outputs or no references."""
    chrf: Measure | None = None
    source_bleu: Measure | None = None
    """Of the untranslated source, like `source_chrf`: what doing nothing would score."""
    source_chrf: Measure | None = None
    outputs: int = 0
    """Items that were translated: what faults are counted among."""
    faults: dict[str, Fault] = {}
    """By kind; every kind that was looked for, found or not."""

    @property
    def found(self) -> dict[str, Fault]:
        """The faults that there are, by kind."""
        return {kind: fault for kind, fault in self.faults.items() if fault.count}


def value(measure: Measure | None) -> float:
    """The score itself; nan if there is none."""
    return measure.value if measure else math.nan


def metric_values(judgement: Judgement | None, of: str = "") -> dict[str, float]:
    """Every metric of the outputs, or of the source (`source_`); nan where there is none."""
    return {name: value(getattr(judgement, of + name, None)) for name in METRICS}


def plain_data(struct: Struct) -> Any:
    """As JSON has it: lists, dicts, null for what is no number, and texts in words."""
    return msgspec.json.decode(msgspec.json.encode(struct, enc_hook=str))
