"""The Translate screen: a conversation with a base model or anything tuned from it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import TextArea

from engine.language.figures import clock
from engine.language.plain_text import one_line, plain
from engine.language.texts import _
from engine.run.words import device_name
from tui.screens.translate.answer_actions import BUSY
from tui.screens.translate.conversation import Conversation
from tui.screens.translate.direction_line import DirectionLine
from tui.screens.translate.keys import KEYS
from tui.screens.translate.model_actions import EMPTY, ModelActions
from tui.screens.translate.prompt_box import PromptBox
from tui.screens.translate.question import WISHES, Question
from tui.screens.translate.request import Request, Turn
from tui.screens.translate.translator import (
    AnswerEnded,
    AnswerFailed,
    AnswerGrew,
    Loading,
    ReferenceScored,
    RequestEnded,
)
from tui.widgets.header_line import HeaderLine
from tui.widgets.key_bar import KeyBar
from tui.widgets.stepping_out import back_to_field, is_bound


class TranslateScreen(ModelActions):
    """Type, see which way it will go, send, watch the answer come."""

    AUTO_FOCUS = "PromptBox"
    BINDINGS: ClassVar[list[BindingType]] = KEYS

    def __init__(self) -> None:
        super().__init__()
        self._number = 0
        self._state = _(EMPTY)
        self._loads = False
        """Is the model being loaded?"""
        self._loading_since = 0.0

    def compose(self) -> ComposeResult:
        yield HeaderLine(_("Translate"))
        yield Conversation()
        yield DirectionLine()
        yield PromptBox()
        yield KeyBar()

    def on_mount(self) -> None:
        """Say what will translate, and which way."""
        self.describe()
        self.set_interval(1.0, self._tell_loading)

    def on_unmount(self) -> None:
        """End the translator, and keep nobody waiting for it."""
        self.in_thread(self._kept.shut)

    # What the user does

    def action_send(self) -> None:
        """Translate what is typed, unless an answer is on its way."""
        box = self.query_one(PromptBox)
        self.set_focus(box)
        if not plain(box.text).strip():
            return
        if self.request is not None:
            self.notify(_(BUSY), timeout=3)
            return
        self._number += 1
        turns = [Turn(choice) for choice in self._choices]
        request = Request(self._number, Question(box.take(), self._wish), turns)
        self.conversation.begin(request.number, request.question, turns)
        self.ask(request)

    def action_new_line(self) -> None:
        """Begin a new line."""
        self.query_one(PromptBox).insert("\n")

    def action_turn(self) -> None:
        """Go to the next direction."""
        self._wish = WISHES[(WISHES.index(self._wish) + 1) % len(WISHES)]
        self.describe()

    def action_clear(self) -> None:
        """Clear the conversation, or bring it back."""
        if self.conversation.clear_or_restore():
            self.notify(_("Cleared; ctrl+l brings it back."), timeout=3)

    def action_cancel(self) -> None:
        """Stop the answer."""
        if self.request is not None:
            note = _("cancelling …  esc again ends the model too")
            self.conversation.note(self.request.number, note)
            self.in_thread(partial(self._kept.cancel, self.request))

    def action_step_out(self) -> None:
        """Give the keys to the conversation: letters are commands there."""
        self.set_focus(self.conversation)

    def on_key(self, event: events.Key) -> None:
        """What is no command is text."""
        if not is_bound(self.app, self, event.key):
            back_to_field(self, self.query_one(PromptBox), event)

    def on_paste(self, event: events.Paste) -> None:
        """What is pasted is text."""
        event.text = plain(event.text)
        back_to_field(self, self.query_one(PromptBox), event)

    def would_be_lost(self) -> Sequence[str]:
        """An answer on its way, a text that was not sent."""
        if self.request is not None:
            return [_("An answer is still coming.")]
        if self.query_one(PromptBox).text.strip():
            return [_("A text that is typed on Translate has not been sent.")]
        return []

    def action_recall(self, step: int) -> None:
        """Bring back a text sent before."""
        self.query_one(PromptBox).recall(step)

    def action_page(self, step: int) -> None:
        """Scroll the conversation."""
        conversation = self.conversation
        scroll = conversation.scroll_page_up if step < 0 else conversation.scroll_page_down
        scroll(animate=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is something to cancel only while an answer is on its way."""
        if action == "step_out":
            return self.request is None and isinstance(self.focused, PromptBox)
        return action != "cancel" or self.request is not None

    # What the translator says

    @on(Loading)
    def _show_loading(self, event: Loading) -> None:
        self.conversation.note(event.number, event.words)
        if not self._loads:
            self._loads, self._loading_since = True, time.monotonic()
        self._tell_loading()

    def _tell_loading(self) -> None:
        """For how long one has waited."""
        if self._loads:
            elapsed = clock(time.monotonic() - self._loading_since)
            self.stand(_("● loading {elapsed}").format(elapsed=elapsed))
            self._loads = True

    @on(AnswerGrew)
    def _show_growth(self, event: AnswerGrew) -> None:
        self.conversation.grow(event.number, event.place, event.text)
        self.stand(_("● translating · {device}").format(device=device_name(self._kept.device)))

    @on(AnswerEnded)
    def _show_end(self, event: AnswerEnded) -> None:
        if exchange := self.conversation.find(event.number):
            exchange.end(event.place, event.done)

    @on(AnswerFailed)
    def _show_failure(self, event: AnswerFailed) -> None:
        if exchange := self.conversation.find(event.number):
            exchange.fail(event.place, event.reason)
        self.yiwen.fail(event.reason)

    @on(ReferenceScored)
    def _show_score(self, event: ReferenceScored) -> None:
        if exchange := self.conversation.find(event.number):
            exchange.score(event.place, event.perplexity)

    @on(RequestEnded)
    def _finish(self, event: RequestEnded) -> None:
        self.conversation.stop_painting()
        if exchange := self.conversation.find(event.number):
            exchange.finish()
            if exchange.answer:
                self.keep(exchange)
        self.attend(None)

    def attend(self, request: Request | None) -> None:
        """An answer is on its way, or no more."""
        self.request = request
        self.refresh_bindings()
        self.stand(_("● asking") if request else self.ready)

    def stand(self, state: str) -> None:
        self._loads = False
        if state != self._state:
            self._state = state
            self.describe()

    @on(TextArea.Changed)
    def describe(self) -> None:
        """Say what will translate, which way it will go, how the translator stands."""
        box = self.query_one(PromptBox)
        self.query_one(DirectionLine).show(Question(plain(box.text), self._wish).label)
        labels = " | ".join(one_line(choice.label) for choice in self._choices)
        self.query_one(HeaderLine).show(labels, self._state)
