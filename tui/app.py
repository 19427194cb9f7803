"""The application: four screens, the keys that lead to them, and leaving without loss."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path, PurePath
from typing import Any, ClassVar, cast

from rich.text import Text
from textual import constants, events
from textual.app import App, SystemCommand
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.theme import ThemeProvider
from textual.widget import AwaitMount
from textual.widgets import Input, TextArea

from engine.language.errors import UserError
from engine.language.plain_text import message_of, plain, width
from engine.language.said import Words
from engine.language.texts import _, marked
from engine.machine import user_settings
from engine.profile import files
from engine.run import runs_folder
from engine.run.folder import Run
from engine.run.trash import Trash, purge
from tui import internals, remembered
from tui.chart.charset import choose
from tui.remembered import Look
from tui.screen_names import SCREENS
from tui.widgets import covered
from tui.widgets.contrast import contrast, cursors
from tui.widgets.work import while_there

CONTINUES = marked("Training goes on; come back any time with yiwen")
SMALLEST = (60, 16)
_PROFILE = "tiny"
_SECOND_CTRL_C = 2.0
_MOST_ERRORS = 100
_TOAST, _TOAST_EDGES = 60, 3
"""Columns of a notice at most, and those of them that are no text."""
_GRACE = 2.0
"""Seconds to put the terminal in order after a signal."""


def _keep_theme(name: str) -> None:
    """For the next time; nothing is written before another one is chosen."""
    if name != (remembered.look().theme or constants.DEFAULT_THEME):
        remembered.keep_look(Look(name))


def _known(profile: str) -> str:
    """The name of a profile if there is such a one; else that of the embedded model's."""
    with suppress(UserError):
        return files.find(profile).stem if profile else _PROFILE
    return _PROFILE


def _screen_class(name: str) -> Callable[[], Screen[Any]]:
    """A factory that imports a screen when it is first shown.

    What was imported stays; each full collection that walks through it stops the screen.
    """

    def make() -> Screen[Any]:
        module = import_module(f"tui.screens.{name}.screen")
        gc.freeze()
        screen: Screen[Any] = getattr(module, f"{name.capitalize()}Screen")()
        internals.skip_first_styling(screen)
        return screen

    return make


