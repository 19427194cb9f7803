"""A probe with the real model: measured in a real worker, and gone afterwards."""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec
import pytest
from small_runs import PARTS, SMALL, RunMaker, cut_data
from transformers import PreTrainedModel

from engine.data.dataset import Pair
from engine.language.errors import RunError
from engine.machine.hardware import Probe
from engine.profile.schema import Profile
from engine.prompts.builder import Encoded, PromptBuilder
from engine.run.events import Phase
from engine.start import preflight, probing
from engine.start.request import Request
from engine.worker.fast.ingredients import Ingredients
from engine.worker.fast.model import FastModel
from engine.worker.jobs import probe
from engine.worker.jobs.probe import largest_pass
from engine.worker.model.plain import PlainModel
from engine.worker.process.reporter import Reporter
from engine.worker.scoring.evaluate import Scored
from engine.worker.scoring.session import Session
from engine.worker.training import loop
from engine.worker.training.loop import Trainer


def test_two_steps_are_measured_and_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    data = {part: cut_data(part, tmp_path, count) for part, count in PARTS.items()}
    overrides = {key: str(value).lower() for key, value in SMALL.items()}
    overrides |= {f"data.{part}": str(path) for part, path in data.items()}
    request = Request(tmp_path / "runs", "qlora", profile="tiny", overrides=overrides)
    found = preflight.look_ahead(request, Probe())
    phases: list[Phase] = []
    measured = probing.probe(request, say=phases.append)
    assert measured is not None
    assert {"loading the model", "probing"} <= {phase.name for phase in phases}
    probed = measured.probed
    assert found.memory is not None
    assert 0.5 < measured.memory / found.memory.total < 1.5
    assert probed.memory <= probed.memory_scoring
    assert found.plan is not None
    batch = found.tokens / found.plan.steps
    assert batch <= probed.tokens_step < 2 * batch
    assert 0 < probed.seconds_step < 30
    assert measured.seconds(found) > probed.seconds_load > 0
    assert list(temporary.iterdir()) == []
    assert not (tmp_path / "runs").exists()


def test_a_probe_of_a_run_that_cannot_train_says_so(tmp_path: Path) -> None:
    request = Request(
        tmp_path, "qlora", profile="tiny", overrides={"lora.target_modules": '["no_such"]'}
    )
    with pytest.raises(RunError, match=r"lora\.target_modules"):
        probing.probe(request, say=lambda phase: None)


def test_scoring_is_probed_by_a_full_pass(
    base: PreTrainedModel, profile: Profile, builder: PromptBuilder, pairs: list[Pair]
) -> None:
    """Also where the profile leaves its size to the engine."""
    computed, file = PlainModel(base), Scored.prepare(pairs, builder, 2048)
    sizes = {}
    for tokens in (0, 300):
        asked = msgspec.structs.replace(profile.evaluation, tokens_per_pass=tokens)
        changed = msgspec.structs.replace(profile, evaluation=asked)
        sizes[tokens] = len(largest_pass(computed, file, changed).pairs)
    assert 0 < sizes[300] < sizes[0] == len(pairs)


def test_what_the_fast_path_records_is_recorded_before_it_is_timed(
    make_run: RunMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[int] = []

    def step(self: Trainer, batch: list[Encoded]) -> None:
        steps.append(sum(len(item.ids) for item in batch))

    monkeypatch.setattr(Trainer, "take_step", step)
    run = make_run().run
    for make in (PlainModel, lambda model: FastModel(model, Ingredients())):
        monkeypatch.setattr(loop, "choose_engine", lambda model, profile, make=make: make(model))
        probe.run(Session(run, Reporter(lambda event: None)))
    plain, fast = steps[:2], steps[2:]
    assert fast == [plain[1]] * 3
