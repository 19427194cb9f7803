"""Adds two strategies to the list, as its own file would, and looks for them everywhere else.

A program of its own: much is built from the list while modules are imported.
"""

from __future__ import annotations

import asyncio
import math
import sys
from pathlib import Path

from engine.language.said import Said
from engine.prompts import strategies
from engine.prompts.strategies import Strategy

SHOWN = Strategy("many-shot", "many-shot", Said("Many-shot: more"), shows_examples=True, mark="~")
TRAINED = Strategy("dora", "DoRA", Said("DoRA: another adapter"), trains=True)
strategies.STRATEGIES |= {one.name: one for one in (SHOWN, TRAINED)}


def look_at_commands() -> None:
    """Choices, defaults and help."""
    from engine.cli.commands import build_parser

    parser = build_parser()
    for verb in ("evaluate tiny", "predict tiny f", "translate tiny", "queue add tiny"):
        for strategy in strategies.STRATEGIES:
            assert parser.parse_args([*verb.split(), "--strategy", strategy]).strategy == strategy
    for verb in ("train", "preflight", "probe"):
        assert parser.parse_args([verb, "tiny", "--strategy", "dora"]).strategy == "dora"


def look_at_tables(root: Path) -> None:
    """Queries, references, legends, marks, rivals, the seed homework's stages, models to choose."""
    from samples import make_run, score

    from engine.experiments import series
    from engine.experiments.seed import SEED
    from engine.run.events import Finished, Started
    from engine.run.settings import DataFile
    from engine.start.request import Request
    from engine.table import query
    from engine.table.catalog import Row
    from tui.chart.curve import Curve
    from tui.run import model_choice
    from tui.run.references import find_references
    from tui.screens.evaluate.rivals import find_rivals
    from tui.screens.evaluate.score_tables import rivals_table
    from tui.screens.train import legend, plot
    from tui.screens.train.scene import Scene

    test = {"test": DataFile("/x/test.json", "a" * 64, 84)}
    run = make_run(
        root,
        Started(),
        Finished(score=score(7.0)),
        run_id="m",
        job="evaluate",
        strategy=SHOWN.name,
        data=test,
    )
    row = Row(run, run.settings, run.summary())
    assert query.parse("strategy=many-shot").matching([row]) == [row]
    assert find_references([row], run.settings) == {SHOWN.name: 7.0}
    rivals = find_rivals([row], "a" * 64, run.settings.profile.model.path)
    assert "many-shot" in rivals_table(rivals).plain
    curve = Curve()
    curve.perplexity[0] = 9.0
    scene = Scene(curve, references={SHOWN.name: 7.0})
    shown = "".join(
        char for row in legend.rows(scene, 80, 40, is_logarithmic=False) for char, _ in row
    )
    assert "~~ many-shot 7.00" in shown
    assert SHOWN.name in plot.PARTS
    stages = series.stages(SEED, Request(root, "qlora"), ["tiny"])
    assert [one.request.strategy for one in stages].count(SHOWN.name) == 1
    keys = [choice.key for choice in model_choice.list_all(root)]
    assert "many-shot tiny" in keys
    assert model_choice.from_key(root, "many-shot tiny").label == "tiny · many-shot"
    assert math.isfinite(row.summary.score.perplexity if row.summary.score else math.nan)


async def look_at_screens(root: Path) -> None:
    """The picker, and the palette's explanation of its key."""
    from looking import seen, wait_for

    from tui.app import YiwenApp

    app = YiwenApp(root)
    async with app.run_test(size=(120, 40)) as pilot:
        await wait_for(pilot, "What will happen")
        await pilot.press("z")
        await wait_for(pilot, "Many-shot: more")
        assert "DoRA: another adapter" in seen(app)
        await pilot.press("escape")
        told = [one.help for one in app.get_system_commands(app.screen)]
        assert any("Choose zero-shot, few-shot, QLoRA, many-shot or DoRA" in one for one in told)


def evaluate(folder: Path) -> None:
    """A worker scores a file by it, in this process."""
    from small_runs import SmallRun

    from engine.run.summary import Status
    from engine.worker import __main__ as worker

    small = SmallRun.prepare(folder, {"strategy": SHOWN.name, "few_shot.examples": 1})
    assert small.run.settings.examples_shown == 1
    sys.argv = ["engine.worker", str(small.run.folder)]
    worker.main()
    assert small.run.summary().status is Status.FINISHED, small.log()


if __name__ == "__main__":
    place = Path(sys.argv[1])
    (place / "runs").mkdir()
    look_at_commands()
    look_at_tables(place / "runs")
    asyncio.run(look_at_screens(place / "runs"))
    evaluate(place)
