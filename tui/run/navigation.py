"""From one screen to another with a run: to watch it, to score it, to translate with it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.await_complete import AwaitComplete
from textual.widget import AwaitMount

from engine.run.folder import Run
from tui import remembered
from tui.widgets.work import while_there

if TYPE_CHECKING:
    from tui.app import YiwenApp

_BEGIN_WITH_A_MODEL = ("evaluate", "translate")


class Navigation:
    """What one screen asks of another."""

    def __init__(self, app: YiwenApp, watched: str) -> None:
        """`watched` is the folder of the run that was watched last, as it is remembered."""
        self._app = app
        run = Run(Path(watched)) if watched else None
        is_here = run is not None and run.root == app.runs_root and run.exists()
        self.followed = run if is_here else None
        """The run watched last."""

    def follow(self, run: Run) -> None:
        """Let the screens that use a model begin with this run, which is watched."""
        self.followed = run
        remembered.keep_desk(watched=str(run.folder))

    def go(self, mode: str) -> None:
        """Show a screen; those that use a model begin with that of the run watched last."""
        switched = self._app.switch_mode(mode)
        run = self.followed
        if mode in _BEGIN_WITH_A_MODEL and run is not None:
            self._start(self._show(mode, lambda screen: screen.follow_run(run), switched))

    def watch(self, run: Run) -> None:
        """Follow a run on Train."""
        self._start(self._show("train", lambda screen: screen.choose_run(run)))

    def overlay(self, chosen: Sequence[Run]) -> None:
        """Lay the curves of several runs over each other on Train."""

        def lay(screen: Any) -> None:
            screen.choose_run(chosen[0])
            screen.lay_over(chosen[1:])

        self._start(self._show("train", lay))

    def set_up_like(self, run: Run) -> None:
        """Show a run's setup on Train, to start it again with a change."""
        self._start(self._show("train", lambda screen: screen.set_up_like(run)))

    def evaluate(self, run: Run) -> None:
        """Show an evaluation on Evaluate, or choose a run's adapter there."""
        self._start(self._show("evaluate", lambda screen: screen.choose_run(run)))

    def translate(self, run: Run) -> None:
        """Choose a run's adapter on Translate."""
        self._start(self._show("translate", lambda screen: screen.choose_run(run)))

    def translate_side_by_side(self, chosen: Sequence[Run]) -> None:
        """Choose the adapters of several runs on Translate."""
        self._start(self._show("translate", lambda screen: screen.choose_runs(chosen)))

    def _start(self, todo: Coroutine[Any, Any, None]) -> None:
        self._app.run_worker(while_there(self._app, todo))

    async def _show(
        self,
        mode: str,
        ask: Callable[[Any], object],
        switched: AwaitMount | AwaitComplete | None = None,
    ) -> None:
        """Switch to a screen, unless that has begun, and ask something of it."""
        await (switched or self._app.switch_mode(mode))
        ask(self._app.get_screen_stack(mode)[0])
