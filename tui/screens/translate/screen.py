"""The Translate screen: a conversation with a base model or anything tuned from it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Footer, TextArea

from engine import model_room
from engine.errors import UserError
from engine.model_room import Room
from engine.runs import Run
from engine.text import one_line, plain
from tui.model_choice import ModelChoice
from tui.screens.translate.answer_actions import BUSY, AnswerActions
from tui.screens.translate.conversation import Conversation
from tui.screens.translate.direction_line import DirectionLine
from tui.screens.translate.keys import KEYS
from tui.screens.translate.model_picker import LET_GO, pick_models
from tui.screens.translate.prompt_box import PromptBox
from tui.screens.translate.prompt_sheet import PromptSheet
from tui.screens.translate.question import WISHES, Question, Wish
from tui.screens.translate.request import Request, Turn
from tui.screens.translate.translator import (
    AnswerEnded,
    AnswerFailed,
    AnswerGrew,
    KeptTranslator,
    Loading,
    ReferenceScored,
    RequestEnded,
)
from tui.widgets.dialogs import Confirm
from tui.widgets.header_line import HeaderLine
from tui.widgets.picker import Picker

EMPTY = "○ not loaded"


class TranslateScreen(AnswerActions):
    """Type, see which way it will go, send, watch the answer come."""

    AUTO_FOCUS = "PromptBox"
    CSS_PATH = "translate.tcss"
    BINDINGS: ClassVar[list[BindingType]] = KEYS

    def __init__(self) -> None:
        super().__init__()
        self._kept = KeptTranslator(self.post_message)
        self._choices = [ModelChoice(self.yiwen.profile_name)]
        self._wish: Wish = "auto"
        self._number = 0
        self._state = EMPTY

    def compose(self) -> ComposeResult:
        yield HeaderLine("Translate")
        yield Conversation()
        yield DirectionLine()
        yield PromptBox()
        yield Footer()

    def on_mount(self) -> None:
        """Say what will translate, and which way."""
        self._describe()

    def on_unmount(self) -> None:
        """End the translator, and keep nobody waiting for it."""
        self._in_thread(self._kept.shut)

    # What the user does

    def action_send(self) -> None:
        """Translate what is typed, unless an answer is on its way."""
        box = self.query_one(PromptBox)
        if not plain(box.text).strip():
            return
        if self.request is not None:
            self.notify(BUSY, timeout=3)
            return
        self._number += 1
        turns = [Turn(choice) for choice in self._choices]
        request = Request(self._number, Question(box.take(), self._wish), turns)
        self.conversation.begin(request.number, request.question, turns)
        self.ask(request)

    def ask(self, request: Request) -> None:
        """Put a request to the translator."""
        self._attend(request)
        if self._kept.device:
            self._in_thread(partial(self._kept.answer, request))
        else:
            self._load_and_ask(request)

    @work(exclusive=True, group="ask", description="")
    async def _load_and_ask(self, request: Request) -> None:
        """Load the model first, unless memory is short and the user would rather not."""
        room = await asyncio.to_thread(_room_for, request.turns[0].choice)
        if room is not None and not room.is_enough and not request.cancelled.is_set():
            question = Confirm("Load the model all the same?", room.sentence, yes="Load")
            if not await self.app.push_screen_wait(question):
                request.cancelled.set()
        self._in_thread(partial(self._kept.answer, request))

    def action_new_line(self) -> None:
        """Begin a new line."""
        self.query_one(PromptBox).insert("\n")

    def action_turn(self) -> None:
        """Go to the next direction."""
        self._wish = WISHES[(WISHES.index(self._wish) + 1) % len(WISHES)]
        self._describe()

    def action_clear(self) -> None:
        """Clear the conversation, or bring it back."""
        if self.conversation.clear_or_restore():
            self.notify("Cleared; ctrl+l brings it back.", timeout=3)

    def action_cancel(self) -> None:
        """Stop the answer."""
        if self.request is not None:
            note = "cancelling …  esc again ends the model too"
            self.conversation.note(self.request.number, note)
            self._in_thread(partial(self._kept.cancel, self.request))

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
        return action != "cancel" or self.request is not None

    def choose_run(self, run: Run) -> None:
        """Translate with a run's model from now on."""
        self._choose([ModelChoice(run=run)])

    @work(exclusive=True, group="choose")
    async def action_choose_model(self) -> None:
        """Choose a model; it is loaded when something is sent."""
        try:
            choice = await pick_models(
                self.app, self.yiwen.runs_root, self.yiwen.profile_name, self._choices
            )
        except UserError as error:
            self.yiwen.fail(error)
            return
        if isinstance(choice, list):
            self._choose(choice)
        elif choice == LET_GO and self.request is not None:
            self.notify(BUSY, timeout=3)
        elif choice == LET_GO:
            self._in_thread(self._kept.let_go)
            self._stand(EMPTY)

    @work(exclusive=True, group="open")
    async def _choose(self, choices: list[ModelChoice]) -> None:
        """Translate with these from now on; what is wrong with one is said at once."""
        self._choices = choices
        self._describe()
        try:
            models = [await asyncio.to_thread(choice.open) for choice in choices]
        except (UserError, OSError) as error:
            self.yiwen.fail(error)
            return
        if self.request is None:
            self._stand(self._ready if self._kept.holds(models[0].profile) else EMPTY)

    @work(exclusive=True, group="prompt")
    async def action_show_prompt(self) -> None:
        """Show the prompt of what is typed, else of what was sent last."""
        choice, typed = self._choices[0], plain(self.query_one(PromptBox).text).strip()
        if len(self._choices) > 1:
            options = [(str(at), one.label) for at, one in enumerate(self._choices)]
            at = await self.app.push_screen_wait(Picker("Prompt for", options))
            if at is None:
                return
            choice = self._choices[int(at)]
        last = self.conversation.find(self._number)
        question = Question(typed, self._wish) if typed or last is None else last.question
        try:
            model = await asyncio.to_thread(choice.open)
        except (UserError, OSError) as error:
            self.yiwen.fail(error)
            return
        instruction = question.instruction(model.builder)
        self.app.push_screen(PromptSheet(choice.label, model.builder, instruction))

    # What the translator says

    def _in_thread(self, call: Callable[[], None]) -> None:
        """Not in a Textual worker: leaving would wait for it, and a model may load for minutes."""
        threading.Thread(target=call, daemon=True).start()

    @on(Loading)
    def _show_loading(self, event: Loading) -> None:
        self.conversation.note(event.number, event.words)
        self._stand("● loading")

    @on(AnswerGrew)
    def _show_growth(self, event: AnswerGrew) -> None:
        self.conversation.grow(event.number, event.place, event.text)
        self._stand(f"● translating · {self._kept.device}")

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
            self.keep(exchange)
        self._attend(None)

    def _attend(self, request: Request | None) -> None:
        """An answer is on its way, or no more."""
        self.request = request
        self.refresh_bindings()
        self._stand("● asking" if request else self._ready)

    @property
    def _ready(self) -> str:
        return f"✓ ready · {self._kept.device}" if self._kept.device else EMPTY

    def _stand(self, state: str) -> None:
        if state != self._state:
            self._state = state
            self._describe()

    @on(TextArea.Changed)
    def _describe(self) -> None:
        """Say what will translate, which way it will go, how the translator stands."""
        box = self.query_one(PromptBox)
        self.query_one(DirectionLine).show(Question(plain(box.text), self._wish).label)
        labels = " | ".join(one_line(choice.label) for choice in self._choices)
        self.query_one(HeaderLine).show(labels, self._state)


def _room_for(choice: ModelChoice) -> Room | None:
    try:
        return model_room.find(choice.open().profile)
    except (UserError, OSError):
        return None  # what is wrong with it is said when it is opened to answer
