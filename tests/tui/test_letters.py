"""What each letter means: one thing on the Train screen, and for shared words the same anywhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from textual.actions import parse
from textual.binding import Binding

from tui.app import YiwenApp
from tui.screens.evaluate import keys as evaluate
from tui.screens.runs import keys as runs
from tui.screens.runs.comparison_sheet import ComparisonSheet
from tui.screens.train import keys as train
from tui.screens.translate import keys as translate
from tui.widgets.log_dialog import LogDialog

TABLES = {
    "Train": [*train.KEYS, *train.CHART_KEYS, *train.READING_KEYS],
    "Evaluate": evaluate.KEYS,
    "Translate": translate.KEYS,
    "Runs": runs.KEYS,
    "comparison": ComparisonSheet.BINDINGS,
    "log": LogDialog.BINDINGS,
    "app": YiwenApp.BINDINGS,
}
SHARED = {
    "s": ("start",), "x": ("stop",), "a": ("again",), "e": ("evaluate",), "t": ("translate",),
    "y": ("copy", "copy_command"), "l": ("log", "dismiss"), "p": ("choose",), "z": ("choose",),
    "f": ("choose",), "A": ("enqueue",), "Q": ("queue",), "b": ("order", "sort"),
    "B": ("reverse",), "O": ("chart_overlays", "overlay", "dismiss"), "q": ("leave", "dismiss"),
    "slash": ("find", "filter", "search"), "space": ("mark",), "j": ("press",), "k": ("press",),
    "g": ("press",), "G": ("press",), "colon": ("command_palette",),
    **dict.fromkeys("1234", ("mode",)),
}  # fmt: skip
"""Letters that mean the same wherever they mean anything, and the actions they call."""


def _keys(table: list[object]) -> Iterator[tuple[str, Binding]]:
    for binding in table:
        assert isinstance(binding, Binding)
        for key in binding.key.split(","):
            yield key.strip(), binding


def test_on_train_a_letter_means_one_thing_in_every_state() -> None:
    meant: dict[str, set[str]] = {}
    for key, binding in _keys(TABLES["Train"]):
        meant.setdefault(key, set()).add(binding.action)
    assert meant.pop("n") == {"new", "fresh"}, "begin anew: another run, or from the profile again"
    assert {key: actions for key, actions in meant.items() if len(actions) > 1} == {}


@pytest.mark.parametrize("name", TABLES)
def test_shared_words_have_the_same_letter_everywhere(name: str) -> None:
    for key, binding in _keys(TABLES[name]):
        action = parse(binding.action)[1]
        if key in SHARED:
            assert action in SHARED[key], f"{key} on {name}"
        if len(key) == 1 or key in SHARED:
            others = [letter for letter, actions in SHARED.items() if action in actions]
            ours = action not in ("choose", "dismiss", "mode", "press")
            assert not (others and ours and key not in others), f"{action} on {name} is {key}"


def test_a_setups_choices_have_the_same_letters_on_train_and_evaluate() -> None:
    tables = [
        {binding.action: key for key, binding in _keys(TABLES[name]) if "choose" in binding.action}
        for name in ("Train", "Evaluate")
    ]
    shared = [action for action in tables[0] if action in tables[1]]
    assert [tables[0][action] for action in shared] == [tables[1][action] for action in shared]
    assert "choose('strategy')" in shared
