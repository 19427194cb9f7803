"""Asks for one of the choices that make up an evaluation: which dialog, with which options."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from textual.app import App

from engine.language.file_names import split
from engine.language.plain_text import one_line
from engine.language.texts import _
from engine.run.folder import Run
from engine.table.catalog import Row
from tui.run import model_choice
from tui.run.listing import profile_choices, strategy_of
from tui.screens.evaluate.scoring import Scoring
from tui.widgets.picker import FilePicker, Picker

_EXAMPLES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16)
_SEEDS = 10
_MOST = 200


async def choose(
    app: App[Any], scoring: Scoring, name: str, rows: Sequence[Row], test: str
) -> Scoring | None:
    """The scoring with another choice; None if nothing was chosen. Raises UserError.

    `rows` are all runs, `test` the test file of now.
    """
    if name == "profile":
        options = await asyncio.to_thread(profile_choices)
        chosen = await app.push_screen_wait(Picker(_("Profile"), options, scoring.profile))
        return scoring.with_profile(chosen) if chosen else None
    if name == "run":
        return await _choose_run(app, scoring, rows)
    if name == "checkpoint" and scoring.run is not None:
        return await _choose_checkpoint(app, scoring, scoring.run)
    if name == "strategy":
        strategies = [(one.name, str(one.title)) for one in scoring.strategies]
        chosen = await app.push_screen_wait(
            Picker(_("Strategy"), strategies, scoring.strategy_name)
        )
        return scoring.with_strategy(chosen) if chosen else None
    if name == "examples":
        return await _choose_examples(app, scoring)
    if name == "selection":
        return await _choose_selection(app, scoring)
    if name == "seed":
        return await _choose_seed(app, scoring)
    return await _choose_test(app, scoring, test)


async def _choose_run(app: App[Any], scoring: Scoring, rows: Sequence[Row]) -> Scoring | None:
    trained = await asyncio.to_thread(_trained, rows)
    current = scoring.run.id if scoring.run else ""
    title = _("Run") if trained else _("Run: none has trained anything yet")
    chosen = await app.push_screen_wait(Picker(title, _labelled(trained), current))
    found = next((row.run for row in trained if row.run.id == chosen), None)
    return scoring.with_run(found) if found else None


def _trained(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if model_choice.has_adapter(row.run)][:_MOST]


def _labelled(rows: Sequence[Row]) -> list[tuple[str, str]]:
    return [
        (
            row.run.id,
            f"{one_line(row.run.id)}  ppl {row.perplexity_text}  {row.notes.label}".rstrip(),
        )
        for row in rows
    ]


async def _choose_checkpoint(app: App[Any], scoring: Scoring, run: Run) -> Scoring | None:
    options = await asyncio.to_thread(model_choice.list_checkpoints, run)
    title = _("Which state of {run}").format(run=one_line(run.id))
    chosen = await app.push_screen_wait(Picker(title, options, scoring.checkpoint))
    return None if chosen is None else scoring.with_checkpoint(chosen)


async def _choose_examples(app: App[Any], scoring: Scoring) -> Scoring | None:
    options = [("", _("as in the profile")), *((str(count), str(count)) for count in _EXAMPLES)]
    current = "" if scoring.examples is None else str(scoring.examples)
    chosen = await app.push_screen_wait(Picker(_("Examples in the prompt"), options, current))
    return None if chosen is None else scoring.with_examples(int(chosen) if chosen else None)


async def _choose_selection(app: App[Any], scoring: Scoring) -> Scoring | None:
    options = {
        "": _("as in the profile"),
        "random mixed": _("drawn once, of both directions"),
        "random same": _("drawn once, of the item's direction"),
        "nearest mixed": _("most like each item, of both directions"),
        "nearest same": _("most like each item, of its direction"),
    }
    current = " ".join(scoring.selection or ())
    picker = Picker(_("How examples are chosen"), list(options.items()), current)
    chosen = await app.push_screen_wait(picker)
    if chosen is None:
        return None
    choose_by, _space, direction = chosen.partition(" ")
    return scoring.with_selection((choose_by, direction) if chosen else None)


async def _choose_seed(app: App[Any], scoring: Scoring) -> Scoring | None:
    options = [("", _("as in the profile")), *((str(seed), str(seed)) for seed in range(_SEEDS))]
    current = "" if scoring.seed is None else str(scoring.seed)
    chosen = await app.push_screen_wait(Picker(_("Seed of the draw"), options, current))
    return None if chosen is None else scoring.with_seed(int(chosen) if chosen else None)


async def _choose_test(app: App[Any], scoring: Scoring, test: str) -> Scoring | None:
    start = await asyncio.to_thread(_start, test)
    picker = FilePicker(_("Test file: what is scored"), start, part="test")
    chosen = await app.push_screen_wait(picker)
    return scoring.with_test(chosen) if chosen else None


def _start(test: str) -> str:
    """Begin at the present file, else in the folder one stands in."""
    there = bool(test) and all(Path(one).is_file() for one in split(test))
    return test if there else str(Path.cwd()) + os.sep


async def choose_evaluation(app: App[Any], rows: Sequence[Row], current: str) -> Run | None:
    """Ask for a run that has been scored, or is being."""
    scored = [row for row in rows if row.summary.score or row.settings.job == "evaluate"][:_MOST]
    options = [(row.run.id, f"{row.perplexity_text:>8}  {_named(row)}") for row in scored]
    title = _("Evaluation") if scored else _("Evaluation: there is none yet")
    chosen = await app.push_screen_wait(Picker(title, options, current))
    return next((row.run for row in scored if row.run.id == chosen), None)


def _named(row: Row) -> str:
    return f"{strategy_of(row):<24} {one_line(row.notes.label or row.run.id)}"
