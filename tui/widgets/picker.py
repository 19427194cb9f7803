"""Choosing one of several things by typing a part of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from engine.language.plain_text import plain
from engine.language.texts import _
from tui.widgets.file_picker import FilePicker
from tui.widgets.list_dialog import ListDialog

__all__ = ["FilePicker", "Picker"]


class Picker(ListDialog[str | None]):
    """A list that typing narrows; enter chooses the highlighted one, escape none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back", id="picker.back", tooltip="Choose nothing"),
    ]
    DEFAULT_CSS = """
    Picker {
        OptionList {
            height: auto; max-height: 16; text-wrap: nowrap; text-overflow: ellipsis;
        }
        .hint { margin-top: 1; }
    }
    Picker.-short OptionList { max-height: 8; }
    """

    def __init__(self, title: str, options: Sequence[tuple[str, str]], current: str = "") -> None:
        super().__init__()
        self._heading = title
        self._options = list(options)
        self._current = current
        self._shown = self._options

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(self._heading)
            field = Input(placeholder=_("type to filter"), compact=True)
            field.cursor_blink = False
            yield field
            choices = OptionList(markup=False, compact=True)
            choices.can_focus = False
            choices.auto_links = False
            yield choices
            yield Static(_("enter choose   esc back"), classes="hint", markup=False)

    def on_mount(self) -> None:
        """Begin at the current value."""
        self._fill(self._current)

    def _fill(self, highlighted: str) -> None:
        choices = self.query_one(OptionList)
        choices.set_options([Option(self._line(*option)) for option in self._shown])
        values = [value for value, _ in self._shown]
        if values:
            choices.highlighted = values.index(highlighted) if highlighted in values else 0

    def _line(self, value: str, label: str) -> Content:
        mark = "● " if value == self._current else "  "
        return Content(mark + plain(label))

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        words = event.value.casefold().split()
        self._shown = [
            (value, label)
            for value, label in self._options
            if all(word in f"{label} {value}".casefold() for word in words)
        ]
        self._fill(self._current if not words else "")

    @on(Input.Submitted)
    def _choose(self) -> None:
        at = self.query_one(OptionList).highlighted
        if self._shown and at is not None:
            self.dismiss(self._shown[at][0])

    @on(OptionList.OptionSelected)
    def _choose_clicked(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._shown[event.option_index][0])
