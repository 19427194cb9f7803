"""A whole run by the fast engine, with torch in place of its kernels, is that of the plain one."""

from __future__ import annotations

import pytest
from small_runs import RunMaker

from engine.run.events import Evaluated, Event, Finished, Sample, Started, Step
from engine.worker.fast.ingredients import Ingredients
from engine.worker.fast.model import FastModel
from engine.worker.process.reporter import Reporter
from engine.worker.scoring.session import Session
from engine.worker.training import loop

pytestmark = pytest.mark.usefixtures("without_gpu")


def _events(make_run: RunMaker) -> list[Event]:
    small = make_run(
        lora__dropout=0,
        training__max_steps=2,
        training__evaluate_every=2,
        evaluation__outputs=True,
        generation__max_new_tokens=6,
    )
    said: list[Event] = []
    loop.Trainer(Session(small.run, Reporter(said.append))).train()
    return said


def test_losses_scores_and_translations_are_the_same(
    make_run: RunMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = _events(make_run)
    monkeypatch.setattr(
        loop, "choose_engine", lambda model, profile: FastModel(model, Ingredients())
    )
    fast = _events(make_run)
    assert isinstance(fast[-1], Finished)
    started = [event for said in (plain, fast) for event in said if isinstance(event, Started)]
    assert started[0].engine.startswith("plain")
    assert started[1].engine == "fast"

    def numbers(said: list[Event]) -> list[float]:
        steps = [number for e in said if isinstance(e, Step) for number in (e.loss, e.grad_norm)]
        return steps + [e.score.perplexity for e in said if isinstance(e, Evaluated)]

    assert numbers(fast) == pytest.approx(numbers(plain), rel=1e-3)
    texts = [[e.output for e in said if isinstance(e, Sample)] for said in (plain, fast)]
    assert texts[0] == texts[1]
