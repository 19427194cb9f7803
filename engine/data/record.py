"""What stands at one place of a data file, yet to be checked."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from engine.language.said import Said, Words

Unit = Literal["record", "line"]


class Record(Struct, frozen=True, gc=False):
    """A place and what is there."""

    number: int
    """Counted from 1."""
    unit: Unit
    value: Any = None
    """Whatever the file holds there; of a good record, a dict of fields."""
    mistake: Words = ""
    """Why nothing could be read there, in words."""
    is_blank: bool = False
    """Is there only an empty line?"""

    @property
    def place(self) -> Said:
        """`line 7`, in words."""
        return place_name(self.unit, self.number)


def place_name(unit: Unit, number: int) -> Said:
    """`line 7`, in words: made only where it is shown, for there may be a million places."""
    if unit == "record":
        return Said("record {number}", number=number)
    return Said("line {number}", number=number)
