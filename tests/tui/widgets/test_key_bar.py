"""The line of keys: what stays where room is short, what is left out, and clicks on it."""

from __future__ import annotations

import pytest
from looking import seen, wait_for
from scenes import SCENES
from stage import Stage
from textual.binding import Binding
from textual.screen import Screen

from engine.language import texts
from tui.app import YiwenApp
from tui.screens.train.preview_dialog import PreviewDialog
from tui.widgets.key_bar import KeyBar
from tui.widgets.key_line import KeyLine

SCREENS = "f1 Train f2 Evaluate f3 Translate f4 Runs"


class Many(Screen[None]):
    """A screen with more keys than fit beside those of all screens."""

    BINDINGS = [
        Binding("a", "first", "First"),
        Binding("b", "second", "The second one"),
        Binding("c", "third", "3"),
    ]

    def compose(self):  # type: ignore[no-untyped-def]
        yield KeyBar()


def _bar(app: YiwenApp) -> str:
    return seen(app).splitlines()[-1]


@pytest.mark.parametrize("size", [(60, 16), (80, 24)])
@pytest.mark.parametrize("key", ["f1", "f2", "f3", "f4"])
async def test_help_and_screens_are_always_seen(
    app: YiwenApp, key: str, size: tuple[int, int]
) -> None:
    async with app.run_test(size=size) as pilot:
        await pilot.press(key)
        helps = "f9 Help" if key == "f3" else "? Help"  # on Translate letters are typed
        await wait_for(pilot, lambda: _bar(app).endswith(f"{helps} {SCREENS}"))


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (60, "a First"),
        (77, "a First b The second one"),
        (78, "a First b The second one c 3"),
        (84, "a First b The second one c 3"),
        (85, "a First b The second one c 3 q Quit"),
        (95, "a First b The second one c 3 q Quit : palette"),
    ],
)
async def test_what_does_not_fit_goes_by_need(app: YiwenApp, width: int, shown: str) -> None:
    async with app.run_test(size=(width, 16)) as pilot:
        await app.push_screen(Many())
        await wait_for(pilot, "f4 Runs")
        assert " ".join(_bar(app).split()) == f"{shown} ? Help {SCREENS}"
        assert len(_bar(app)) == width


async def test_a_click_does_what_the_key_does(app: YiwenApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(pilot, SCREENS)
        await pilot.click(KeyBar, offset=(_bar(app).index("Runs"), 0))
        await wait_for(pilot, lambda: app.current_mode == "runs")
        await wait_for(pilot, "Mark")
        await pilot.click(KeyBar, offset=(_bar(app).index("f2"), 0))
        await wait_for(pilot, lambda: app.current_mode == "evaluate")


async def test_the_key_of_the_screen_one_is_on_is_not_offered(app: YiwenApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(pilot, SCREENS)
        enabled = {key: active.enabled for key, active in app.screen.active_bindings.items()}
        assert not enabled["f1"]
        assert enabled["f4"]


@pytest.mark.parametrize("language_name", ["en", "zh-TW"])
async def test_stop_is_first_and_stays_while_a_run_is_live(
    stage: Stage, language_name: str
) -> None:
    texts.speak(language_name)
    try:
        async with stage.app.run_test(size=(60, 16)) as stage.pilot:
            await SCENES["train-live"](stage)
            await stage.settle()
            assert _bar(stage.app).startswith(" x ")
    finally:
        texts.speak("en")


async def test_the_keys_in_the_cards_title_can_be_clicked(app: YiwenApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(pilot, "tokens an epoch")
        line = next(line for line in seen(app).splitlines() if "i data" in line)
        title = app.screen.query_one(".title", KeyLine)
        await pilot.click(KeyLine, offset=(line.index("i data") - title.region.x + 3, 0))
        await wait_for(pilot, lambda: isinstance(app.screen, PreviewDialog))
        await pilot.press("escape")
        await wait_for(pilot, lambda: not isinstance(app.screen, PreviewDialog))


async def test_a_narrow_title_leaves_out_whole_keys(app: YiwenApp) -> None:
    async with app.run_test(size=(60, 16)) as pilot:
        line = await wait_for(pilot, "y command")
        assert "K" not in next(one for one in line.splitlines() if "y command" in one)
