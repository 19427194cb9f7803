"""Puts into words what a probe measured, beside what was estimated."""

from __future__ import annotations

from collections.abc import Iterator

from engine.language.figures import clock, size, thousands
from engine.language.plain_text import one_line
from engine.language.texts import _
from engine.start.card_line import CardLine
from engine.start.preflight import Preflight
from engine.start.probing import Measured


def describe(measured: Measured, found: Preflight) -> Iterator[CardLine]:
    """The lines of a measured card."""
    free = found.memory_free
    fits = measured.memory <= free
    sentence = _("{peak} at most were in use; {free} were free before")
    if not fits:
        sentence = _("{peak} at most were in use; only {free} were free before")
    line = sentence.format(peak=size(measured.memory), free=size(free))
    yield CardLine(_("Memory"), line, "" if fits else "!")
    if found.memory is not None:
        yield CardLine("", _("{size} were estimated").format(size=size(found.memory.total)))
    yield CardLine(
        _("Speed"),
        _(
            "{tokens_per_second} tok/s: {tokens_step:,} tokens in {seconds_step:.2f} s, the "
            "largest step of the first epoch"
        ).format(
            tokens_per_second=thousands(measured.tokens_per_second),
            tokens_step=measured.probed.tokens_step,
            seconds_step=measured.probed.seconds_step,
        ),
    )
    yield CardLine(
        _("Time"),
        _(
            "about {seconds} for the whole run: {seconds_load} to load, {tokens:,} tokens of "
            "training, and scoring; translating is not counted"
        ).format(
            seconds=clock(measured.seconds(found)),
            seconds_load=clock(measured.probed.seconds_load),
            tokens=found.tokens,
        ),
    )
    for warning in measured.warnings:
        yield CardLine(_("Warning"), one_line(warning), "!")
