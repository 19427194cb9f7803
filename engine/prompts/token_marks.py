"""Shows how a model sees a text: which tokens are special, which are scored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.models.tokenizer import Tokenizer
from engine.prompts.builder import Encoded


@dataclass(frozen=True)
class Piece:
    """Some tokens of one kind, in text."""

    text: str
    """As it is, without marks."""
    special: bool = False
    scored: bool = False

    @property
    def marked(self) -> str:
        """Special tokens in ⟦⟧, scored ones between ‹ ›."""
        text = f"⟦{self.text}⟧" if self.special else self.text
        return f"‹{text}›" if self.scored else text


def pieces(encoded: Encoded, tokenizer: Tokenizer) -> Iterator[Piece]:
    """Special and scored tokens one by one, the others together."""
    pending: list[int] = []
    for token, scored in zip(encoded.ids, encoded.scored):
        special = token in tokenizer.special_ids
        if not special and not scored:
            pending.append(token)
            continue
        if pending:
            yield Piece(tokenizer.decode(pending, skip_special=False))
            pending = []
        text = tokenizer.token(token) if special else tokenizer.decode([token])
        yield Piece(text, special, bool(scored))
    if pending:
        yield Piece(tokenizer.decode(pending, skip_special=False))


def mark(encoded: Encoded, tokenizer: Tokenizer) -> str:
    """The whole text with marks."""
    return "".join(piece.marked for piece in pieces(encoded, tokenizer))
