"""The list of settings as one searches it: what it says, and in whose words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from looking import seen, wait_for
from textual.widgets import Input

from engine.language import texts
from tui.app import YiwenApp
from tui.screens.train.settings_dialog import SettingsDialog

RATE = "training.learning_rate"


@pytest.fixture
def in_chinese() -> Iterator[None]:
    texts.speak("zh-TW")
    yield
    texts.speak("en")


async def test_the_list_says_that_nothing_is_found_and_takes_short_names(app: YiwenApp) -> None:
    results: list[dict[str, str] | None] = []
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(SettingsDialog("tiny", {}), results.append)
        await wait_for(pilot, "training.epochs = ")
        await pilot.press(*"zzz")
        text = await wait_for(pilot, "No setting is called zzz")
        assert "training.epochs" not in text
        app.screen.query_one(Input).clear()
        await pilot.press(*"lr")
        await wait_for(pilot, lambda: "training.epochs" not in seen(app))
        await pilot.press(*"=1e-4", "enter")
        await wait_for(pilot, "● training.learning_rate = 0.0001")
        await pilot.press(*"epochs=1", "enter")
        await wait_for(pilot, "● training.epochs = 1.0")
        await pilot.press("escape")
        await wait_for(pilot, lambda: results == [{RATE: "1e-4", "training.epochs": "1"}])


async def test_chinese_readers_see_the_names(app: YiwenApp, in_chinese: None) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(SettingsDialog("tiny", {}))
        text = await wait_for(pilot, "training.learning_rate = ")
        line = next(line for line in text.splitlines() if RATE in line)
        assert "學習率" in line
