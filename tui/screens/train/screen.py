"""The Train screen: set a run up, start it, watch it, stop and resume it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from engine.language.texts import _
from engine.run.folder import Run
from tui.run.messages import RunEvents
from tui.run.queue import Queue
from tui.run.surroundings import Surroundings, look_again
from tui.screens.train import run_result
from tui.screens.train.before_start import BeforeStart
from tui.screens.train.downloads import Arrived, Downloads
from tui.screens.train.keys import CHART_KEYS, KEYS, READING_KEYS
from tui.screens.train.other_runs import OtherRuns
from tui.screens.train.run_view import RunView
from tui.screens.train.setup import Setup
from tui.screens.train.setup_form import SetupForm
from tui.screens.train.watching import Watching
from tui.widgets.header_line import HeaderLine
from tui.widgets.key_bar import KeyBar
from tui.widgets.parts import ScreenOfParts
from tui.widgets.work import work

LOOK_SECONDS = 3.0
"""Between two looks at what other runs have come to, while one is set up."""


class TrainScreen(ScreenOfParts):
    """Two faces: the setup of a run, and a run that is watched."""

    BINDINGS: ClassVar[list[BindingType]] = KEYS + CHART_KEYS + READING_KEYS

    def __init__(self) -> None:
        super().__init__()
        self.form, self.view = SetupForm(), RunView(self.yiwen.charset)
        self._others = OtherRuns(self, self.view)
        self.watching = Watching(self, self.view, self._others, self._show_face, self._show_header)
        self.setup = Setup(self, self.form, self.watching, self._show_header)
        self._downloads = Downloads(self, self.setup)
        self._surroundings = Surroundings()
        self.give_keys_to(
            self.setup,
            BeforeStart(self, self.setup),
            self._downloads,
            Queue(self, self.setup.asked_for, self._look_around),
            self.watching,
            self.view,
            self.view.chart,
            self.view.notes,
            self._others,
        )

    def compose(self) -> ComposeResult:
        yield HeaderLine(_("Train"))
        yield self.form
        yield self.view
        yield KeyBar()

    def on_mount(self) -> None:
        """Look ahead, and go to a run that is active."""
        self._show_face()
        self.setup.look_ahead()
        self._look_around(follow_active=True)
        self.set_interval(LOOK_SECONDS, self._look_now_and_then)

    def on_unmount(self) -> None:
        """A download ends with the workbench."""
        self._downloads.stop()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is put into the queue is the setup."""
        if action == "enqueue" and self.is_mounted:
            return self.setup.is_shown
        return super().check_action(action, parameters)

    # The two faces

    def _show_face(self) -> None:
        """Setup or run: what is shown, what has the focus, which keys are offered."""
        self.set_class(not self.setup.is_shown, "-watching")
        self.set_focus(self.form.rows if self.setup.is_shown else None)
        self._show_header()
        self.refresh_bindings()
        self.on_screen_resume()

    @on(RunView.Refreshed)
    def _show_header(self) -> None:
        header, settings = self.query_one(HeaderLine), self.view.settings
        if settings is None:
            header.show(_("new run"), _("starting …") if self.setup.is_starting else "")
        else:
            header.show(run_result.subject(settings), self.watching.standing)

    def on_screen_resume(self) -> None:
        """What is free, and what other runs have come to, may have changed meanwhile."""
        if self.setup.is_shown and self.setup.outlook is not None:
            self.setup.look_ahead(quietly=True)
            self._look_around()

    def action_read(self, where: str) -> None:
        """Scroll the card of the setup, or the notes of the run."""
        pane = self.form.card if self.setup.is_shown else self.view.notes
        scroll: dict[str, Callable[..., None]] = {
            "page_down": pane.scroll_page_down,
            "page_up": pane.scroll_page_up,
            "end": pane.scroll_end,
            "home": pane.scroll_home,
            "down": pane.scroll_down,
            "up": pane.scroll_up,
        }
        scroll[where](animate=False)

    # What other runs have come to

    @work(exclusive=True, group="look")
    async def _look_around(self, follow_active: bool = False) -> None:
        found = await asyncio.to_thread(look_again, self.yiwen.runs_root, self._surroundings)
        self._surroundings = found
        self.form.show_latest(found.description, found.waiting)
        if follow_active and found.active is not None and self.setup.is_shown:
            self.watching.watch(found.active)

    def _look_now_and_then(self) -> None:
        """The same while it can be seen, unless something is being looked for already."""
        is_looking = any(work.group == "look" and work.node is self for work in self.workers)
        if self.setup.is_shown and self.app.screen is self and not is_looking:
            self._look_around()

    # What other screens ask

    def choose_run(self, run: Run) -> None:
        """Watch a run, old or live."""
        self.watching.watch(Run(run.folder))

    def set_up_like(self, run: Run) -> None:
        """Set up a run like this one."""
        self.setup.set_up_like(run)

    def lay_over(self, runs: Sequence[Run]) -> None:
        """Draw these runs too."""
        self._others.lay_over(runs)

    # What widgets and threads tell

    @on(SetupForm.Chosen)
    def _choose_row(self, event: SetupForm.Chosen) -> None:
        self.setup.action_choose(event.row)

    @on(Arrived)
    def _take_model(self, event: Arrived) -> None:
        self._downloads.take(event.download)

    @on(RunEvents)
    def _take_events(self, message: RunEvents) -> None:
        if message.run is self.watching.run:
            self.watching.take(message)
        else:  # laid over the chart, or no longer shown
            self._others.take(message)
