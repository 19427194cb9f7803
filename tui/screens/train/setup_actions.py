"""What one does with a setup besides starting it: queue, preview, probe, copy, keep."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from textual import work
from textual.screen import Screen

from engine import profile_copy
from engine.command_line import command_for
from engine.errors import ProfileError
from engine.language import _
from engine.lookahead.preflight import Preflight
from engine.text import one_line
from engine.waiting import queueing
from tui.screens.train.draft import Draft
from tui.screens.train.outlook import Outlook
from tui.widgets.ask import Ask
from tui.widgets.dialogs import Confirm

if TYPE_CHECKING:
    from tui.app import YiwenApp

NAMES = ("enqueue", "preview", "probe", "copy_command", "keep_profile")
"""Actions that need a setup."""


class SetupActions(Screen[None]):
    """The half of the Train screen that the setup's own keys call."""

    draft: Draft
    outlook: Outlook | None

    @property
    def yiwen(self) -> YiwenApp:
        return cast("YiwenApp", self.app)

    def look_around(self) -> None:
        """Bring what is said of other runs up to date."""
        raise NotImplementedError

    def take_draft(self, draft: Draft) -> None:
        """Set up this instead."""
        raise NotImplementedError

    @work(exclusive=True, group="queue")
    async def action_queue(self) -> None:
        """Show the runs that wait."""
        from tui.screens.train.queue_dialog import QueueDialog

        await self.app.push_screen_wait(QueueDialog(self.yiwen.runs_root))
        self.look_around()

    @work(exclusive=True, group="enqueue")
    async def action_enqueue(self) -> None:
        """Make the run, and let it wait for its turn."""
        try:
            request = self.draft.request(self.yiwen.runs_root)
            run = await asyncio.to_thread(queueing.enqueue, request)
        except Exception as error:  # whatever a broken file makes a library raise
            self.yiwen.fail(error)
            return
        said = _("{run} is in the queue; q shows it.").format(run=one_line(run.id))
        self.notify(said, markup=False)
        self.look_around()

    def action_preview(self) -> None:
        """Show the pairs as the model will see them."""
        if (found := self._found_out()) is not None:
            from tui.screens.train.preview_dialog import PreviewDialog

            self.app.push_screen(PreviewDialog(found))

    def action_probe(self) -> None:
        """Measure two real steps."""
        found = self._found_out()
        if found is None:
            return
        if found.plan is None:
            self.notify(_("Only training is probed; choose the strategy QLoRA with g."))
            return
        from tui.screens.train.probe_dialog import ProbeDialog

        self.app.push_screen(ProbeDialog(self.draft.request(self.yiwen.runs_root), found))

    def _found_out(self) -> Preflight | None:
        """What the outlook has read; says so if there is nothing."""
        if self.outlook is None:
            self.notify(_("Still reading; try again in a moment."), timeout=3)
        elif self.outlook.found is None:
            self.yiwen.fail(self.outlook.trouble)
        else:
            return self.outlook.found
        return None

    def action_copy_command(self) -> None:
        """Send the command that does the same to the clipboard by way of the terminal."""
        command = command_for(self.draft.request(self.yiwen.runs_root))
        self.app.copy_to_clipboard(command)
        self.notify(one_line(command), title=_("Sent to clipboard"), markup=False, timeout=6)

    @work(exclusive=True, group="keep")
    async def action_keep_profile(self) -> None:
        """Write profile and changes as a new profile, and go on with that."""
        name = await self.app.push_screen_wait(
            Ask(_("Keep these settings as a profile"), _("Its name, e.g. tiny-slow:"))
        )
        if name is None:
            return
        try:
            path = profile_copy.path_for(name)
            exists = await asyncio.to_thread(path.exists)
            question = _("Replace the profile {name}?").format(name=one_line(name))
            if exists and not await self.app.push_screen_wait(
                Confirm(question, str(path), yes=_("Replace"))
            ):
                return
            await asyncio.to_thread(
                lambda: profile_copy.save_as(
                    self.draft.profile, self.draft.overrides, name, replace=exists
                )
            )
        except (ProfileError, OSError) as error:
            self.yiwen.fail(error)
            return
        self.notify(str(path), title=_("Profile written"), markup=False, timeout=6)
        self.take_draft(Draft(name, self.draft.strategy_name, gpu=self.draft.gpu))
