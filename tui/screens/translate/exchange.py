"""One question with its answers, painted line by line as they grow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import zip_longest

from textual.content import Content
from textual.geometry import Region, Size
from textual.reactive import Reactive
from textual.widget import Widget

from engine.data.directions import LABELS
from engine.language.plain_text import plain
from engine.language.texts import _
from engine.translate import history
from engine.translate.protocol import Done
from tui.screens.translate.answer import Answer
from tui.screens.translate.question import Question
from tui.screens.translate.request import Turn

_INDENT = Content("  ")
_GAP = 3
_SHOWN_SOURCE = 1000  # characters; what was sent is whole
BESIDE_FROM = 96
"""Cells of width from which answers stand side by side."""
_ABREAST = 4


class Exchange(Widget):
    """What was asked, which way, of which models; what they answered, how fast, why it ended."""

    DEFAULT_CSS = """
    Exchange { width: 1fr; height: auto; margin-bottom: 1; }
    """

    auto_links = False
    virtual_size = Reactive(Size(0, 0), repaint=False)  # else every layout is made and sent twice

    def __init__(self, number: int, question: Question, turns: Sequence[Turn]) -> None:
        super().__init__(markup=False)
        self.number = number
        self.question = question
        self.turns: list[Turn] = []
        self.answers: list[Answer] = []
        self.ended = False
        self.reference = ""
        self.accepted = ""
        self._began = datetime.now().astimezone()
        self.add(turns)
        source = plain(question.text)
        self._source = source[:_SHOWN_SOURCE]
        if len(source) > _SHOWN_SOURCE:
            self._source += _(" … ({count:,} characters)").format(count=len(source))
        self._lines: list[Content] = []
        """As they were painted last."""
        self._wrapping: tuple[tuple[object, ...], list[Content]] = ((), [])

    def add(self, turns: Sequence[Turn]) -> None:
        """More answers are to come."""
        self.turns += turns
        self.answers += [Answer(plain(turn.label), turn.temperature) for turn in turns]
        self.ended = False
        if self.is_attached:
            self._change()

    @property
    def answer(self) -> str:
        """What was answered; of several models, each under its name."""
        said = [answer for answer in self.answers if answer.text.strip()]
        if len(self.answers) < 2:
            return said[0].text if said else ""
        return "\n\n".join(f"{answer.label}\n{answer.text.strip()}" for answer in said)

    def take(self, place: int, text: str) -> None:
        """Take an answer so far; `paint` shows it."""
        if not self.answers[place].ended:
            self.answers[place].take(text)

    def paint(self) -> None:
        """Show what has come since the last time."""
        if any([answer.paint() for answer in self.answers]):  # noqa: C419  # all of them
            self._change()

    def note(self, text: str) -> None:
        """Say what is going on below the answers that are still to come."""
        for answer in self.answers:
            if not answer.ended:
                answer.say(text)
        self._change()

    def end(self, place: int, done: Done) -> None:
        """An answer is complete."""
        self.answers[place].end(done)
        self._change()

    def fail(self, place: int, reason: str) -> None:
        """There is no (more) answer: say why."""
        self.answers[place].fail(reason)
        self._change()

    def finish(self) -> None:
        """Every model has had its turn."""
        self.ended = True
        for answer in self.answers:
            answer.ended = True
        self._change()

    def refer(self, reference: str) -> None:
        """Show a reference; what was said of another is no more true."""
        self.reference = plain(reference)
        for answer in self.answers:
            answer.perplexity, answer.is_lowest = None, False
        self._change()

    def score(self, place: int, perplexity: float) -> None:
        """A model has scored the reference."""
        self.answers[place].perplexity = perplexity
        known = [one.perplexity for one in self.answers if one.perplexity is not None]
        for answer in self.answers:
            answer.is_lowest = len(known) > 1 and answer.perplexity == min(known)
        self._change()

    def accept(self, text: str) -> None:
        """This translation is the one."""
        self.accepted = plain(text)
        self._change()

    @property
    def kept(self) -> history.Exchange:
        """As it is kept between sessions."""
        return history.Exchange(
            id=f"{self._began:%Y%m%d-%H%M%S-%f}-{self.number}",
            at=self._began.isoformat(timespec="seconds"),
            text=self.question.text,
            instruction=next((one.instruction for one in self.turns if one.instruction), ""),
            direction=self.question.direction,
            answers=tuple(
                history.Answer(
                    one.label, one.text.strip(), one.reason, one.temperature, one.perplexity
                )
                for one in self.answers
            ),
            reference=self.reference,
            accepted=self.accepted,
        )

    # Drawing

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._wrapped(width))

    def render(self) -> Content:
        self._lines = self._wrapped(self.size.width)
        return Content("\n").join(self._lines)

    def _change(self) -> None:
        """Repaint only the lines that differ, as long as there are as many as before.

        Lines are compared by their text: only notes have lines of more than one style, and
        where a style changes the text does.
        """
        old, new = self._lines, self._wrapped(self.size.width)
        if len(old) != len(new):
            self.refresh(layout=True)
            return
        width = self.size.width
        changed = [
            Region(0, y, width, 1) for y, (a, b) in enumerate(zip(old, new)) if a.plain != b.plain
        ]
        if changed:
            self.refresh(*changed)

    def _wrapped(self, width: int) -> list[Content]:
        """All lines, at most `width` cells wide; kept, for a layout asks every exchange."""
        looks = tuple(answer.look for answer in self.answers)
        key = (width, looks, self.reference, self.accepted)
        if self._wrapping[0] != key:
            self._wrapping = (key, list(self._wrap(width)))
        return self._wrapping[1]

    def _wrap(self, width: int) -> Iterator[Content]:
        direction = LABELS[self.question.direction]
        yield from Content.styled(self._source, "bold").wrap(max(2, width))
        if len(self.answers) == 1:
            label = f"{direction}  {self.answers[0].label}"
            yield from _indented(self.answers[0].lines(width - 2, label))
        else:
            yield _INDENT + Content.styled(direction, "$text-muted")
            yield from self._several(width - 2)
        for sign, text in (("=", self.reference), ("✓", self.accepted)):
            if text:
                lines = Content.styled(f"{sign} {text}", "$accent").wrap(max(2, width - 2))
                yield from _indented(lines)

    def _several(self, width: int) -> Iterator[Content]:
        """Side by side where there is room, else one under another."""
        abreast = min(_ABREAST, len(self.answers)) if width >= BESIDE_FROM else 1
        column = (width - _GAP * (abreast - 1)) // abreast
        for start in range(0, len(self.answers), abreast):
            beside = [a.lines(column, a.label) for a in self.answers[start : start + abreast]]
            for cells in zip_longest(*beside, fillvalue=Content("")):
                padded = [cell + " " * (column + _GAP - cell.cell_length) for cell in cells]
                yield _INDENT + Content("").join(padded).rstrip()


def _indented(lines: Sequence[Content]) -> Iterator[Content]:
    return (_INDENT + line for line in lines)
