"""The application: four screens, the keys that lead to them, and leaving without loss."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path, PurePath
from typing import Any, ClassVar, cast

from textual import constants, events
from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.filter import LineFilter
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.theme import ThemeProvider
from textual.widgets import Input, TextArea

from engine.language.errors import UserError
from engine.language.plain_text import message_of, plain
from engine.language.said import Words
from engine.language.texts import _
from engine.machine import user_settings
from engine.profile import files
from engine.run.trash import Trash, purge
from tui import internals, remembered
from tui.chart.charset import choose
from tui.keys import KEYS
from tui.run import leaving
from tui.run.navigation import Navigation
from tui.screen_names import SCREENS
from tui.widgets import covered
from tui.widgets.contrast import contrast, cursors
from tui.widgets.work import while_there

_PROFILE = "tiny"
_SECOND_CTRL_C = 2.0
_MOST_ERRORS = 100


def _keep_theme(name: str) -> None:
    """For the next time; nothing is written before another one is chosen."""
    if name != (remembered.look().theme or constants.DEFAULT_THEME):
        remembered.keep_look(theme=name)


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
    BINDINGS: ClassVar[list[BindingType]] = KEYS

    def __init__(self, runs_root: Path, profile: str = "", charset: str = "auto") -> None:
        covered.mend()
        super().__init__()
        self.runs_root = runs_root
        desk = remembered.desk()
        self.profile_name = profile or _known(desk.profile)
        self.goes_on = not profile
        """Is what was set up last taken up again? Not where a profile was asked for."""
        self.navigation = Navigation(self, desk.watched)
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
        leaving.leave_at_signals(self)

    async def on_event(self, event: events.Event) -> None:
        """Cover the screen with a sentence while the terminal is too small."""
        await super().on_event(event)
        if isinstance(event, events.Resize):
            from tui.widgets import too_small

            too_small.cover(self, event.size)

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
        from tui.widgets.errors_dialog import announce

        whole = plain(message_of(error))
        self._errors.append(whole)
        self.call_after_refresh(announce, self, whole)  # when all that says it is drawn

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
        self.run_worker(while_there(self, leaving.confirm_and_leave(self)))

    def action_mode(self, mode: str) -> None:
        """Show a screen."""
        self.navigation.go(mode)

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
        await leaving.leave(self)

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
