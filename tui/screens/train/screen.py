"""The Train screen: set a run up, start it, watch it, stop and resume it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual import getters, on
from textual import work as in_thread
from textual.app import ComposeResult
from textual.worker import get_current_worker

from engine.language.errors import RunError
from engine.language.plain_text import one_line
from engine.language.texts import _
from engine.machine.hardware import Probe
from engine.run.folder import Run
from engine.run.settings import RunSettings
from engine.run.summary import Status
from engine.start import launch
from engine.start.measurements import Measurements
from tui.run.calling import call
from tui.run.follow import follow
from tui.run.gone import confirm_gone
from tui.run.messages import RunEvents
from tui.run.queue import Queue
from tui.run.start import confirm_and_start
from tui.run.status import headline
from tui.run.stop import confirm_and_stop
from tui.run.surroundings import Surroundings, look_again, look_around
from tui.screens.train import plot, run_result, setup_actions
from tui.screens.train.choices import choose
from tui.screens.train.draft import Draft, first_draft, keep_draft
from tui.screens.train.keys import CHART_KEYS, KEYS, READING_KEYS
from tui.screens.train.looking import Looking
from tui.screens.train.outlook import Outlook, look_ahead
from tui.screens.train.recalled import recall
from tui.screens.train.run_view import RunView
from tui.screens.train.setup_actions import SetupActions
from tui.screens.train.setup_form import SetupForm
from tui.widgets.header_line import HeaderLine
from tui.widgets.key_bar import KeyBar
from tui.widgets.log_dialog import LogDialog
from tui.widgets.work import work

_RESUMABLE = (Status.STOPPED, Status.INTERRUPTED, Status.FAILED)
LOOK_SECONDS = 3.0
"""Between two looks at what other runs have come to, while one is set up."""


class TrainScreen(SetupActions, Looking):
    """Two faces: the setup of a run, and a run that is watched."""

    BINDINGS = KEYS + CHART_KEYS + READING_KEYS

    header = getters.query_one(HeaderLine)
    form = getters.query_one(SetupForm)

    def __init__(self) -> None:
        super().__init__()
        self.draft = first_draft(self.yiwen.profile_name, self.yiwen.goes_on)
        self.outlook: Outlook | None = None
        self.measured = Measurements()
        self._downloads = {}
        self.settings: RunSettings | None = None
        self._surroundings = Surroundings()
        self._lacked: tuple[str, str] | None = None
        """The model that D was offered for."""
        self._is_starting = False
        self._asked_to_stop: set[str] = set()
        self._probe = Probe()
        self._is_live = False
        """Was the run that is watched seen alive? Old ones ring no bell when their end is read."""
        self.give_keys_to(Queue(self, self.asked_for, self.look_around))

    def compose(self) -> ComposeResult:
        yield HeaderLine(_("Train"))
        yield SetupForm()
        yield RunView(self.yiwen.charset)
        yield KeyBar()

    def on_mount(self) -> None:
        """Look ahead, and go to a run that is active."""
        self._show_face()
        self._refresh_outlook()
        self._look_around(follow_active=True)
        self.set_interval(LOOK_SECONDS, self._look_now_and_then)

    def choose_run(self, run: Run) -> None:
        """Watch a run, old or live."""
        self._watch(Run(run.folder))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense: setups are started, live runs stopped, dead ones resumed."""
        status = self.view.summary.status if self.is_mounted else Status.STARTING
        if action in ("start", "choose", *setup_actions.NAMES):
            return self.watched is None
        if action in ("new", "log", "notes", "machine", "sample", "sample_item"):
            return self.watched is not None
        if action == "chart_uncross":
            return self.watched is not None and self.view.chart.view.cross is not None
        if action.startswith("chart_"):
            return self.watched is not None and self._trains
        if action == "download":
            return self.watched is None and bool(self.outlook and self.outlook.lacking)
        if action in ("translate", "evaluate", "again"):
            if self.watched is None or status.active or self.view.is_gone:
                return False
            return True if action == "again" or self.view.has_model else None
        if action == "stop":
            return self.watched is not None and status.active
        if action == "resume":
            return self._trains and status in _RESUMABLE and not self.view.is_gone
        return True

    @property
    def _trains(self) -> bool:
        return self.settings is not None and self.settings.job == "train"

    # Setup

    def on_screen_resume(self) -> None:
        """What is free may have changed meanwhile."""
        if self.watched is None and self.outlook is not None:
            self._refresh_outlook(quietly=True)
            self.look_around()

    @work(exclusive=True, group="outlook")
    async def _refresh_outlook(self, quietly: bool = False) -> None:
        if not quietly:
            self.outlook = None
            self.form.show(self.draft, None)
            await asyncio.to_thread(keep_draft, self.draft)
        self.outlook = await asyncio.to_thread(
            look_ahead, self.draft, self.yiwen.runs_root, self._probe, self.measured
        )
        if self._lacked != self.outlook.lacking:  # each time costs a footer on the wire
            self._lacked = self.outlook.lacking
            self.refresh_bindings()
        self.form.show(self.draft, self.outlook)

    @work(exclusive=True, group="look")
    async def _look_around(self, follow_active: bool = False) -> None:
        found = await asyncio.to_thread(look_again, self.yiwen.runs_root, self._surroundings)
        self._surroundings = found
        self.form.show_latest(found.description, found.waiting)
        if follow_active and found.active is not None and self.watched is None:
            self._watch(found.active)

    @on(SetupForm.Chosen)
    def _choose_row(self, event: SetupForm.Chosen) -> None:
        self.action_choose(event.row)

    @work(exclusive=True, group="choose")
    async def action_choose(self, name: str) -> None:
        """Ask for a profile, a strategy, a file or settings."""
        profile = self.outlook.profile if self.outlook else None
        chosen = await choose(self.app, self.draft, profile, name)
        if chosen is not None and chosen != self.draft:
            self.take_draft(chosen)

    def take_draft(self, draft: Draft) -> None:
        """Set up this instead."""
        self.draft = draft
        self._refresh_outlook()

    def refresh_outlook(self) -> None:
        """Look ahead again; what is shown stays meanwhile."""
        self._refresh_outlook(quietly=True)

    def look_around(self) -> None:
        """Bring what is said of other runs up to date."""
        self._look_around()

    def _look_now_and_then(self) -> None:
        """The same while it can be seen, unless something is being looked for already."""
        is_looking = any(work.group == "look" and work.node is self for work in self.workers)
        if self.watched is None and self.app.screen is self and not is_looking:
            self._look_around()

    def action_start(self) -> None:
        """Start the run that is set up; once, however often the key is pressed."""
        if not self._is_starting:
            self._is_starting = True
            self._start()

    @work(group="start")
    async def _start(self) -> None:
        self.header.show(_("new run"), _("starting …"))
        try:
            run = await confirm_and_start(self.app, self.asked_for())
        except Exception as error:  # whatever a broken file makes a library raise
            self.yiwen.fail(error)
            run = None
        self._is_starting = False
        if run is not None:
            self._watch(run)
        self._show_header()

    # A run

    @work(exclusive=True, group="watch")
    async def _watch(self, run: Run) -> None:
        try:
            self.settings = await asyncio.to_thread(lambda: run.settings)
        except RunError as error:
            self.yiwen.fail(error)
            return
        self.watched = run
        if self._trains:
            self.yiwen.navigation.follow(run)
        self._asked_to_stop.discard(run.id)
        self._is_live = False
        self.lay_over([one.run for one in self.view.chart.overlays if one.run.id != run.id])
        self.view.begin(run, self.settings)
        self._show_face()
        self._follow(run)

    @in_thread(thread=True, exclusive=True, group="follow")
    def _follow(self, run: Run) -> None:
        worker = get_current_worker()
        plot.load_library()
        follow(run, self.post_message, lambda: worker.is_cancelled, stays=True)

    @on(RunEvents)
    def _take_events(self, message: RunEvents) -> None:
        if message.run is not self.watched:  # laid over the chart, or no longer shown
            self.view.chart.extend_overlay(
                message.run,
                message.events,
                message.caught_up,
                has_ended=not message.summary.status.active,
            )
            return
        before, was_gone = self.view.summary.status, self.view.is_gone
        self.view.extend(message.events, message.summary, message.caught_up)
        status = message.summary.status
        if message.caught_up:
            self.view.warn(message.alarms)
            self._refer_once(message.run)
            if status.active and not self._is_live:  # resumed, maybe elsewhere
                self._asked_to_stop.discard(message.run.id)
            if self._is_live and not status.active:
                call(self.yiwen, message.run, message.summary, is_seen=self.app.screen is self)
            self._is_live = status.active
        if status is not before or self.view.is_gone is not was_gone:
            self.refresh_bindings()
            self._show_header()

    @on(RunView.Refreshed)
    def _show_header(self) -> None:
        if self.watched is None or self.settings is None:
            self.header.show(_("new run"))
            return
        is_stopping = self.watched.id in self._asked_to_stop
        status = headline(self.view.summary, is_stopping)
        self.header.show(run_result.subject(self.settings), status)

    def action_read(self, where: str) -> None:
        """Scroll the card of the setup, or the notes of the run."""
        pane = self.form.card if self.watched is None else self.view.notes
        scroll: dict[str, Callable[..., None]] = {
            "page_down": pane.scroll_page_down,
            "page_up": pane.scroll_page_up,
            "end": pane.scroll_end,
            "home": pane.scroll_home,
            "down": pane.scroll_down,
            "up": pane.scroll_up,
        }
        scroll[where](animate=False)

    def _show_face(self) -> None:
        """Setup or run: what is shown, what has the focus, which keys are offered."""
        watching = self.watched is not None
        self.set_class(watching, "-watching")
        self.set_focus(None if watching else self.form.rows)
        self._show_header()
        self.refresh_bindings()

    @work(exclusive=True, group="stop")
    async def action_stop(self) -> None:
        """Ask the worker to stop; if it was asked already, offer to kill it."""
        if self.watched is None:
            return
        try:
            await confirm_and_stop(self.app, self.watched, self._asked_to_stop)
        except (RunError, OSError) as error:
            self.yiwen.fail(error)
        self._show_header()

    @work(exclusive=True, group="resume")
    async def action_resume(self) -> None:
        """Start a worker on the same folder; it goes on from the last checkpoint."""
        if self.watched is None:
            return
        try:
            if not await confirm_gone(self.app, self.watched):
                return
            if await asyncio.to_thread(self.watched.alive):
                self.notify(_("Waiting for the worker to leave …"), timeout=3)
            await asyncio.to_thread(launch.start, self.watched)
        except (RunError, OSError) as error:
            self.yiwen.fail(error)
            return
        self.choose_run(self.watched)

    def action_new(self) -> None:
        """Back to the setup."""
        self.workers.cancel_group(self, "follow")
        self.watched = self.settings = None
        self._show_face()
        self.on_screen_resume()

    def action_translate(self) -> None:
        """Translate with what the run has trained."""
        if self.watched is not None:
            self.yiwen.navigation.translate(self.watched)

    def action_evaluate(self) -> None:
        """Score what the run has trained."""
        if self.watched is not None:
            self.yiwen.navigation.evaluate(self.watched)

    def action_again(self) -> None:
        """Set up a run like this one."""
        if self.watched is not None:
            self.set_up_like(self.watched)

    @work(exclusive=True, group="recall")
    async def set_up_like(self, run: Run) -> None:
        """Fill the setup from a run, and say what could not be restored."""
        try:
            found = await asyncio.to_thread(recall, run, self.yiwen.profile_name)
        except RunError as error:
            self.yiwen.fail(error)
            return
        if self.watched is not None:
            self.action_new()
        self.take_draft(found.draft)
        self.form.highlight("settings")
        said = _("Set up like {run}: change something (o), then start it (s).")
        lines = [said.format(run=one_line(run.id)), *(f"! {one}" for one in found.lost)]
        self.notify("\n".join(lines), markup=False, timeout=6 if not found.lost else 15)

    def action_log(self) -> None:
        """Show the end of worker.log."""
        if self.watched is not None:
            self.app.push_screen(LogDialog(self.watched.log_path))

    @work(exclusive=True, group="look")
    async def action_watch_newest(self) -> None:
        """Go to the newest active run, else to the newest."""
        found = await asyncio.to_thread(look_around, self.yiwen.runs_root)
        run = found.active or found.latest
        if run is None:
            self.notify(_("There are no runs yet; s starts one."))
        else:
            self._watch(run)
