"""The Translate screen with several answers: side by side, sampled, scored, accepted, kept."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import fake_translator
import pytest
from fake_translator import Fake
from looking import HOSTILE, seen
from samples import make_run
from textual.widgets import Input, OptionList
from translate_desk import CLASSICAL, MODERN, Desk, open_desk

from engine.language.plain_text import plain
from engine.run.folder import Run
from engine.start.model_room import Room
from engine.translate import history
from tui.screens.translate.text_dialog import Field, TextDialog


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Fake:
    return fake_translator.install(monkeypatch, tmp_path)


@pytest.fixture
def tuned(root: Path) -> Run:
    """A run that has trained an adapter of the embedded model."""
    run = make_run(root)
    run.adapter_path.mkdir()
    (run.adapter_path / "adapter_config.json").write_text("{}")
    return run


async def mark(desk: Desk, *wanted: str) -> None:
    """Mark models by parts of their names, and take them."""
    await desk.pilot.press("f5")
    await desk.until(lambda: desk.dialog == "Translate with")
    field = desk.app.screen.query_one(Input)
    for words in wanted:
        field.value = words
        await desk.pilot.pause()
        await desk.pilot.press("tab")
    await desk.pilot.press("enter")
    await desk.until(lambda: desk.app.screen is desk.screen)


async def fill(desk: Desk, key: str, title: str, text: str) -> None:
    """Open a dialog for a text, and give it one."""
    await desk.pilot.press(key)
    await desk.until(lambda: desk.dialog == title)
    desk.app.screen.query_one(Field).text = text
    await desk.pilot.press("enter")
    await desk.until(lambda: desk.app.screen is desk.screen)


async def test_three_strategies_answer_one_after_another_on_one_loaded_base(
    fake: Fake, root: Path, tuned: Run
) -> None:
    async with open_desk(root, 160, 40) as desk:
        await desk.pick("side by side")
        await desk.until(lambda: "few-shot | " in desk.header)
        await desk.answered()
        zero, few, own = fake.generates()
        assert (zero.adapter, few.adapter, own.adapter) == ("", "", str(tuned.adapter_path))
        assert len(few.ids) > len(zero.ids) == len(own.ids)
        assert fake.starts == 1
        assert [answer.text for answer in desk.last.answers] == [fake.manners.answer] * 3
        # In columns; a screen shows the last words a moment after they have come.
        await desk.until(lambda: [len(part) for part in _answers_by_line(desk)] == [3])


async def test_in_a_narrow_terminal_answers_stand_one_under_another(
    fake: Fake, root: Path, tuned: Run
) -> None:
    async with open_desk(root) as desk:
        await mark(desk, "tiny · zero", "qlora")
        await desk.answered()
        await desk.until(lambda: [len(part) for part in _answers_by_line(desk)] == [1, 1])


def _answers_by_line(desk: Desk) -> list[list[str]]:
    """The answers that begin in each line of the screen that has any."""
    found = [re.findall("學習並且時常溫習", line) for line in seen(desk.app).splitlines()]
    return [part for part in found if part]


async def test_models_of_different_bases_are_refused_in_words(
    fake: Fake, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.machine.paths import BUILTIN_PROFILES

    monkeypatch.chdir(tmp_path)
    (tmp_path / "profiles").mkdir()
    text = (BUILTIN_PROFILES / "tiny.toml").read_text("utf-8")
    text = text.replace('method = "nf4"', 'method = "none"')
    text = text.replace('path = "tiny"', f'path = "{BUILTIN_PROFILES / "tiny"}"')
    (tmp_path / "profiles" / "plain.toml").write_text(text, "utf-8")
    async with open_desk(root) as desk:
        await mark(desk, "tiny · zero", "plain · zero")
        await desk.until(lambda: "different base models" in desk.toasts)


async def test_a_reference_is_scored_by_each_model_and_the_lowest_is_told(
    fake: Fake, root: Path, tuned: Run
) -> None:
    async with open_desk(root) as desk:
        await mark(desk, "tiny · zero", "qlora")
        await desk.answered()
        await fill(desk, "ctrl+t", "Reference", "學了並按時溫習，不也高興嗎？")
        await desk.until(lambda: desk.last.answers[1].perplexity is not None and desk.last.ended)
        base, own = (answer.perplexity for answer in desk.last.answers)
        assert base is not None
        assert own is not None
        assert math.isclose(base, own**2, rel_tol=1e-9)  # half the nll: the square root
        assert [answer.is_lowest for answer in desk.last.answers] == [False, True]
        assert "the lowest" in desk.said
        assert len(fake.generates()) == 2, "nothing is translated again"


async def test_other_answers_are_sampled_with_other_seeds(fake: Fake, root: Path) -> None:
    async with open_desk(root) as desk:
        await desk.answered()
        await desk.pilot.press("ctrl+n")
        await desk.until(lambda: desk.dialog == "Other answers")
        await desk.pilot.press("enter")
        await desk.until(lambda: len(fake.generates()) == 4 and desk.last.ended)
        first, *others = fake.generates()
        assert first.generation.temperature == 0
        assert [one.generation.temperature for one in others] == [0.7] * 3
        assert len({one.seed for one in others}) == 3
        assert len(desk.last.answers) == 4
        assert "sampled at 0.7" in desk.said


async def test_a_growing_answer_is_laid_out_once_for_several_lines(fake: Fake, root: Path) -> None:
    async with open_desk(root) as desk:
        await desk.answered()
        layouts: list[object] = []
        desk.screen.screen_layout_refresh_signal.subscribe(desk.screen, layouts.append)
        desk.last.answers[0].ended = False
        for lines in range(1, 13):
            desk.last.take(0, "字" * 37 * lines)
            desk.last.paint()
            await desk.pilot.pause(0.05)
            assert desk.last.size.height >= lines
        assert 1 <= len(layouts) <= 4


async def test_an_accepted_answer_is_kept_found_and_written(
    fake: Fake, root: Path, tmp_path: Path
) -> None:
    async with open_desk(root) as desk:
        await desk.pilot.press("ctrl+s")
        await desk.until(lambda: "No translation is accepted yet" in desk.toasts)
        await desk.answered()
        await fill(desk, "ctrl+o", "Accept a translation", "學了又按時溫習，不是很高興嗎？")
        await desk.answered(MODERN)
        await desk.pilot.press("ctrl+s")
        await desk.until(lambda: desk.dialog == "Add to a data file")
        file = tmp_path / "mine.json"
        desk.app.screen.query_one(Input).value = str(file)
        await desk.pilot.press("enter")
        await desk.until(file.exists)
        (record,) = json.loads(file.read_text("utf-8"))
        assert record["output"] == "學了又按時溫習，不是很高興嗎？"
        assert record["instruction"] == f"翻譯成現代文：\n{CLASSICAL}"


async def test_history_outlives_the_workbench_and_is_searched(fake: Fake, root: Path) -> None:
    async with open_desk(root) as desk:
        await desk.answered(CLASSICAL)
        await desk.answered(MODERN)
        await desk.until(lambda: len(history.read()) == 2)
    async with open_desk(root) as desk:
        await desk.pilot.press("ctrl+r")
        await desk.until(lambda: desk.dialog == "Translated before")
        options = desk.app.screen.query_one(OptionList)
        await desk.until(lambda: options.option_count == 2)
        desk.app.screen.query_one(Input).value = "學而時習"
        await desk.until(lambda: options.option_count == 1)
        await desk.pilot.press("enter")
        await desk.until(lambda: desk.box.text == CLASSICAL)


async def test_hostile_text_in_references_and_history_is_shown_as_text(
    fake: Fake, root: Path
) -> None:
    fake.manners.answer = HOSTILE
    async with open_desk(root, 160, 40) as desk:
        await desk.answered(HOSTILE)
        await fill(desk, "ctrl+t", "Reference", HOSTILE)
        await fill(desk, "ctrl+o", "Accept a translation", HOSTILE)
        assert desk.last.reference == desk.last.accepted == plain(HOSTILE)
        await desk.pilot.press("ctrl+r")
        await desk.until(lambda: desk.dialog == "Translated before")
        await desk.until(lambda: "[/nope] [red]x[/]" in seen(desk.app))
        assert "\x1b" not in seen(desk.app)


async def test_keys_for_answers_say_so_where_there_is_none(root: Path) -> None:
    async with open_desk(root) as desk:
        for key in ("ctrl+t", "ctrl+n", "ctrl+o"):
            await desk.pilot.press(key)
            await desk.until(lambda: desk.toasts.count("No answer yet") == 1)
            desk.app.clear_notifications()
        assert not isinstance(desk.app.screen, TextDialog)


async def test_a_model_is_not_loaded_into_too_little_memory_unasked(
    fake: Fake, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = Room(need=10**12, free=10**9, gpu=None)
    monkeypatch.setattr("engine.start.model_room.find", lambda profile: short)
    async with open_desk(root) as desk:
        await desk.ask(CLASSICAL)
        await desk.until(lambda: "The model needs about 1000.0 GB" in seen(desk.app))
        await desk.pilot.press("n")
        await desk.until(lambda: desk.last.ended)
        assert desk.said.endswith("cancelled")
        assert fake.starts == 0
        await desk.ask(CLASSICAL)
        await desk.until(lambda: "Load the model all the same?" in seen(desk.app))
        await desk.pilot.press("y")
        await desk.until(lambda: desk.last.ended)
        assert desk.last.answer == fake.manners.answer
