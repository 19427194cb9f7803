"""The Evaluate screen: choose what to score, start it, read the result sample by sample."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import getters, on
from textual import work as in_thread
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.worker import get_current_worker

from engine.language.errors import RunError, UserError
from engine.language.plain_text import one_line
from engine.language.texts import _
from engine.run.events import Evaluated, Judged
from engine.run.folder import Run
from engine.run.summary import Summary
from engine.run.time_left import PhasePace
from engine.start.request import Request
from tui.run import results
from tui.run.calling import call
from tui.run.follow import follow
from tui.run.listing import Listing
from tui.run.messages import RunEvents
from tui.run.model_choice import has_adapter, trained_nothing
from tui.run.queue import Queue
from tui.run.results import Result
from tui.run.start import confirm_and_start
from tui.run.status import headline
from tui.run.stop import confirm_and_stop
from tui.screens.evaluate.evaluation_view import EvaluationView
from tui.screens.evaluate.keys import KEYS
from tui.screens.evaluate.reading import Reading
from tui.screens.evaluate.rivals import Rival, find_rivals
from tui.screens.evaluate.scoring import Preview, Scoring, preview, recall
from tui.screens.evaluate.scoring_choices import choose, choose_evaluation
from tui.screens.evaluate.scoring_form import ScoringForm
from tui.widgets.header_line import HeaderLine
from tui.widgets.key_bar import KeyBar
from tui.widgets.line_table import LineTable
from tui.widgets.parts import ScreenOfParts
from tui.widgets.work import work


class EvaluateScreen(ScreenOfParts):
    """Sets an evaluation up, follows it, shows its result and former ones."""

    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-beside"), (100, "-wide")]
    BINDINGS: ClassVar[list[BindingType]] = KEYS

    header = getters.query_one(HeaderLine)
    form = getters.query_one(ScoringForm)

    def __init__(self) -> None:
        super().__init__()
        self.view = EvaluationView()
        self.shown: Run | None = None
        """The run whose progress or result is shown; None while one is set up."""
        self._listing = Listing(self.yiwen.runs_root)
        self.scoring = Scoring(self.yiwen.profile_name)
        self.preview: Preview | None = None
        self.summary = Summary()
        self._trains = False
        self._pace = PhasePace()
        self._is_starting = False
        self._followed: tuple[Run | None, bool | None] | None = None
        """The run that was offered last because it is watched; had it trained something?

        None there: something else was chosen, so it is not offered again.
        """
        self._asked_to_stop: set[str] = set()
        self._reading = Reading(self, self.view, self._listing, lambda: self.shown)
        self.give_keys_to(self._reading, self.view.samples, Queue(self, self.asked_for))

    def compose(self) -> ComposeResult:
        yield HeaderLine(_("Evaluate"))
        yield ScoringForm()
        yield self.view
        yield KeyBar()

    def on_mount(self) -> None:
        """Begin with the setup, unless a run was chosen already."""
        if self.shown is None:
            self._set_up(self.scoring)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what can be done now."""
        if not self.is_mounted:
            return True
        if action == "start":
            return not (self._is_at_work or self._is_starting)
        if action == "stop":
            return self._is_at_work
        return super().check_action(action, parameters)

    def asked_for(self) -> Request:
        """The evaluation that is set up."""
        return self.scoring.request(self.yiwen.runs_root)

    @property
    def _is_at_work(self) -> bool:
        """Is an evaluation under way? A run that trains is none, though it may be shown."""
        return self.shown is not None and not self._trains and self.summary.status.active

    # Setting up

    @work(exclusive=True, group="show")
    async def _set_up(self, scoring: Scoring) -> None:
        """Show choices and what they lead to; a run that was shown goes on unseen."""
        self.workers.cancel_group(self, "follow")
        self.scoring, self.shown, self.summary = scoring, None, Summary()
        self._show_header()
        self.form.show(scoring, None)
        self.view.show_plan(scoring, None, [])
        self.preview = await asyncio.to_thread(preview, scoring, self.yiwen.runs_root)
        self.form.show(scoring, self.preview)
        self.view.show_plan(scoring, self.preview, await self._rivals())
        self.refresh_bindings()

    @work(exclusive=True, group="choose")
    async def action_choose(self, name: str) -> None:
        """Ask for one of the choices, or say why there is none."""
        if needed := self.scoring.needs(name):
            self.notify(needed, timeout=4)
            return
        rows = await asyncio.to_thread(self._listing.rows) if name == "run" else []
        test = self.scoring.test or (self.preview.test if self.preview else "")
        try:
            chosen = await choose(self.app, self.scoring, name, rows, test)
        except UserError as error:
            self.yiwen.fail(error)
            return
        if chosen is not None and chosen != self.scoring:
            self._followed = self.yiwen.navigation.followed, None
            self._set_up(chosen)

    async def _rivals(self) -> list[Rival]:
        known, shown = self.preview or Preview(), self.shown.id if self.shown else ""
        rows = await asyncio.to_thread(self._listing.rows) if known.sha256 else []
        return find_rivals(rows, known.sha256, known.model, shown)

    # A run

    @on(LineTable.Chosen)
    def _read_sample(self) -> None:
        self._reading.action_sample()

    @work(exclusive=True, group="follow run")
    async def follow_run(self, run: Run) -> None:
        """Get ready for the run that is watched, unless it was offered already as it is now."""
        trained = await asyncio.to_thread(has_adapter, run)
        if self._followed in ((run, trained), (run, None)) or self._is_at_work or self._is_starting:
            return
        self._followed = run, trained
        if trained:
            self._show(run)
            return
        try:
            profile = await asyncio.to_thread(lambda: run.settings.profile.name)
        except RunError as error:
            self.yiwen.fail(error)
            return
        self.notify(trained_nothing(run), markup=False, timeout=6)
        self._set_up(self.scoring.with_profile(profile))

    def choose_run(self, run: Run) -> None:
        """Show an evaluation, or get ready to evaluate what a run has trained."""
        self._followed = self.yiwen.navigation.followed, None
        self._show(Run(run.folder))

    @work(exclusive=True, group="show")
    async def _show(self, run: Run) -> None:
        try:
            known = await asyncio.to_thread(recall, run, self.scoring, self.yiwen.runs_root)
        except RunError as error:
            self.yiwen.fail(error)
            return
        self.workers.cancel_group(self, "follow")
        self.scoring, self.preview = known
        self.shown, self._pace, self._trains = run, PhasePace(), run.settings.job == "train"
        self.summary = await asyncio.to_thread(run.summary)
        self.form.show(self.scoring, self.preview)
        self._read_result(run)
        if self._is_at_work:
            self._follow(run)

    @work(exclusive=True, group="result")
    async def _read_result(self, run: Run) -> None:
        result: Result | None = await asyncio.to_thread(results.read, run)
        rivals = await self._rivals()
        if run is not self.shown:
            return
        if result is not None:
            self.view.show_result(run.id, result, rivals)
        elif self._trains:
            self.view.show_plan(self.scoring, self.preview, rivals)
        else:
            self.view.hide_result()
        self.view.show_run(self.summary, self._pace)
        self._show_header()
        self.refresh_bindings()

    @in_thread(thread=True, exclusive=True, group="follow")
    def _follow(self, run: Run) -> None:
        worker = get_current_worker()
        follow(run, self.post_message, lambda: worker.is_cancelled)

    @on(RunEvents)
    async def _take_events(self, message: RunEvents) -> None:
        if message.run is not self.shown:
            return
        was_at_work, self.summary = self._is_at_work, message.summary
        self._pace.extend(message.events)
        self.view.show_run(self.summary, self._pace)
        self._show_header()
        scored = any(isinstance(event, Evaluated | Judged) for event in message.events)
        if was_at_work and not self._is_at_work:
            call(self.yiwen, message.run, message.summary, is_seen=self.app.screen is self)
        if scored or was_at_work != self._is_at_work:
            self._read_result(message.run)

    def _show_header(self) -> None:
        if self.shown is None:
            self.header.show(_("new evaluation"))
            return
        is_stopping = self.shown.id in self._asked_to_stop
        self.header.show(one_line(self.shown.id), headline(self.summary, is_stopping))

    def action_start(self) -> None:
        """Start the evaluation that is set up; once, however often the key is pressed."""
        self._is_starting = True  # check_action looks at it
        self._start()

    @work(group="start")
    async def _start(self) -> None:
        self.header.show(_("new evaluation"), _("starting …"))
        run = None
        try:
            run = await confirm_and_start(self.app, self.asked_for())
        except Exception as error:  # whatever a broken file makes a library raise
            self.yiwen.fail(error)
        self._is_starting = False
        if run is not None:
            self._followed = self.yiwen.navigation.followed, None
            self._show(run)
        self._show_header()

    @work(exclusive=True, group="stop")
    async def action_stop(self) -> None:
        """Ask the worker to stop; if it was asked already, offer to kill it."""
        try:
            if self.shown is not None:
                await confirm_and_stop(self.app, self.shown, self._asked_to_stop)
        except (RunError, OSError) as error:
            self.yiwen.fail(error)
        self._show_header()

    @work(exclusive=True, group="choose")
    async def action_open(self) -> None:
        """Read a former result."""
        rows = await asyncio.to_thread(self._listing.rows)
        run = await choose_evaluation(self.app, rows, self.shown.id if self.shown else "")
        if run is not None:
            self.choose_run(run)
