"""What nobody foresaw, in one sentence: the last place before a traceback."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path

from engine.language.plain_text import one_line
from engine.language.said import labelled
from engine.language.texts import _
from engine.machine import streams

_WHOLE = "YIWEN_TRACEBACK"
"""An environment variable with which the traceback is shown all the same."""


def told(error: Exception) -> int:
    """Say what went wrong on standard error; returns the exit status."""
    if os.environ.get(_WHOLE):
        raise error
    with suppress(OSError, ValueError):  # nobody may be listening
        print(labelled("yiwen", sentence(error)), file=sys.stderr)
    streams.silence()
    return 2


def sentence(error: Exception) -> str:
    """An error that no other place has put into words."""
    if isinstance(error, OSError):
        return _of_system(error)
    if isinstance(error, UnicodeError):
        return _("a text holds what cannot be written as {encoding}: {error}").format(
            encoding=getattr(error, "encoding", "UTF-8"), error=one_line(str(error))
        )
    if isinstance(error, RecursionError):
        return _("something that was read is nested too deeply")
    if isinstance(error, MemoryError):
        return _("there is not enough main memory")
    last = traceback.extract_tb(error.__traceback__)[-1:]
    place = f"{Path(last[0].filename).name}:{last[0].lineno}" if last else ""
    return _(
        "this is a fault of yiwen itself: {kind}: {error} ({place}); {variable}=1 shows where"
    ).format(kind=type(error).__name__, error=one_line(str(error)), place=place, variable=_WHOLE)


def _of_system(error: OSError) -> str:
    if error.filename is not None:
        name = error.filename
        shown = os.fsdecode(name) if isinstance(name, bytes | str) else str(name)
        return str(labelled(one_line(shown), error.strerror or str(error)))
    try:
        os.getcwd()
    except FileNotFoundError:
        return _("the folder in which yiwen was started is gone; change into another")
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EBADF):
        return _("standard output cannot be written: {reason}").format(reason=error.strerror)
    return _("the system refused: {reason}").format(reason=error.strerror or str(error))
