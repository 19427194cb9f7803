"""The wire format: what a worker writes to events.jsonl, and how lines are added and read."""

from __future__ import annotations

import math
import os
import time
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from engine.language.said import Said, Words, english, lines, pack, unpack
from engine.machine import reading, regular_files
from engine.machine.files import sync_names
from engine.run import definition as definitions
from engine.run import old_events, old_prose
from engine.run.device import Device
from engine.run.judgement import Judgement


class Event(Struct, kw_only=True, tag_field="kind", tag=str.lower):
    """One line. `at` is in seconds since the epoch."""

    at: float = field(default_factory=time.time)


class Worded(Event, kw_only=True):
    """One that people read: its keys tell it in English, for programs and other versions."""

    said: dict[str, Any] = {}
    """The same as data, by key, to be worded when it is read; older versions did not write it."""

    def words(self, key: str) -> Words:
        """What a key says."""
        return unpack(self.said[key]) if key in self.said else str(getattr(self, key))


def worded(**texts: Words) -> dict[str, Any]:
    """Keys of such an event: each in English, and all as data."""
    said = {key: pack(words) for key, words in texts.items() if isinstance(words, Said)}
    return {**{key: english(words) for key, words in texts.items()}, "said": said}


class Started(Worded):
    """A worker begins, or continues after `resumed_from` steps."""

    steps: int = 0
    """Optimizer steps planned; 0 for runs that do not train."""
    resumed_from: int = 0
    skipped: int = 0
    """Of these steps, those that were not applied."""
    device: str = ""
    """In English, as older versions read it."""
    computes_on: Device | None = None
    pid: int = 0
    host: str = ""
    pairs: int = 0
    left_out: int = 0
    """Training pairs left out, being too long."""
    engine: str = ""
    """What computes the model: fast, or plain and why."""

    @property
    def place(self) -> Device | None:
        """What it computes on."""
        return self.computes_on or old_prose.device(self.device)


class Phase(Event):
    """What the worker is busy with; `of` > 0 when it can say how far it is."""

    name: str
    done: int = 0
    of: int = 0


class Step(Event, gc=False):
    """One optimizer step."""

    step: int
    of: int
    loss: float
    """Mean negative log-likelihood (nats) of the scored tokens of the effective batch."""
    lr: float
    grad_norm: float
    tokens: int
    """Tokens seen since the run began, padding not counted."""
    tokens_per_second: float
    memory: int = 0
    """Peak bytes: of the GPU, or resident in main memory."""


class Skipped(Event):
    """A step was not applied: its loss or its gradient was not finite."""

    step: int
    loss: float
    grad_norm: float
    items: list[str] = []
    """Ids of the pairs of its batch."""
    count: int = 0
    """Such steps until now, with this one."""


class Score(Struct):
    """Perplexity of a set of samples (see engine.perplexity)."""

    perplexity: float
    """Macro: mean over samples of exp(mean nats a scored token)."""
    perplexity_corpus: float
    """Micro: exp(mean nats over all scored tokens)."""
    samples: int
    tokens: int


class Evaluated(Event):
    """A file was scored after `step` optimizer steps."""

    part: str
    """test, validation, or repaired: the test file by its second references."""
    score: Score
    directions: dict[str, Score] = {}
    step: int = 0
    checkpoint: str = ""
    file: str = ""
    """Per-sample results, relative to the run folder."""
    definition: dict[str, str] = {}
    """How the number is defined: metric, end token, precision of the base, logits, prompt."""
    said: dict[str, Any] = {}
    """Those of its sentences that are read in any language, by name."""
    seconds: float = 0.0
    memory: int = 0
    """Peak bytes until now, as of a step."""

    def defined(self) -> dict[str, Words]:
        """How the number is defined, for who reads it."""
        return definitions.as_words(self.definition, self.said)


class Judged(Event):
    """The results of an evaluation were looked at beyond their perplexity (engine.scores.judge)."""

    part: str
    judgement: Judgement
    directions: dict[str, Judgement] = {}
    step: int = 0
    file: str = ""
    """Per-sample results, relative to the run folder."""
    definition: dict[str, str] = {}
    """How the numbers are defined: sacreBLEU's signatures, references, intervals."""
    said: dict[str, Any] = {}
    """Those of its sentences that are read in any language, by name."""
    seconds: float = 0.0

    def defined(self) -> dict[str, Words]:
        """How the numbers are defined, for who reads it."""
        return definitions.as_words(self.definition, self.said)


class Sample(Event):
    """A test item translated along the way."""

    step: int
    id: str
    instruction: str
    output: str
    reference: str = ""


