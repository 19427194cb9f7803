"""Errors that a user can mend: a sentence with place and remedy, never a traceback."""

from __future__ import annotations

from pathlib import Path

from engine.language.texts import _


class UserError(Exception):
    """Something is wrong that the user can put right; `str(error)` is the whole message."""


class ProfileError(UserError):
    """A profile is missing or holds mistakes; all of them are listed."""


class DataError(UserError):
    """A data file cannot be read, or holds bad records; each is named by record or line."""


class RunError(UserError):
    """A run is missing, is in the wrong state, or its folder cannot be written."""


def cannot_write(path: Path, error: OSError) -> str:
    """The message for a file or folder that the system would not let be written."""
    return _("{path}: cannot be written: {reason}").format(path=path, reason=error.strerror)
