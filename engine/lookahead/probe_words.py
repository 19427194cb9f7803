"""Puts into words what a probe measured, beside what was estimated."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lookahead.preflight import Preflight
from engine.lookahead.preflight_card import CardLine
from engine.lookahead.probing import Measured
from engine.text import clock, one_line, size, thousands


def describe(measured: Measured, found: Preflight) -> Iterator[CardLine]:
    """The lines of a measured card."""
    free = found.memory_free
    sentence, fits = "{peak} at most were in use; {free} were free before", measured.memory <= free
    if not fits:
        sentence = "{peak} at most were in use; only {free} were free before"
    line = sentence.format(peak=size(measured.memory), free=size(free))
    yield CardLine("Memory", line, "" if fits else "!")
    if found.memory is not None:
        yield CardLine("", f"{size(found.memory.total)} were estimated")
    yield CardLine(
        "Speed",
        f"{thousands(measured.tokens_per_second)} tok/s: {measured.probed.tokens_step:,} tokens "
        f"in {measured.probed.seconds_step:.2f} s, the largest step of the first epoch",
    )
    yield CardLine(
        "Time",
        f"about {clock(measured.seconds(found))} for the whole run: "
        f"{clock(measured.probed.seconds_load)} to load, {found.tokens:,} tokens of training, and "
        "scoring; translating is not counted",
    )
    for warning in measured.warnings:
        yield CardLine("Warning", one_line(warning), "!")