class Saved(Event):
    """A checkpoint was written; `best` if it is the best so far by `choose_by`."""

    step: int
    checkpoint: str
    best: bool = False


class Warned(Worded):
    """Something the user should know; the run goes on: `Warned(**worded(message=…, hint=…))`."""

    message: str
    hint: str = ""


class Probed(Event):
    """What a few real steps measured; written by probes only."""

    seconds_load: float
    """From the start of the worker to the first step."""
    seconds_step: float
    """Of an optimizer step after the first."""
    tokens_step: int
    """In that step, padding not counted."""
    memory: int
    """Peak bytes in training: of the GPU, or resident in main memory."""
    memory_scoring: int
    """The same with a scoring pass over the longest items of the test file."""
    scored_tokens_per_second: float
    """Of all tokens of the items that were scored."""


class Finished(Event):
    """The run is complete; `score` is the result on the test file."""

    steps: int = 0
    loss: float = math.nan
    """Mean over the last ten optimizer steps, nats a scored token."""
    score: Score | None = None
    checkpoint: str = ""
    file: str = ""


class Stopped(Event):
    """The run ended early on request, after saving."""

    step: int = 0
    checkpoint: str = ""


class Failed(Worded):
    """The run ended with an error."""

    type: str
    message: str
    hint: str = ""

    def whole(self) -> Words:
        """Message and hint, a line each."""
        return lines(self.words("message"), self.words("hint"))


class Unknown(Event):
    """A kind that this version does not know: kept, and passed over by all readers."""

    line: str = ""

    @property
    def is_broken(self) -> bool:
        """Is it no event of any version, a byte being changed, or the line torn?"""
        return _is_broken(self.line)


TERMINAL = (Finished, Stopped, Failed)
KEPT = (Saved, Evaluated, Judged, Warned, Probed, *TERMINAL)
"""Events that say what would be missed: on the disk before anything that follows. Of the others,
steps above all, the last few may be lost with the power; a worker that goes on does them again."""
FIRST_PHASE = "loading libraries"
"""What every worker says first, also one that resumes a run."""
WAITING_FOR_ROOM = "waiting for room on the disk"
"""The phase of a worker that can write nothing more for now."""
_KNOWN = (
    Started | Phase | Step | Skipped | Evaluated | Judged | Sample | Saved | Warned
    | Probed | Finished | Stopped | Failed
)  # fmt: skip
_KINDS = {str(kind.__struct_config__.tag) for kind in _KNOWN.__args__}
_decoder = msgspec.json.Decoder(_KNOWN, strict=False)


class _Tagged(Struct):
    """What every version has written of an event."""

    kind: str


def _is_broken(line: str) -> bool:
    """Is it no event that another version may have written?"""
    try:
        return msgspec.json.decode(line, type=_Tagged).kind in _KINDS
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return True


def encode(event: Event) -> bytes:
    """One line of JSON. NaN and infinity become strings, for JSON has no such numbers."""
    line = msgspec.json.encode(event)
    if b"null" in line:  # msgspec writes null for them; rare, so only then is the slow way taken
        line = msgspec.json.encode(_spell_non_finite(msgspec.structs.asdict(event), event))
    return line + b"\n"


def _spell_non_finite(value: Any, event: Event | None = None) -> Any:
    if event is not None:
        kind = type(event).__struct_config__.tag
        return {"kind": kind, **{key: _spell_non_finite(item) for key, item in value.items()}}
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Struct):
        return _spell_non_finite(msgspec.structs.asdict(value))
    if isinstance(value, dict):
        return {key: _spell_non_finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_spell_non_finite(item) for item in value]
    return value


def decode(line: bytes) -> Event:
    """The event of a line; `Unknown` for a kind or a form from another version."""
    try:
        event: Event = reading.json_line(old_events.in_todays_words(line), _decoder)
    except ValueError:
        return Unknown(at=0.0, line=line.decode(errors="replace"))
    return event


class EventLog:
    """Appends events to a file: one write a line, so that readers never see two halves mixed."""

    def __init__(self, path: Path) -> None:
        self._torn = False
        self._handle = regular_files.descriptor(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        if not regular_files.ends_with_newline(path):  # a torn line of a killed worker
            os.write(self._handle, b"\n")
        sync_names(path.parent)

    def append(self, event: Event) -> None:
        """Write one event; one that is `KEPT` is on the disk then. Raises OSError if it is full."""
        line = (b"\n" if self._torn else b"") + encode(event)
        written = os.write(self._handle, line)
        if written < len(line):
            self._torn = True  # the disk filled up in the middle; what follows must not stick to it
            os.write(self._handle, line[written:])
            self._torn = False
        if isinstance(event, KEPT):
            os.fsync(self._handle)
