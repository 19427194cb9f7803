"""The run that is watched: followed, stopped and resumed, and what one goes on with after it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual.content import Content
from textual.worker import get_current_worker

from engine.language.errors import RunError
from engine.language.texts import _
from engine.run.folder import Run
from engine.run.summary import Status
from engine.start import launch
from tui.run.calling import call
from tui.run.follow import follow
from tui.run.gone import confirm_gone
from tui.run.messages import RunEvents
from tui.run.status import headline
from tui.run.stop import confirm_and_stop
from tui.run.surroundings import look_around
from tui.screens.train import plot
from tui.screens.train.other_runs import OtherRuns
from tui.screens.train.run_view import RunView
from tui.widgets.log_dialog import LogDialog
from tui.widgets.parts import Part, ScreenOfParts, in_worker

_RESUMABLE = (Status.STOPPED, Status.INTERRUPTED, Status.FAILED)


class Watching(Part):
    """Feeds the view with what the run writes; its keys act on the run."""

    def __init__(
        self,
        screen: ScreenOfParts,
        view: RunView,
        others: OtherRuns,
        show_face: Callable[[], None],
        show_header: Callable[[], None],
    ) -> None:
        super().__init__(screen)
        self._view, self._others = view, others
        self._show_face, self._show_header = show_face, show_header
        self._asked_to_stop: set[str] = set()
        self._is_live = False
        """Was the run seen alive? Old ones ring no bell when their end is read."""

    @property
    def run(self) -> Run | None:
        """The run that is watched; None while one is set up."""
        return self._view.run

    @property
    def is_over(self) -> bool:
        """Is a run watched that is not at work, and still there?"""
        is_active = self._view.summary.status.active
        return self.run is not None and not is_active and not self._view.is_gone

    @property
    def standing(self) -> Content:
        """How the run stands, for the header."""
        is_stopping = self.run is not None and self.run.id in self._asked_to_stop
        return headline(self._view.summary, is_stopping)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Live runs are stopped, dead ones resumed; what has trained something can be used."""
        status = self._view.summary.status
        if action == "watch_newest":
            return True
        if action == "stop":
            return self.run is not None and status.active
        if action == "resume":
            return self._view.trains and status in _RESUMABLE and not self._view.is_gone
        if action in ("translate", "evaluate"):
            return (self._view.has_model or None) if self.is_over else False
        return self.run is not None

    # Following

    @in_worker("watch")
    async def watch(self, run: Run) -> None:
        """Follow a run, old or live."""
        try:
            settings = await asyncio.to_thread(lambda: run.settings)
        except RunError as error:
            self.yiwen.fail(error)
            return
        if settings.job == "train":
            self.yiwen.navigation.follow(run)
        self._asked_to_stop.discard(run.id)
        self._is_live = False
        self._others.take_off(run)
        self._view.begin(run, settings)
        self._show_face()
        self._follow(run)

    def _follow(self, run: Run) -> None:
        def work() -> None:
            worker = get_current_worker()
            plot.load_library()
            follow(run, self.screen.post_message, lambda: worker.is_cancelled, stays=True)

        self.screen.run_worker(work, thread=True, exclusive=True, group="follow")

    def take(self, told: RunEvents) -> None:
        """Show what is new of the run, and tell the user when it has come to its end."""
        before, was_gone = self._view.summary.status, self._view.is_gone
        self._view.extend(told.events, told.summary, told.caught_up)
        status = told.summary.status
        if told.caught_up:
            self._view.warn(told.alarms)
            self._others.refer_once(told.run)
            if status.active and not self._is_live:  # resumed, maybe elsewhere
                self._asked_to_stop.discard(told.run.id)
            if self._is_live and not status.active:
                is_seen = self.yiwen.screen is self.screen
                call(self.yiwen, told.run, told.summary, is_seen=is_seen)
            self._is_live = status.active
        if status is not before or self._view.is_gone is not was_gone:
            self.screen.refresh_bindings()
            self._show_header()

    # What keys do

    @in_worker("stop")
    async def action_stop(self) -> None:
        """Ask the worker to stop; if it was asked already, offer to kill it."""
        if self.run is None:
            return
        try:
            await confirm_and_stop(self.yiwen, self.run, self._asked_to_stop)
        except (RunError, OSError) as error:
            self.yiwen.fail(error)
        self._show_header()

    @in_worker("resume")
    async def action_resume(self) -> None:
        """Start a worker on the same folder; it goes on from the last checkpoint."""
        run = self.run
        if run is None:
            return
        try:
            if not await confirm_gone(self.yiwen, run):
                return
            if await asyncio.to_thread(run.alive):
                self.screen.notify(_("Waiting for the worker to leave …"), timeout=3)
            await asyncio.to_thread(launch.start, run)
        except (RunError, OSError) as error:
            self.yiwen.fail(error)
            return
        if self.run is run:  # and not left meanwhile
            self.watch(Run(run.folder))

    def action_new(self) -> None:
        """Back to the setup; the run goes on unseen."""
        self.screen.workers.cancel_group(self.screen, "follow")
        self._view.leave()
        self._show_face()

    def action_translate(self) -> None:
        """Translate with what the run has trained."""
        if self.run is not None:
            self.yiwen.navigation.translate(self.run)

    def action_evaluate(self) -> None:
        """Score what the run has trained."""
        if self.run is not None:
            self.yiwen.navigation.evaluate(self.run)

    def action_log(self) -> None:
        """Show the end of worker.log."""
        if self.run is not None:
            self.yiwen.push_screen(LogDialog(self.run.log_path))

    @in_worker("look")
    async def action_watch_newest(self) -> None:
        """Go to the newest active run, else to the newest."""
        found = await asyncio.to_thread(look_around, self.yiwen.runs_root)
        run = found.active or found.latest
        if run is None:
            self.screen.notify(_("There are no runs yet; s starts one."))
        else:
            self.watch(run)
