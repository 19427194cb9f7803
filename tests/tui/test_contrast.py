"""All that is shown can be read and what has the focus be seen: in every theme and terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from eyesight import DEPTHS, Picture, changed, faint, picture, set_depth
from scenes import SCENES
from stage import Stage
from textual.theme import BUILTIN_THEMES

from tui.widgets.help_panel import HelpPanel

THEMES = tuple(BUILTIN_THEMES)
DEFAULTS = ("textual-dark", "textual-light")
LEAST, OF_BODY_TEXT = 3.0, 4.5
WIDE, NARROW = (160, 48), (80, 24)


def _turn(name: str) -> tuple[str, ...]:
    """All themes, each scene beginning with another one."""
    first = list(SCENES).index(name) % len(THEMES)
    return THEMES[first:] + THEMES[:first]


async def _wear(stage: Stage, theme: str) -> None:
    """Change the theme, as the palette does."""
    stage.app.theme = theme
    worn = asyncio.Event()
    stage.app.call_next(worn.set)  # after what Textual calls next because of the theme
    await asyncio.wait_for(worn.wait(), 30)


def _pictures(stage: Stage) -> Iterator[tuple[str, Picture]]:
    for depth in DEPTHS:
        set_depth(stage.app, depth)
        yield depth, picture(stage.app, depth)
    set_depth(stage.app, "true colour")


def _hard_to_read(stage: Stage, when: str) -> list[str]:
    theme = stage.app.theme
    least = OF_BODY_TEXT if theme in DEFAULTS else LEAST
    return [
        f"{theme}, {depth}, {when}: {place}"
        for depth, shown in _pictures(stage)
        for place in faint(shown, least, LEAST)
    ]


@pytest.mark.parametrize("name", SCENES)
async def test_every_word_can_be_read_in_every_theme(stage: Stage, name: str) -> None:
    """Just opened, and after changes: a theme looks the same whether begun with or gone back to."""
    first, *others = _turn(name)
    stage.app.theme = first
    async with stage.app.run_test(size=WIDE) as pilot:
        stage.pilot = pilot
        await SCENES[name](stage)
        await stage.rest()
        found = _hard_to_read(stage, "just opened")
        fresh = dict(_pictures(stage))
        for theme in others:
            await _wear(stage, theme)
            found += _hard_to_read(stage, "changed to")
        await _wear(stage, first)
        for depth, shown in _pictures(stage):
            for y, (before, after) in enumerate(zip(fresh[depth], shown)):
                assert before == after, f"{first}, {depth}: line {y} was not drawn like this before"
    assert not found, "\n".join([f"{len(found)} places", *found[:20]])


@pytest.mark.parametrize("name", SCENES)
async def test_what_has_the_focus_is_seen(stage: Stage, name: str) -> None:
    """Set against the same without it; the words can still be read then."""
    async with stage.app.run_test(size=NARROW) as pilot:
        stage.pilot = pilot
        await SCENES[name](stage)
        await stage.rest()
        focused = stage.screen.focused
        if focused is None:
            return
        found = []
        region = focused.region.grow((1, 1, 1, 1)).intersection(stage.screen.region)
        for theme in THEMES:
            await _wear(stage, theme)
            found += _hard_to_read(stage, "with the focus")
            before = dict(_pictures(stage))
            stage.screen.set_focus(None)
            await pilot.pause()
            found += _hard_to_read(stage, "without the focus")
            found += [
                f"{theme}, {depth}: the focus on {focused} is not seen"
                for depth, shown in _pictures(stage)
                if not changed(before[depth], shown, region)
            ]
            stage.screen.set_focus(focused)
            await pilot.pause()
    assert not found, "\n".join([f"{len(found)} places", *found[:20]])


async def test_screens_that_were_hidden_wear_the_theme_chosen_meanwhile(stage: Stage) -> None:
    async with stage.app.run_test(size=NARROW) as pilot:
        stage.pilot = pilot
        keys = {"f2": "evaluate", "f3": "translate", "f4": "runs", "f1": "train"}
        for key in keys:
            await stage.press(key)
            await stage.rest()
        await stage.press("question_mark")
        await stage.on(HelpPanel)
        await _wear(stage, "solarized-light")
        await stage.press("escape")
        for key, mode in keys.items():
            await stage.press(key)
            await stage.until(lambda mode=mode: stage.app.current_mode == mode)
            await stage.rest()
            found = _hard_to_read(stage, f"back on {mode}")
            assert not found, "\n".join(found[:20])
            shown = dict(_pictures(stage))
            stage.app.refresh_css(animate=False)
            assert shown == dict(_pictures(stage)), f"{mode} was not styled anew"
