"""What translates: a base model, a run or several; and the prompt that it is given."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from engine.language.errors import UserError
from engine.language.texts import _
from engine.run.folder import Run
from tui.run.model_choice import ModelChoice, has_adapter, trained_nothing
from tui.screens.translate.asking import Asking
from tui.screens.translate.conversation import Conversation
from tui.screens.translate.model_picker import LET_GO, check_one_base, pick_models
from tui.screens.translate.prompt_sheet import PromptSheet
from tui.screens.translate.question import Question
from tui.widgets.parts import Part, ScreenOfParts, in_worker
from tui.widgets.picker import Picker


class ChosenModels(Part):
    """The models that answer, in the order of their answers."""

    def __init__(
        self,
        screen: ScreenOfParts,
        conversation: Conversation,
        asking: Asking,
        typed: Callable[[], Question],
        changed: Callable[[], None],
    ) -> None:
        super().__init__(screen)
        self._conversation, self._asking = conversation, asking
        self._typed, self._changed = typed, changed
        self.choices = [ModelChoice(self.yiwen.profile_name)]
        self._followed: tuple[Run | None, bool | None] | None = None
        """The run that was offered last because it is watched; had it trained something?

        None there: something else was chosen, so it is not offered again.
        """

    @in_worker("follow")
    async def follow_run(self, run: Run) -> None:
        """Translate with the run that is watched, unless it was offered already as it is now."""
        trained = await asyncio.to_thread(has_adapter, run)
        if self._followed in ((run, trained), (run, None)) or self._asking.request is not None:
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
        self.screen.notify(trained_nothing(run), markup=False, timeout=6)
        self._choose([ModelChoice(profile)])

    def choose_run(self, run: Run) -> None:
        """Translate with a run's model from now on."""
        self._followed = self.yiwen.navigation.followed, None
        self._choose([ModelChoice(run=run)])

    @in_worker("choose")
    async def choose_runs(self, chosen: Sequence[Run]) -> None:
        """Translate with the models of several runs side by side from now on."""
        self._followed = self.yiwen.navigation.followed, None
        choices = [ModelChoice(run=run) for run in chosen]
        try:
            await asyncio.to_thread(check_one_base, choices)
        except (UserError, OSError) as error:
            self.yiwen.fail(error)
        else:
            self._choose(choices)

    @in_worker("choose")
    async def action_choose_model(self) -> None:
        """Choose a model; it is loaded when something is sent."""
        try:
            choice = await pick_models(
                self.yiwen, self.yiwen.runs_root, self.yiwen.profile_name, self.choices
            )
        except UserError as error:
            self.yiwen.fail(error)
            return
        if isinstance(choice, list):
            self._followed = self.yiwen.navigation.followed, None
            self._choose(choice)
        elif choice == LET_GO and self._asking.request is not None:
            self._asking.say_busy()
        elif choice == LET_GO:
            self._asking.let_go()

    @in_worker("open")
    async def _choose(self, choices: list[ModelChoice]) -> None:
        """Translate with these from now on; what is wrong with one is said at once."""
        self.choices = choices
        self._changed()
        try:
            models = [await asyncio.to_thread(choice.open) for choice in choices]
        except (UserError, OSError) as error:
            self.yiwen.fail(error)
            return
        if self._asking.request is None:
            self._asking.stand_by(models[0].profile)

    @in_worker("prompt")
    async def action_show_prompt(self) -> None:
        """Show the prompt of what is typed, else of what was sent last."""
        choice, typed = self.choices[0], self._typed()
        if len(self.choices) > 1:
            options = [(str(at), one.label) for at, one in enumerate(self.choices)]
            at = await self.yiwen.push_screen_wait(Picker(_("Prompt for"), options))
            if at is None:
                return
            choice = self.choices[int(at)]
        last = self._conversation.last
        question = typed if typed.text or last is None else last.question
        try:
            model = await asyncio.to_thread(choice.open)
        except (UserError, OSError) as error:
            self.yiwen.fail(error)
            return
        instruction = question.instruction(model.builder)
        self.yiwen.push_screen(PromptSheet(choice.label, model.builder, instruction))
