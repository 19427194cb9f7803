"""Choosing what translates: first a model, then, of a run with checkpoints, one of these."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from textual.app import App

from engine.runs import Run
from engine.text import one_line
from tui import model_choice
from tui.model_choice import ModelChoice
from tui.widgets.picker import Picker

LET_GO = "let go"
"""Answer of one who wants the loaded model's memory back rather than another model."""


async def pick_model(app: App[Any], root: Path, current: ModelChoice) -> ModelChoice | str | None:
    """Ask for a model; LET_GO, or None if nothing was chosen. Raises UserError."""
    choices = await asyncio.to_thread(model_choice.list_all, root)
    options = [(choice.key, one_line(choice.label)) for choice in choices]
    options.append((LET_GO, "(free the memory of the loaded model)"))
    key = await app.push_screen_wait(Picker("Translate with", options, current.key))
    if key is None or key == LET_GO:
        return key
    choice = model_choice.from_key(root, key)
    return choice if choice.run is None else await pick_checkpoint(app, choice.run, current)


async def pick_checkpoint(app: App[Any], run: Run, current: ModelChoice) -> ModelChoice | None:
    """Ask which state of a run, if there is more than one."""
    options = await asyncio.to_thread(model_choice.list_checkpoints, run)
    if len(options) == 1:
        return ModelChoice(run=run)
    at = current.checkpoint if current.run == run else ""
    name = await app.push_screen_wait(Picker(f"Which state of {one_line(run.id)}", options, at))
    return None if name is None else ModelChoice(run=run, checkpoint=name)
