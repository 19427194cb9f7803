"""Choosing what translates, seeing to it that there is room for it, and showing its prompt."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from functools import partial

from engine.language.errors import UserError
from engine.language.plain_text import plain
from engine.language.texts import _, marked
from engine.run.folder import Run
from engine.run.words import device_name
from engine.start import model_room
from engine.start.model_room import Room
from tui.run.model_choice import ModelChoice, has_adapter, trained_nothing
from tui.screens.translate.answer_actions import BUSY, AnswerActions
from tui.screens.translate.model_picker import LET_GO, check_one_base, pick_models
from tui.screens.translate.prompt_box import PromptBox
from tui.screens.translate.prompt_sheet import PromptSheet
from tui.screens.translate.question import Question, Wish
from tui.screens.translate.request import Request
from tui.screens.translate.translator import KeptTranslator
from tui.widgets.dialogs import Confirm
from tui.widgets.picker import Picker
from tui.widgets.work import work

EMPTY = marked("○ not loaded")


class ModelActions(AnswerActions):
    """The part of the Translate screen that has the models."""

    def __init__(self) -> None:
        super().__init__()
        self._kept = KeptTranslator(self.post_message)
        self._choices = [ModelChoice(self.yiwen.profile_name)]
        self._wish: Wish = "auto"
        self._followed: tuple[Run | None, bool | None] | None = None
        """The run that was offered last because it is watched; had it trained something?

        None there: something else was chosen, so it is not offered again.
        """

    def attend(self, request: Request | None) -> None:
        """An answer is on its way, or no more."""
        raise NotImplementedError

    def stand(self, state: str) -> None:
        """Say how the translator stands."""
        raise NotImplementedError

    def describe(self) -> None:
        """Say what will translate."""
        raise NotImplementedError

    def ask(self, request: Request) -> None:
        """Put a request to the translator."""
        self.attend(request)
        if self._kept.device:
            self.in_thread(partial(self._kept.answer, request))
        else:
            self._load_and_ask(request)

    @work(exclusive=True, group="ask")
    async def _load_and_ask(self, request: Request) -> None:
        """Load the model first, unless memory is short and the user would rather not."""
        room = await asyncio.to_thread(_room_for, request.turns[0].choice)
        if room is not None and not room.is_enough and not request.cancelled.is_set():
            title = _("Load the model all the same?")
            question = Confirm(title, str(room.sentence), yes=_("Load"))
            if not await self.app.push_screen_wait(question):
                request.cancelled.set()
        self.in_thread(partial(self._kept.answer, request))

    @work(exclusive=True, group="follow")
    async def follow_run(self, run: Run) -> None:
        """Translate with the run that is watched, unless it was offered already as it is now."""
        trained = await asyncio.to_thread(has_adapter, run)
        if self._followed in ((run, trained), (run, None)) or self.request is not None:
            return
        self._followed = run, trained
        if trained:
            self._choose([ModelChoice(run=run)])
            return
        try:
            profile = await asyncio.to_thread(lambda: run.settings.profile.name)
        except UserError as error:
            self.yiwen.fail(error)
            return
        self.notify(trained_nothing(run), markup=False, timeout=6)
        self._choose([ModelChoice(profile)])

    def choose_run(self, run: Run) -> None:
        """Translate with a run's model from now on."""
        self._followed = self.yiwen.followed, None
        self._choose([ModelChoice(run=run)])

    @work(exclusive=True, group="choose")
    async def choose_runs(self, chosen: Sequence[Run]) -> None:
        """Translate with the models of several runs side by side from now on."""
        self._followed = self.yiwen.followed, None
        choices = [ModelChoice(run=run) for run in chosen]
        try:
            await asyncio.to_thread(check_one_base, choices)
        except (UserError, OSError) as error:
            self.yiwen.fail(error)
        else:
            self._choose(choices)

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
            self._followed = self.yiwen.followed, None
            self._choose(choice)
        elif choice == LET_GO and self.request is not None:
            self.notify(_(BUSY), timeout=3)
        elif choice == LET_GO:
            self.in_thread(self._kept.let_go)
            self.stand(_(EMPTY))

    @work(exclusive=True, group="open")
    async def _choose(self, choices: list[ModelChoice]) -> None:
        """Translate with these from now on; what is wrong with one is said at once."""
        self._choices = choices
        self.describe()
        try:
            models = [await asyncio.to_thread(choice.open) for choice in choices]
        except (UserError, OSError) as error:
            self.yiwen.fail(error)
            return
        if self.request is None:
            self.stand(self.ready if self._kept.holds(models[0].profile) else _(EMPTY))

    @work(exclusive=True, group="prompt")
    async def action_show_prompt(self) -> None:
        """Show the prompt of what is typed, else of what was sent last."""
        choice, typed = self._choices[0], plain(self.query_one(PromptBox).text).strip()
        if len(self._choices) > 1:
            options = [(str(at), one.label) for at, one in enumerate(self._choices)]
            at = await self.app.push_screen_wait(Picker(_("Prompt for"), options))
            if at is None:
                return
            choice = self._choices[int(at)]
        last = self.conversation.last
        question = Question(typed, self._wish) if typed or last is None else last.question
        try:
            model = await asyncio.to_thread(choice.open)
        except (UserError, OSError) as error:
            self.yiwen.fail(error)
            return
        instruction = question.instruction(model.builder)
        self.app.push_screen(PromptSheet(choice.label, model.builder, instruction))

    def in_thread(self, call: Callable[[], None]) -> None:
        """Not in a Textual worker: leaving would wait for it, and a model may load for minutes."""
        threading.Thread(target=call, daemon=True).start()

    @property
    def ready(self) -> str:
        device = self._kept.device
        return _("✓ ready · {device}").format(device=device_name(device)) if device else _(EMPTY)


def _room_for(choice: ModelChoice) -> Room | None:
    try:
        return model_room.find(choice.open().profile)
    except (UserError, OSError):
        return None  # what is wrong with it is said when it is opened to answer
