"""Finding settings by what people call them, in both languages, and changing them so."""

from __future__ import annotations

import unicodedata

import pytest

from engine.profile import setting_list, setting_search
from engine.profile.setting_names import NAMES, chinese_name

SETTINGS = setting_list.list_all("tiny", {})
RATE = "training.learning_rate"


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
