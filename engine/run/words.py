"""What programs name by a key, as it is called where a person reads it: states, phases, faults.

Keys and events stay as they are, in every language; only here do they become words.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.language.figures import number
from engine.language.plain_text import one_line
from engine.language.said import Said, Words, listed
from engine.language.texts import _, marked
from engine.run.device import Device
from engine.run.events import WAITING_FOR_ROOM, Skipped
from engine.run.judgement import FAULTS, FAULTS_IN_SHORT, METRICS
from engine.run.summary import Status, Summary

_STATUSES = {
    Status.WAITING: Said("waiting"),
    Status.STARTING: Said("starting"),
    Status.RUNNING: Said("running"),
    Status.FINISHED: Said("finished"),
    Status.STOPPED: Said("stopped"),
    Status.FAILED: Said("failed"),
    Status.INTERRUPTED: Said("interrupted"),
}
_PHASES = {
    "loading libraries": Said("loading libraries"),
    "loading the model": Said("loading the model"),
    "loading the base model": Said("loading the base model"),
    "reading data": Said("reading data"),
    "probing": Said("probing"),
    "training": Said("training"),
    "scoring test file": Said("scoring test file"),
    "scoring validation file": Said("scoring validation file"),
    "scoring repaired file": Said("scoring repaired file"),
    "scoring": Said("scoring"),
    "translating": Said("translating"),
    "translating samples": Said("translating samples"),
    "judging the results": Said("judging the results"),
    "merging": Said("merging"),
    "asking base and adapter": Said("asking base and adapter"),
    "writing": Said("writing"),
    "checking what was written": Said("checking what was written"),
    WAITING_FOR_ROOM: Said("waiting for room on the disk"),
}
"""Those that the workers of this version report."""
_MOST_ITEMS = 8
_LONGEST_ID = 40
"""Items that a sentence names, and characters of each."""
_FAULT_DETAILS = frozenset(
    [marked("nothing"), marked("no end"), marked("the source"), marked("nearly the source")]
)
"""What is said of a fault where it is not the characters found."""
_MODEL_STATES = frozenset(
    [
        marked("here"),
        marked("incomplete"),
        marked("not downloaded"),
        marked("no such folder"),
    ]
)
_PART_WORDS = {
    "train": Said("train"),
    "validation": Said("validation"),
    "test": Said("test"),
}
_MEASURES: dict[str, Words] = {
    "perplexity": Said("perplexity"),
    "corpus": Said("corpus"),
    "median": Said("median"),
    "per character": Said("per character"),
    **{key: metric.name for key, metric in METRICS.items()},
}


def status_word(status: Status) -> Said:
    """Where a run stands."""
    return _STATUSES[status]


def standing(summary: Summary) -> Said:
    """The same, but of a run that can do nothing for now, what keeps it."""
    return Said("disk full") if summary.waits_for_room else status_word(summary.status)


def phase_name(name: str) -> str:
    """What a worker is at; as it stands if this version does not know it."""
    return one_line(_PHASES.get(name, name))


def fault_name(kind: str) -> str:
    """A kind of fault; as it stands if this version does not know it."""
    return str(FAULTS[kind]) if kind in FAULTS else one_line(kind)


def fault_short(kind: str) -> str:
    """A kind of fault in a word."""
    return str(FAULTS_IN_SHORT[kind]) if kind in FAULTS_IN_SHORT else one_line(kind)


def fault_detail(found: str) -> str:
    """What an output check found."""
    return _(found) if found in _FAULT_DETAILS else one_line(found)


def device_name(device: Device | None) -> Words:
    """Where a worker computes; empty if it is not known."""
    if device is None:
        return ""
    if device.kind == "cpu":
        return Said.counted("CPU, {count} thread", "CPU, {count} threads", device.threads)
    return one_line(device.name)


def model_state(state: str) -> str:
    """Whether a model is on this machine, as `hub.state` tells it."""
    return _(state) if state in _MODEL_STATES else one_line(state)


def part_word(part: str) -> Words:
    """A file of a run in one word: training, validation, test."""
    return _PART_WORDS.get(part) or one_line(part)


def some_items(ids: Sequence[str]) -> Words:
    """A few ids of items, and how many more there are."""
    shown = listed(one_line(one)[:_LONGEST_ID] for one in ids[:_MOST_ITEMS])
    if len(ids) <= _MOST_ITEMS:
        return shown
    return Said("{items} and {more} more", items=shown, more=len(ids) - _MOST_ITEMS)


def skipped_words(event: Skipped) -> Said:
    """That a batch was skipped."""
    return Said(
        "step {step}: loss {loss:g}, gradient norm {grad_norm:g}; batch skipped ({count} until "
        "now)",
        step=event.step,
        loss=event.loss,
        grad_norm=event.grad_norm,
        count=event.count,
    )


def unread_count(count: int) -> Said:
    """How many lines of a run's events were none."""
    return Said.counted(
        "{count} line of events.jsonl cannot be read, and is passed over",
        "{count} lines of events.jsonl cannot be read, and are passed over",
        count,
    )


def skipped_count(count: int) -> Said:
    """How many were."""
    return Said.counted(
        "{count} batch skipped, its loss or gradient not being finite",
        "{count} batches skipped, their loss or gradient not being finite",
        count,
    )


def choice_word(chosen_by: str) -> Words:
    """What chose the checkpoint that a training ended with."""
    return Said("the last step") if chosen_by == "last" else part_word(chosen_by)


def worse_words(untuned: float) -> str:
    """That a run came to less than nothing."""
    return _("worse than the untuned model, which scored {value}").format(value=number(untuned))


def measure_name(name: str) -> Words:
    """A score of a judgement or a line of a comparison."""
    return _MEASURES.get(name) or one_line(name)
