"""Choosing the runs that are laid over the chart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from engine.language.plain_text import plain
from engine.language.texts import _, marked
from tui.screens.train.overlays import MOST
from tui.widgets.list_dialog import ListDialog

_HINT = marked("enter lay over, or take away   esc done")
_FULL = marked("{count} runs are as many as one can tell apart; take one away first")


class OverlayPicker(ListDialog[list[str]]):
    """Returns the ids that are chosen in the end."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "done", "Done", id="overlays.done", tooltip="Draw the chosen runs"),
    ]
    MARKING = "lay"
    DEFAULT_CSS = """
    OverlayPicker {
        OptionList {
            height: auto; max-height: 14; text-wrap: nowrap; text-overflow: ellipsis;
        }
        .hint { margin-top: 1; }
    }
    OverlayPicker.-short OptionList { max-height: 7; }
    """

    def __init__(self, options: Sequence[tuple[str, str]], chosen: Iterable[str]) -> None:
        super().__init__()
        self._options = list(options)
        self._chosen = list(chosen)
        self._shown = self._options

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(_("Runs to lay over the chart"))
            field = Input(placeholder=_("type to filter"), compact=True)
            field.cursor_blink = False
            yield field
            choices = OptionList(markup=False, compact=True)
            choices.can_focus = False
            choices.auto_links = False
            yield choices
            yield Static(_(_HINT), classes="hint", markup=False)

    def on_mount(self) -> None:
        """All runs, the first one highlighted."""
        self._fill(0)

    def _fill(self, highlighted: int) -> None:
        choices = self.query_one(OptionList)
        choices.set_options([Option(self._line(*option)) for option in self._shown])
        if self._shown:
            choices.highlighted = min(highlighted, len(self._shown) - 1)

    def _line(self, name: str, label: str) -> Content:
        mark = ("● ", "bold") if name in self._chosen else "  "
        return Content.assemble(mark, plain(label))

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        words = event.value.casefold().split()
        self._shown = [
            (name, label)
            for name, label in self._options
            if all(word in label.casefold() for word in words)
        ]
        self._fill(0)

    @on(Input.Submitted)
    def _submit(self) -> None:
        at = self.query_one(OptionList).highlighted
        if at is not None:
            self._toggle(at)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self._toggle(event.option_index)

    def action_lay(self) -> None:
        """Lay the highlighted run over the chart, or take it away."""
        self._submit()

    def _toggle(self, at: int) -> None:
        name = self._shown[at][0]
        is_full = len(self._chosen) >= MOST and name not in self._chosen
        hint = _(_FULL).format(count=MOST) if is_full else _(_HINT)
        self.query_one(".hint", Static).update(hint)
        if name in self._chosen:
            self._chosen.remove(name)
        elif not is_full:
            self._chosen.append(name)
        self._fill(at)

    def action_done(self) -> None:
        """Close."""
        self.dismiss(self._chosen)
