"""A terminal in a test: a program on a pseudo terminal, and the screen that pyte makes of it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from pathlib import Path
from types import TracebackType

import pyte

SOURCE = Path(__file__).resolve().parents[2]
LIVE_BYTES_A_SECOND = 2_000
"""That a screen may send while a run is watched."""


class Terminal:
    """Runs a program until `close`; reading is what lets it go on."""

    def __init__(
        self,
        command: list[str],
        *,
        columns: int = 80,
        rows: int = 24,
        environment: dict[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self.output = b""
        """All bytes so far."""
        self.status: int | None = None
        """Exit status, once it has ended; negative for a signal."""
        self.process, self._handle = pty.fork()
        if self.process == 0:
            _set_size(0, columns, rows)
            if folder is not None:
                os.chdir(folder)
            values = {"TERM": "xterm-256color", "LANG": "C.UTF-8", **(environment or {})}
            os.execvpe(command[0], command, {**os.environ, **values})
        _set_size(self._handle, columns, rows)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(self._screen.display)

    def send(self, keys: str) -> None:
        """Type."""
        os.write(self._handle, keys.encode())

    def resize(self, columns: int, rows: int) -> None:
        """Draw the window larger or smaller."""
        self._screen.resize(rows, columns)
        _set_size(self._handle, columns, rows)

    def read(self, seconds: float) -> bytes:
        """What comes within a time."""
        deadline, got = time.monotonic() + seconds, b""
        while (left := deadline - time.monotonic()) > 0:
            ready, _, _ = select.select([self._handle], [], [], left)
            if not ready:
                break
            try:
                block = os.read(self._handle, 1 << 16)
            except OSError:  # the program has gone
                break
            if not block:
                break
            got += block
            self._stream.feed(block)
        self.output += got
        return got

    def read_some(self, seconds: float) -> bytes:
        """What comes first, as soon as it comes."""
        ready, _, _ = select.select([self._handle], [], [], seconds)
        if not ready:
            return b""
        got = os.read(self._handle, 1 << 16)
        self._stream.feed(got)
        self.output += got
        return got

    def wait_for(self, expected: str, seconds: float = 30.0) -> str:
        """Read until a text is on the screen."""
        deadline = time.monotonic() + seconds
        while expected not in self.text:
            if time.monotonic() > deadline:
                raise AssertionError(f"waited in vain for {expected!r}; screen:\n{self.text}")
            self.read(0.1)
        return self.text

    def settle(self, quiet: float = 1.0) -> None:
        """Read until nothing comes for a time."""
        while self.read(quiet):
            continue

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send the program a signal."""
        os.kill(self.process, number)

    def wait(self, seconds: float = 15.0) -> int:
        """Read until the program ends; returns its exit status."""
        deadline = time.monotonic() + seconds
        while self.status is None:
            self.read(0.05)
            process, status = os.waitpid(self.process, os.WNOHANG)
            if process:
                self.status = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > deadline:
                raise AssertionError(f"still running; screen:\n{self.text}")
        self.read(0.1)
        return self.status

    def hang_up(self) -> None:
        """Close the terminal's window."""
        os.close(self._handle)
        self._handle = -1

    def close(self) -> None:
        """Leave nothing behind."""
        if self.status is None:
            try:
                os.kill(self.process, signal.SIGKILL)
                os.waitpid(self.process, 0)
            except (ProcessLookupError, ChildProcessError):
                pass
        if self._handle >= 0:
            os.close(self._handle)


def _set_size(handle: int, columns: int, rows: int) -> None:
    fcntl.ioctl(handle, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def on_runs(root: Path, tmp_path: Path) -> Terminal:
    """The workbench with its Runs screen shown."""
    environment = {"PYTHONPATH": str(SOURCE), "XDG_STATE_HOME": str(tmp_path / "state")}
    command = [sys.executable, "-m", "tui", "tui", "--runs", str(root)]
    terminal = Terminal(command, environment=environment, folder=root)
    terminal.wait_for("tokens an epoch", 60)
    terminal.settle()
    terminal.send("\x1bOS")
    return terminal
