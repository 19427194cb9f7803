"""What one does with a setup besides starting it: queue, preview, probe, copy, keep."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.message import Message

from engine.language.plain_text import one_line
from engine.language.texts import _
from engine.profile import saving
from engine.prompts import strategies
from engine.start.command import command_for
from engine.start.measurements import Measurements
from engine.start.preflight import Preflight
from engine.start.request import Request
from tui.screens.train.draft import Draft
from tui.screens.train.outlook import Outlook
from tui.widgets.ask import Ask
from tui.widgets.dialogs import Confirm
from tui.widgets.parts import ScreenOfParts
from tui.widgets.work import work

if TYPE_CHECKING:
    from engine.models.download import Download

NAMES = ("enqueue", "preview", "probe", "copy_command", "keep_profile", "fresh")
"""Actions that need a setup."""


@dataclass
class Arrived(Message):
    """A download has ended, well or not."""

    download: Download


class SetupActions(ScreenOfParts):
    """The half of the Train screen that the setup's own keys call."""

    draft: Draft
    outlook: Outlook | None
    measured: Measurements
    _downloads: dict[tuple[str, str], Download]
    """By model and revision; those that have ended too."""
    _changed: Draft | None = None
    """What was set up before the profile's own values were taken."""

    def take_draft(self, draft: Draft) -> None:
        """Set up this instead."""
        raise NotImplementedError

    def refresh_outlook(self) -> None:
        """Look ahead again."""
        raise NotImplementedError

    def asked_for(self) -> Request:
        """The run that is set up."""
        return self.draft.request(self.yiwen.runs_root)

    def action_fresh(self) -> None:
        """The profile's own values; where they stand already, the changes made before."""
        own = Draft(self.draft.profile, gpu=self.draft.gpu)
        if self.draft != own:
            self._changed, wanted = self.draft, own
            self.notify(_("The profile's own values; n brings your changes back."), timeout=4)
        elif self._changed is not None:
            wanted = self._changed
        else:
            self.notify(_("These are the profile's own values."), timeout=3)
            return
        self.take_draft(wanted)

    def action_download(self) -> None:
        """Download the model, or show how far that is."""
        if self.outlook is None or self.outlook.lacking is None:
            return
        from engine.models.download import Download
        from tui.screens.train.download_dialog import DownloadDialog

        lacking = self.outlook.lacking
        before = self._downloads.get(lacking)
        if before is None or before.is_over:
            try:
                before = Download(*lacking, lambda one: self.post_message(Arrived(one)))
            except OSError as error:
                self.yiwen.fail(error)
                return
            self._downloads[lacking] = before
        self.app.push_screen(DownloadDialog(before))

    @on(Arrived)
    def _take_model(self, event: Arrived) -> None:
        """Say what became of a download, and look at the card anew."""
        if event.download.trouble:
            self.yiwen.fail(event.download.trouble)
        elif event.download.latest.folder:
            said = _("{model} is here.").format(model=one_line(event.download.model))
            self.notify(said, markup=False, timeout=6)
        self.refresh_outlook()

    def on_unmount(self) -> None:
        """A download ends with the workbench; what has arrived is kept."""
        for download in self._downloads.values():
            download.stop()

    def action_preview(self) -> None:
        """Show the pairs as the model will see them."""
        if (found := self._found_out()) is not None:
            self._look_into(found)

    @work(exclusive=True, group="preview")
    async def _look_into(self, found: Preflight) -> None:
        """Take the examples that were picked meanwhile."""
        from tui.screens.train.preview_dialog import PreviewDialog

        picked = await self.app.push_screen_wait(PreviewDialog(found))
        if picked is None:
            return
        self.take_draft(self.draft.with_examples(picked))
        if picked and not self.draft.strategy.shows_examples:
            said = _("The examples are shown by {strategies}: choose it with z.")
            shown_by = strategies.either(strategies.showing_examples())
            self.notify(said.format(strategies=shown_by), timeout=6)

    def action_probe(self) -> None:
        """Measure two real steps."""
        found = self._found_out()
        if found is None:
            return
        if found.plan is None:
            said = _("Only training is probed; choose the strategy {strategies} with z.")
            self.notify(said.format(strategies=strategies.either(strategies.training())))
            return
        self._measure(found)

    @work(exclusive=True, group="measure")
    async def _measure(self, found: Preflight) -> None:
        from tui.screens.train.probe_dialog import ProbeDialog

        measured = await self.app.push_screen_wait(ProbeDialog(self.asked_for(), found))
        if measured is not None:
            self.measured.keep(found, measured)
            self.refresh_outlook()

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
        command = command_for(self.asked_for())
        self.app.copy_to_clipboard(command)
        self.notify(one_line(command), title=_("Sent to clipboard"), markup=False, timeout=6)

    @work(exclusive=True, group="keep")
    async def action_keep_profile(self) -> None:
        """Write profile and changes as a new profile, and go on with that."""
        title, details = _("Keep these settings as a profile"), _("Its name, e.g. tiny-slow:")
        path = await self.app.push_screen_wait(Ask(title, self._keep_as, details))
        if path is None:
            return
        self.notify(str(path), title=_("Profile written"), markup=False, timeout=6)
        self.take_draft(Draft(path.stem, self.draft.strategy_name, gpu=self.draft.gpu))

    async def _keep_as(self, name: str) -> Path | None:
        """Write the profile; None if one of this name is to stay. Raises ProfileError, OSError."""
        path = saving.path_for(name)
        exists = await asyncio.to_thread(path.exists)
        question = _("Replace the profile {name}?").format(name=one_line(name))
        if exists and not await self.app.push_screen_wait(
            Confirm(question, str(path), yes=_("Replace"))
        ):
            return None
        profile, overrides = self.draft.profile, self.draft.overrides
        return await asyncio.to_thread(
            lambda: saving.save_as(profile, overrides, name, replace=exists)
        )
