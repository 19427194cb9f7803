"""What was typed for translation: which way it goes, and whether it is an instruction already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.data import directions
from engine.data.directions import LABELS, Direction
from engine.language.texts import _
from engine.prompts.builder import PromptBuilder

Wish = Literal["auto", "to_modern", "to_classical"]
WISHES: tuple[Wish, ...] = ("auto", "to_modern", "to_classical")

_LOOKED_AT = 2000
"""Characters that tell a direction: this is asked at every key, also in a pasted chapter."""


@dataclass(frozen=True)
class Question:
    """A text and the direction wished for."""

    text: str
    wish: Wish = "auto"

    @property
    def as_written(self) -> bool:
        """Is it a whole instruction, to be sent as it is?

        A direction that was chosen by hand overrules an instruction for the other one.
        """
        asked = self._asked
        return asked != "unknown" and self.wish in ("auto", asked)

    @property
    def direction(self) -> Direction:
        """Where the translation goes."""
        if self.as_written:
            return self._asked
        return directions.of_text(self.text[:_LOOKED_AT]) if self.wish == "auto" else self.wish

    @property
    def label(self) -> str:
        """The direction in words: how it was found, and what it is."""
        if not self.text.strip():
            return LABELS[self.wish] if self.wish != "auto" else _("auto")
        if self.as_written:
            return _("as written: {direction}").format(direction=LABELS[self.direction])
        said = _("auto: {direction}") if self.wish == "auto" else "{direction}"
        return said.format(direction=LABELS[self.direction])

    def instruction(self, builder: PromptBuilder) -> str:
        """What the model is told to do."""
        return self.text if self.as_written else builder.instruction(self.text, self.direction)

    @property
    def _asked(self) -> Direction:
        text = self.text[:_LOOKED_AT]
        return directions.of_instruction(text) if "\n" in text.strip() else "unknown"
