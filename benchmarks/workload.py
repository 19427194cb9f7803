"""The data that benchmarks run on: a file of pairs, in the course's prompt, by a true tokenizer."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from engine.data import dataset
from engine.data.dataset import Pair
from engine.machine.paths import BUILTIN_PROFILES
from engine.models.tokenizer import Tokenizer
from engine.profile.schema import Prompt
from engine.prompts.builder import Encoded, PromptBuilder

COURSE_PROMPT = Prompt(
    template="你是人工智慧助理，以下是用戶和人工智能助理之間的對話。你要對用戶的問題提供有用、安全、"
    "詳細和禮貌的回答。USER: {examples}{instruction} ASSISTANT:",
    example="{instruction} ASSISTANT: {output}\nUSER: ",
)
DATA = BUILTIN_PROFILES / "tiny" / "data" / "train.json"
TOKENIZER = BUILTIN_PROFILES / "tiny"


@dataclass(frozen=True)
class Workload:
    """Encoded pairs, in an order drawn once."""

    builder: PromptBuilder
    pairs: list[Pair]
    encoded: list[Encoded]

    @classmethod
    def read(cls, data: Path, tokenizer: Path, longest: int = 1024) -> Workload:
        """The pairs of a file that are not too long."""
        builder = PromptBuilder(COURSE_PROMPT, Tokenizer(tokenizer))
        pairs = dataset.read(str(data)).pairs
        random.Random(0).shuffle(pairs)
        encoded = [builder.encode(pair.instruction, pair.output) for pair in pairs]
        fit = [i for i, item in enumerate(encoded) if len(item.ids) <= longest]
        return cls(builder, [pairs[i] for i in fit], [encoded[i] for i in fit])

    def batches(self, size: int, count: int) -> list[list[Encoded]]:
        """The first effective batches, beginning anew where the file ends."""
        items = [self.encoded[i % len(self.encoded)] for i in range(size * count)]
        return [items[start : start + size] for start in range(0, len(items), size)]

    def describe(self) -> str:
        """Its size in tokens, for the head of a table."""
        lengths = sorted(len(item.ids) for item in self.encoded)
        scored = sum(item.scored_count for item in self.encoded)
        return (
            f"{len(lengths):,} pairs, {sum(lengths) / len(lengths):.0f} tokens on average "
            f"(median {lengths[len(lengths) // 2]}, longest {lengths[-1]}), "
            f"{scored / sum(lengths):.0%} of them scored"
        )


def grouped(encoded: list[Encoded], size: int) -> list[list[Encoded]]:
    """Batches of similar length, as transformers' `group_by_length` makes them; longest first."""
    ordered = sorted(encoded, key=lambda item: -len(item.ids))
    return [ordered[start : start + size] for start in range(0, len(ordered) - size + 1, size)]
