"""The Runs screen with many runs: queries, columns, groups, marks, comparison, undo, files."""

from __future__ import annotations

import csv
import errno
import json
from pathlib import Path

import msgspec
import pytest
from looking import HOSTILE, seen, wait_for
from samples import make_run, score, step, tiny
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from engine.run import notes, runs_folder
from engine.run.events import Evaluated, Finished, Started
from engine.run.folder import Run
from engine.run.notes import Notes
from tui.app import YiwenApp
from tui.screens.runs.comparison_sheet import ComparisonSheet
from tui.screens.runs.note_dialog import NoteDialog
from tui.screens.runs.run_table import RunTable
from tui.screens.runs.screen import RunsScreen

SIZE = (80, 24)
WIDE = (160, 40)


def scored(
    app: YiwenApp, day: int, perplexity: float, strategy: str = "zero-shot", name: str = "tiny"
) -> Run:
    """A run that scored the test file, of a profile."""
    return make_run(
        app.runs_root,
        Started(at=1000.0, steps=9),
        *([step(9, 9)] if strategy == "qlora" else []),
        Evaluated(at=1030.0, part="test", score=score(perplexity)),
        Finished(at=1060.0 + day, score=score(perplexity)),
        run_id=f"202601{day:02}-120000-{name}-{strategy}",
        job="train" if strategy == "qlora" else "evaluate",
        strategy=strategy,
        profile=msgspec.structs.replace(tiny(), name=name),
    )


async def open_runs(pilot: Pilot[None], rows: int) -> RunTable:
    await pilot.press("f4")
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, RunsScreen))
    table = pilot.app.screen.query_one(RunTable)
    await wait_for(pilot, lambda: table.row_count == rows)
    return table


async def test_a_query_finds_and_a_mistake_in_it_leaves_the_rows(app: YiwenApp) -> None:
    good, bad = scored(app, 1, 5.0), scored(app, 2, 900.0)
    async with app.run_test(size=SIZE) as pilot:
        table = await open_runs(pilot, 2)
        await pilot.press("slash", *"ppl<abc")  # of which "ppl" is a query, and finds nothing
        await wait_for(pilot, "character 1: ppl is a number, and 'abc' is none")
        assert table.keys == [bad.id, good.id]
        field = app.screen.query_one(Input)
        field.value = "ppl<20"
        await wait_for(pilot, lambda: table.keys == [good.id])
        assert "1 of 2   found by: ppl<20" in seen(app)
        await pilot.press("enter", "slash")
        field.value = "ppl<20x"
        await wait_for(pilot, "character 1: ppl is a number, and '20x' is none")
        assert table.keys == [good.id]
        field.value = "ppl>20"
        await wait_for(pilot, lambda: table.keys == [bad.id])
        assert "character 1" not in seen(app)


async def test_columns_order_and_groups_are_kept_for_the_next_time(app: YiwenApp) -> None:
    scored(app, 1, 5.0, name="tiny")
    scored(app, 2, 9.0, name="gemma")
    scored(app, 3, 7.0, name="tiny")
    async with app.run_test(size=SIZE) as pilot:
        table = await open_runs(pilot, 3)
        await pilot.press("C")
        await wait_for(pilot, "Columns")
        await pilot.press(*"rank of", "tab", "enter")
        await wait_for(pilot, lambda: "rank" in table.arrangement.view.columns)
        await pilot.press("P")
        await wait_for(pilot, "tiny (2)")
        assert [key[16:] for key in table.keys] == ["gemma-zero-shot", *["tiny-zero-shot"] * 2]
        table.screen.arranging.sort_by("perplexity")  # type: ignore[attr-defined]
        await wait_for(pilot, "by profile, by perplexity ▴")
    again = YiwenApp(app.runs_root)
    async with again.run_test(size=SIZE) as pilot:
        table = await open_runs(pilot, 3)
        await wait_for(pilot, "by profile, by perplexity ▴")
        assert "rank" in table.arrangement.view.columns
        assert [key[6:8] for key in table.keys] == ["02", "01", "03"]


