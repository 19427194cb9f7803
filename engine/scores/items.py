"""The items of an evaluation, one by one: beside those of another run, in order, found, kept."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.data.directions import LABELS, direction_label, source_text
from engine.language import sheets
from engine.language.errors import UserError
from engine.language.figures import number
from engine.language.plain_text import plain
from engine.language.said import Said, labelled
from engine.run.words import fault_detail, fault_name, fault_short
from engine.scores import result_lines
from engine.scores.result_lines import SampleResult


@dataclass(frozen=True)
class Item:
    """An item as one run has it, and as another has it, if it is set against one."""

    place: int
    """In the file."""
    sample: SampleResult
    other: SampleResult | None = None

    @property
    def source(self) -> str:
        """What is to be translated."""
        return source_text(self.sample.instruction)

    @property
    def change(self) -> float:
        """Perplexity less that of the other run; nan where either is not known."""
        return self.sample.value - self.other.value if self.other else math.nan


Rank = Callable[[Item], float]
ORDERS: dict[str, tuple[Said, Rank]] = {
    "ppl": (Said("perplexity"), lambda item: item.sample.value),
    "change": (Said("change"), lambda item: item.change),
    "chrf": (Said("chrF"), lambda item: _negated(item.sample.chrf)),
    "faults": (Said("faults"), lambda item: _faults(item.sample)),
    "file": (Said("place in the file"), lambda item: -item.place),
}
"""By what items are sorted; the greatest of these comes first, the worst items that is."""


def _faults(sample: SampleResult) -> float:
    return math.nan if sample.output is None else len(sample.faults)


def _negated(chrf: float | None) -> float:
    return math.nan if chrf is None else -chrf


def pair_up(samples: Sequence[SampleResult], others: Sequence[SampleResult] = ()) -> list[Item]:
    """All samples of a run, each with the same item of another."""
    pairs = result_lines.pair_up(samples, others)
    return [Item(place, sample, other) for place, (sample, other) in enumerate(pairs)]


def sort(items: Iterable[Item], by: str, *, worst_first: bool = True) -> list[Item]:
    """Items in an order of ORDERS, like ones by perplexity; those that have no value last."""
    if by == "faults":
        items = sort(items, "ppl")
    _, rank = ORDERS[by]
    ranked = [(rank(item), item) for item in items]
    known = [pair for pair in ranked if not math.isnan(pair[0])]
    known.sort(key=lambda pair: pair[0], reverse=worst_first)
    return [item for _, item in known] + [item for value, item in ranked if math.isnan(value)]


FAULTY = "!"
"""The word that finds what is faulty at all; before a kind of fault, what has that one."""


def find(items: Iterable[Item], words: str) -> list[Item]:
    """The items that every word fits: what occurs in id, question, reference or an output, a
    direction (`文→白`), `!` or a kind of fault (`!copied`)."""
    wanted = words.casefold().split()
    return [item for item in items if all(_fits(item, word) for word in wanted)]


def _fits(item: Item, word: str) -> bool:
    sample = item.sample
    if word in _DIRECTIONS:
        return sample.direction == _DIRECTIONS[word]
    if word.startswith(FAULTY):
        kind = word.removeprefix(FAULTY)
        return any(kind in name for name in map(_fault_names, sample.faults))
    return word in _searched(item)


_DIRECTIONS = {label: direction for direction, label in LABELS.items() if label != "?"}


def _fault_names(kind: str) -> str:
    """All that a kind of fault is called."""
    return f"{kind}\n{fault_name(kind)}\n{fault_short(kind)}".casefold()


def _searched(item: Item) -> str:
    sample, other = item.sample, item.other
    outputs = sample.output or "", (other.output or "" if other else "")
    parts = (sample.id, sample.instruction, sample.reference, *outputs, *sample.faults)
    return "\n".join(parts).casefold()


def short_ids(ids: Sequence[str], room: int = 8) -> dict[str, str]:
    """Ids as short as they can be told apart by, those that are short anyway as they are.

    Of long ones, as UUIDs are, the beginning, or else the end behind a `…`.
    """
    long = sorted({one for one in ids if len(one) > room + 4})
    for length in range(room, room + 5):
        if len({one[:length] for one in long}) == len(long):
            return {one: one[:length] if len(one) > room + 4 else one for one in ids}
    for length in range(room, 3 * room):
        if len({one[-length:] for one in long}) == len(long):
            return {one: f"…{one[-length:]}" if len(one) > room + 4 else one for one in ids}
    return {one: one for one in ids}


def content(items: Sequence[Item], run: str, other: str, suffix: str) -> str:
    """Items as JSON or Markdown, by a file's suffix. Raises UserError."""
    if suffix == ".json":
        found = [_as_data(item, run, other) for item in items]
        return json.dumps(found, ensure_ascii=False, indent=1) + "\n"
    if suffix == ".md":
        return "\n".join(_as_markdown(item, run, other) for item in items)
    raise UserError(sheets.unknown_suffix(suffix, Said(".json or .md")))


def _as_data(item: Item, run: str, other: str) -> dict[str, Any]:
    sample = item.sample
    runs = {run: _answer(sample)}
    if item.other is not None:
        runs[other] = _answer(item.other)
    return {
        "id": sample.own_id,
        "direction": sample.direction,
        "instruction": sample.instruction,
        "reference": sample.reference,
        "runs": runs,
    }


def _answer(sample: SampleResult) -> dict[str, Any]:
    return {
        "perplexity": sample.perplexity,
        "chrf": sample.chrf,
        "output": sample.output,
        "faults": sample.faults,
    }


def _as_markdown(item: Item, run: str, other: str) -> str:
    sample = item.sample
    lines = [
        f"## {sheets.escaped(sample.id)} {direction_label(sample.direction)}\n",
        *_quoted("source", item.source),
        *_quoted("reference", sample.reference),
        *_quoted(f"{run}, perplexity {number(sample.value)}", sample.output or "–"),
        *_faulty(sample),
    ]
    if item.other is not None:
        title = f"{other}, perplexity {number(item.other.value)}"
        lines += [*_quoted(title, item.other.output or "–"), *_faulty(item.other)]
    return "\n".join(lines) + "\n"


def _faulty(sample: SampleResult) -> list[str]:
    return [
        f"! {sheets.escaped(labelled(fault_name(kind), fault_detail(found)))}\n"
        for kind, found in sample.faults.items()
    ]


def _quoted(title: str, words: str) -> list[str]:
    quoted = [f"> {sheets.escaped(line)}  " for line in plain(words).split("\n")]
    return [f"**{sheets.escaped(title)}**\n", *quoted, ""]
