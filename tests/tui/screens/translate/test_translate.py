"""The Translate screen: typing, sending, reading, against a stand-in for the process."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import fake_translator
import pytest
from fake_translator import Fake
from translate_desk import CLASSICAL, MODERN, open_desk, prompt_of

from tui.screens.translate.conversation import KEPT


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Fake:
    return fake_translator.install(monkeypatch, tmp_path)


async def test_answer_streams_into_the_conversation(fake: Fake, root: Path) -> None:
    async with open_desk(root) as desk:
        assert "not loaded" in desk.header
        await desk.answered()
        assert desk.last.answer == fake.manners.answer
        assert CLASSICAL in desk.said
        assert "文→白" in desk.said
        assert "tiny · zero-shot" in desk.said
        assert "tok/s" in desk.said
        assert desk.said.endswith("stop")
        assert desk.box.text == ""
        assert "ready · cpu" in desk.header


async def test_direction_follows_what_is_typed(root: Path) -> None:
    async with open_desk(root) as desk:
        assert desk.direction == "auto"
        await desk.paste(CLASSICAL)
        assert desk.direction == "auto: 文→白"
        desk.box.text = MODERN
        await desk.pilot.pause()
        assert desk.direction == "auto: 白→文"
        await desk.pilot.press("f6")
        assert desk.direction == "文→白"
        await desk.pilot.press("f6")
        assert desk.direction == "白→文"
        await desk.pilot.press("f6")
        assert desk.direction == "auto: 白→文"


async def test_a_sentence_is_wrapped_by_the_profile(fake: Fake, root: Path) -> None:
    async with open_desk(root) as desk:
        await desk.answered(MODERN)
        await desk.pilot.press("f6")
        await desk.answered(MODERN)
        first, second = map(prompt_of, fake.generates())
        assert f"翻譯成文言文：\n{MODERN}<end_of_turn>" in first
        assert f"翻譯成現代文：\n{MODERN}<end_of_turn>" in second


async def test_an_instruction_is_sent_as_written(fake: Fake, root: Path) -> None:
    async with open_desk(root) as desk:
        await desk.paste(f"幫我把這句話翻譯成現代文：\n{CLASSICAL}")
        assert desk.direction == "as written: 文→白"
        await desk.answered("")
        asked = prompt_of(fake.generates()[0])
        assert f"user\n幫我把這句話翻譯成現代文：\n{CLASSICAL}<end_of_turn>" in asked
        assert asked.count("翻譯成") == 1


async def test_a_direction_chosen_by_hand_overrules_an_instruction(fake: Fake, root: Path) -> None:
    async with open_desk(root) as desk:
        await desk.pilot.press("f6", "f6")
        await desk.answered(f"翻譯成現代文：\n{CLASSICAL}")
        assert f"翻譯成文言文：\n翻譯成現代文：\n{CLASSICAL}" in prompt_of(fake.generates()[0])


async def test_new_lines_and_pastes_are_kept(fake: Fake, root: Path) -> None:
    async with open_desk(root) as desk:
        await desk.paste("一\r\n二\r三\x1b[31m\x07四")
        assert "\x1b" not in desk.box.text
        await desk.pilot.press("ctrl+j", "x")
        await desk.answered("")
        assert "一\n二\n三四\nx<end_of_turn>" in prompt_of(fake.generates()[0])


async def test_nothing_is_sent_from_an_empty_field(fake: Fake, root: Path) -> None:
    async with open_desk(root) as desk:
        await desk.ask(" \n ")
        assert not desk.conversation.exchanges
        assert fake.starts == 0


async def test_tokens_are_painted_in_batches(fake: Fake, root: Path) -> None:
    fake.manners.answer, fake.manners.pause = "之乎者也矣焉哉" * 12, 0.05
    async with open_desk(root) as desk:
        painted: list[str] = []
        await desk.ask(CLASSICAL)
        began = time.monotonic()
        while not desk.last.ended:
            if desk.last.answer not in painted[-1:]:
                painted.append(desk.last.answer)
            await asyncio.sleep(0.005)
        seconds = time.monotonic() - began
        assert len(painted) >= 3
        assert len(painted) <= seconds / 0.2 + 2
        assert all(new.startswith(old) for old, new in zip(painted, painted[1:]))
        assert desk.last.answer == fake.manners.answer


async def test_one_answer_at_a_time(fake: Fake, root: Path) -> None:
    fake.manners.pause = 0.1
    async with open_desk(root) as desk:
        await desk.ask(CLASSICAL)
        await desk.ask(MODERN)
        assert len(desk.conversation.exchanges) == 1
        assert desk.box.text == MODERN
        await desk.until(lambda: "on its way" in desk.toasts)


async def test_the_answer_is_copied(
    fake: Fake, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_desk(root) as desk:
        copied: list[str] = []
        monkeypatch.setattr(desk.app, "copy_to_clipboard", copied.append)
        await desk.pilot.press("f8")
        assert copied == []
        await desk.until(lambda: "No answer yet" in desk.toasts)
        await desk.answered()
        await desk.pilot.press("f8")
        assert copied == [fake.manners.answer]
        await desk.until(lambda: "Sent to the clipboard" in desk.toasts)


async def test_former_texts_come_back(fake: Fake, root: Path) -> None:
    async with open_desk(root) as desk:
        for text in (CLASSICAL, MODERN, "一\n二"):
            await desk.answered(text)
        seen = []
        for key in ("up", "up", "up", "up", "down", "down", "down"):
            await desk.pilot.press(key)
            seen.append(desk.box.text)
        assert seen == ["一\n二", MODERN, CLASSICAL, CLASSICAL, MODERN, "一\n二", ""]
        await desk.pilot.press("x", "up")
        assert desk.box.text == "x", "what is being typed is never replaced"


async def test_clear_can_be_taken_back(fake: Fake, root: Path) -> None:
    async with open_desk(root) as desk:
        await desk.answered()
        await desk.pilot.press("ctrl+l")
        assert not desk.last.display
        await desk.answered(MODERN)
        await desk.pilot.press("ctrl+l", "ctrl+l")
        assert [exchange.display for exchange in desk.conversation.exchanges] == [True, True]


async def test_reader_who_scrolled_up_stays_there(fake: Fake, root: Path) -> None:
    async with open_desk(root, 60, 16) as desk:
        for _ in range(3):
            await desk.answered()
        conversation = desk.conversation
        assert conversation.scroll_y == conversation.max_scroll_y > 0
        fake.manners.answer, fake.manners.pause = "之" * 160, 0.01
        desk.screen.asking.kept.let_go()
        await desk.ask(MODERN)
        await desk.until(lambda: len(desk.last.answer) > 10)
        assert conversation.scroll_y == conversation.max_scroll_y
        await desk.pilot.press("pageup")
        await desk.pilot.pause()
        at = conversation.scroll_y
        assert at < conversation.max_scroll_y
        await desk.until(lambda: desk.last.ended)
        await desk.pilot.pause()
        assert conversation.scroll_y == at
        await desk.answered()
        await desk.pilot.pause()
        assert conversation.scroll_y == conversation.max_scroll_y


async def test_only_so_many_exchanges_are_kept(fake: Fake, root: Path) -> None:
    async with open_desk(root) as desk:
        await desk.answered()
        first = desk.last
        for number in range(1000, 1000 + KEPT):
            desk.conversation.begin(number, first.question, first.turns)
        await desk.pilot.pause(0.5)
        assert len(desk.conversation.exchanges) == KEPT
        assert first not in desk.conversation.exchanges
