"""Lanes in which a changed module meets its tests: each a copy of the source, one change at a time.

A test process is forked from one that has loaded torch and the like already, so that a change costs
what its tests cost. The checkout itself is never written to.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import shutil
import signal
import sys
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
_COPIED = ("engine", "tui", "profiles", "tests", "pyproject.toml")
_PYTEST = ("-x", "--tb=line", "-p", "no:cacheprovider", "-p", "no:xdist")
_NEVER_AHEAD = ("engine", "tui", "tests", "profiles", "pytest", "__main__", "conftest")
"""What a test process loads by itself: our own code, and what pytest looks into first."""
_MOST_MEMORY = 8 << 30
"""Bytes that a change which never stops collecting may take."""


class Lane:
    """A copy of the source, and the test process in it, if one runs."""

    def __init__(self, folder: Path, source: Path) -> None:
        """`folder` is the lane's own; `source` is only read."""
        self._source = folder / "source"
        self._said = folder / "said.txt"
        self._loaded = folder / "loaded.json"
        self._temporary = folder / "temporary"
        self._pid = 0
        self._must_end = 0.0
        self._changed: tuple[Path, str] | None = None
        (self._source / "runs").mkdir(parents=True)
        for name in _COPIED:
            if (source / name).is_dir():
                shutil.copytree(source / name, self._source / name)
            elif (source / name).exists():
                shutil.copy(source / name, self._source / name)

    def pass_unchanged(self, tests: tuple[str, ...]) -> str:
        """Run tests as the source stands; what they said, if they fail.

        What they load is loaded here as well, and their compiled code is kept.
        """
        self._start(tests, 600, unchanged=True)
        while (passed := self.ended()) is None:
            time.sleep(0.01)
        if not passed:
            return self._said.read_text("utf-8", "replace")
        for name in json.loads(self._loaded.read_text("utf-8")):
            if not name.split(".")[0].startswith(_NEVER_AHEAD):
                with contextlib.suppress(Exception):
                    importlib.import_module(name)
        return ""

    def start(self, module: str, source: str, tests: tuple[str, ...], seconds: float) -> None:
        """Start tests against another text of a module, which may compute for so long."""
        file = self._source / module
        self._changed = (file, file.read_text("utf-8"))
        # Compiled code of a text of the same length and second would be taken for this one's.
        for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*"):
            compiled.unlink()
        file.write_text(source, "utf-8")
        self._start(tests, seconds)

    def ended(self) -> bool | None:
        """Have the tests passed? None while they run."""
        pid, status = os.waitpid(self._pid, os.WNOHANG)
        if not pid:
            if time.monotonic() > self._must_end:
                os.kill(self._pid, signal.SIGKILL)
            return None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)  # what the tests may have left running
        if self._changed:
            file, source = self._changed
            file.write_text(source, "utf-8")
        self._changed = None
        return status == 0

    def _start(self, tests: tuple[str, ...], seconds: float, *, unchanged: bool = False) -> None:
        self._must_end = time.monotonic() + 10 * seconds
        self._pid = os.fork()
        if self._pid:
            return
        code = 70
        try:
            self._stand_in(int(seconds) + 1)
            sys.dont_write_bytecode = not unchanged
            import pytest

            code = pytest.main([*_PYTEST, f"--basetemp={self._temporary}", *tests])
            if unchanged:
                self._loaded.write_text(json.dumps(sorted(sys.modules)), "utf-8")
        finally:
            sys.stdout.flush()
            os._exit(code)

    def _stand_in(self, seconds: int) -> None:
        """Make this process one of the lane: its folder, its output, its limits."""
        os.setsid()
        os.chdir(self._source)
        sys.path[0] = str(self._source)
        os.environ["PYTHONPATH"] = str(self._source)
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        for number, file in enumerate((Path(os.devnull), self._said, self._said)):
            os.dup2(os.open(file, os.O_RDWR | os.O_CREAT | os.O_TRUNC), number)
        # A limit of its own time, not of the clock: other work on the machine kills no change.
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_DATA, (_MOST_MEMORY, _MOST_MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
