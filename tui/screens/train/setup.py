"""The run that is set up: what was chosen for it, what is known of it, how it is started."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from engine.language.errors import RunError
from engine.language.plain_text import one_line
from engine.language.texts import _
from engine.machine.hardware import Probe
from engine.run.folder import Run
from engine.start.measurements import Measurements
from engine.start.preflight import Preflight
from engine.start.request import Request
from tui.run.start import confirm_and_start
from tui.screens.train.choices import choose
from tui.screens.train.draft import Draft, first_draft, keep_draft
from tui.screens.train.outlook import Outlook, look_ahead
from tui.screens.train.recalled import recall
from tui.screens.train.setup_form import SetupForm
from tui.screens.train.watching import Watching
from tui.widgets.parts import Part, ScreenOfParts, in_worker


class Setup(Part):
    """Shows a draft in the form, and what it would lead to."""

    def __init__(
        self,
        screen: ScreenOfParts,
        form: SetupForm,
        watching: Watching,
        show_header: Callable[[], None],
    ) -> None:
        super().__init__(screen)
        self._form, self._watching, self._show_header = form, watching, show_header
        self.draft = first_draft(self.yiwen.profile_name, self.yiwen.goes_on)
        self.outlook: Outlook | None = None
        self.measured = Measurements()
        self.is_starting = False
        self._probe = Probe()
        self._lacked: tuple[str, str] | None = None
        """The model that D was offered for."""
        self._changed: Draft | None = None
        """What was set up before the profile's own values were taken."""

    @property
    def is_shown(self) -> bool:
        """Is a run set up, and none watched?"""
        return self._watching.run is None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A setup like that of a run, once that is over; all else where the setup shows."""
        return self._watching.is_over if action == "again" else self.is_shown

    def asked_for(self) -> Request:
        """The run that is set up."""
        return self.draft.request(self.yiwen.runs_root)

    def found(self) -> Preflight | None:
        """What the outlook has read; says so if there is nothing."""
        if self.outlook is None:
            self.screen.notify(_("Still reading; try again in a moment."), timeout=3)
        elif self.outlook.found is None:
            self.yiwen.fail(self.outlook.trouble)
        else:
            return self.outlook.found
        return None

    # What is chosen, and what it leads to

    def take(self, draft: Draft) -> None:
        """Set up this instead."""
        self.draft = draft
        self.look_ahead()

    @in_worker("outlook")
    async def look_ahead(self, quietly: bool = False) -> None:
        """Find out what would happen; quietly, what is shown stays meanwhile."""
        if not quietly:
            self.outlook = None
            self._form.show(self.draft, None)
            await asyncio.to_thread(keep_draft, self.draft)
        self.outlook = await asyncio.to_thread(
            look_ahead, self.draft, self.yiwen.runs_root, self._probe, self.measured
        )
        if self._lacked != self.outlook.lacking:  # each time costs a footer on the wire
            self._lacked = self.outlook.lacking
            self.screen.refresh_bindings()
        self._form.show(self.draft, self.outlook)

    @in_worker("choose")
    async def action_choose(self, name: str) -> None:
        """Ask for a profile, a strategy, a file or settings."""
        profile = self.outlook.profile if self.outlook else None
        chosen = await choose(self.yiwen, self.draft, profile, name)
        if chosen is not None and chosen != self.draft:
            self.take(chosen)

    def action_fresh(self) -> None:
        """The profile's own values; where they stand already, the changes made before."""
        own = Draft(self.draft.profile, gpu=self.draft.gpu)
        if self.draft != own:
            self._changed, wanted = self.draft, own
            said = _("The profile's own values; n brings your changes back.")
            self.screen.notify(said, timeout=4)
        elif self._changed is not None:
            wanted = self._changed
        else:
            self.screen.notify(_("These are the profile's own values."), timeout=3)
            return
        self.take(wanted)

    # A run before and after

    def action_again(self) -> None:
        """Set up a run like the one that is watched."""
        if self._watching.run is not None:
            self.set_up_like(self._watching.run)

    @in_worker("recall")
    async def set_up_like(self, run: Run) -> None:
        """Fill the setup from a run, and say what could not be restored."""
        try:
            found = await asyncio.to_thread(recall, run, self.yiwen.profile_name)
        except RunError as error:
            self.yiwen.fail(error)
            return
        if not self.is_shown:
            self._watching.action_new()
        self.take(found.draft)
        self._form.highlight("settings")
        said = _("Set up like {run}: change something (o), then start it (s).")
        lines = [said.format(run=one_line(run.id)), *(f"! {one}" for one in found.lost)]
        self.screen.notify("\n".join(lines), markup=False, timeout=6 if not found.lost else 15)

    def action_start(self) -> None:
        """Start the run that is set up; once, however often the key is pressed."""
        if not self.is_starting:
            self.is_starting = True
            self._start()

    @in_worker("start", exclusive=False)
    async def _start(self) -> None:
        self._show_header()
        try:
            run = await confirm_and_start(self.yiwen, self.asked_for())
        except Exception as error:  # whatever a broken file makes a library raise
            self.yiwen.fail(error)
            run = None
        self.is_starting = False
        if run is not None:
            self._watching.watch(run)
        self._show_header()
