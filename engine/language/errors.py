"""Errors that a user can mend: a sentence with place and remedy, never a traceback."""

from __future__ import annotations

from pathlib import Path

from engine.language.said import Said, Words, of_error


class UserError(Exception):
    """Something is wrong that the user can put right: `UserError("{path}: is empty", path=path)`.

    `said` is the whole message; `str(error)` words it in the language of whom it is shown to.
    """

    def __init__(self, text: Words, /, **places: object) -> None:
        self.said = text if isinstance(text, Said) else Said(text, **places)
        super().__init__(self.said)

    def __str__(self) -> str:
        return str(self.said)


class ProfileError(UserError):
    """A profile is missing or holds mistakes; all of them are listed."""


class DataError(UserError):
    """A data file cannot be read, or holds bad records; each is named by record or line."""


class RunError(UserError):
    """A run is missing, is in the wrong state, or its folder cannot be written."""


def cannot_write(path: Path, error: OSError) -> Said:
    """The message for a file or folder that the system would not let be written."""
    return Said("{path}: cannot be written: {reason}", path=path, reason=error.strerror)


def reason_of(error: Exception) -> Words:
    """Why something could not be read: in the system's words without the number and the path."""
    words = error.strerror if isinstance(error, OSError) else None
    return words or of_error(error)
