"""The scrolling list of questions and answers."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from engine.protocol import Done
from tui.screens.translate.exchange import Exchange
from tui.screens.translate.question import Question

KEPT = 100
"""Exchanges kept; older ones go, or each new line would take longer to lay out."""
PAINTED_EVERY = 0.22
"""Seconds: token by token would be eight times as many bytes on the line."""
_WELCOME = """\
Type a sentence, Classical or modern; enter translates it.
The first answer takes as long as the model takes to load."""


class Conversation(VerticalScroll):
    """Stays at its end while answers grow, unless the reader has scrolled up."""

    DEFAULT_CSS = """
    Conversation { padding: 1 1 0 1; }
    Conversation .welcome { width: 1fr; height: auto; margin-bottom: 1; color: $text-muted; }
    Conversation.-begun .welcome { display: none; }
    Conversation .-put-away { display: none; }
    """

    auto_links = False

    def compose(self) -> ComposeResult:
        yield Static(_WELCOME, classes="welcome", markup=False)

    def on_mount(self) -> None:
        """Paint only while there is something to paint."""
        self.anchor()
        self._painting = self.set_interval(PAINTED_EVERY, self._paint, pause=True)

    @property
    def exchanges(self) -> list[Exchange]:
        """All that are kept, also those put away, oldest first."""
        return list(self.query_children(Exchange))

    @property
    def last_answer(self) -> str:
        """The newest answer that says something."""
        answers = (exchange.answer for exchange in reversed(self.exchanges))
        return next((answer for answer in answers if answer.strip()), "")

    def find(self, number: int) -> Exchange | None:
        """An exchange by its number."""
        return next((e for e in reversed(self.exchanges) if e.number == number), None)

    def begin(self, number: int, question: Question, model: str) -> None:
        """Show a new question at the end, whatever was being read."""
        for old in self.exchanges[: -(KEPT - 1)]:
            old.remove()
        self.add_class("-begun")
        self.mount(Exchange(number, question, model))
        self.anchor()

    def note(self, number: int, text: str) -> None:
        """Say what is going on with an answer."""
        exchange = self.find(number)
        if exchange is not None:
            exchange.note(text)

    def grow(self, number: int, text: str) -> None:
        """Take an answer so far; it is painted when its time has come."""
        exchange = self.find(number)
        if exchange is not None and not exchange.ended:
            exchange.take(text)
            self._painting.resume()

    def end(self, number: int, done: Done) -> None:
        """An answer is complete."""
        self._painting.pause()
        exchange = self.find(number)
        if exchange is not None:
            exchange.end(done)

    def fail(self, number: int, reason: str) -> None:
        """An answer will not come, or not go on."""
        self._painting.pause()
        exchange = self.find(number)
        if exchange is not None:
            exchange.fail(reason)

    def _paint(self) -> None:
        if self.exchanges:
            self.exchanges[-1].paint()

    def clear_or_restore(self) -> bool:
        """Put away what is over; with nothing to put away, bring all back. True if cleared."""
        shown = [e for e in self.exchanges if e.ended and not e.has_class("-put-away")]
        for exchange in shown or self.exchanges:
            exchange.set_class(bool(shown), "-put-away")
        empty = all(exchange.has_class("-put-away") for exchange in self.exchanges)
        self.set_class(not empty, "-begun")
        self.anchor()
        return bool(shown)
