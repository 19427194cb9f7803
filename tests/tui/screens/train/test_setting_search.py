"""Finding settings by what people call them, in both languages, and changing them so."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import pytest
from looking import seen, wait_for
from textual.widgets import Input

from engine.language import texts
from engine.profile import setting_list
from tui.app import YiwenApp
from tui.screens.train import setting_search
from tui.screens.train.setting_names import NAMES, chinese_name
from tui.screens.train.settings_dialog import SettingsDialog

SETTINGS = setting_list.list_all("tiny", {})
RATE = "training.learning_rate"


@pytest.fixture
def in_chinese() -> Iterator[None]:
    texts.speak("zh-TW")
    yield
    texts.speak("en")


def test_every_setting_has_a_chinese_name_and_every_name_a_setting() -> None:
    assert {setting.key for setting in SETTINGS} == set(NAMES)
    for key in NAMES:
        name = chinese_name(key)
        assert any("CJK" in unicodedata.name(letter) for letter in name), key


def test_no_two_settings_are_called_the_same() -> None:
    called = [setting_search._folded(name) for names in NAMES.values() for name in names]
    assert sorted(called) == sorted(set(called))


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("lr", RATE), ("LR", RATE), ("學習率", RATE), ("bs", "training.batch_size"),
        ("輪數", "training.epochs"), ("epochs", "training.epochs"), ("wd", "training.weight_decay"),
        ("ｌｒ", RATE), ("k", "few_shot.examples"), ("seed", "training.seed"),
    ],
)  # fmt: skip
def test_short_names_find_their_setting(typed: str, key: str) -> None:
    assert setting_search.find(SETTINGS, typed)[0].key == key
    assert setting_search.change_in(SETTINGS, f"{typed}＝1e-4") == (key, "1e-4")


def test_words_are_looked_for_in_names_before_explanations() -> None:
    assert {one.section for one in setting_search.find(SETTINGS, "lora")} == {"lora"}
    assert "evaluation.samples" in [one.key for one in setting_search.find(SETTINGS, "translated")]
    assert setting_search.find(SETTINGS, "zzz") == []
    assert setting_search.change_in(SETTINGS, "lora.rnk = 2") == ("lora.rnk", "2")


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
