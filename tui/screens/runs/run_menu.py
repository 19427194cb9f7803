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

from engine.language import _


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
        Binding(
            "escape,q", "dismiss(None)", _("Back"), id="run.back", tooltip=_("Back to the table")
        ),
    ]
    DEFAULT_CSS = """
    RunMenu {
        VerticalScroll { height: auto; max-height: 1fr; }
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
            yield Static(self._keys(), classes="keys", markup=False)

    def _keys(self) -> Content:
        keys = [(act.key, act.label) for act in self._acts.values()]
        return Content("   ").join(
            Content.assemble((key, "bold $primary"), f" {label}")
            for key, label in [*keys, ("esc", _("back"))]
        )

    def on_key(self, event: events.Key) -> None:
        """Choose by key."""
        if event.key in self._acts:
            event.stop()
            self.dismiss(self._acts[event.key].action)
