"""Batches: nothing lost or doubled, limits kept, each label where its token is predicted."""

from __future__ import annotations

import math
import random

import pytest
import torch

from engine.prompts.builder import Encoded
from engine.worker.batching.batches import (
    SHARED,
    Pass,
    epoch_order,
    plan_passes,
    plan_rows,
    prefix_groups,
)

PAD = 0


def _lengths(count: int, longest: int, seed: int) -> list[int]:
    draw = random.Random(seed)
    return [draw.randint(2, longest) for _ in range(count)]


def _encoded(lengths: list[int]) -> list[Encoded]:
    """Items whose token ids tell item and place; the second half of each is scored."""
    return [
        Encoded(
            "",
            [1000 * item + at + 1 for at in range(length)],
            [int(at >= length // 2) for at in range(length)],
        )
        for item, length in enumerate(lengths)
    ]


def _plan(lengths: list[int], row_tokens: int, tokens_per_pass: int) -> list[Pass]:
    return plan_passes(
        _encoded(lengths), row_tokens=row_tokens, tokens_per_pass=tokens_per_pass, pad_id=PAD
    )


@pytest.mark.parametrize("row_tokens", [0, 30, 64, 500])
@pytest.mark.parametrize("seed", [1, 2])
def test_rows_hold_every_item_once_within_the_limit(row_tokens: int, seed: int) -> None:
    lengths = _lengths(97, 60, seed)
    rows = plan_rows(lengths, row_tokens)
    assert sorted(item for row in rows for item in row) == list(range(97))
    for row in rows:
        assert len(row) == 1 or sum(lengths[i] for i in row) <= row_tokens


def test_rows_come_longest_first() -> None:
    lengths = _lengths(50, 60, 3)
    for row_tokens in (0, 100):
        sums = [sum(lengths[i] for i in row) for row in plan_rows(lengths, row_tokens)]
        assert sums == sorted(sums, reverse=True)


def test_rows_are_packed_tightly() -> None:
    lengths = _lengths(200, 60, 4)
    assert len(plan_rows(lengths, 256)) <= sum(lengths) / 256 * 1.1 + 1
    assert plan_rows([5, 5, 5, 5], 10) == [[0, 1], [2, 3]]


def test_row_tokens_0_gives_every_item_its_own_row() -> None:
    assert plan_rows([3, 9, 5], 0) == [[1], [2], [0]]


def test_an_item_longer_than_a_row_is_kept_alone() -> None:
    assert plan_rows([4, 40, 4], 10) == [[1], [0, 2]]


@pytest.mark.parametrize("tokens_per_pass", [1, 100, 300, 10_000])
@pytest.mark.parametrize("row_tokens", [0, 64])
def test_passes_keep_their_limit_with_padding_counted(
    row_tokens: int, tokens_per_pass: int
) -> None:
    lengths = _lengths(60, 60, 5)
    passes = _plan(lengths, row_tokens, tokens_per_pass)
    for part in passes:
        assert part.ids.shape[0] == 1 or part.ids.numel() <= tokens_per_pass
    if tokens_per_pass == 10_000:
        assert len(passes) == 1
    if tokens_per_pass == 1:
        assert all(part.ids.shape[0] == 1 for part in passes)


@pytest.mark.parametrize("row_tokens", [0, 64])
def test_passes_hold_every_token_once_and_count_them(row_tokens: int) -> None:
    lengths = _lengths(60, 60, 6)
    passes = _plan(lengths, row_tokens, 200)
    seen = [int(token) for part in passes for token in part.ids[part.documents >= 0]]
    assert sorted(seen) == sorted(token for item in _encoded(lengths) for token in item.ids)
    assert [part.tokens for part in passes] == [int((part.documents >= 0).sum()) for part in passes]
    for part in passes:
        assert (part.ids[part.documents < 0] == PAD).all()


def test_documents_and_positions_tell_item_and_place() -> None:
    for part in _plan(_lengths(40, 60, 7), 128, 300):
        real = part.documents >= 0
        token = part.ids[real] - 1
        assert (token // 1000 == part.documents[real]).all()
        assert (token % 1000 == part.positions[real]).all()


@pytest.mark.parametrize("row_tokens", [0, 128])
def test_each_label_row_is_the_token_before_its_target(row_tokens: int) -> None:
    lengths = _lengths(40, 60, 8)
    labelled = []
    for part in _plan(lengths, row_tokens, 300):
        predicting = part.ids.reshape(-1)[part.label_rows]
        assert (predicting + 1 == part.targets).all()  # ids rise by one in an item
        assert ((part.targets - 1) // 1000 == part.samples).all()
        labelled += part.targets.tolist()
    scored = [t for item in _encoded(lengths) for t, s in zip(item.ids, item.scored) if s]
    assert sorted(labelled) == sorted(scored)


def test_an_epoch_visits_every_pair_once_in_an_order_of_its_own() -> None:
    first, second = (epoch_order(10, 4, seed=3, epoch=epoch) for epoch in (0, 1))
    for batches in (first, second):
        assert [len(batch) for batch in batches] == [4, 4, 2]
        assert sorted(item for batch in batches for item in batch) == list(range(10))
    assert first != second
    assert first == epoch_order(10, 4, seed=3, epoch=0)
    assert first != epoch_order(10, 4, seed=4, epoch=0)


def _prompted(prompt: list[int], answer: list[int]) -> Encoded:
    return Encoded("", prompt + answer, [0] * len(prompt) + [1] * len(answer))


def test_what_all_prompts_begin_with_is_laid_out_once_a_row() -> None:
    template = list(range(10, 30))
    items = [_prompted([*template, 40 + i, 7], [60 + i] * (i + 1)) for i in range(9)]
    (batch,) = plan_passes(
        items, row_tokens=40, tokens_per_pass=4096, pad_id=PAD, share_within=math.inf
    )
    assert batch.shared == len(template)
    assert (batch.ids[:, : batch.shared] == torch.tensor(template)).all()
    assert (batch.documents[:, : batch.shared] == SHARED).all()
    assert batch.tokens == sum(len(item.ids) for item in items)
    flat = batch.ids.reshape(-1)
    for item, encoded in enumerate(items):
        own = batch.documents == item
        assert batch.ids[own].tolist() == encoded.ids[batch.shared :]
        assert batch.positions[own].tolist() == list(range(batch.shared, len(encoded.ids)))
        mine = batch.samples == item
        assert batch.targets[mine].tolist() == encoded.ids[22:]
        assert flat[batch.label_rows[mine]].tolist() == encoded.ids[21:-1]


def test_a_prefix_is_shared_only_where_it_may_be_and_pays() -> None:
    template = list(range(10, 30))
    items = [_prompted([*template, 40 + i, 7], [60 + i]) for i in range(9)]

    def shared(items: list[Encoded], row_tokens: int = 40, share_within: float = 99) -> int:
        (batch,) = plan_passes(
            items,
            row_tokens=row_tokens,
            tokens_per_pass=4096,
            pad_id=PAD,
            share_within=share_within,
        )
        return batch.shared

    assert shared(items) == 20
    assert shared(items, row_tokens=0) == 0
    assert shared(items, share_within=22) == 0  # items are longer than a window, say
    assert shared(items[:1]) == 0
    assert shared([_prompted([1, 2, 3, 30 + i], [5]) for i in range(9)]) == 0  # too short
    # The token before the first scored one predicts it and stays each item's own.
    assert shared([_prompted(template, [60 + i]) for i in range(9)]) == 19


def test_items_with_other_examples_share_another_prefix() -> None:
    ones, others = [5, *range(100, 160)], [5, *range(200, 260)]
    items = [_prompted([*(ones if i % 2 else others), 40 + i], [9]) for i in range(20)]
    groups = prefix_groups(items)
    assert [(sorted(group), shared) for group, shared in groups] == [
        ([i for i in range(20) if i % 2], 61),
        ([i for i in range(20) if not i % 2], 61),
    ]
    few = items[1:8:2] + items[0:19:2]  # too few to be worth rows of their own
    assert [shared for _, shared in prefix_groups(few)] == [0]
