"""Batches: encoded pairs laid in rows, several to a row if wanted, and cut into passes.

A pass is all that a model needs to answer one question, the loss at each label row.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.prompts import Encoded


@dataclass(frozen=True)
class Pass:
    """Rows for one forward pass: R rows of T tokens, padded on the right."""

    ids: Tensor
    """[R, T] int64."""
    positions: Tensor
    """[R, T] int64, from 0 in each document."""
    documents: Tensor
    """[R, T] int64: which document a token belongs to; tokens of different ones do not meet.
    Padding is -1."""
    label_rows: Tensor
    """[L] int64, into the R·T flattened tokens: where a scored token is predicted."""
    targets: Tensor
    """[L] int64: the scored tokens."""
    samples: Tensor
    """[L] int64: index, in what was encoded, of the sample that a scored token belongs to."""
    tokens: int
    """Tokens without padding."""

    def to(self, device: torch.device) -> Pass:
        """The same on a device."""
        moved = {
            name: getattr(self, name).to(device, non_blocking=True)
            for name in ("ids", "positions", "documents", "label_rows", "targets", "samples")
        }
        return Pass(tokens=self.tokens, **moved)


def plan_rows(lengths: Sequence[int], row_tokens: int) -> list[list[int]]:
    """Put items in rows of `row_tokens`, first fit by decreasing length; longest rows first.

    An item that is longer gets a row of its own. `row_tokens` 0 puts every item in its own row.
    """
    rows: list[list[int]] = []
    room: list[int] = []
    for item in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        fit = next((r for r, free in enumerate(room) if free >= lengths[item]), None)
        if fit is None:
            rows.append([item])
            room.append(row_tokens - lengths[item])
        else:
            rows[fit].append(item)
            room[fit] -= lengths[item]
    return sorted(rows, key=lambda row: -sum(lengths[i] for i in row))


def plan_passes(
    encoded: Sequence[Encoded], *, row_tokens: int, tokens_per_pass: int, pad_id: int
) -> list[Pass]:
    """Lay items in rows and the rows in passes of at most `tokens_per_pass` tokens with padding.

    A row that is longer makes a pass alone.
    """
    lengths = [len(item.ids) for item in encoded]
    passes: list[list[list[int]]] = []
    width = 0
    for row in plan_rows(lengths, row_tokens):
        if not passes or (len(passes[-1]) + 1) * width > tokens_per_pass:
            passes.append([])
            width = sum(lengths[i] for i in row)  # rows come longest first
        passes[-1].append(row)
    return [_lay_out(encoded, rows, pad_id) for rows in passes]


def _lay_out(encoded: Sequence[Encoded], rows: list[list[int]], pad_id: int) -> Pass:
    width = max(sum(len(encoded[i].ids) for i in row) for row in rows)
    ids = torch.full((len(rows), width), pad_id)
    positions = torch.zeros_like(ids)
    documents = torch.full_like(ids, -1)
    label_rows: list[int] = []
    targets: list[int] = []
    samples: list[int] = []
    for number, row in enumerate(rows):
        start = 0
        for item in row:
            tokens = encoded[item].ids
            span = slice(start, start + len(tokens))
            ids[number, span] = torch.tensor(tokens)
            positions[number, span] = torch.arange(len(tokens))
            documents[number, span] = item
            for at, scored in enumerate(encoded[item].scored):
                if scored:  # the token before a scored one predicts it
                    label_rows.append(number * width + start + at - 1)
                    targets.append(tokens[at])
                    samples.append(item)
            start += len(tokens)
    return Pass(
        ids=ids,
        positions=positions,
        documents=documents,
        label_rows=torch.tensor(label_rows, dtype=torch.long),
        targets=torch.tensor(targets, dtype=torch.long),
        samples=torch.tensor(samples, dtype=torch.long),
        tokens=sum(len(encoded[i].ids) for row in rows for i in row),
    )


def epoch_order(count: int, batch_size: int, seed: int, epoch: int) -> list[list[int]]:
    """The batches of an epoch, as indices: the same for the same seed, so a resumed run agrees."""
    order = list(range(count))
    random.Random(f"{seed}/{epoch}").shuffle(order)
    return [order[start : start + batch_size] for start in range(0, count, batch_size)]
