"""Name, tags and note of a run, to be written down."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Label, Static, TextArea

from engine.language.plain_text import one_line
from engine.language.texts import _
from engine.run import notes
from engine.run.notes import Notes
from tui.widgets.trying_dialog import TryingDialog


class NoteDialog(TryingDialog[Notes]):
    """Closes once `keep` has kept what was written."""

    AUTO_FOCUS = "#name"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back", id="note.back", tooltip="Change nothing"),
        Binding("ctrl+s", "save", "Save", id="note.save", priority=True, tooltip="Keep it"),
    ]
    DEFAULT_CSS = """
    NoteDialog {
        Input { border: none; height: 1; padding: 0 1; background: $boost; }
        Label { color: $text-muted; }
        TextArea, TextArea:focus { height: 5; border: none; padding: 0 1; background: $boost; }
        .hint { margin-top: 1; }
    }
    NoteDialog.-short TextArea { height: 3; }
    """

    def __init__(self, run_id: str, kept: Notes, keep: Callable[[Notes], Awaitable[Notes]]) -> None:
        super().__init__()
        self._run_id, self._kept, self._keep = run_id, kept, keep

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(one_line(self._run_id))
            yield Label(_("name"))
            yield _field(self._kept.name, "name", notes.LONGEST_NAME)
            yield Label(_("tags, with spaces between"))
            yield _field(" ".join(self._kept.tags), "tags", 400)
            yield Label(_("note"))
            area = TextArea(self._kept.note, id="note", highlight_cursor_line=False)
            area.cursor_blink = False
            yield area
            yield Static("", classes="error", markup=False)
            hint = _("enter or ctrl+s save   tab next field   esc back")
            yield Static(hint, classes="hint", markup=False)

    @on(Input.Submitted)
    def action_save(self) -> None:
        """Keep what is written."""
        name = self.query_one("#name", Input).value
        tags = notes.split_tags(self.query_one("#tags", Input).value)
        written = notes.clean(name, tags, self.query_one("#note", TextArea).text)
        if written == self._kept:
            self.dismiss(None)
        else:
            self.attempt(lambda: self._keep(written))


def _field(value: str, name: str, longest: int) -> Input:
    field = Input(value, id=name, compact=True, select_on_focus=False, max_length=longest)
    field.cursor_blink = False
    return field
