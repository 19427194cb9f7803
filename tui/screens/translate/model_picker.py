"""Choosing what translates: one model or several of the same base, and of a run which state."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from textual.app import App

from engine.language.errors import UserError
from engine.language.plain_text import one_line
from engine.language.texts import _
from engine.run import notes
from engine.run.folder import Run
from tui.run import model_choice
from tui.run.model_choice import ModelChoice
from tui.widgets.checklist import Checklist
from tui.widgets.picker import Picker

LET_GO = "let go"
"""Answer of one who wants the loaded model's memory back rather than another model."""
MOST = 4
"""Models side by side."""
_ALL = "all"


async def pick_models(
    app: App[Any], root: Path, profile: str, current: Sequence[ModelChoice]
) -> list[ModelChoice] | str | None:
    """Ask for models; LET_GO, or None if nothing was chosen. Raises UserError."""
    choices = await asyncio.to_thread(_list_all, root)
    strategies = await asyncio.to_thread(model_choice.one_of_each, root, profile)
    marks = {choice.key for choice in current}
    options = [
        (choice.key, ("● " if choice.key in marks else "  ") + words) for choice, words in choices
    ]
    if len(strategies) > 1:
        labels = " | ".join(one_line(choice.label) for choice in strategies)
        options.append((_ALL, "  " + _("side by side: {models}").format(models=labels)))
    options.append((LET_GO, "  " + _("(free the memory of the loaded model)")))
    dialog = Checklist(_("Translate with"), options, highlighted=current[0].key)
    keys = await app.push_screen_wait(dialog)
    if not keys or keys == [LET_GO]:
        return LET_GO if keys else None
    if _ALL in keys:
        return strategies
    chosen = []
    for key in keys:
        choice = model_choice.from_key(root, key) if key != LET_GO else None
        if choice is not None and choice.run is not None:
            choice = await pick_checkpoint(app, choice.run, current)
        if choice is not None:
            chosen.append(choice)
    await asyncio.to_thread(check_one_base, chosen)
    return chosen or None


def _list_all(root: Path) -> list[tuple[ModelChoice, str]]:
    """All choices in words; runs with the names and tags that were given them."""
    return [
        (choice, one_line(f"{choice.label}  {_given_name(choice.run)}".rstrip()))
        for choice in model_choice.list_all(root)
    ]


def _given_name(run: Run | None) -> str:
    return notes.read(run.folder).label if run is not None else ""


def check_one_base(chosen: Sequence[ModelChoice]) -> None:
    """Side by side means on one loaded base. Raises UserError."""
    if len(chosen) > MOST:
        raise UserError(
            _("{count} models are marked; at most {most} stand side by side").format(
                count=len(chosen), most=MOST
            )
        )
    if len(chosen) < 2:
        return
    bases = {choice.label: model_choice.base_of(choice.open().profile) for choice in chosen}
    first, *others = bases
    for other in others:
        if bases[other] != bases[first]:
            raise UserError(
                _(
                    "{one} and {other} have different base models; only models on one loaded base "
                    "stand side by side"
                ).format(one=first, other=other)
            )


async def pick_checkpoint(
    app: App[Any], run: Run, current: Sequence[ModelChoice]
) -> ModelChoice | None:
    """Ask which state of a run, if there is more than one."""
    options = await asyncio.to_thread(model_choice.list_checkpoints, run)
    if len(options) == 1:
        return ModelChoice(run=run)
    at = next((choice.checkpoint for choice in current if choice.run == run), "")
    title = _("Which state of {run}").format(run=one_line(run.id))
    name = await app.push_screen_wait(Picker(title, options, at))
    return None if name is None else ModelChoice(run=run, checkpoint=name)
