"""Steps that are not to be taken."""

from __future__ import annotations

import math

import pytest
import torch

from engine.worker.training.step import looks_itself


@pytest.mark.parametrize("fused", [True, False])
def test_a_fused_optimizer_skips_a_step_that_is_not_finite(fused: bool) -> None:
    parameter = torch.nn.Parameter(torch.ones(3))
    optimizer = torch.optim.AdamW([parameter], lr=0.1, weight_decay=0.1, fused=fused)
    for loss, norm, applied in ((math.nan, 1.0, False), (1.0, math.inf, False), (1.0, 1.0, True)):
        parameter.grad = torch.full((3,), loss * norm)
        before = parameter.detach().clone()
        asked = looks_itself(optimizer, torch.tensor(loss), torch.tensor(norm))
        assert asked == fused
        if asked:
            optimizer.step()
            assert torch.equal(parameter, before) != applied
