"""Training as a user starts it: the process, its events, its files, and the loss it minimises."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from itertools import pairwise

import msgspec
import pytest
from small_runs import PARTS, RunMaker, SmallRun

from engine.run.events import (
    Evaluated,
    Event,
    Finished,
    Judged,
    Phase,
    Sample,
    Saved,
    Started,
    Step,
)
from engine.scores.result_lines import SampleResult
from engine.worker.process.log_book import LogBook
from engine.worker.process.reporter import Reporter
from engine.worker.scoring.session import Session
from engine.worker.training.loop import Trainer

LOAD_ADAPTER = """
import sys
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

model = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32)
model = PeftModel.from_pretrained(model, sys.argv[2])
touched = [n for n, p in model.named_parameters() if "lora_B" in n and p.abs().max() > 0]
print(len(touched), model.peft_config["default"].r)
"""


def test_a_run_finishes_and_its_loss_falls(finished_run: SmallRun) -> None:
    summary = finished_run.run.summary()
    steps = finished_run.of_kind(Step)
    assert [step.step for step in steps] == [1, 2, 3, 4, 5, 6]
    assert all(step.of == 6 for step in steps)
    assert steps[-1].loss < steps[0].loss
    assert (summary.step, summary.steps) == (6, 6)
    (end,) = finished_run.of_kind(Finished)
    assert end.loss == pytest.approx(sum(step.loss for step in steps) / 6)


def test_steps_say_what_they_cost(finished_run: SmallRun) -> None:
    steps = finished_run.of_kind(Step)
    tokens = [step.tokens for step in steps]
    assert all(later > earlier > 0 for earlier, later in pairwise(tokens))
    assert tokens[5] == 2 * tokens[2]  # two epochs of the same pairs
    for step in steps:
        assert step.tokens_per_second > 0
        assert step.memory > 100 << 20
        assert step.grad_norm > 0
        assert step.at > 1.6e9


def test_events_come_in_order(finished_run: SmallRun) -> None:
    written = finished_run.events()
    assert isinstance(written[0], Phase)  # at once, seconds before torch is there
    assert isinstance(written[-1], Finished)
    marks = [_mark(event) for event in written if not isinstance(event, Phase)]
    curve = [f"evaluated {part} {{}}" for part in ("validation", "test")]
    point = [*curve, "sample {}"]
    steps = [["step 1", "step 2"], ["step 3", "step 4"], ["step 5", "step 6"]]
    expected = ["started", *(mark.format(0) for mark in point)]
    for number, two in zip((2, 4, 6), steps):
        expected += [*two, *(mark.format(number) for mark in point), f"saved {number}"]
    chosen = _best_step(finished_run)
    assert marks == [*expected, f"evaluated test {chosen}", f"judged {chosen}", "finished"]
    assert all(later.at >= earlier.at for earlier, later in pairwise(written))


def _mark(event: Event) -> str:
    if isinstance(event, Evaluated):
        return f"evaluated {event.part} {event.step}"
    if isinstance(event, (Step, Sample, Saved, Judged)):
        return f"{type(event).__name__.lower()} {event.step}"
    return type(event).__name__.lower()


def _best_step(small: SmallRun) -> int:
    validation = [e for e in small.of_kind(Evaluated) if e.part == "validation" and e.step]
    return min(validation, key=lambda event: event.score.perplexity).step


def test_the_learning_curve_begins_at_step_0(finished_run: SmallRun) -> None:
    evaluated = finished_run.of_kind(Evaluated)
    for part in ("validation", "test"):
        curve = {e.step: e.score.perplexity for e in evaluated if e.part == part}
        assert list(curve) == [0, 2, 4, 6]
        assert all(math.isfinite(value) and value > 1 for value in curve.values())
        assert curve[6] < curve[0]
    assert [e.checkpoint for e in evaluated[:3]] == ["", "", "step-000002"]
    assert [s.step for s in finished_run.of_kind(Sample)] == [0, 2, 4, 6]


def test_the_result_is_the_checkpoint_that_validation_chose(finished_run: SmallRun) -> None:
    best = f"step-{_best_step(finished_run):06d}"
    (end,) = finished_run.of_kind(Finished)
    marked = [event.checkpoint for event in finished_run.of_kind(Saved) if event.best]
    assert end.checkpoint == marked[-1] == best
    assert finished_run.run.summary().best_checkpoint == best
    weights = "adapter_model.safetensors"
    chosen = finished_run.run.checkpoints_path / best / weights
    assert (finished_run.run.adapter_path / weights).read_bytes() == chosen.read_bytes()
    at_best = [
        e for e in finished_run.of_kind(Evaluated) if e.part == "test" and e.checkpoint == best
    ]
    assert end.score is not None
    assert end.score.perplexity == pytest.approx(at_best[0].score.perplexity, rel=1e-6)


def test_a_checkpoint_that_is_not_the_last_can_win(make_run: RunMaker) -> None:
    """A learning rate that spoils the model: the result and its score are an earlier one's."""
    small = make_run(
        training__learning_rate=0.1,
        training__scheduler="constant",
        training__max_steps=2,
        training__evaluate_every=1,
        training__warmup=0.5,
        evaluation__samples=0,
    )
    trained = _events_in_process(small)
    curve = {(e.part, e.step): e.score.perplexity for e in trained if isinstance(e, Evaluated)}
    assert curve["validation", 1] < curve["validation", 2]
    end = trained[-1]
    assert isinstance(end, Finished)
    assert end.checkpoint == "step-000001"
    assert end.score is not None
    last_test = [e for e in trained if isinstance(e, Evaluated) and e.part == "test"][1]
    assert end.score.perplexity == pytest.approx(last_test.score.perplexity, rel=1e-6)


