"""Batches: encoded pairs laid in rows, several to a row if wanted, and cut into passes.

A pass is all that a model needs to answer one question, the loss at each label row.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.prompts.builder import Encoded

SHARED = -2
"""In `Pass.documents`: tokens that all documents of their row see."""


@dataclass(frozen=True)
class Pass:
    """Rows for one forward pass: R rows of T tokens, padded on the right."""

    ids: Tensor
    """[R, T] int64."""
    positions: Tensor
    """[R, T] int64, from 0 in each document."""
    documents: Tensor
    """[R, T] int64: which document a token belongs to; tokens of different ones do not meet.
    Padding is -1, a shared prefix -2."""
    label_rows: Tensor
    """[L] int64, into the R·T flattened tokens: where a scored token is predicted."""
    targets: Tensor
    """[L] int64: the scored tokens."""
    samples: Tensor
    """[L] int64: index, in what was encoded, of the sample that a scored token belongs to."""
    tokens: int
    """Tokens that were encoded: without padding, and a shared prefix counted for each document."""
    shared: int = 0
    """So many tokens at the beginning of each row are seen by all its documents: their prompts'
    common prefix, laid out once."""

    def to(self, device: torch.device) -> Pass:
        """The same on a device."""
        moved = {
            name: getattr(self, name).to(device, non_blocking=True)
            for name in ("ids", "positions", "documents", "label_rows", "targets", "samples")
        }
        return Pass(tokens=self.tokens, shared=self.shared, **moved)


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
    encoded: Sequence[Encoded],
    *,
    row_tokens: int,
    tokens_per_pass: int,
    pad_id: int,
    share_within: float = 0,
) -> list[Pass]:
    """Lay items in rows and the rows in passes of at most `tokens_per_pass` tokens with padding.

    A row that is longer makes a pass alone. Where rows are packed, and no item is longer than
    `share_within`, what the prompts begin with is laid out once a row, besides `row_tokens`.
    """
    items = list(range(len(encoded)))
    longest = max((len(item.ids) for item in encoded), default=0)
    groups = [(items, 0)]
    if row_tokens and longest <= share_within:
        groups = prefix_groups(encoded)
    return [
        _lay_out(encoded, rows, shared, pad_id)
        for members, shared in groups
        for rows in _plan_group(encoded, members, shared, row_tokens, tokens_per_pass)
    ]


def _plan_group(
    encoded: Sequence[Encoded],
    members: list[int],
    shared: int,
    row_tokens: int,
    tokens_per_pass: int,
) -> list[list[list[int]]]:
    """The passes of items with a common prefix: rows of items."""
    lengths = [len(encoded[i].ids) - shared for i in members]
    passes: list[list[list[int]]] = []
    width = 0
    for row in plan_rows(lengths, row_tokens):
        if not passes or (len(passes[-1]) + 1) * width > tokens_per_pass:
            passes.append([])
            width = shared + sum(lengths[i] for i in row)  # rows come longest first
        passes[-1].append([members[i] for i in row])
    return passes


_SHORTEST_PREFIX = 8
"""Tokens; a shorter prefix is not worth sharing."""
_SMALLEST_GROUP = 8
"""Items; fewer do not leave the others for a longer prefix of their own."""


def prefix_groups(encoded: Sequence[Encoded]) -> list[tuple[list[int], int]]:
    """Items whose prompts begin alike, and how many tokens of it they may share.

    Found from the ids, so whatever made the prompts alike counts: a template, the same examples.
    A new group begins where less than half of the prefix would be left.
    """
    order = sorted(range(len(encoded)), key=lambda i: encoded[i].ids)
    groups: list[list[int]] = []
    prefix = 0
    for item in order:
        room = _shareable(encoded[item])
        if groups:
            common = min(room, prefix, _common(encoded[groups[-1][-1]].ids, encoded[item].ids))
            if len(groups[-1]) < _SMALLEST_GROUP or 2 * common >= prefix:
                groups[-1].append(item)
                prefix = common
                continue
        groups.append([item])
        prefix = room
    return [_with_prefix(encoded, sorted(group)) for group in groups]


def _with_prefix(encoded: Sequence[Encoded], group: list[int]) -> tuple[list[int], int]:
    """A group and the length of its common prefix; 0 if it is not worth sharing."""
    ids = [encoded[i].ids for i in group]
    common = min(_common(min(ids), max(ids)), *(_shareable(encoded[i]) for i in group))
    return group, common if common >= _SHORTEST_PREFIX and len(group) > 1 else 0


def _shareable(item: Encoded) -> int:
    """Tokens before the one that predicts the first scored token."""
    return max(0, item.scored.index(1) - 1) if any(item.scored) else len(item.ids) - 1


def _common(one: list[int], other: list[int]) -> int:
    """Length of the common prefix."""
    return next(
        (at for at, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other))
    )


def _lay_out(encoded: Sequence[Encoded], rows: list[list[int]], shared: int, pad_id: int) -> Pass:
    width = shared + max(sum(len(encoded[i].ids) - shared for i in row) for row in rows)
    ids: list[int] = []
    positions: list[int] = []
    documents: list[int] = []
    label_rows: list[int] = []
    targets: list[int] = []
    samples: list[int] = []
    for number, row in enumerate(rows, 1):
        ids += encoded[row[0]].ids[:shared]
        positions += range(shared)
        documents += [SHARED] * shared
        for item in row:
            tokens = encoded[item].ids
            before = len(ids) - shared  # of the document's place 0, had it its own prefix
            scored = [at for at, counts in enumerate(encoded[item].scored) if counts]
            label_rows += [before + at - 1 for at in scored]  # the token before predicts it
            targets += [tokens[at] for at in scored]
            samples += [item] * len(scored)
            ids += tokens[shared:]
            positions += range(shared, len(tokens))
            documents += [item] * (len(tokens) - shared)
        padding = number * width - len(ids)
        ids += [pad_id] * padding
        positions += [0] * padding
        documents += [-1] * padding
    return Pass(
        ids=torch.tensor(ids).view(len(rows), width),
        positions=torch.tensor(positions).view(len(rows), width),
        documents=torch.tensor(documents).view(len(rows), width),
        label_rows=torch.tensor(label_rows, dtype=torch.long),
        targets=torch.tensor(targets, dtype=torch.long),
        samples=torch.tensor(samples, dtype=torch.long),
        tokens=sum(len(encoded[i].ids) for row in rows for i in row),
        shared=shared,
    )


def epoch_order(count: int, batch_size: int, seed: int, epoch: int) -> list[list[int]]:
    """The batches of an epoch, as indices: the same for the same seed, so a resumed run agrees."""
    order = list(range(count))
    random.Random(f"{seed}/{epoch}").shuffle(order)
    return [order[start : start + batch_size] for start in range(0, count, batch_size)]
