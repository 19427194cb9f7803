"""Two real steps before the start: how far they are, and what they measured."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual import on
from textual import work as in_thread
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static
from textual.worker import get_current_worker

from engine.language.figures import clock
from engine.language.plain_text import message_of, plain
from engine.language.texts import _
from engine.run.events import Phase
from engine.run.words import phase_name
from engine.start import probing
from engine.start.card_line import CardLine
from engine.start.preflight import Preflight
from engine.start.probe_words import describe
from engine.start.probing import Measured
from engine.start.request import Request
from tui.widgets.plain_static import PlainStatic


class ProbeDialog(ModalScreen[Measured | None]):
    """Runs a probe while it is open; closing ends it. Closes with what was measured, if it was."""

    @dataclass
    class Told(Message):
        """The thread has something to show."""

        said: Content | Table | str
        """A text: what it is busy with."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape,b",
            "close",
            "Close",
            id="probe.close",
            tooltip="Close; a probe under way is ended",
        )
    ]
    DEFAULT_CSS = """
    ProbeDialog Static { width: 1fr; height: auto; }
    ProbeDialog .hint { margin-top: 1; }
    """

    def __init__(self, request: Request, found: Preflight) -> None:
        super().__init__()
        self._request, self._found = request, found
        self._measured: Measured | None = None
        self._began = time.monotonic()
        self._busy = _("starting a worker …")
        """What the worker is at; empty when it has ended."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(_("Probe: two real steps, measured"))
            yield PlainStatic(id="said")
            yield Static(
                _("esc close; what was measured stays on the card"), classes="hint", markup=False
            )

    def on_mount(self) -> None:
        """Begin, and tell how long it has taken."""
        self._tick()
        self.set_interval(1.0, self._tick)
        self._probe()

    def _tick(self) -> None:
        if self._busy:
            elapsed = clock(time.monotonic() - self._began)
            self.query_one("#said", PlainStatic).say(f"{self._busy}   {elapsed}")

    @in_thread(thread=True)
    def _probe(self) -> None:
        worker = get_current_worker()
        try:
            measured = probing.probe(
                self._request,
                say=lambda phase: self._tell(_phase(phase)),
                is_cancelled=lambda: worker.is_cancelled,
            )
        except Exception as error:  # whatever a broken file makes a library raise
            self._tell(Content.assemble(("✗ ", "bold $text-error"), plain(message_of(error))))
            return
        if measured is not None:
            self._measured = measured
            self._tell(_table(list(describe(measured, self._found))))

    def action_close(self) -> None:
        """End, with what there is."""
        self.dismiss(self._measured)

    def _tell(self, said: Content | Table | str) -> None:
        self.post_message(self.Told(said))

    @on(Told)
    def _show(self, message: Told) -> None:
        if isinstance(message.said, str):
            self._busy = message.said
            self._tick()
            return
        self._busy = ""
        self.query_one("#said", Static).update(message.said)


def _phase(phase: Phase) -> str:
    done = f" {phase.done}/{phase.of}" if phase.of else ""
    return f"{phase_name(phase.name)}{done} …"


def _table(lines: list[CardLine]) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(width=1, style="bold")
    table.add_column(width=8)
    table.add_column(overflow="fold")
    for line in lines:
        label = Text(str(line.label), "bold" if line.sign else "dim")
        table.add_row(Text(line.sign), label, Text(plain(line.text)))
    return table
