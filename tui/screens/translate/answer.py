"""One answer of an exchange: what came, what is going on with it, what it thinks of a reference."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content

from engine.language.figures import number
from engine.language.plain_text import plain
from engine.language.said import Said, Words
from engine.language.texts import _, marked, plural
from engine.translate.protocol import Done

_ENDS = {
    "stop": marked("{counted}  stop"),
    "length": marked("{counted}  length: cut at generation.max_new_tokens"),
    "cancelled": marked("{counted}  cancelled"),
}
"""By the reason why a generation ended."""
_ROOM = 4
"""Lines by which an answer under way grows: each time, all that stands around it is sent anew."""


@dataclass
class Answer:
    """Grows by `take`; what is shown is what was painted last."""

    label: str
    temperature: float = 0.0
    text: str = ""
    """As painted."""
    ended: bool = False
    reason: str = ""
    perplexity: float | None = None
    """Of the reference."""
    is_lowest: bool = False
    _waiting: str = ""
    """What has come and is not painted yet."""
    _note: tuple[Words, str] = (Said("waiting for the model"), "$text-muted")

    def take(self, text: str) -> None:
        """Take the answer so far; `paint` shows it."""
        self._waiting = plain(text)

    def paint(self) -> bool:
        """Show what has come since the last time; True if there was anything."""
        if self._waiting == self.text:
            return False
        self.text = self._waiting
        self.say("")
        return True

    def say(self, words: str) -> None:
        """Say what is going on below the answer so far."""
        self._note = (plain(words), "$text-muted")

    def end(self, done: Done) -> None:
        """It is complete: say how fast it came and why it ended."""
        self.ended, self.text, self.reason = True, self._waiting, done.reason
        pace = done.tokens / done.seconds if done.seconds > 0 else 0.0
        speed = _("{pace:.1f} tok/s").format(pace=pace) if pace else ""
        counted = plural("{count} token", "{count} tokens", done.tokens).format(count=done.tokens)
        if speed:
            counted += f"  {speed}"
        said = _ENDS.get(done.reason)
        self.say(_(said).format(counted=counted) if said else f"{counted}  {done.reason}".rstrip())

    def fail(self, reason: str) -> None:
        """There is no (more) answer: say why."""
        self.ended, self.text, self.reason = True, self._waiting, f"failed: {reason}"
        self._note = (f"✗ {plain(reason)}", "$text-error")

    def lines(self, width: int, label: str) -> list[Content]:
        """All of it, at most `width` cells wide."""
        said = _wrapped(self.text.strip("\n"), "", width)
        if said and not self.ended:
            said += [Content("")] * (-len(said) % _ROOM)
        return [
            *_wrapped(label, "$text-muted", width),
            *said,
            *_wrapped(*self._note, width),
            *_wrapped(*self._reference(), width),
        ]

    def _reference(self) -> tuple[str, str]:
        if self.perplexity is None:
            return "", ""
        if self.is_lowest:
            words, style = _("reference: perplexity {value}, the lowest"), "bold $accent"
        else:
            words, style = _("reference: perplexity {value}"), "$accent"
        return words.format(value=number(self.perplexity)), style

    @property
    def look(self) -> tuple[object, ...]:
        """All that decides how it is drawn."""
        return self.label, self.text, self._note, self.perplexity, self.is_lowest


def _wrapped(text: Words, style: str, width: int) -> list[Content]:
    return list(Content.styled(str(text), style).wrap(max(2, width))) if text else []
