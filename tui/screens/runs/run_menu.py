"""All about one run, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from engine.language.texts import _

_WIDTH = 72
"""Of a dialog, in columns (see app.tcss)."""
_GAP = "   "


@dataclass(frozen=True)
class Act:
    """Something to do with a run."""

    key: str
    label: str
    action: str


class RunMenu(ModalScreen[str | None]):
    """Closes with the action whose key was pressed."""

    AUTO_FOCUS = "VerticalScroll"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss(None)", "Back", id="run.back", tooltip="Back to the table"),
    ]
    DEFAULT_CSS = """
    RunMenu {
        VerticalScroll { height: auto; }
        .dialog { padding: 1 2; }
        .dialog Static { width: 1fr; height: auto; }
        .dialog .keys { margin-top: 1; }
    }
    RunMenu.-short .dialog { padding: 0 2; }
    """

    def __init__(self, about: Content, acts: Sequence[Act]) -> None:
        super().__init__()
        self._about = about
        self._acts = {act.key: act for act in acts}

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            with VerticalScroll():
                about = Static(self._about, markup=False)
                about.auto_links = False
                yield about
            yield Static(classes="keys", markup=False)

    def _keys(self, width: int) -> list[Content]:
        """In lines of a width; none breaks within what a key does."""
        keys = [(act.key, act.label) for act in self._acts.values()]
        lines: list[Content] = []
        for key, label in [*keys, ("esc", _("back"))]:
            act = Content.assemble((key, "bold $primary"), f" {label}")
            if lines and lines[-1].cell_length + len(_GAP) + act.cell_length <= width:
                lines[-1] = Content.assemble(lines[-1], _GAP, act)
            else:
                lines.append(act)
        return lines

    def on_resize(self) -> None:
        """The text scrolls; what can be done stays in sight under it."""
        dialog = self.query_one(".dialog")
        width = min(_WIDTH, self.size.width * 96 // 100) - dialog.gutter.width
        keys = self._keys(width)
        self.query_one(".keys", Static).update(Content("\n").join(keys))
        beside = dialog.gutter.height + len(keys) + 1
        room = self.size.height * 96 // 100 - beside
        self.query_one(VerticalScroll).styles.max_height = max(1, room)

    def on_key(self, event: events.Key) -> None:
        """Choose by key."""
        if event.key in self._acts:
            event.stop()
            self.dismiss(self._acts[event.key].action)
