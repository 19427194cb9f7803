"""What users do on Train and Evaluate that several tests begin with."""

from __future__ import annotations

import json
from pathlib import Path

from looking import HOSTILE, wait_for
from textual.pilot import Pilot
from textual.widgets import Input

from engine.run.folder import Run
from tui.app import YiwenApp
from tui.screens.evaluate.screen import EvaluateScreen


async def choose_broken_training_file(pilot: Pilot[None], folder: Path) -> None:
    """On Train, once it is set up: a file whose only record has no output."""
    path = folder / "bad.json"
    path.write_text(json.dumps([{"id": 1, "instruction": HOSTILE}]), "utf-8")
    await wait_for(pilot, "tokens an epoch")
    await pilot.press("d")
    await wait_for(pilot, "Training file")
    pilot.app.screen.query_one(Input).value = str(path)
    await pilot.press("enter")
    await wait_for(pilot, "record 1: output: missing")


async def show_evaluation(pilot: Pilot[None], run: Run) -> EvaluateScreen:
    """Take a run to Evaluate, as the other screens do, and wait for its result."""
    app = pilot.app
    assert isinstance(app, YiwenApp)
    app.navigation.evaluate(run)
    await wait_for(pilot, lambda: isinstance(app.screen, EvaluateScreen))
    screen = app.screen
    assert isinstance(screen, EvaluateScreen)
    await wait_for(pilot, lambda: screen.view.has_result)
    await pilot.pause()
    return screen
