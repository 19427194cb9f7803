"""What is asked of the translator: a question, put to one model or to several in turn."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from engine.language.texts import _
from tui.run.model_choice import ModelChoice
from tui.screens.translate.question import Question


@dataclass
class Turn:
    """One model's turn to answer."""

    choice: ModelChoice
    seed: int = 0
    temperature: float = 0.0
    """Sampled at this; 0: as the profile says."""
    instruction: str = ""
    """As the model was told."""
    text: str = ""
    """The answer so far."""

    @property
    def label(self) -> str:
        """Who answers, and how."""
        if not self.temperature:
            return self.choice.label
        said = _("{model} · sampled at {temperature:g}")
        return said.format(model=self.choice.label, temperature=self.temperature)


@dataclass
class Request:
    """One question to one model, or to several."""

    number: int
    """Of the exchange."""
    question: Question
    turns: list[Turn]
    first: int = 0
    """Place of the first turn among the answers of its exchange."""
    reference: str = ""
    """Scored by each model, if there is one."""
    only_scores: bool = False
    """The answers are there already; only the reference is new."""
    loading: bool = False
    condemned: bool = False
    """Is the process to end with the answer?"""
    cancelled: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def text(self) -> str:
        """All that has come."""
        return "".join(turn.text for turn in self.turns)
