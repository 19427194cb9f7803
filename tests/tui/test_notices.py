"""Notices: one at a time, never over a field or the keys, never what stands there already."""

from __future__ import annotations

import pytest
from looking import seen, wait_for
from scenes import SCENES
from stage import Stage
from textual.widgets import Input, TextArea
from textual.widgets._toast import Toast

from tui.app import YiwenApp
from tui.screens.train.screen import TrainScreen
from tui.widgets.key_bar import KeyBar


@pytest.mark.parametrize("size", [(80, 24), (60, 16)])
@pytest.mark.parametrize("name", sorted(SCENES))
async def test_a_notice_covers_neither_field_nor_keys(
    stage: Stage, name: str, size: tuple[int, int]
) -> None:
    async with stage.app.run_test(size=size, notifications=True) as stage.pilot:
        await SCENES[name](stage)
        await stage.settle()
        stage.app.fail("Something long enough for several lines went wrong: " + "again " * 12)
        await stage.until(lambda: bool(stage.app.screen.query(Toast)))
        await stage.settle()
        toast = stage.app.screen.query_one(Toast).region
        assert toast.area
        screens = stage.app.screen_stack
        for widget in (one for screen in screens for one in screen.query(KeyBar)):
            assert not toast.overlaps(widget.region)
        focused = stage.app.focused
        if isinstance(focused, Input | TextArea):
            assert not toast.overlaps(focused.region)


async def test_a_second_notice_takes_the_place_of_the_first(app: YiwenApp) -> None:
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await wait_for(pilot, "f4 Runs")
        app.notify("the first")
        await wait_for(pilot, "the first")
        app.fail("the second")
        await wait_for(pilot, "the second")
        await wait_for(pilot, lambda: "the first" not in seen(app))
        assert len(app.screen.query(Toast)) == 1
        app.notify("the third")
        await wait_for(pilot, "the third")
        await pilot.press("ctrl+g")  # keeps the errors
        await wait_for(pilot, "the second")


async def test_what_the_card_says_is_not_said_over_it(app: YiwenApp) -> None:
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await wait_for(pilot, "tokens an epoch")
        screen = app.screen
        assert isinstance(screen, TrainScreen)
        screen.setup.take(screen.setup.draft.with_overrides({"training.epochs": "-1"}))
        await wait_for(pilot, "found -1, expected")
        for key in ("i", "P"):
            await pilot.press(key)
            await pilot.pause()
            assert not app.screen.query(Toast)
        await pilot.press("ctrl+g")
        await wait_for(pilot, "What went wrong")
        assert seen(app).count("found -1, expected") >= 2
