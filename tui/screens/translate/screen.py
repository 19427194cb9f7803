"""The Translate screen: a conversation with a base model or anything tuned from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import TextArea

from engine.language.plain_text import one_line, plain
from engine.language.texts import _
from engine.run.folder import Run
from tui.screens.translate.asking import Asking
from tui.screens.translate.chosen_models import ChosenModels
from tui.screens.translate.conversation import Conversation
from tui.screens.translate.direction_line import DirectionLine
from tui.screens.translate.keys import KEYS
from tui.screens.translate.newest_answers import NewestAnswers
from tui.screens.translate.prompt_box import PromptBox
from tui.screens.translate.question import Question
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
from tui.widgets.parts import ScreenOfParts
from tui.widgets.stepping_out import back_to_field, is_bound


class TranslateScreen(ScreenOfParts):
    """Type, see which way it will go, send, watch the answer come."""

    AUTO_FOCUS = "PromptBox"
    BINDINGS: ClassVar[list[BindingType]] = KEYS

    def __init__(self) -> None:
        super().__init__()
        self._number = 0
        self._box, self._direction = PromptBox(), DirectionLine()
        self.conversation = Conversation()
        self.asking = Asking(self, self.conversation, self.describe)
        self.models = ChosenModels(self, self.conversation, self.asking, self._typed, self.describe)
        self._answers = NewestAnswers(self, self.conversation, self._box, self.asking)
        self.give_keys_to(
            self.asking, self.models, self._answers, self.conversation, self._direction, self._box
        )

    def compose(self) -> ComposeResult:
        yield HeaderLine(_("Translate"))
        yield self.conversation
        yield self._direction
        yield self._box
        yield KeyBar()

    def on_mount(self) -> None:
        """Say what will translate, and which way."""
        self.describe()
        self.set_interval(1.0, self.asking.tell_loading)

    def on_unmount(self) -> None:
        """End the translator."""
        self.asking.shut()

    def _typed(self) -> Question:
        return Question(plain(self._box.text).strip(), self._direction.wish)

    # What other screens ask

    def choose_run(self, run: Run) -> None:
        """Translate with a run's model from now on."""
        self.models.choose_run(run)

    def choose_runs(self, chosen: Sequence[Run]) -> None:
        """Translate with the models of several runs side by side from now on."""
        self.models.choose_runs(chosen)

    def follow_run(self, run: Run) -> None:
        """Translate with the run that is watched."""
        self.models.follow_run(run)

    # What the user does

    def action_send(self) -> None:
        """Translate what is typed, unless an answer is on its way."""
        self.set_focus(self._box)
        if not self._typed().text:
            return
        if self.asking.request is not None:
            self.asking.say_busy()
            return
        self._number += 1
        turns = [Turn(choice) for choice in self.models.choices]
        request = Request(self._number, Question(self._box.take(), self._direction.wish), turns)
        self.conversation.begin(request.number, request.question, turns)
        self.asking.ask(request)

    def action_step_out(self) -> None:
        """Give the keys to the conversation: letters are commands there."""
        self.set_focus(self.conversation)

    def on_key(self, event: events.Key) -> None:
        """What is no command is text."""
        if not is_bound(self.app, self, event.key):
            back_to_field(self, self._box, event)

    def on_paste(self, event: events.Paste) -> None:
        """What is pasted is text."""
        event.text = plain(event.text)
        back_to_field(self, self._box, event)

    def would_be_lost(self) -> Sequence[str]:
        """An answer on its way, a text that was not sent."""
        if self.asking.request is not None:
            return [_("An answer is still coming.")]
        if self._box.text.strip():
            return [_("A text that is typed on Translate has not been sent.")]
        return []

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """One steps out of the field, unless escape stops an answer."""
        if action == "step_out":
            return self.asking.request is None and isinstance(self.focused, PromptBox)
        return super().check_action(action, parameters)

    # What the translator says

    @on(Loading)
    def _show_loading(self, event: Loading) -> None:
        self.conversation.note(event.number, event.words)
        self.asking.begin_loading()

    @on(AnswerGrew)
    def _show_growth(self, event: AnswerGrew) -> None:
        self.conversation.grow(event.number, event.place, event.text)
        self.asking.tell_growth()

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
                self._answers.keep(exchange)
        self.asking.attend(None)

    @on(TextArea.Changed)
    def describe(self) -> None:
        """Say what will translate, which way it will go, how the translator stands."""
        self._direction.show(plain(self._box.text))
        labels = " | ".join(one_line(choice.label) for choice in self.models.choices)
        self.query_one(HeaderLine).show(labels, self.asking.state)
