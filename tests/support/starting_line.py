"""Lets several programs begin at once: each says that it is ready, and waits for a line."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import Any

PIPES: dict[str, Any] = {
    "stdin": subprocess.PIPE,
    "stdout": subprocess.PIPE,
    "stderr": subprocess.PIPE,
    "text": True,
}
"""What such a program is started with."""


def begin(programs: Sequence[subprocess.Popen[str]]) -> None:
    """Wait until all are ready, then let them go."""
    for program in programs:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
    for program in programs:
        assert program.stdin is not None
        program.stdin.write("\n")
        program.stdin.flush()
