"""What can be done with a setup before its start: look into data, probe, copy, keep."""

from __future__ import annotations

import asyncio
from pathlib import Path

from engine.language.plain_text import one_line
from engine.language.texts import _
from engine.profile import saving
from engine.prompts import strategies
from engine.start.command import command_for
from engine.start.preflight import Preflight
from tui.screens.train.draft import Draft
from tui.screens.train.setup import Setup
from tui.widgets.ask import Ask
from tui.widgets.dialogs import Confirm
from tui.widgets.parts import Part, ScreenOfParts, in_worker


class BeforeStart(Part):
    """Dialogs about the setup; what comes of them it takes."""

    def __init__(self, screen: ScreenOfParts, setup: Setup) -> None:
        super().__init__(screen)
        self._setup = setup

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Where the setup shows."""
        return self._setup.is_shown

    def action_preview(self) -> None:
        """Show the pairs as the model will see them."""
        if (found := self._setup.found()) is not None:
            self._look_into(found)

    @in_worker("preview")
    async def _look_into(self, found: Preflight) -> None:
        """Take the examples that were picked meanwhile."""
        from tui.screens.train.preview_dialog import PreviewDialog

        picked = await self.yiwen.push_screen_wait(PreviewDialog(found))
        if picked is None:
            return
        self._setup.take(self._setup.draft.with_examples(picked))
        if picked and not self._setup.draft.strategy.shows_examples:
            said = _("The examples are shown by {strategies}: choose it with z.")
            shown_by = strategies.either(strategies.showing_examples())
            self.screen.notify(said.format(strategies=shown_by), timeout=6)

    def action_probe(self) -> None:
        """Measure two real steps."""
        found = self._setup.found()
        if found is None:
            return
        if found.plan is None:
            said = _("Only training is probed; choose the strategy {strategies} with z.")
            trained_by = strategies.either(strategies.training())
            self.screen.notify(said.format(strategies=trained_by))
            return
        self._measure(found)

    @in_worker("measure")
    async def _measure(self, found: Preflight) -> None:
        from tui.screens.train.probe_dialog import ProbeDialog

        dialog = ProbeDialog(self._setup.asked_for(), found)
        measured = await self.yiwen.push_screen_wait(dialog)
        if measured is not None:
            self._setup.measured.keep(found, measured)
            self._setup.look_ahead(quietly=True)

    def action_copy_command(self) -> None:
        """Send the command that does the same to the clipboard by way of the terminal."""
        command = command_for(self._setup.asked_for())
        self.yiwen.copy_to_clipboard(command)
        title = _("Sent to clipboard")
        self.screen.notify(one_line(command), title=title, markup=False, timeout=6)

    @in_worker("keep")
    async def action_keep_profile(self) -> None:
        """Write profile and changes as a new profile, and go on with that."""
        title, details = _("Keep these settings as a profile"), _("Its name, e.g. tiny-slow:")
        path = await self.yiwen.push_screen_wait(Ask(title, self._keep_as, details))
        if path is None:
            return
        self.screen.notify(str(path), title=_("Profile written"), markup=False, timeout=6)
        draft = self._setup.draft
        self._setup.take(Draft(path.stem, draft.strategy_name, gpu=draft.gpu))

    async def _keep_as(self, name: str) -> Path | None:
        """Write the profile; None if one of this name is to stay. Raises ProfileError, OSError."""
        path = saving.path_for(name)
        exists = await asyncio.to_thread(path.exists)
        question = _("Replace the profile {name}?").format(name=one_line(name))
        if exists and not await self.yiwen.push_screen_wait(
            Confirm(question, str(path), yes=_("Replace"))
        ):
            return None
        profile, overrides = self._setup.draft.profile, self._setup.draft.overrides
        return await asyncio.to_thread(
            lambda: saving.save_as(profile, overrides, name, replace=exists)
        )
