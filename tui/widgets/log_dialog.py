"""The end of a worker's log."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from engine.language.plain_text import plain
from engine.language.texts import _
from engine.machine import regular_files
from tui.widgets.work import work

_BYTES = 64 << 10
_TIMED = re.compile(r"(\d\d:\d\d:\d\d)(  .*)")
_LOUD = {"warning": "$text-warning", "failed": "$text-error"}
"""How the worker's own lines begin that deserve a second look."""


class LogDialog(ModalScreen[None]):
    """Shows a text, scrolled to its end."""

    AUTO_FOCUS = "VerticalScroll"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,l,enter", "dismiss", "Close", id="log.close", tooltip="Close the log"),
    ]
    DEFAULT_CSS = """
    LogDialog { align: center middle; }
    LogDialog Static { width: 1fr; height: auto; }
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog -broad") as scroll:
            title = _("{run}: the end of {file}")
            scroll.border_title = Content(
                title.format(run=plain(self._path.parent.name), file=self._path.name)
            )
            scroll.border_subtitle = Content(_("esc close"))
            body = Static(Content(_("Reading …")), markup=False)
            body.auto_links = False
            yield body

    @work()
    async def on_mount(self) -> None:
        """Begin at the end, where the cause of a failure stands."""
        try:
            text = await asyncio.to_thread(read_end, self._path)
        except OSError as error:
            text = _("{path}: cannot be read: {reason}").format(
                path=self._path, reason=error.strerror
            )
        lines = [styled(line) for line in text.splitlines()]
        nothing = Content(_("The worker has said nothing."))
        self.query_one(Static).update(Content("\n").join(lines) if lines else nothing)
        self.call_after_refresh(self.query_one(VerticalScroll).scroll_end, animate=False)


def styled(line: str) -> Content:
    """A line of a log: its time stands back, what went wrong stands out."""
    found = _TIMED.match(line)
    if found is None:
        return Content(line)
    time, said = found.groups()
    return Content.assemble((time, "dim"), (said, _LOUD.get(said.partition(":")[0].strip(), "")))


def read_end(path: Path, most: int = _BYTES) -> str:
    """The last lines of a log; of a progress bar, what it showed last. Raises OSError."""
    try:
        with regular_files.opened(path) as file:
            end = file.seek(0, 2)
            file.seek(max(0, end - most))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    lines = (line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return plain("\n".join(lines)).strip()
