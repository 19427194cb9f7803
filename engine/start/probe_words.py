"""Puts into words what a probe measured, beside what was estimated."""

from __future__ import annotations

from collections.abc import Iterator

from engine.language.figures import clock, size, thousands
from engine.language.plain_text import one_line
from engine.language.said import Said
from engine.start.card_line import CardLine
from engine.start.preflight import Preflight
from engine.start.probing import Measured


def describe(measured: Measured, found: Preflight) -> Iterator[CardLine]:
    """The lines of a measured card."""
    free = found.memory_free
    fits = measured.memory <= free
    sentence = Said("{peak} at most were in use; {free} were free before")
    if not fits:
        sentence = Said("{peak} at most were in use; only {free} were free before")
    line = sentence.filled(peak=size(measured.memory), free=size(free))
    yield CardLine(Said("Memory"), line, "" if fits else "!")
    if found.memory is not None:
        yield CardLine("", Said("{size} were estimated", size=size(found.memory.total)))
    yield CardLine(
        Said("Speed"),
        Said(
            "{tokens_per_second} tok/s: {tokens_step:,} tokens in {seconds_step:.2f} s, the "
            "largest step of the first epoch",
            tokens_per_second=thousands(measured.tokens_per_second),
            tokens_step=measured.probed.tokens_step,
            seconds_step=measured.probed.seconds_step,
        ),
    )
    yield CardLine(
        Said("Time"),
        Said(
            "about {seconds} for the whole run: {seconds_load} to load, {tokens:,} tokens of "
            "training, and scoring; translating is not counted",
            seconds=clock(measured.seconds(found)),
            seconds_load=clock(measured.probed.seconds_load),
            tokens=found.tokens,
        ),
    )
    for warning in measured.warnings:
        yield CardLine(Said("Warning"), one_line(warning), "!")
