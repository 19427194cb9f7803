"""The Translate screen when answers are cancelled, fail, or the workbench is left."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import fake_translator
import pytest
from fake_translator import Fake
from translate_desk import CLASSICAL, MODERN, open_desk


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Fake:
    return fake_translator.install(monkeypatch, tmp_path)


async def test_escape_cancels_and_keeps_what_came(fake: Fake, root: Path) -> None:
    fake.manners.answer, fake.manners.pause = "之乎者也矣焉哉" * 5, 0.05
    async with open_desk(root) as desk:
        await desk.ask(CLASSICAL)
        await desk.until(lambda: desk.last.answer)
        await desk.pilot.press("escape")
        await desk.until(lambda: desk.last.ended)
        assert desk.said.endswith("cancelled")
        assert 0 < len(desk.last.answer) < 35
        await desk.answered(MODERN)
        assert desk.last.answer == fake.manners.answer
        assert fake.starts == 1


async def test_escape_before_the_first_token(fake: Fake, root: Path) -> None:
    fake.manners.pause = 60.0
    async with open_desk(root) as desk:
        await desk.ask(CLASSICAL)
        await desk.until(fake.generates)
        await desk.pilot.press("escape")
        await desk.until(lambda: desk.last.ended)
        assert desk.last.answer == ""
        assert "ready" in desk.header


async def test_escape_while_loading_lets_the_model_go(fake: Fake, root: Path) -> None:
    fake.manners.loading = 30.0
    async with open_desk(root) as desk:
        await desk.ask(CLASSICAL)
        await desk.until(lambda: "loading the model … loading weights 1/3" in desk.said)
        assert "loading" in desk.header
        await desk.pilot.press("escape")
        await desk.until(lambda: desk.last.ended)
        assert desk.said.endswith("cancelled")
        assert "not loaded" in desk.header
        fake.manners.loading = 0.0
        await desk.answered(MODERN)
        assert desk.last.answer == fake.manners.answer
        assert fake.starts == 2


async def test_a_second_escape_ends_a_process_that_does_not_listen(fake: Fake, root: Path) -> None:
    fake.manners.answer, fake.manners.pause, fake.manners.deaf = "之" * 300, 0.1, True
    async with open_desk(root) as desk:
        await desk.ask(CLASSICAL)
        await desk.until(lambda: desk.last.answer)
        await desk.pilot.press("escape")
        await desk.until(lambda: "cancelling" in desk.said)
        await desk.pilot.pause(0.5)
        assert not desk.last.ended
        await desk.pilot.press("escape")
        await desk.until(lambda: desk.last.ended)
        assert desk.said.endswith("cancelled")


async def test_trouble_is_readable_and_the_model_stays(fake: Fake, root: Path) -> None:
    fake.manners.trouble = "the prompt has 9,000 tokens; the model reads 8,192"
    async with open_desk(root) as desk:
        await desk.answered()
        assert f"✗ {fake.manners.trouble}" in desk.said
        await desk.until(lambda: "9,000 tokens" in desk.app._errors[-1])
        assert "ready" in desk.header
        assert not desk.toasts, "the answer itself says it"
        await desk.answered(MODERN)
        assert fake.starts == 1


async def test_a_model_that_cannot_be_loaded_is_tried_again(fake: Fake, root: Path) -> None:
    fake.manners.load_trouble = "not enough memory"
    async with open_desk(root) as desk:
        await desk.answered()
        assert "✗ not enough memoryTake a smaller one." in desk.said
        assert "not loaded" in desk.header
        fake.manners.load_trouble = ""
        await desk.answered()
        assert desk.last.answer == fake.manners.answer


async def test_a_dead_translator_is_started_again(fake: Fake, root: Path) -> None:
    fake.manners.dies_after = 3
    async with open_desk(root) as desk:
        await desk.answered()
        assert "✗ the translator ended: CUDA out of memory" in desk.said
        assert desk.last.answer, "what had come stays"
        fake.manners.dies_after = -1
        await desk.answered(MODERN)
        assert desk.last.answer == fake.manners.answer
        assert fake.starts == 2


async def test_a_translator_that_died_while_idle_is_not_noticed(fake: Fake, root: Path) -> None:
    async with open_desk(root) as desk:
        await desk.answered()
        kept = desk.screen.asking.kept._translator
        assert kept is not None
        assert kept._process is not None
        kept._process.kill()
        kept._process.wait()
        await desk.answered(MODERN)
        assert desk.last.answer == fake.manners.answer
        assert fake.starts == 2


async def test_hostile_text_is_shown_as_text(fake: Fake, root: Path) -> None:
    hostile = "[/nope] [red]x[/red] [@click=app.quit]q[/] \x1b[2Jboo\x07\nend"
    fake.manners.answer = hostile
    async with open_desk(root) as desk:
        await desk.answered(hostile)
        shown = "[/nope] [red]x[/red] [@click=app.quit]q[/] boo\nend"
        assert desk.last.answer == shown
        assert desk.last.question.text == shown
        fake.manners.trouble = hostile
        desk.screen.asking.kept.let_go()
        await desk.answered(hostile)
        assert "✗ [/nope]" in desk.said
        await desk.pilot.press("f7")
        await desk.pilot.pause(0.3)
        assert desk.app.screen is not desk.screen


@pytest.mark.parametrize("moment", ["loading", "answering", "deaf"])
async def test_quitting_waits_for_nothing(fake: Fake, root: Path, moment: str) -> None:
    fake.manners.answer = "之" * 300
    fake.manners.pause = 0.2
    fake.manners.loading = 30.0 if moment == "loading" else 0.0
    fake.manners.deaf = moment == "deaf"
    async with open_desk(root) as desk:
        await desk.ask(CLASSICAL)
        if moment == "loading":
            await desk.until(lambda: "loading weights" in desk.said)
        else:
            await desk.until(lambda: desk.last.answer)
        request = desk.screen.asking.request
        began = time.monotonic()
        await desk.pilot.press("ctrl+q")
    assert time.monotonic() - began < 10.0, "neither the load nor the answer was waited for"
    assert request is not None
    assert await asyncio.to_thread(request.ended.wait, 20.0), "the thread has ended too"
