"""The standard streams: characters that the locale lacks, and readers that are gone."""

from __future__ import annotations

import io
import os
import sys


def forgive(*, utf_8: bool = False) -> None:
    """Write ? for what the locale's encoding lacks, instead of failing; or write UTF-8."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        encoding = "utf-8" if utf_8 else sys.stdout.encoding
        sys.stdout.reconfigure(encoding=encoding, errors="replace")
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(errors="replace")


def flush() -> None:
    """Write what is held back now, where an error can still be told. Raises OSError."""
    if sys.stdout is not None:
        sys.stdout.flush()


def silence() -> None:
    """Let standard output go nowhere: Python would else fail again at the end."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):
        return
