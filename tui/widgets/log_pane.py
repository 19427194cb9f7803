"""The last lines of a worker's log, as it grows."""

from __future__ import annotations

from pathlib import Path

from textual.content import Content

from engine.language.texts import _
from tui.widgets.log_dialog import read_end, styled
from tui.widgets.polled_lines import PolledLines

_BYTES = 8 << 10


class LogPane(PolledLines):
    """As many lines as it is high."""

    SECONDS = 1.0
    DEFAULT_CSS = """
    LogPane { height: 6; color: $text-muted; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._path: Path | None = None
        self._read: tuple[tuple[Path, int], list[str]] | None = None
        """Path and size at the last look, and the lines there were."""

    def tail(self, path: Path) -> None:
        """Show the end of this file."""
        self._path = path
        self.say([])
        self.look()

    def lines(self, width: int, height: int) -> list[Content]:
        """The end of the file; read again only when it has grown."""
        if self._path is None:
            return []
        try:
            state = (self._path, self._path.stat().st_size)
            if self._read is None or self._read[0] != state:
                self._read = state, read_end(self._path, _BYTES).splitlines()
            lines = self._read[1]
        except OSError:
            lines = []
        shown = lines[-height:] if lines else [_("The worker has said nothing.")]
        return [styled(line) for line in [*shown, *[""] * (height - len(shown))]]