def test_evaluations_are_kept_sample_by_sample(finished_run: SmallRun) -> None:
    keys = set(SampleResult.__struct_fields__)
    folder = finished_run.run.evaluations_path
    points = {f"{part}-step-{n:06d}" for part in ("validation", "test") for n in (0, 2, 4, 6)}
    assert {path.stem for path in folder.glob("*.jsonl")} == {"test", *points}
    for event in finished_run.of_kind(Evaluated):
        lines = (finished_run.run.folder / event.file).read_bytes().splitlines()
        assert all(set(json.loads(line)) == keys for line in lines)
        results = [msgspec.json.decode(line, type=SampleResult) for line in lines]
        items = json.loads(finished_run.data[event.part].read_text("utf-8"))
        assert [result.id for result in results] == [item["id"] for item in items]
        assert [result.reference for result in results] == [item["output"] for item in items]
        values = [result.perplexity or math.nan for result in results]
        assert sum(values) / len(items) == pytest.approx(event.score.perplexity, rel=1e-9)
        assert event.score.samples == len(items) == PARTS[event.part]
        assert event.score.tokens == sum(result.tokens for result in results)


def test_the_adapter_is_plain_peft(finished_run: SmallRun) -> None:
    adapter = finished_run.run.adapter_path
    assert {path.name for path in adapter.iterdir()} == {
        "adapter_config.json",
        "adapter_model.safetensors",
        "manifest.json",
        "trained_with.json",
    }
    model = finished_run.run.settings.profile.model.path
    done = subprocess.run(
        [sys.executable, "-c", LOAD_ADAPTER, model, str(adapter)], capture_output=True, text=True
    )
    assert "missing" not in done.stderr.lower()
    assert done.stdout.split() == ["56", "16"]


def test_only_the_newest_two_checkpoints_can_be_resumed(finished_run: SmallRun) -> None:
    states = finished_run.run.checkpoints_path.glob("*/trainer.safetensors")
    assert finished_run.run.checkpoints() == ["step-000002", "step-000004", "step-000006"]
    assert sorted(path.parent.name for path in states) == ["step-000004", "step-000006"]


def test_the_log_holds_no_noise(finished_run: SmallRun) -> None:
    """The events' lines stand there, and no other line."""
    book = LogBook()
    story = [line for event in finished_run.events() for line in book.lines(event)]
    heading, *lines = finished_run.log().splitlines()
    assert f"  run {finished_run.run.id}, train tiny by qlora, " in heading
    assert [line[len("00:00:00  ") :] for line in lines] == story
    assert story[-1].startswith("finished, ")


def _events_in_process(small: SmallRun) -> list[Event]:
    said: list[Event] = []
    Trainer(Session(small.run, Reporter(said.append))).train()
    return said


def test_the_size_of_a_pass_does_not_show_in_the_loss(make_run: RunMaker) -> None:
    """Passes of one row or of many: every scored token of a batch weighs the same."""
    curves = []
    for tokens_per_pass in (1, 100_000):
        small = make_run(
            training__tokens_per_pass=tokens_per_pass,
            training__packing=tokens_per_pass > 1,
            training__max_steps=3,
            training__evaluate_every=3,
            evaluation__samples=0,
            lora__dropout=0,
        )
        steps = [event for event in _events_in_process(small) if isinstance(event, Step)]
        curves.append([(step.loss, step.grad_norm) for step in steps])
        assert [step.step for step in steps] == [1, 2, 3]
    for one, other in zip(*curves, strict=True):
        assert one == pytest.approx(other, rel=1e-4)


def test_started_says_how_much_is_left_out(make_run: RunMaker) -> None:
    small = make_run(
        training__max_output_tokens=20,
        training__max_steps=1,
        evaluation__samples=0,
        evaluation__choose_by="last",
    )
    said = _events_in_process(small)
    started = next(event for event in said if isinstance(event, Started))
    assert 0 < started.pairs < 24
    assert started.pairs + started.left_out == 24
    assert isinstance(said[-1], Finished)
    assert said[-1].checkpoint == "step-000001"
