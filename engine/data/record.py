"""What stands at one place of a data file, yet to be checked."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class Record(Struct, frozen=True, gc=False):
    """A place and what is there."""

    place: str
    value: Any = None
    """Whatever the file holds there; of a good record, a dict of fields."""
    mistake: str = ""
    """Why nothing could be read there, in words."""
    is_blank: bool = False
    """Is there only an empty line?"""
