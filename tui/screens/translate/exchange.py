"""One question with its answer, painted line by line as the answer grows."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Region, Size
from textual.widget import Widget

from engine.directions import LABELS
from engine.protocol import Done
from engine.text import plain
from tui.screens.translate.question import Question

_INDENT = Content("  ")
_SHOWN_SOURCE = 1000  # characters; what was sent is whole
_REASONS = {"length": "length: cut at generation.max_new_tokens"}


class Exchange(Widget):
    """What was asked, which way, of which model; what it answered, how fast, why it ended."""

    DEFAULT_CSS = """
    Exchange { width: 1fr; height: auto; margin-bottom: 1; }
    """

    auto_links = False

    def __init__(self, number: int, question: Question, model: str) -> None:
        super().__init__(markup=False)
        self.number = number
        self.question = question
        self.answer = ""
        self.ended = False
        source = plain(question.text)
        cut = f" … ({len(source):,} characters)" if len(source) > _SHOWN_SOURCE else ""
        self._source = source[:_SHOWN_SOURCE] + cut
        self._asked = f"{LABELS[question.direction]}  {plain(model)}"
        self._note = ("waiting for the model", "$text-muted")
        self._waiting = ""
        """An answer that has come and is not painted yet."""
        self._lines: list[Content] = []
        """As they were painted last."""
        self._wrapping: tuple[tuple[object, ...], list[Content]] = ((), [])

    def take(self, text: str) -> None:
        """Take the answer so far; `paint` shows it."""
        self._waiting = plain(text)

    def paint(self) -> None:
        """Show what has come since the last time."""
        if self._waiting != self.answer:
            self.answer = self._waiting
            self.note("")

    def note(self, text: str) -> None:
        """Say what is going on below the answer so far."""
        self._note = (plain(text), "$text-muted")
        self._change()

    def end(self, done: Done) -> None:
        """The answer is complete: say how fast it came and why it ended."""
        self.ended = True
        self.answer = self._waiting
        pace = done.tokens / done.seconds if done.seconds > 0 else 0.0
        speed = f"{pace:.1f} tok/s" if pace else ""
        counted = f"{done.tokens} token{'' if done.tokens == 1 else 's'}"
        reason = _REASONS.get(done.reason, done.reason)
        self.note("  ".join(filter(None, (counted, speed, reason))))

    def fail(self, reason: str) -> None:
        """There is no (more) answer: say why."""
        self.ended = True
        self.answer = self._waiting
        self._note = (f"✗ {plain(reason)}", "$text-error")
        self._change()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._wrapped(width))

    def render(self) -> Content:
        self._lines = self._wrapped(self.size.width)
        return Content("\n").join(self._lines)

    def _change(self) -> None:
        """Repaint only the lines that differ, as long as there are as many as before.

        Lines are compared by their text: only the note has lines of more than one style, and
        where its style changes its text does.
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
        key = (width, self.answer, self._note)
        if self._wrapping[0] != key:
            self._wrapping = (key, self._wrap(width))
        return self._wrapping[1]

    def _wrap(self, width: int) -> list[Content]:
        parts = [(self._asked, "$text-muted"), (self.answer.strip("\n"), ""), self._note]
        below = [
            _INDENT + line
            for text, style in parts
            if text
            for line in Content.styled(text, style).wrap(max(2, width - 2))
        ]
        return [*Content.styled(self._source, "bold").wrap(max(2, width)), *below]
