"""What tests are made of: pairs, data files, run folders, processes that hold a run's lock."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import tomli_w

from engine.data.dataset import Pair
from engine.machine.paths import BUILTIN_PROFILES
from engine.profile import files
from engine.profile.schema import Profile
from engine.run import events
from engine.run.events import Event, EventLog, Judged, Score, Step
from engine.run.folder import Run
from engine.run.judgement import FAULTS, Fault, Judgement, Measure
from engine.run.settings import DataFile, Job, RunSettings

TINY = BUILTIN_PROFILES / "tiny.toml"
MODEL = BUILTIN_PROFILES / "tiny"
TEST_FILE = MODEL / "data" / "test.json"

MINIMAL_PROFILE = """
[model]
path = "owner/name"
[prompt]
template = "{examples}{instruction}"
"""
"""All that a profile must say."""
_PYTHON = sys.executable
"""Taken before a test puts another program in its place."""
_HOLDER = """
import fcntl, sys
handle = open(sys.argv[1], "a")
fcntl.flock(handle, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


def write_profile(text: str, path: str = "mine.toml") -> Path:
    """A profile file where the test stands."""
    file = Path(path).resolve()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    return file


@cache
def tiny() -> Profile:
    """The embedded profile as it comes."""
    return files.load(TINY)


def pair(number: int, *, classical: bool = False) -> Pair:
    """A made-up pair; `classical` asks for Classical Chinese."""
    ask = "翻譯成文言文：" if classical else "翻譯成現代文："
    return Pair(f"p{number}", f"{ask}\n第{number}句", f"答{number}", "書·篇")


def write_pairs(path: Path, pairs: Sequence[Any]) -> Path:
    """A data file of the course's kind; what is in the list need not be good."""
    path.write_text(json.dumps(msgspec.to_builtins(list(pairs)), ensure_ascii=False), "utf-8")
    return path


def make_run(
    root: Path,
    *written: Event,
    run_id: str = "20260101-120000-tiny-qlora",
    job: Job = "train",
    strategy: str = "qlora",
    profile: Profile | None = None,
    **settings: Any,
) -> Run:
    """A run folder as a worker leaves it: run.toml, and the events given."""
    folder = root / run_id
    folder.mkdir(parents=True)
    made = RunSettings(
        id=run_id,
        job=job,
        strategy=strategy,
        profile=profile or tiny(),
        **{
            "created": "2026-01-01T12:00:00+08:00",
            "data": {"test": DataFile(str(TEST_FILE), "0" * 64, 84)},
            **settings,
        },
    )
    (folder / "run.toml").write_text(tomli_w.dumps(msgspec.to_builtins(made)), "utf-8")
    run = Run(folder)
    if written:
        log = EventLog(run.events_path)
        for event in written:
            log.append(event)
    return run


def score(perplexity: float = 12.5, corpus: float = 9.5) -> Score:
    """A score of 84 samples."""
    return Score(perplexity, corpus, 84, 2000)


def step(number: int, of: int = 100, **changes: Any) -> Step:
    """An optimizer step, a second after the one before."""
    values: dict[str, Any] = {
        "loss": 3.0 - number / of,
        "lr": 1e-3,
        "grad_norm": 0.5,
        "tokens": number * 100,
    }
    values |= {"tokens_per_second": 100.0, "memory": 1 << 20, "at": 1000.0 + number, **changes}
    return Step(step=number, of=of, **values)


def judged(bleu: float = 22.0, **changes: Any) -> Judged:
    """What else is said of an evaluation of 84 samples, one direction among it."""
    faults = {kind: Fault(0) for kind in FAULTS}
    faults["copied"] = Fault(2, "p3", "the source", "子曰")
    part = Judgement(
        samples=84,
        perplexity=Measure(12.5, 10.0, 15.0),
        corpus=Measure(9.5, 9.0, 10.0),
        median=8.25,
        bleu=Measure(bleu, bleu - 2, bleu + 2),
        chrf=Measure(20.5, 18.5, 22.5),
        source_bleu=Measure(8.5, 6.5, 10.5),
        source_chrf=Measure(11.5, 9.5, 13.5),
        outputs=84,
        faults=faults,
    )
    values: dict[str, Any] = {
        "part": "test",
        "judgement": part,
        "directions": {"to_modern": part},
        "definition": {"BLEU": "nrefs:1|tok:zh", "intervals": "95 %"},
        **changes,
    }
    return Judged(**values)


ENDED = (
    events.Started(at=1000.0, steps=9),
    step(9, 9),
    events.Finished(at=1100.0, score=score()),
)
"""What the worker of a run of nine steps writes."""


@contextmanager
def held_by_a_process(run: Run) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds a run's lock, as a worker does; it may be killed inside."""
    command = [_PYTHON, "-IS", "-c", _HOLDER, str(run.folder / "worker.lock")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()
