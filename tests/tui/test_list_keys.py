"""j, k, g, G and / in every list and text there is, letters in every field, and 1 to 4, : and q."""

from __future__ import annotations

from pathlib import Path

import pytest
from looking import seen, wait_for
from scenes import SCENES
from stage import Stage
from textual.containers import ScrollableContainer
from textual.widgets import Input, OptionList, TextArea

from tui.app import YiwenApp
from tui.widgets import places
from tui.widgets.command_palette import Palette
from tui.widgets.dialogs import Confirm
from tui.widgets.find_line import FindLine
from tui.widgets.help_panel import HelpPanel
from tui.widgets.picker import Picker

SIZE = (80, 24)
PAIRS = [("j", "down"), ("k", "up"), ("G", "end"), ("g", "home")]
WITHOUT_LIST = ("dialog-confirm", "runs-empty")
WATCHING = ("train-live", "train-finished", "train-failed")


def _where(stage: Stage) -> object:
    """Where one is in the list or text that has the keys."""
    place = places.in_view(stage.app.screen)
    if place is None:
        return None
    if isinstance(place, ScrollableContainer):
        return place.scroll_offset.y
    return places.line_of(place)


async def _into_the_list(stage: Stage) -> None:
    """Out of the field, if there is one: the arrow keys lead into the list below it."""
    if isinstance(stage.app.focused, Input):
        await stage.press("down", "up")
    elif isinstance(stage.app.focused, TextArea):
        await stage.press("escape")


@pytest.mark.parametrize("name", sorted(SCENES))
async def test_every_list_knows_the_letters(stage: Stage, name: str) -> None:
    async with stage.app.run_test(size=(80, 16)) as stage.pilot:
        await SCENES[name](stage)
        await stage.settle()
        await _into_the_list(stage)
        if name in WATCHING:  # the chart is no list; the samples in its place are
            await stage.press("m")
            await stage.settle()
        assert name in WITHOUT_LIST or places.in_view(stage.app.screen) is not None
        for letter, key in PAIRS:
            found = []
            for pressed in (key, letter):
                await stage.press("end" if key in ("up", "home") else "home")
                await stage.press(pressed)
                await stage.settle()
                found.append(_where(stage))
            assert found[0] == found[1], f"{letter} is not {key}"


async def test_letters_are_text_in_a_field_until_one_moves_in_the_list(app: YiwenApp) -> None:
    chosen: list[str | None] = []
    options = [(word, word) for word in ("gemma", "kyara", "judge", "qwen")]
    async with app.run_test(size=SIZE) as pilot:
        app.push_screen(Picker("Model", options), chosen.append)
        await wait_for(pilot, "kyara")
        choices = app.screen.query_one(OptionList)
        await pilot.press("g", "e", "m")
        await wait_for(pilot, lambda: choices.option_count == 1)
        await pilot.press("backspace", "backspace", "backspace", "down", "j")
        await wait_for(pilot, lambda: choices.highlighted == 2)
        await pilot.press("k", "G", "k")
        await wait_for(pilot, lambda: choices.highlighted == 2)
        await pilot.press("y", "a")  # no keys of the list: text
        await wait_for(pilot, lambda: app.screen.query_one(Input).value == "ya")
        await pilot.press("down", "slash", "r", "enter")
        await wait_for(pilot, lambda: chosen == ["kyara"])


async def test_the_palette_of_themes_knows_them_too(app: YiwenApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await wait_for(pilot, "f4 Runs")
        app.search_themes()
        await wait_for(pilot, lambda: isinstance(app.screen, Palette))
        choices = app.screen.query_one(OptionList)
        await wait_for(pilot, lambda: choices.option_count > 5)
        await pilot.press("down", "j", "j")
        await wait_for(pilot, lambda: choices.highlighted == 3)
        await pilot.press("g")
        await wait_for(pilot, lambda: choices.highlighted == 0)
        await pilot.press("n", "o", "r", "d")
        await wait_for(pilot, lambda: choices.option_count == 1)


async def test_words_are_found_in_a_text_and_in_a_list(stage: Stage) -> None:
    async with stage.app.run_test(size=(80, 16)) as stage.pilot:
        app = stage.app
        await SCENES["help-train"](stage)
        await stage.press("slash", *"leave, after")
        await stage.until(lambda: isinstance(app.focused, FindLine) and "1 of 1" in seen(app))
        assert "Leave, after a question" in seen(app)
        await stage.press(*" zzz")
        await stage.until(lambda: "not found" in seen(app))
        await stage.press("escape")
        await stage.until(lambda: not app.screen.query(FindLine))
        await stage.press("escape")
        await stage.until(lambda: not isinstance(app.screen, HelpPanel))
        await stage.press("slash", *"test", "enter", "enter", "escape")
        await stage.until(lambda: app.screen.query_one(OptionList).highlighted == 4)


async def test_screens_palette_and_leaving_need_no_ctrl(app: YiwenApp, root: Path) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await wait_for(pilot, "q Quit")
        for key, mode in (("4", "runs"), ("2", "evaluate"), ("3", "translate")):
            await pilot.press(key)
            await wait_for(pilot, lambda mode=mode: app.current_mode == mode)  # type: ignore[misc]
        await wait_for(pilot, "ctrl+j begins")
        await pilot.press("1", "q", "colon")
        await wait_for(pilot, lambda: app.focused.text == "1q:")  # type: ignore[union-attr]
        await pilot.press("escape", "q")
        await wait_for(pilot, "has not been sent")
        assert isinstance(app.screen, Confirm)
        await pilot.press("n")
        await wait_for(pilot, lambda: not isinstance(app.screen, Confirm))
        await pilot.press("colon")
        await wait_for(pilot, lambda: isinstance(app.screen, Palette))
        await pilot.press("escape")
        await wait_for(pilot, lambda: not isinstance(app.screen, Palette))
        await pilot.press("x")  # no command: text again
        await wait_for(pilot, lambda: app.focused.text == "1q:x")  # type: ignore[union-attr]
        await pilot.press("escape", "1")
        await wait_for(pilot, lambda: app.current_mode == "train")


async def test_q_leaves_at_once_where_nothing_is_lost(app: YiwenApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await wait_for(pilot, "q Quit")
        await pilot.press("q")
        await wait_for(pilot, lambda: app._exit)
