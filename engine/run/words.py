"""What programs name by a key, as it is called where a person reads it: states, phases, faults.

Keys and events stay as they are, in every language; only here do they become words.
"""

from __future__ import annotations

import re

from engine.language.figures import number
from engine.language.plain_text import one_line
from engine.language.texts import _, marked, plural
from engine.run.judgement import FAULTS, FAULTS_IN_SHORT
from engine.run.summary import Status

_CPU = re.compile(r"CPU, (\d+) threads")
_STATUSES = {
    Status.WAITING: marked("waiting"),
    Status.STARTING: marked("starting"),
    Status.RUNNING: marked("running"),
    Status.FINISHED: marked("finished"),
    Status.STOPPED: marked("stopped"),
    Status.FAILED: marked("failed"),
    Status.INTERRUPTED: marked("interrupted"),
}
_PHASES = frozenset(
    [
        marked("loading libraries"),
        marked("loading the model"),
        marked("loading the base model"),
        marked("reading data"),
        marked("probing"),
        marked("training"),
        marked("scoring test file"),
        marked("scoring validation file"),
        marked("scoring repaired file"),
        marked("scoring"),
        marked("translating"),
        marked("translating samples"),
        marked("judging the results"),
        marked("merging"),
        marked("asking base and adapter"),
        marked("writing"),
        marked("checking what was written"),
    ]
)
"""Those that the workers of this version report."""
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
_PARTS = {
    "train": marked("training file"),
    "validation": marked("validation file"),
    "test": marked("test file"),
    "repaired": marked("repaired file"),
}
_PART_WORDS = {
    "train": marked("train"),
    "validation": marked("validation"),
    "test": marked("test"),
}
_MEASURES = {
    "perplexity": marked("perplexity"),
    "corpus": marked("corpus"),
    "median": marked("median"),
    "per character": marked("per character"),
    "bleu": marked("BLEU"),
    "chrf": marked("chrF"),
}


def status_word(status: Status) -> str:
    """Where a run stands."""
    return _(_STATUSES[status])


def phase_name(name: str) -> str:
    """What a worker is at; as it stands if this version does not know it."""
    return _(name) if name in _PHASES else one_line(name)


def fault_name(kind: str) -> str:
    """A kind of fault; as it stands if this version does not know it."""
    return _(FAULTS[kind]) if kind in FAULTS else one_line(kind)


def fault_short(kind: str) -> str:
    """A kind of fault in a word."""
    return _(FAULTS_IN_SHORT[kind]) if kind in FAULTS_IN_SHORT else one_line(kind)


def fault_detail(found: str) -> str:
    """What an output check found."""
    return _(found) if found in _FAULT_DETAILS else one_line(found)


def device_name(device: str) -> str:
    """Where a worker computes, as it says it itself."""
    threads = _CPU.fullmatch(device)
    if threads is None:
        return one_line(device)
    count = int(threads[1])
    return plural("CPU, {count} thread", "CPU, {count} threads", count).format(count=count)


def model_state(state: str) -> str:
    """Whether a model is on this machine, as `hub.state` tells it."""
    return _(state) if state in _MODEL_STATES else one_line(state)


def part_name(part: str) -> str:
    """A file of a run: training, validation, test."""
    return _(_PARTS[part]) if part in _PARTS else one_line(part)


def part_word(part: str) -> str:
    """The same in one word, for a heading."""
    return _(_PART_WORDS[part]) if part in _PART_WORDS else one_line(part)


def choice_word(chosen_by: str) -> str:
    """What chose the checkpoint that a training ended with."""
    return _("the last step") if chosen_by == "last" else part_word(chosen_by)


def worse_words(untuned: float) -> str:
    """That a run came to less than nothing."""
    return _("worse than the untuned model, which scored {value}").format(value=number(untuned))


def measure_name(name: str) -> str:
    """A score of a judgement or a line of a comparison."""
    return _(_MEASURES[name]) if name in _MEASURES else one_line(name)
