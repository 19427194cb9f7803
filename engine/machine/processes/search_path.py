"""Which folders of PYTHONPATH code may come from: none that holds data, or that others can change.

It imports nothing but what Python itself has loaded at its start, for it is run before anything
else may be.
"""

from __future__ import annotations

import os
import stat
import sys

_MARKS = ("run.toml", ".queue", ".deleted")
"""Found in a run folder, or in a folder of runs."""


def sound(entries: str) -> list[str]:
    """Those of a PYTHONPATH that may stay, in their order."""
    return [entry for entry in entries.split(os.pathsep) if is_sound(entry)]


def unsound(entries: str) -> list[str]:
    """Folders of a PYTHONPATH that are left out, and may be missed."""
    there = [entry for entry in entries.split(os.pathsep) if os.path.isabs(entry)]
    return [entry for entry in there if os.path.isdir(entry) and not is_sound(entry)]


def is_sound(entry: str) -> bool:
    """Is it a folder of its user's own (or the system's) that holds code, as far as can be seen?"""
    if not os.path.isabs(entry) or not os.path.isdir(entry):
        return False
    place = os.path.realpath(entry)
    if place in _passing_places():
        return False
    return is_own(place) and not _holds_data(place)


def is_own(place: str) -> bool:
    """Can only its user and the system put something there, or another folder in its place?"""
    if not _is_closed(os.stat(place), sticky=False):
        return False
    while (above := os.path.dirname(place)) != place:
        place = above
        if not _is_closed(os.stat(place), sticky=True):
            return False
    return True


def settle(source: str) -> None:
    """Take out of this program's own path what is not sound; `source` is where its code lies."""
    asked = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    doubtful = {"", _working_folder(), *asked}
    sys.path[:] = [
        entry for entry in sys.path if entry == source or entry not in doubtful or is_sound(entry)
    ]


def _is_closed(status: os.stat_result, *, sticky: bool) -> bool:
    if sticky and status.st_mode & stat.S_ISVTX:
        return True
    if status.st_uid not in (0, os.geteuid()):
        return False
    if status.st_mode & stat.S_IWGRP and status.st_gid not in (0, os.getegid()):
        return False
    return not status.st_mode & stat.S_IWOTH


def _holds_data(place: str) -> bool:
    """Is it a run's folder, or within one, or a folder of runs?"""
    above = place
    while True:
        if any(os.path.lexists(os.path.join(above, mark)) for mark in _MARKS):
            return True
        if above == os.path.dirname(above):
            break
        above = os.path.dirname(above)
    try:
        with os.scandir(place) as found:
            return any(os.path.lexists(os.path.join(one.path, "run.toml")) for one in found)
    except OSError:
        return True


def _passing_places() -> set[str]:
    """Where one happens to stand, and where everybody's temporary files are."""
    temporary = [os.environ.get(name, "") for name in ("TMPDIR", "TEMP", "TMP")]
    places = [_working_folder(), *temporary, "/tmp", "/var/tmp"]
    return {os.path.realpath(place) for place in places if place}


def _working_folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # it is gone
        return ""
