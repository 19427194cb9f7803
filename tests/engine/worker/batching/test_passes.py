"""A pass that does not fit into memory is halved, down to a single item, which is not divided."""

from __future__ import annotations

import pytest
import torch

from engine.worker.batching.batches import Pass
from engine.worker.batching.passes import PassSize, items_of


def tried(tokens: int, *items: int) -> Pass:
    """A pass of so many tokens, padding among them, whose labels are of these items."""
    none = torch.zeros(0, dtype=torch.long)
    ids = torch.zeros(2, tokens // 2, dtype=torch.long)
    return Pass(ids, none, none, none, none, torch.tensor(items), tokens=1)


@pytest.mark.parametrize("held", [0, 900])
def test_a_pass_is_half_of_the_one_that_was_tried(held: int) -> None:
    size = PassSize(held)
    assert size.halve(tried(600, 0, 1))
    assert size.tokens == 300
    assert size.halve(tried(300, 0, 1))
    assert size.tokens == 150


def test_a_pass_never_grows() -> None:
    size = PassSize(100)
    assert size.halve(tried(600, 0, 1))
    assert size.tokens == 100


def test_a_pass_holds_a_token_at_least() -> None:
    size = PassSize(1)
    assert size.halve(tried(2, 0, 1))
    assert size.tokens == 1


def test_a_single_item_is_not_divided() -> None:
    size = PassSize(301)
    assert not size.halve(tried(600, 7, 7, 7))
    assert size.tokens == 301


def test_the_items_of_a_pass_are_named_once_in_their_order() -> None:
    assert items_of(tried(8, 4, 4, 1, 3, 3)) == [1, 3, 4]