async def test_columns_in_which_nothing_stands_take_no_room(app: YiwenApp) -> None:
    scored(app, 1, 5.0)
    async with app.run_test(size=WIDE) as pilot:
        table = await open_runs(pilot, 1)
        assert "loss" not in table.columns
        assert "name" not in table.columns


async def test_a_name_is_written_shown_and_found(app: YiwenApp) -> None:
    run = scored(app, 1, 5.0)
    async with app.run_test(size=WIDE) as pilot:
        table = await open_runs(pilot, 1)
        await pilot.press("n")
        await wait_for(pilot, lambda: isinstance(app.screen, NoteDialog))
        await pilot.press(*"best", "tab", *"final x", "tab", *"why")
        await pilot.press("ctrl+s")
        await wait_for(pilot, "best #final #x")
        assert notes.read(run.folder) == Notes("best", ("final", "x"), "why")
        await wait_for(pilot, "why")  # beside the table
        await pilot.press("slash", *"tag:final")
        await wait_for(pilot, lambda: table.row_count == 1)


async def test_notes_that_cannot_be_read_are_not_edited(app: YiwenApp) -> None:
    run = scored(app, 1, 5.0)
    (run.folder / "notes.toml").write_text("name = ")
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await open_runs(pilot, 1)
        await pilot.press("n")
        await wait_for(pilot, "mend")
        assert isinstance(app.screen, RunsScreen)


async def test_hostile_notes_are_shown_as_they_stand(app: YiwenApp) -> None:
    run = scored(app, 1, 5.0)
    text = json.dumps(HOSTILE)
    (run.folder / "notes.toml").write_text(f"name = {text}\ntags = [{text}]\nnote = {text}\n")
    async with app.run_test(size=WIDE) as pilot:
        await open_runs(pilot, 1)
        screen = await wait_for(pilot, "[/nope] [red]x")
        assert "\x1b" not in screen
        for key in ("enter", "escape", "n", "escape"):
            await pilot.press(key)
            await pilot.pause(0.2)
            assert "\x1b" not in seen(app)