class YiwenApp(App[None]):
    """The workbench."""

    TITLE = "Yiwen 譯文"
    # The screens' styles too: of one that came with a screen, Textual reads all styles anew.
    CSS_PATH: ClassVar[list[str | PurePath]] = [
        "app.tcss",
        *[f"screens/{name}/{name}.tcss" for name in SCREENS],
    ]
    DEFAULT_MODE = "train"
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        name: _screen_class(name) for name in SCREENS
    }
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (20, "-middling"), (30, "-tall")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "Help", id="app.help", key_display="?",
                tooltip="List the keys of this screen"),
        Binding("f1,1", "mode('train')", "Train", id="app.train",
                tooltip="Start runs and watch them"),
        Binding("f2,2", "mode('evaluate')", "Evaluate", id="app.evaluate",
                tooltip="Score a profile or a trained run on a file"),
        Binding("f3,3", "mode('translate')", "Translate", id="app.translate",
                tooltip="Translate, base model and tuned ones side by side"),
        Binding("f4,4", "mode('runs')", "Runs", id="app.runs",
                tooltip="Compare all runs"),
        Binding("q", "leave", "Quit", id="app.leave",
                tooltip="Leave, after a question if something would be lost; runs go on"),
        Binding("ctrl+q", "quit", "Quit", id="app.quit", priority=True,
                tooltip="Leave at once; runs go on without the workbench"),
        Binding("ctrl+g", "errors", "Errors", id="app.errors", show=False,
                tooltip="Read in full what went wrong since the workbench was opened"),
        Binding("ctrl+c", "help_quit", "Copy, quit", id="app.break", show=False,
                system=True, tooltip="Copy a selection; pressed twice within 2 seconds, leave"),
        Binding("ctrl+z", "suspend_process", "To the shell", id="app.suspend", show=False,
                tooltip="Put the workbench in the background; `fg` brings it back"),
        # Priority: over a slow line words may follow in the same packet, and are not commands.
        Binding("colon", "command_palette", "palette", id="app.colon", priority=True,
                key_display=":", tooltip="Open the command palette"),
        Binding("ctrl+p", "command_palette", "palette", id="app.palette", priority=True,
                tooltip="Open the command palette"),
        # Whatever takes the arrow keys takes these, wherever nothing is typed.
        Binding("j", "press('down')", "Down", id="app.down", show=False, priority=True,
                tooltip="In every list and text: on by a line"),
        Binding("k", "press('up')", "Up", id="app.up", show=False, priority=True,
                tooltip="Back by a line"),
        Binding("g", "press('home')", "First", id="app.first", show=False, priority=True,
                tooltip="To the start"),
        Binding("G", "press('end')", "Last", id="app.last", show=False, priority=True,
                key_display="G", tooltip="To the end"),
        Binding("slash", "find", "Find", id="app.find", show=False, priority=True,
                key_display="/", tooltip="Find words in the list or text; or type in its field"),
    ]  # fmt: skip

    def __init__(self, runs_root: Path, profile: str = "", charset: str = "auto") -> None:
        covered.mend()
        super().__init__()
        self.runs_root = runs_root
        desk = remembered.desk()
        self.profile_name = profile or _known(desk.profile)
        self.goes_on = not profile
        """Is what was set up last taken up again? Not where a profile was asked for."""
        watched = Run(Path(desk.watched)) if desk.watched else None
        is_here = watched is not None and watched.root == runs_root and watched.exists()
        self.followed = watched if is_here else None
        """The run watched last."""
        self._complaints: list[Words] = []
        self._errors: deque[str] = deque(maxlen=_MOST_ERRORS)
        self.personal = user_settings.load_or_default(self._complaints.append)
        """The user's own settings."""
        wished = self.personal.chart.charset
        self.charset = choose(charset, wished=wished)
        """What charts are drawn with at first."""
        self.trash = Trash(runs_root)
        """Runs deleted on the Runs screen; they can be brought back until the workbench is left."""
        self._last_ctrl_c = -_SECOND_CTRL_C
        kept = remembered.look().theme
        if kept in self.available_themes and not os.environ.get("TEXTUAL_THEME"):
            self.theme = kept

    def on_load(self) -> None:
        """Have colours of its own before the first screen asks for them.

        Textual gives the application its styles only after that screen has been laid out, and what
        its widgets took for their colours by then they keep.
        """
        self.stylesheet.apply(self)

    def get_css_variables(self) -> dict[str, str]:
        """Those of the theme, but for cursors that would not be seen."""
        variables = super().get_css_variables()
        variables |= cursors(self.current_theme)
        return variables

    def get_line_filters(self) -> Sequence[LineFilter]:
        """After all others, one that keeps text readable."""
        theme = self.current_theme
        system = self.console.color_system
        return [*super().get_line_filters(), contrast(theme.name, system, dark=theme.dark)]

    def on_mount(self) -> None:
        """Take the signals of a closing terminal, and repaint after `fg`."""
        self.app_resume_signal.subscribe(self, lambda _: self.refresh())
        self.theme_changed_signal.subscribe(self, lambda theme: _keep_theme(theme.name))
        for complaint in self._complaints:
            self.call_after_refresh(self.fail, complaint)
        threading.Thread(target=purge, args=(self.runs_root,), daemon=True).start()
        if self.is_headless:
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._leave_at_once, number)

    def _leave_at_once(self, number: int) -> None:
        """Exit; by force if the terminal is gone, for writing to it can block forever."""
        self.exit(return_code=128 + number)
        backstop = threading.Timer(_GRACE, os._exit, (128 + number,))
        backstop.daemon = True
        backstop.start()

    async def on_event(self, event: events.Event) -> None:
        """Cover the screen with a sentence while the terminal is too small."""
        await super().on_event(event)
        if isinstance(event, events.Resize):
            width, height = event.size
            self._check_size(width < SMALLEST[0] or height < SMALLEST[1])

    def _check_size(self, too_small: bool) -> None:
        from tui.widgets.too_small import TooSmall

        covered = isinstance(self.screen, TooSmall)
        if too_small and not covered:
            self.push_screen(TooSmall(*SMALLEST))
        elif covered and not too_small:
            self.pop_screen()

    def watch_run(self, run: Run) -> None:
        """Switch to Train and follow a run there."""
        self.run_worker(while_there(self, self._show("train", run)))

    def overlay_runs(self, chosen: Sequence[Run]) -> None:
        """Switch to Train and lay the curves of several runs over each other."""
        self.run_worker(while_there(self, self._lay_over(chosen)))

    async def _lay_over(self, chosen: Sequence[Run]) -> None:
        await self._show("train", chosen[0])
        screen: Any = self.get_screen_stack("train")[0]
        screen.lay_over(chosen[1:])

    def set_up_like(self, run: Run) -> None:
        """Switch to Train with a run's setup, to start it again with a change."""
        self.run_worker(while_there(self, self._set_up_like(run)))

    async def _set_up_like(self, run: Run) -> None:
        await self.switch_mode("train")
        screen: Any = self.get_screen_stack("train")[0]
        screen.set_up_like(run)

    def follow_on(self, run: Run) -> None:
        """Let Evaluate and Translate begin with this run, which is watched."""
        self.followed = run
        remembered.keep_desk(watched=str(run.folder))

    def evaluate_run(self, run: Run) -> None:
        """Switch to Evaluate with a run's adapter chosen."""
        self.run_worker(while_there(self, self._show("evaluate", run)))

    def translate_with(self, run: Run) -> None:
        """Switch to Translate with a run's adapter chosen."""
        self.run_worker(while_there(self, self._show("translate", run)))

    def translate_side_by_side(self, chosen: Sequence[Run]) -> None:
        """Switch to Translate with the adapters of several runs chosen."""
        self.run_worker(while_there(self, self._translate(chosen)))

    async def _translate(self, chosen: Sequence[Run]) -> None:
        await self.switch_mode("translate")
        screen: Any = self.get_screen_stack("translate")[0]
        screen.choose_runs(chosen)

    async def _show(self, mode: str, run: Run) -> None:
        await self.switch_mode(mode)
        screen: Any = self.get_screen_stack(mode)[0]
        screen.choose_run(run)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Show a notice in the place of the one before."""
        self.clear_notifications()
        super().notify(message, title=title, severity=severity, timeout=timeout, markup=markup)

    def fail(self, error: Exception | Words) -> None:
        """Say what went wrong, and keep it among the errors."""
        whole = plain(message_of(error))
        self._errors.append(whole)
        self.call_after_refresh(self._announce, whole)  # when all that says it is drawn

    def _announce(self, whole: str) -> None:
        """Long enough to be read; the errors keep what is cut. Nothing is said over itself."""
        from tui.widgets.errors_dialog import shortened
        from tui.widgets.said_already import is_on_screen

        if is_on_screen(self.screen, whole):
            self.bell()
            return
        message = shortened(whole, min(_TOAST, self.size.width * 9 // 10) - _TOAST_EDGES)
        self.notify(
            message,
            title=_("That did not work"),
            severity="error",
            timeout=max(6.0, width(message) / 12),
            markup=False,
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out the key of the screen one is on; `/` may be a key of the screen itself."""
        if action == "find":
            is_typing = isinstance(self.focused, Input | TextArea)  # Textual takes `/` for no text
            return (
                not is_typing and "slash" not in internals.bindings_of(self.screen).key_to_bindings
            )
        return None if action == "mode" and parameters[0] == self.current_mode else True

    async def action_press(self, key: str) -> None:
        """Do what another key does here, before any key that follows in the same packet."""
        await self.on_event(events.Key(key, None))

    def action_find(self) -> None:
        """Step into the field above the list; where there is none, open a line to type in."""
        from tui.widgets import find_line

        find_line.find(self.screen)

    async def action_leave(self) -> None:
        """Leave; ask first if something that is only here would be lost."""
        from tui.run.leaving import confirm_and_leave

        self.run_worker(while_there(self, confirm_and_leave(self)))

    def action_mode(self, mode: str) -> None:
        """Show a screen; those that use a model begin with that of the run watched last."""
        switched = self.switch_mode(mode)
        if mode in ("evaluate", "translate") and self.followed is not None:
            self.run_worker(while_there(self, self._follow(mode, switched, self.followed)))

    async def _follow(self, mode: str, switched: AwaitMount | AwaitComplete, run: Run) -> None:
        await switched
        screen: Any = self.get_screen_stack(mode)[0]
        screen.follow_run(run)

    def action_help(self) -> None:
        """List the keys of the screen."""
        from tui.widgets.help_panel import HelpPanel

        self.push_screen(HelpPanel(self.screen))

    def action_errors(self) -> None:
        """Show all that went wrong."""
        from tui.widgets.errors_dialog import ErrorsDialog

        self.push_screen(ErrorsDialog(tuple(self._errors)))

    def action_help_quit(self) -> None:
        """Quit on the second ctrl+c, as the hands expect; the first may have been meant to copy."""
        now = time.monotonic()
        if now - self._last_ctrl_c <= _SECOND_CTRL_C:
            self.run_worker(while_there(self, self.action_quit()))
            return
        self._last_ctrl_c = now
        self.notify(_("Press ctrl+c again, or ctrl+q, to quit."), timeout=_SECOND_CTRL_C)

    async def action_quit(self) -> None:
        """Leave; say so if a worker goes on."""
        try:
            active = await asyncio.wait_for(asyncio.to_thread(self._is_active), timeout=1.0)
        except (asyncio.TimeoutError, OSError):
            active = False
        self.exit(message=Text(_(CONTINUES)) if active else None)

    def _is_active(self) -> bool:
        return runs_folder.newest_active(runs_folder.list_all(self.runs_root)) is not None

    def action_command_palette(self) -> None:
        """Show the palette, in the language of the interface."""
        from tui.widgets.command_palette import Palette

        if not Palette.is_open(cast("App[object]", self)):
            self.push_screen(Palette(placeholder=_("Search for commands…"), id="--command-palette"))

    def search_themes(self) -> None:
        """Show the palette of themes, in the language of the interface."""
        from tui.widgets.command_palette import Palette

        placeholder = _("Search for themes…")
        self.push_screen(Palette(providers=[ThemeProvider], placeholder=placeholder))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Every action of every screen and of the application."""
        from tui import palette

        yield from palette.commands(self, screen)
        yield SystemCommand(_("Theme"), _("Change the colours"), self.action_change_theme)
        yield SystemCommand(
            _("Screenshot"),
            _("Save this screen as an SVG file"),
            lambda: self.set_timer(0.1, self.deliver_screenshot),
        )
