"""An alarm: something is wrong in a run, and what may help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.language.said import Said

Kind = Literal["gone", "nan", "zero", "diverged", "silent", "disk", "worse"]


@dataclass(frozen=True)
class Alarm:
    """Something is wrong, and what may help."""

    kind: Kind
    message: Said
    remedy: Said

    @property
    def said(self) -> Said:
        """Both in a line."""
        return Said("{message}; {remedy}", message=self.message, remedy=self.remedy)

    def __str__(self) -> str:
        return str(self.said)
