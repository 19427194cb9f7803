"""A pass that does not fit into memory is halved, until it is too small to go on with."""

from __future__ import annotations

import pytest
import torch

from engine.worker.batching.batches import Pass
from engine.worker.batching.passes import PassSize


def tried(*tokens: int) -> list[Pass]:
    """Passes of so many tokens, padding among them."""
    none = torch.zeros(0, dtype=torch.long)
    return [
        Pass(torch.zeros(2, count // 2, dtype=torch.long), none, none, none, none, none, tokens=1)
        for count in tokens
    ]


@pytest.mark.parametrize("held", [0, 900])
def test_a_pass_is_half_of_the_largest_that_was_tried(held: int) -> None:
    size = PassSize(held)
    assert size.halve(tried(300, 600, 400))
    assert size.tokens == 300
    assert size.halve(tried(300))
    assert size.tokens == 150


@pytest.mark.parametrize(("held", "goes_on"), [(301, True), (300, False), (200, False)])
def test_a_single_pair_that_is_larger_than_a_pass_is_not_divided(held: int, goes_on: bool) -> None:
    assert PassSize(held).halve(tried(600)) is goes_on


@pytest.mark.parametrize(("largest", "goes_on"), [(256, True), (254, False), (2, False)])
def test_a_pass_of_fewer_than_128_tokens_is_too_small_to_go_on(largest: int, goes_on: bool) -> None:
    assert PassSize(0).halve(tried(largest)) is goes_on
