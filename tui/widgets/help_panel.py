"""The keys of a screen and of the application, made from their bindings, lest they disagree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from rich.table import Table
from rich.text import Text
from textual.actions import parse
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from engine.language.texts import _
from tui import internals
from tui.screen_names import SCREENS
from tui.widgets.flowing import Flowing
from tui.widgets.key_words import explained


class HelpPanel(ModalScreen[None]):
    """Lists keys; any of the closing keys closes it."""

    AUTO_FOCUS = "VerticalScroll"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,enter", "dismiss", "Close", id="help.close"),
    ]
    DEFAULT_CSS = """
    HelpPanel { align: center middle; }
    HelpPanel Static { width: 1fr; height: auto; }
    """

    def __init__(self, screen: Screen[Any]) -> None:
        super().__init__()
        name = screen.__class__.__name__.removesuffix("Screen")
        self._heading = _(SCREENS.get(name.lower(), name))
        self._content = self._table(screen)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog -broad") as dialog:
            dialog.border_title = Content(_("Keys: {screen}").format(screen=self._heading))
            dialog.border_subtitle = Content(_("esc close"))
            yield Static(self._content)

    def _table(self, screen: Screen[Any]) -> Table:
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True, style="bold")
        table.add_column(no_wrap=True)
        table.add_column(style="dim")
        own = list(_bindings_of(screen))
        idle = [(keys, binding) for keys, binding in own if not _is_offered(screen, binding)]
        _add(table, [entry for entry in own if entry not in idle])
        table.add_row()
        named = {binding.action.removeprefix("app.") for _, binding in own}
        _add(table, [entry for entry in _bindings_of(screen.app) if entry[1].action not in named])
        if idle:
            table.add_row()
            table.add_row(Text(), Text(_("Not now:"), "dim"))
            _add(table, idle, "dim not bold")
        return table


def _add(table: Table, entries: Iterable[tuple[str, Binding]], style: str = "") -> None:
    for keys, binding in entries:
        row = [Text(cell, style) for cell in (keys, _(binding.description))]
        table.add_row(*row, Flowing(explained(binding.tooltip), style))


def _bindings_of(owner: Screen[Any] | App[Any]) -> Iterator[tuple[str, Binding]]:
    """Each explained action once, with all its keys.

    Where a key means different things at different times, what it means now.
    """
    found: dict[str, tuple[list[str], Binding]] = {}
    for key, binding in internals.bindings_of(owner):
        if binding.tooltip and _is_meant(owner, key, binding):
            keys, _ = found.setdefault(binding.action, ([], binding))
            keys.append(owner.app.get_key_display(binding))
    for keys, binding in found.values():
        yield " ".join(keys), binding


def _is_meant(owner: Screen[Any] | App[Any], key: str, binding: Binding) -> bool:
    """Is it what the key does now, or does the key do nothing else?"""
    bound = internals.bindings_of(owner).key_to_bindings[key]
    rivals = [other for other in bound if other is not binding]
    return _is_offered(owner, binding) or not any(_is_offered(owner, rival) for rival in rivals)


def _is_offered(owner: Screen[Any] | App[Any], binding: Binding) -> bool:
    _, action, parameters = parse(binding.action)
    return owner.check_action(action, parameters) is not False
