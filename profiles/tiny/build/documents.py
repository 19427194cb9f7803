"""Owns what the model reads: pairs laid out as documents, drawn anew every epoch.

A document is a run of neighbouring pairs of one section in one layout: both languages, either
first, or one language alone, as plain lines or as the turns of a conversation. Its separators are
drawn too. Nothing asks for a translation: what a document is shows only from its own first lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from corpus import Pair, read_table
from numpy.typing import NDArray
from tokenizers import Tokenizer

Ids = NDArray[np.uint16]
Stream = NDArray[np.int32]
Flags = NDArray[np.bool_]
Numbers = NDArray[np.int64]
Spans = NDArray[np.int64]
"""Start and length of pieces of a token array, along the last axis."""

PAIRS_AT_A_TIME = 20_000


class Layout(IntEnum):
    """Even ones begin with the classical side."""

    CLASSICAL_MODERN = 0
    MODERN_CLASSICAL = 1
    CLASSICAL = 2
    MODERN = 3
    CLASSICAL_TALK = 4
    MODERN_TALK = 5


BETWEEN_SIDES = ("\n", " ", "｜", "／", "\n　", "　", "—", "\t")
BETWEEN_SIDES_SHARES = (0.40, 0.10, 0.10, 0.08, 0.08, 0.08, 0.08, 0.08)
BETWEEN_PAIRS = ("\n", "\n\n", "\n", " ")

BEGIN, END = "<bos>", "<eos>"
# The turns of a conversation alternate. Were its marks never read, they could not be learnt
# later either: an adapter leaves the embedding as it is.
BEGIN_TALK = "<bos><start_of_turn>user\n"
USER_TURN, MODEL_TURN = "<start_of_turn>user\n", "<start_of_turn>model\n"
END_TURN, END_TALK = "<end_of_turn>\n", "<end_of_turn><eos>"

GLUE = dict.fromkeys(
    (BEGIN, END, BEGIN_TALK, USER_TURN, MODEL_TURN, END_TURN, END_TALK)
    + BETWEEN_SIDES
    + BETWEEN_PAIRS
)
NOTHING: Spans = np.zeros(2, np.int64)


@dataclass(frozen=True)
class Corpus:
    """The tokens of all pairs in one array, and where the sides of each pair lie in it."""

    tokens: Ids
    classical: Spans
    modern: Spans
    section: Numbers

    @classmethod
    def read(cls, table: Path, tokenizer: Tokenizer) -> Corpus:
        pieces: list[Ids] = []
        sections: list[int] = []
        numbers: dict[str, int] = {}
        pairs = read_table(table)
        while batch := list(islice(pairs, PAIRS_AT_A_TIME)):
            pieces += _encode(batch, tokenizer)
            sections += [numbers.setdefault(pair.section, len(numbers)) for pair in batch]
        sides = _spans(pieces).reshape(-1, 2, 2)
        return cls(np.concatenate(pieces), sides[:, 0], sides[:, 1], np.array(sections))

    def __len__(self) -> int:
        return len(self.section)


def _encode(pairs: list[Pair], tokenizer: Tokenizer) -> Iterator[Ids]:
    texts = [side for pair in pairs for side in (pair.classical, pair.modern)]
    for encoding in tokenizer.encode_batch(texts, add_special_tokens=False):
        yield np.array(encoding.ids, np.uint16)


def _spans(pieces: list[Ids]) -> Spans:
    """Where the pieces will lie when they are joined."""
    lengths = np.array([len(piece) for piece in pieces])
    return np.stack([np.cumsum(lengths) - lengths, lengths], axis=1)


@dataclass(frozen=True)
class Mixture:
    """What share of the documents has which layout, and how long they are."""

    one_sided: float
    talk: float
    mean_pairs: float

    def shares(self) -> list[float]:
        """Of every Layout, in its order."""
        both = 1 - self.one_sided - self.talk
        return [share / 2 for share in (both, both, self.one_sided, self.one_sided)] + [
            self.talk / 2
        ] * 2


class Documents:
    """An endless source of epochs, each a stream of the tokens of all pairs."""

    def __init__(self, corpus: Corpus, tokenizer: Tokenizer, mixture: Mixture, seed: int) -> None:
        self.corpus = corpus
        self.mixture = mixture
        self.rng = np.random.default_rng(seed)
        encodings = tokenizer.encode_batch(list(GLUE), add_special_tokens=False)
        pieces = [corpus.tokens, *(np.array(one.ids, np.uint16) for one in encodings)]
        self.tokens: Ids = np.concatenate(pieces)
        self.glue = dict(zip(GLUE, _spans(pieces)[1:], strict=True))

    def epoch(self) -> Stream:
        document = self._cut()
        count = int(document[-1]) + 1
        order = np.argsort(self.rng.random(count)[document], kind="stable")
        document = document[order]
        layout = self.rng.choice(len(Layout), count, p=self.mixture.shares())[document]
        between_sides = self._draw_between_sides(count)[document]
        between_pairs = self._draw_between_pairs(count)[document]
        opening, closing = self._ends(document, layout, between_pairs)
        first, second = self._sides(order, layout)
        between_sides = _where(layout <= Layout.MODERN_CLASSICAL, between_sides, NOTHING)
        return self._join(np.stack([opening, first, between_sides, second, closing], axis=1))

    def _cut(self) -> Numbers:
        """The number of the document that each pair belongs to."""
        section = self.corpus.section
        begins = self.rng.random(len(section)) < 1 / self.mixture.mean_pairs
        begins[0] = True
        begins[1:] |= section[1:] != section[:-1]
        return np.cumsum(begins) - 1

    def _draw_between_sides(self, count: int) -> Spans:
        drawn = self.rng.choice(len(BETWEEN_SIDES), count, p=BETWEEN_SIDES_SHARES)
        return np.stack([self.glue[text] for text in BETWEEN_SIDES])[drawn]

    def _draw_between_pairs(self, count: int) -> Spans:
        drawn = self.rng.integers(0, len(BETWEEN_PAIRS), count)
        return np.stack([self.glue[text] for text in BETWEEN_PAIRS])[drawn]

    def _ends(self, document: Numbers, layout: Numbers, between: Spans) -> tuple[Spans, Spans]:
        """What stands before and behind each pair."""
        glue = self.glue
        changes = document[1:] != document[:-1]
        first, last = np.append(True, changes), np.append(changes, True)
        talk = layout >= Layout.CLASSICAL_TALK
        turn = _where(_place(first) % 2 == 1, glue[MODEL_TURN], glue[USER_TURN])
        opening = _where(
            talk,
            _where(first, glue[BEGIN_TALK], turn),
            _where(first, glue[BEGIN], NOTHING),
        )
        closing = _where(
            talk,
            _where(last, glue[END_TALK], glue[END_TURN]),
            _where(last, glue[END], between),
        )
        return opening, closing

    def _sides(self, order: Numbers, layout: Numbers) -> tuple[Spans, Spans]:
        classical, modern = self.corpus.classical[order], self.corpus.modern[order]
        first = _where(layout % 2 == 0, classical, modern)
        second = _where(layout == Layout.CLASSICAL_MODERN, modern, NOTHING)
        return first, _where(layout == Layout.MODERN_CLASSICAL, classical, second)

    def _join(self, spans: Spans) -> Stream:
        """The tokens of all spans, one behind the other."""
        starts, lengths = spans.reshape(-1, 2).T
        ends = np.cumsum(lengths)
        positions = np.repeat(starts - (ends - lengths), lengths) + np.arange(ends[-1])
        stream: Stream = self.tokens[positions].astype(np.int32)
        return stream


def _where(condition: Flags, yes: Spans, no: Spans) -> Spans:
    return np.where(condition[:, None], yes, no)


def _place(first: NDArray[Any]) -> Numbers:
    """The place of each pair in its document, from 0."""
    index = np.arange(len(first))
    return index - np.maximum.accumulate(np.where(first, index, 0))
