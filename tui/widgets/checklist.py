"""Choosing several of many: typing narrows the list, tab marks, enter takes what is marked."""

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
from engine.language.texts import _
from tui.widgets.list_dialog import ListDialog


class Checklist(ListDialog["list[str] | None"]):
    """Closes with the marked values, in the order they were marked; with none, the highlighted."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back", id="checklist.back", tooltip="Change nothing"),
        Binding(
            "tab",
            "mark",
            "Mark",
            id="checklist.mark",
            priority=True,
            tooltip="Mark the highlighted one, or take its mark away",
        ),
    ]
    MARKING = "mark"
    DEFAULT_CSS = """
    Checklist {
        OptionList {
            height: auto; max-height: 16; text-wrap: nowrap; text-overflow: ellipsis;
        }
        .hint { margin-top: 1; }
    }
    Checklist.-short OptionList { max-height: 8; }
    """

    def __init__(
        self,
        title: str,
        options: Sequence[tuple[str, str]],
        marked: Iterable[str] = (),
        highlighted: str = "",
    ) -> None:
        super().__init__()
        self._start = highlighted
        self._heading = title
        self._options = list(options)
        known = {value for value, _ in self._options}
        self._marked = [value for value in marked if value in known]
        self._shown = self._options

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(plain(self._heading))
            field = Input(placeholder=_("type to filter"), compact=True)
            field.cursor_blink = False
            yield field
            choices = OptionList(markup=False, compact=True)
            choices.can_focus = False
            choices.auto_links = False
            yield choices
            hint = _("tab mark   enter take the marked   esc back")
            yield Static(hint, classes="hint", markup=False)

    def on_mount(self) -> None:
        """Begin at the first marked one, else at the one that was asked for."""
        values = [value for value, _ in self._shown]
        start = next(iter(self._marked), self._start)
        self._fill(values.index(start) if start in values else 0)

    def _fill(self, highlighted: int) -> None:
        choices = self.query_one(OptionList)
        choices.set_options([Option(self._line(*option)) for option in self._shown])
        if self._shown:
            choices.highlighted = min(highlighted, len(self._shown) - 1)

    def _line(self, value: str, label: str) -> Content:
        return Content(("[x] " if value in self._marked else "[ ] ") + plain(label))

    def action_mark(self) -> None:
        """Mark, and go on to the next."""
        at = self.query_one(OptionList).highlighted
        if not self._shown or at is None:
            return
        value = self._shown[at][0]
        if value in self._marked:
            self._marked.remove(value)
        else:
            self._marked.append(value)
        self._fill(at + 1)

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        words = event.value.casefold().split()
        self._shown = [
            (value, label)
            for value, label in self._options
            if all(word in f"{label} {value}".casefold() for word in words)
        ]
        self._fill(0)

    @on(Input.Submitted)
    def _take(self) -> None:
        at = self.query_one(OptionList).highlighted
        if self._marked:
            self.dismiss(self._marked)
        elif self._shown and at is not None:
            self.dismiss([self._shown[at][0]])

    @on(OptionList.OptionSelected)
    def _mark_clicked(self, event: OptionList.OptionSelected) -> None:
        self.query_one(OptionList).highlighted = event.option_index
        self.action_mark()