async def test_marked_runs_are_compared_and_their_curves_laid_over(
    app: YiwenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = scored(app, 1, 5.0, "qlora"), scored(app, 2, 9.0, "few-shot")
    scored(app, 3, 20.0, "zero-shot")
    laid: list[str] = []
    monkeypatch.setattr(
        app.navigation, "overlay", lambda found: laid.extend(run.id for run in found)
    )
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        table = await open_runs(pilot, 3)
        await pilot.press("c")
        await wait_for(pilot, "Mark two runs or more with space first.")
        await pilot.press("down", "space", "space")
        await wait_for(pilot, "2 marked")
        assert seen(app).splitlines()[3].startswith("▪ ")
        await pilot.press("slash", *"zero", "enter")
        await wait_for(pilot, lambda: table.row_count == 1)
        await pilot.press("c")  # marks outlive a query
        await wait_for(pilot, lambda: isinstance(app.screen, ComparisonSheet))
        text = await wait_for(pilot, "base, zero-shot")
        assert f"1  {first.id}" in text
        assert f"2  {second.id}" in text
        await pilot.press("end")
        await wait_for(pilot, "has no results to compare yet")  # no items were kept
        await pilot.press("O")
        await wait_for(pilot, lambda: laid == [first.id])  # few-shot has no curve
        await pilot.press("escape", "escape")
        await wait_for(pilot, lambda: not table.marked)


async def test_marked_runs_are_deleted_together_and_come_back_one_by_one(app: YiwenApp) -> None:
    first, second, third = (scored(app, day, 5.0) for day in (1, 2, 3))
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        table = await open_runs(pilot, 3)
        await pilot.press("space", "space", "d")
        text = await wait_for(pilot, "Delete 2 marked runs?")
        assert third.id in text
        assert "on disk" in text
        await pilot.press("y")
        await wait_for(pilot, lambda: table.keys == [first.id])
        assert runs_folder.list_all(app.runs_root) == [first]
        await pilot.press("u")
        await wait_for(pilot, lambda: table.row_count == 2)
        await pilot.press("u")
        await wait_for(pilot, lambda: table.keys == [third.id, second.id, first.id])


async def test_what_is_shown_is_written_as_a_file(app: YiwenApp, tmp_path: Path) -> None:
    scored(app, 1, 5.0)
    scored(app, 2, 900.0)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await open_runs(pilot, 2)
        for name in ("runs.csv", "runs.csv", "runs.md"):
            await pilot.press("w")
            await wait_for(pilot, "Write the table")
            app.screen.query_one(Input).value = str(tmp_path / name)
            there = (tmp_path / name).exists()
            await pilot.press("enter")
            if there:
                await wait_for(pilot, "Replace the file?")
                await pilot.press("y")
            await wait_for(pilot, (tmp_path / name).exists)
            await wait_for(pilot, lambda: isinstance(app.screen, RunsScreen))
        rows = list(csv.DictReader((tmp_path / "runs.csv").open()))
        assert [row["perplexity"] for row in rows] == ["900.0", "5.0"]
        assert "| ✓ finished | tiny | zero-shot | 900.00 |" in (tmp_path / "runs.md").read_text()


async def test_a_file_that_cannot_be_written_is_told_where_its_name_is_typed(
    app: YiwenApp, tmp_path: Path
) -> None:
    scored(app, 1, 5.0)
    async with app.run_test(size=SIZE) as pilot:
        await open_runs(pilot, 1)
        await pilot.press("w")
        await wait_for(pilot, "Write the table")
        for name, complaint in (("no/runs.csv", "no such folder"), ("runs.xls", "expected .csv")):
            app.screen.query_one(Input).value = str(tmp_path / name)
            await pilot.press("enter")
            await wait_for(pilot, complaint)
        await pilot.press("end", "backspace", "backspace", "backspace", *"csv", "enter")
        await wait_for(pilot, (tmp_path / "runs.csv").exists)
        await wait_for(pilot, lambda: isinstance(app.screen, RunsScreen))


async def test_a_note_that_cannot_be_kept_is_not_lost(
    app: YiwenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill_the_disk(path: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "disk!full")

    run = scored(app, 1, 5.0)
    async with app.run_test(size=SIZE) as pilot:
        await open_runs(pilot, 1)
        await pilot.press("n")
        await wait_for(pilot, lambda: isinstance(app.screen, NoteDialog))
        with monkeypatch.context() as full:
            full.setattr(notes, "write_atomically", fill_the_disk)
            await pilot.press(*"best", "ctrl+s")
            await wait_for(pilot, "disk!full")
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: notes.read(run.folder).name == "best")


async def test_a_report_is_written_about_a_run(app: YiwenApp, tmp_path: Path) -> None:
    scored(app, 1, 5.0, "qlora")
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await open_runs(pilot, 1)
        await pilot.press("R")
        await wait_for(pilot, "Report in the folder")
        app.screen.query_one(Input).value = str(tmp_path / "pack")
        await pilot.press("enter")
        await wait_for(pilot, (tmp_path / "pack" / "report.md").exists)


async def test_the_dialog_for_notes_takes_many_lines(app: YiwenApp) -> None:
    run = scored(app, 1, 5.0)
    async with app.run_test(size=(60, 16)) as pilot:
        await open_runs(pilot, 1)
        await pilot.press("n")
        await wait_for(pilot, lambda: isinstance(app.screen, NoteDialog))
        app.screen.query_one(TextArea).text = "one\ntwo"
        await pilot.press("enter")
        await wait_for(pilot, lambda: notes.read(run.folder).note == "one\ntwo")


async def test_marked_runs_translate_side_by_side(app: YiwenApp) -> None:
    for day in (1, 2):
        run = scored(app, day, 5.0, "qlora")
        run.adapter_path.mkdir()
        (run.adapter_path / "adapter_config.json").write_text("{}")
    async with app.run_test(size=WIDE) as pilot:
        await open_runs(pilot, 2)
        await pilot.press("space", "space", "t")
        await wait_for(pilot, "20260102-120000-tiny-qlora | 20260101-120000-tiny-qlora")
