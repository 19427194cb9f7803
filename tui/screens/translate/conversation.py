"""The scrolling list of questions and answers."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.geometry import Size
from textual.reactive import Reactive
from textual.widgets import Static

from engine.language.texts import _, marked
from tui.screens.translate.exchange import Exchange
from tui.screens.translate.question import Question
from tui.screens.translate.request import Turn

KEPT = 100
"""Exchanges kept; older ones go, or each new line would take longer to lay out."""
PAINTED_EVERY = 0.22
"""Seconds: token by token would be eight times as many bytes on the line."""
_WELCOME = marked("""\
Type a sentence, Classical or modern; enter translates it.
The first answer takes as long as the model takes to load.

f5      choose the model; mark several with tab to see them side by side
ctrl+t  paste a reference: each model says how probable it finds it
ctrl+n  other translations, sampled
ctrl+o  accept the translation, edited or not; ctrl+s writes the accepted ones
ctrl+r  what was translated before""")


class Conversation(VerticalScroll):
    """Stays at its end while answers grow, unless the reader has scrolled up."""

    DEFAULT_CSS = """
    Conversation { padding: 1 1 0 1; }
    Conversation .welcome { width: 1fr; height: auto; margin-bottom: 1; color: $text-muted; }
    Conversation.-begun .welcome { display: none; }
    Conversation .-put-away { display: none; }
    """

    auto_links = False
    virtual_size = Reactive(Size(0, 0), repaint=False)  # else every layout is made and sent twice

    def compose(self) -> ComposeResult:
        yield Static(_(_WELCOME), classes="welcome", markup=False)

    def on_mount(self) -> None:
        """Paint only while there is something to paint."""
        self.anchor()
        self._painting = self.set_interval(PAINTED_EVERY, self._paint, pause=True)
        self._painted: Exchange | None = None

    @property
    def exchanges(self) -> list[Exchange]:
        """All that are kept, also those put away, oldest first."""
        return list(self.query_children(Exchange))

    @property
    def last(self) -> Exchange | None:
        """The newest exchange that is not put away."""
        shown = (one for one in reversed(self.exchanges) if not one.has_class("-put-away"))
        return next(shown, None)

    @property
    def last_answer(self) -> str:
        """The newest answer that says something."""
        answers = (exchange.answer for exchange in reversed(self.exchanges))
        return next((answer for answer in answers if answer.strip()), "")

    def find(self, number: int) -> Exchange | None:
        """An exchange by its number."""
        return next((e for e in reversed(self.exchanges) if e.number == number), None)

    def begin(self, number: int, question: Question, turns: Sequence[Turn]) -> None:
        """Show a new question at the end, whatever was being read."""
        for old in self.exchanges[: -(KEPT - 1)]:
            old.remove()
        self.add_class("-begun")
        self.mount(Exchange(number, question, turns))
        self.anchor()

    def note(self, number: int, text: str) -> None:
        """Say what is going on with the answers to come."""
        exchange = self.find(number)
        if exchange is not None:
            exchange.note(text)

    def grow(self, number: int, place: int, text: str) -> None:
        """Take an answer so far; it is painted when its time has come."""
        exchange = self.find(number)
        if exchange is not None and not exchange.ended:
            exchange.take(place, text)
            self._painted = exchange
            self._painting.resume()

    def stop_painting(self) -> None:
        """No answer grows any more."""
        self._painting.pause()

    def _paint(self) -> None:
        if self._painted is not None:
            self._painted.paint()

    def clear_or_restore(self) -> bool:
        """Put away what is over; with nothing to put away, bring all back. True if cleared."""
        shown = [e for e in self.exchanges if e.ended and not e.has_class("-put-away")]
        for exchange in shown or self.exchanges:
            exchange.set_class(bool(shown), "-put-away")
        empty = all(exchange.has_class("-put-away") for exchange in self.exchanges)
        self.set_class(not empty, "-begun")
        self.anchor()
        return bool(shown)

    def action_clear(self) -> None:
        """Clear the conversation, or bring it back."""
        if self.clear_or_restore():
            self.notify(_("Cleared; ctrl+l brings it back."), timeout=3)

    def action_page(self, step: int) -> None:
        """Scroll by a page."""
        scroll = self.scroll_page_up if step < 0 else self.scroll_page_down
        scroll(animate=False)
