"""Optimizers and schedules: the same in the schema, among the facts, and in the worker."""

from __future__ import annotations

from typing import get_args, get_type_hints

import pytest

from engine.language.errors import UserError
from engine.profile import optimizers
from engine.profile.schema import Training


def test_every_optimizer_of_the_schema_has_facts_and_no_other() -> None:
    assert get_args(get_type_hints(Training)["optimizer"]) == tuple(optimizers.OPTIMIZERS)


def test_the_worker_makes_every_one_of_them() -> None:
    from engine.worker.training.optimizers import MAKERS

    assert MAKERS.keys() == optimizers.OPTIMIZERS.keys()


def test_an_unknown_optimizer_is_an_error() -> None:
    with pytest.raises(UserError, match="found 'lion', expected adamw"):
        optimizers.get("lion")


def test_each_says_what_its_state_takes() -> None:
    assert all(one.state + one.factored_state > 0 for one in optimizers.OPTIMIZERS.values())


def test_the_worker_makes_every_schedule_of_the_schema_and_no_other() -> None:
    from engine.worker.training.optimizers import SCHEDULES

    assert get_args(get_type_hints(Training)["scheduler"]) == tuple(SCHEDULES)
