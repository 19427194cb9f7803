"""Pickers of values, files and settings, by keyboard."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from looking import HOSTILE, seen, wait_for
from textual.widgets import Input

from tui.app import YiwenApp
from tui.screens.train.settings_dialog import SettingsDialog
from tui.widgets.picker import FilePicker, Picker

SIZE = (80, 24)


async def test_typing_narrows_and_enter_chooses(app: YiwenApp) -> None:
    chosen: list[str | None] = []
    options = [("a", "apple"), ("p", "pear " + HOSTILE), ("q", "quince")]
    async with app.run_test(size=SIZE) as pilot:
        app.push_screen(Picker("Fruit", options, "q"), chosen.append)
        await wait_for(pilot, "● quince")
        assert "\x1b" not in seen(app)
        await pilot.press(*"ap")
        await wait_for(pilot, lambda: "quince" not in seen(app))
        await pilot.press("enter")
        await wait_for(pilot, lambda: chosen == ["a"])


async def test_arrows_move_from_the_current_value(app: YiwenApp) -> None:
    chosen: list[str | None] = []
    async with app.run_test(size=SIZE) as pilot:
        app.push_screen(Picker("N", [(c, c) for c in "abc"], "b"), chosen.append)
        await wait_for(pilot, "● b")
        await pilot.press("down", "down", "enter")
        await wait_for(pilot, lambda: chosen == ["c"])


async def test_nothing_fits_and_escape_chooses_nothing(app: YiwenApp) -> None:
    chosen: list[str | None] = []
    async with app.run_test(size=SIZE) as pilot:
        app.push_screen(Picker("N", [("a", "a")]), chosen.append)
        await wait_for(pilot, "type to filter")
        await pilot.press("z", "enter")
        await pilot.pause()
        assert chosen == []
        await pilot.press("escape")
        await wait_for(pilot, lambda: chosen == [None])


def _files(folder: Path) -> None:
    (folder / "deep").mkdir()
    for name in ("train.json", "deep/test.jsonl", "a.txt", "b.txt", "notes.md", ".hidden.json"):
        (folder / name).write_text("x", "utf-8")


async def test_a_file_is_found_by_walking_down(app: YiwenApp, tmp_path: Path) -> None:
    _files(tmp_path)
    chosen: list[str | None] = []
    async with app.run_test(size=SIZE) as pilot:
        app.push_screen(FilePicker("File", str(tmp_path) + os.sep), chosen.append)
        await wait_for(pilot, "train.json")
        assert "notes.md" not in seen(app)
        assert ".hidden" not in seen(app)
        await pilot.press("enter")
        await wait_for(pilot, "test.jsonl")
        await pilot.press("enter")
        await wait_for(pilot, lambda: chosen == [str(tmp_path / "deep/test.jsonl")])


async def test_tab_completes_and_two_parallel_files_are_named(
    app: YiwenApp, tmp_path: Path
) -> None:
    _files(tmp_path)
    chosen: list[str | None] = []
    async with app.run_test(size=SIZE) as pilot:
        app.push_screen(FilePicker("File", str(tmp_path / "a")), chosen.append)
        await wait_for(pilot, "a.txt")
        await pilot.press("tab")
        field = app.screen.query_one(Input)
        await wait_for(pilot, lambda: field.value == str(tmp_path / "a.txt"))
        field.value += f",{tmp_path}/b.t"
        field.cursor_position = len(field.value)
        await wait_for(pilot, "b.txt")
        await pilot.press("enter")
        both = f"{tmp_path}/a.txt,{tmp_path}/b.txt"
        await wait_for(pilot, lambda: chosen == [both])


async def test_a_file_whose_name_holds_escape_codes_can_be_chosen(
    app: YiwenApp, tmp_path: Path
) -> None:
    folder = tmp_path / "odd\x1b[31m folder"
    folder.mkdir()
    file = folder / "red\x1b[31m.json"
    file.write_text("[]", "utf-8")
    chosen: list[str | None] = []
    async with app.run_test(size=SIZE) as pilot:
        app.push_screen(FilePicker("File", str(tmp_path / "odd")), chosen.append)
        await wait_for(pilot, "odd folder/")
        await pilot.press("tab")
        await wait_for(pilot, "red.json")
        assert "\x1b" not in seen(app)
        await pilot.press("enter")
        await wait_for(pilot, lambda: chosen == [str(file)])


async def test_a_missing_file_is_refused_in_words(app: YiwenApp, tmp_path: Path) -> None:
    chosen: list[str | None] = []
    async with app.run_test(size=SIZE) as pilot:
        app.push_screen(FilePicker("File", str(tmp_path / "nope.json")), chosen.append)
        await pilot.pause()
        await pilot.press("enter")
        await wait_for(pilot, "no such file")
        await pilot.press("escape")
        await wait_for(pilot, lambda: chosen == [None])


async def test_settings_are_checked_as_they_are_typed(app: YiwenApp) -> None:
    results: list[dict[str, str] | None] = []
    async with app.run_test(size=SIZE) as pilot:
        app.push_screen(SettingsDialog("tiny", {}), results.append)
        await wait_for(pilot, "training.epochs = ")
        await pilot.press(*"training.epochs = x", "enter")
        await wait_for(pilot, 'training.epochs: found "x", expected a number above 0')
        await pilot.press("backspace", "1", "enter")
        await wait_for(pilot, "● training.epochs = 1.0")
        await pilot.press(*"training.warmpu = 1", "enter")
        await wait_for(pilot, "training.warmpu: unknown key; did you mean 'training.warmup'?")
        app.screen.query_one(Input).clear()
        await pilot.press(*"lora.rank = 0", "enter")
        await wait_for(pilot, "lora.rank: found 0, expected a whole number")
        app.screen.query_one(Input).clear()
        await pilot.press(*"prompt.system = ", "enter")
        await wait_for(pilot, 'prompt.system: no value; an empty text is ""')
        assert app.screen.query_one(Input).value == "prompt.system = "
        await pilot.press("escape", "escape")
        await wait_for(pilot, lambda: results == [{"training.epochs": "1"}])


async def test_a_setting_goes_back_to_the_profiles(app: YiwenApp) -> None:
    results: list[dict[str, str] | None] = []
    async with app.run_test(size=SIZE) as pilot:
        app.push_screen(SettingsDialog("tiny", {"lora.rank": "2"}), results.append)
        await pilot.press(*"lora.r")
        await wait_for(pilot, "● lora.rank = 2")
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.screen.query_one(Input).value == "lora.rank = 2")
        await pilot.press("backspace", "enter", "escape")
        await wait_for(pilot, lambda: results == [{}])


async def test_escape_takes_back_what_is_being_typed(app: YiwenApp) -> None:
    results: list[dict[str, str] | None] = []
    async with app.run_test(size=SIZE) as pilot:
        app.push_screen(SettingsDialog("tiny", {}), results.append)
        await wait_for(pilot, "training.epochs = ")
        await pilot.press(*"training.max_steps = 3", "enter")
        await wait_for(pilot, "● training.max_steps = 3")
        await pilot.press(*"training.epochs = 1.09", "escape")
        await wait_for(pilot, lambda: app.screen.query_one(Input).value == "")
        assert results == []
        await pilot.press("escape")
        await wait_for(pilot, lambda: results == [{"training.max_steps": "3"}])


async def test_files_in_data_are_offered_first(
    app: YiwenApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _files(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    for name in ("all.json", "public_test.csv", ".hidden.json", "notes.md"):
        (tmp_path / "data" / name).write_text("x", "utf-8")
    chosen: list[str | None] = []
    async with app.run_test(size=SIZE) as pilot:
        app.push_screen(FilePicker("F", f"{tmp_path / 'deep'}{os.sep}", part="test"), chosen.append)
        text = await wait_for(pilot, "test.jsonl")
        offered, other = text.index("./data/public_test.csv"), text.index("./data/all.json")
        assert offered < other < text.index("test.jsonl")
        assert "hidden" not in text
        await pilot.press("tab")
        field = app.screen.query_one(Input)
        await wait_for(pilot, lambda: field.value == "./data/public_test.csv")
        await pilot.press("enter")
        await wait_for(pilot, lambda: chosen == [str(tmp_path / "data" / "public_test.csv")])


async def test_where_data_is_listed_it_is_not_offered_twice(
    app: YiwenApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "all.json").write_text("x", "utf-8")
    async with app.run_test(size=SIZE) as pilot:
        app.push_screen(FilePicker("F", f"{tmp_path / 'data'}{os.sep}"))
        text = await wait_for(pilot, "all.json")
        assert text.count("all.json") == 1
