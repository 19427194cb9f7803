"""The Translate screen as a user sees it, for tests."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from textual import events
from textual.pilot import Pilot

from engine.models import tokenizer
from engine.profile import files
from engine.translate.protocol import Generate
from tui.app import YiwenApp
from tui.screens.translate.conversation import Conversation
from tui.screens.translate.direction_line import DirectionLine
from tui.screens.translate.exchange import Exchange
from tui.screens.translate.prompt_box import PromptBox
from tui.screens.translate.screen import TranslateScreen
from tui.widgets.header_line import HeaderLine

CLASSICAL = "學而時習之，不亦說乎？"
MODERN = "我們今天的會議被取消了。"


@asynccontextmanager
async def open_desk(root: Path, width: int = 80, height: int = 24) -> AsyncIterator[Desk]:
    """The screen over a runs folder."""
    app = YiwenApp(root)
    async with app.run_test(size=(width, height), notifications=True) as pilot:
        await app.switch_mode("translate")
        await pilot.pause()
        yield Desk(app, pilot)


def prompt_of(request: Generate) -> str:
    """The text that the translator was given."""
    own = tokenizer.load(files.load("tiny").model.path)
    return own.decode(request.ids, skip_special=False)


class Desk:
    """The screen with short words for what a user does and sees."""

    def __init__(self, app: YiwenApp, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot

    @property
    def screen(self) -> TranslateScreen:
        screen = self.app.get_screen_stack("translate")[0]
        assert isinstance(screen, TranslateScreen)
        return screen

    @property
    def box(self) -> PromptBox:
        return self.screen.query_one(PromptBox)

    @property
    def conversation(self) -> Conversation:
        return self.screen.query_one(Conversation)

    @property
    def last(self) -> Exchange:
        return self.conversation.exchanges[-1]

    @property
    def direction(self) -> str:
        return self.screen.query_one(DirectionLine).render().plain.split("  ")[0].strip()

    @property
    def header(self) -> str:
        return self.screen.query_one(HeaderLine).render().plain

    @property
    def said(self) -> str:
        """The newest exchange as it is painted."""
        if not self.conversation.exchanges:
            return ""
        return "".join(line.plain.strip() for line in self.last._wrapped(70))

    @property
    def toasts(self) -> str:
        return "\n".join(toast.message for toast in self.app._notifications)

    @property
    def dialog(self) -> str:
        """The title of the dialog on top, if there is one."""
        dialogs = self.app.screen.query(".dialog")
        return str(dialogs.first().border_title) if dialogs else ""

    async def paste(self, text: str) -> None:
        self.app.post_message(events.Paste(text))
        await self.pilot.pause()

    async def ask(self, text: str) -> None:
        await self.paste(text)
        await self.pilot.press("enter")

    async def until(self, true: Callable[[], object], seconds: float = 30.0) -> None:
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, f"not in {seconds} s; said: {self.said}"
            await self.pilot.pause(0.02)

    async def pick(self, words: str) -> None:
        """Choose a model by typing a part of its name."""
        await self.pilot.press("f5")
        await self.until(lambda: self.app.screen is not self.screen)
        self.app.post_message(events.Paste(words))
        await self.pilot.pause()
        await self.pilot.press("enter")

    async def answered(self, text: str = CLASSICAL) -> None:
        count = len(self.conversation.exchanges)
        await self.ask(text)
        await self.until(lambda: len(self.conversation.exchanges) > count and self.last.ended)
