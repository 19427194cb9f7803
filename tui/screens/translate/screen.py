"""The Translate screen: a conversation with a base model or anything tuned from it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Footer, TextArea

from engine.errors import UserError
from engine.runs import Run
from engine.text import one_line, plain
from tui.model_choice import ModelChoice
from tui.screens.translate.conversation import Conversation
from tui.screens.translate.direction_line import DirectionLine
from tui.screens.translate.model_picker import LET_GO, pick_model
from tui.screens.translate.prompt_box import PromptBox
from tui.screens.translate.prompt_sheet import PromptSheet
from tui.screens.translate.question import WISHES, Question, Wish
from tui.screens.translate.translator import (
    AnswerEnded,
    AnswerFailed,
    AnswerGrew,
    KeptTranslator,
    Loading,
    Request,
)
from tui.widgets.header_line import HeaderLine

if TYPE_CHECKING:
    from tui.app import YiwenApp

BUSY = "An answer is on its way; esc stops it."
EMPTY = "○ not loaded"


class TranslateScreen(Screen[None]):
    """Type, see which way it will go, send, watch the answer come."""

    AUTO_FOCUS = "PromptBox"
    CSS_PATH = "translate.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "choose_model", "Model", id="translate.model", show=False, priority=True,
                tooltip="Choose what translates: a base model, a run, one of its checkpoints"),
        Binding("f6", "turn", "Direction", id="translate.direction", show=False, priority=True,
                tooltip="Automatic, into modern, into Classical Chinese"),
        Binding("f7", "show_prompt", "Prompt", id="translate.prompt", show=False, priority=True,
                tooltip="Show the exact prompt that the model is given"),
        Binding("f8", "copy", "Copy", id="translate.copy", show=False, priority=True,
                tooltip="Send the last answer to the clipboard of your own machine"),
        Binding("f9", "app.help", "Help", id="translate.help",
                tooltip="List these keys; in the field a question mark is only typed"),
        Binding("escape", "cancel", "Cancel", id="translate.cancel", key_display="esc",
                tooltip="Stop the answer; while loading, or pressed twice, end the model too"),
        Binding("enter", "send", "Send", id="translate.send", show=False, priority=True,
                tooltip="Translate what is typed"),
        Binding("ctrl+j", "new_line", "New line", id="translate.newline", show=False,
                priority=True, tooltip="Begin a new line in the text"),
        Binding("ctrl+l", "clear", "Clear", id="translate.clear", show=False, priority=True,
                tooltip="Clear the conversation; pressed again, bring it back"),
        Binding("up", "recall(-1)", "Older text", id="translate.older", show=False,
                tooltip="In an empty field: the text sent before"),
        Binding("down", "recall(1)", "Newer text", id="translate.newer", show=False,
                tooltip="The text sent after it"),
        Binding("pageup", "page(-1)", "Read up", id="translate.pageup", show=False,
                priority=True, tooltip="Read further up, also while an answer comes"),
        Binding("pagedown", "page(1)", "Read down", id="translate.pagedown", show=False,
                priority=True, tooltip="Read further down; at the end, go along with the answer"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._kept = KeptTranslator(self.post_message)
        self._choice = ModelChoice(self._workbench.profile_name)
        self._wish: Wish = "auto"
        self._request: Request | None = None
        self._number = 0
        self._state = EMPTY

    @property
    def _workbench(self) -> YiwenApp:
        return cast("YiwenApp", self.app)

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
        if self._request is not None:
            self.notify(BUSY, timeout=3)
            return
        self._number += 1
        request = Request(self._number, Question(box.take(), self._wish), self._choice)
        self.query_one(Conversation).begin(request.number, request.question, self._choice.label)
        self._attend(request)
        self._in_thread(partial(self._kept.answer, request))

    def action_new_line(self) -> None:
        """Begin a new line."""
        self.query_one(PromptBox).insert("\n")

    def action_turn(self) -> None:
        """Go to the next direction."""
        self._wish = WISHES[(WISHES.index(self._wish) + 1) % len(WISHES)]
        self._describe()

    def action_copy(self) -> None:
        """Copy the last answer; no terminal says whether it arrived."""
        answer = self.query_one(Conversation).last_answer
        if answer:
            self.app.copy_to_clipboard(answer)
        self.notify("Sent to the clipboard." if answer else "No answer yet.", timeout=3)

    def action_clear(self) -> None:
        """Clear the conversation, or bring it back."""
        if self.query_one(Conversation).clear_or_restore():
            self.notify("Cleared; ctrl+l brings it back.", timeout=3)

    def action_cancel(self) -> None:
        """Stop the answer."""
        if self._request is not None:
            note = "cancelling …  esc again ends the model too"
            self.query_one(Conversation).note(self._request.number, note)
            self._in_thread(partial(self._kept.cancel, self._request))

    def action_recall(self, step: int) -> None:
        """Bring back a text sent before."""
        self.query_one(PromptBox).recall(step)

    def action_page(self, step: int) -> None:
        """Scroll the conversation."""
        conversation = self.query_one(Conversation)
        scroll = conversation.scroll_page_up if step < 0 else conversation.scroll_page_down
        scroll(animate=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is something to cancel only while an answer is on its way."""
        return action != "cancel" or self._request is not None

    def choose_run(self, run: Run) -> None:
        """Translate with a run's model from now on."""
        self._choose(ModelChoice(run=run))

    @work(exclusive=True, group="choose")
    async def action_choose_model(self) -> None:
        """Choose a model; it is loaded when something is sent."""
        try:
            choice = await pick_model(self.app, self._workbench.runs_root, self._choice)
        except UserError as error:
            self._workbench.fail(error)
            return
        if isinstance(choice, ModelChoice):
            self._choose(choice)
        elif choice == LET_GO and self._request is not None:
            self.notify(BUSY, timeout=3)
        elif choice == LET_GO:
            self._in_thread(self._kept.let_go)
            self._stand(EMPTY)

    @work(exclusive=True, group="open")
    async def _choose(self, choice: ModelChoice) -> None:
        """Translate with this from now on; what is wrong with it is said at once."""
        self._choice = choice
        self._describe()
        try:
            model = await asyncio.to_thread(choice.open)
        except (UserError, OSError) as error:
            self._workbench.fail(error)
            return
        if self._request is None:
            self._stand(self._ready if self._kept.holds(model.profile) else EMPTY)

    @work(exclusive=True, group="prompt")
    async def action_show_prompt(self) -> None:
        """Show the prompt of what is typed, else of what was sent last."""
        choice, typed = self._choice, plain(self.query_one(PromptBox).text).strip()
        last = self.query_one(Conversation).find(self._number)
        question = Question(typed, self._wish) if typed or last is None else last.question
        try:
            model = await asyncio.to_thread(choice.open)
        except (UserError, OSError) as error:
            self._workbench.fail(error)
            return
        instruction = question.instruction(model.builder)
        self.app.push_screen(PromptSheet(choice.label, model.builder, instruction))

    # What the translator says

    def _in_thread(self, call: Callable[[], None]) -> None:
        """Not in a Textual worker: leaving would wait for it, and a model may load for minutes."""
        threading.Thread(target=call, daemon=True).start()

    @on(Loading)
    def _show_loading(self, event: Loading) -> None:
        self.query_one(Conversation).note(event.number, event.words)
        self._stand("● loading")

    @on(AnswerGrew)
    def _show_growth(self, event: AnswerGrew) -> None:
        self.query_one(Conversation).grow(event.number, event.text)
        self._stand(f"● translating · {self._kept.device}")

    @on(AnswerEnded)
    def _show_end(self, event: AnswerEnded) -> None:
        self.query_one(Conversation).end(event.number, event.done)
        self._attend(None)

    @on(AnswerFailed)
    def _show_failure(self, event: AnswerFailed) -> None:
        self.query_one(Conversation).fail(event.number, event.reason)
        self._attend(None)
        self._workbench.fail(event.reason)

    def _attend(self, request: Request | None) -> None:
        """An answer is on its way, or no more."""
        self._request = request
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
        self.query_one(HeaderLine).show(one_line(self._choice.label), self._state)
