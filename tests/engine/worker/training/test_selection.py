"""Which checkpoint becomes the result: chosen on validation pairs, never by peeking; and when
training ends early."""

from __future__ import annotations

import json

import pytest
from small_runs import PARTS, RunMaker, SmallRun

from engine.data.dataset import Pair
from engine.machine import manifest
from engine.machine.paths import BUILTIN_PROFILES
from engine.run.events import Evaluated, Event, Finished, Step, Warned
from engine.run.files import RunFiles
from engine.start.request import prepare
from engine.worker.process.reporter import Reporter
from engine.worker.scoring.session import Session
from engine.worker.training.checkpoints import newest_state
from engine.worker.training.loop import Trainer

QUICK = {"evaluation__samples": 0, "lora__dropout": 0}
SPOILT = {
    **QUICK,
    "training__learning_rate": 0.1,
    "training__scheduler": "constant",
    "training__warmup": 0.2,
    "training__evaluate_every": 1,
}
"""A learning rate that soon makes the model worse."""


def events_of(small: SmallRun) -> list[Event]:
    said: list[Event] = []
    Trainer(Session(small.run, Reporter(said.append))).train()
    return said


def sentences(pairs: list[Pair]) -> set[str]:
    return {text for pair in pairs for text in (pair.source_text, pair.output)}


def test_without_a_file_of_them_validation_pairs_are_set_aside(make_run: RunMaker) -> None:
    small = make_run(
        **QUICK,
        data__validation="",
        data__validation_share=0.25,
        training__max_steps=2,
        training__evaluate_every=1,
    )
    settings = small.run.settings
    assert settings.data["validation"].path == settings.data["train"].path
    files = RunFiles(settings)
    train, validation = files.read("train").pairs, files.read("validation").pairs
    whole = json.loads(small.data["train"].read_text("utf-8"))
    assert len(train) + len(validation) == len(whole) == PARTS["train"]
    assert len(validation) == settings.data["validation"].pairs == 6
    assert sentences(train) & sentences(validation) == set()
    said = events_of(small)
    curve = {e.step: e.score for e in said if isinstance(e, Evaluated) and e.part == "validation"}
    assert list(curve) == [0, 1, 2]
    assert {score.samples for score in curve.values()} == {6}
    best = min((1, 2), key=lambda step: curve[step].perplexity)
    assert isinstance(said[-1], Finished)
    assert said[-1].checkpoint == f"step-{best:06d}"


def test_the_split_hangs_on_its_seed_alone(make_run: RunMaker) -> None:
    def aside(**overrides: object) -> list[str]:
        small = make_run(data__validation="", data__validation_share=0.25, **overrides)
        return [pair.id for pair in RunFiles(small.run.settings).read("validation").pairs]

    assert aside() == aside(training__seed=5)
    assert aside() != aside(data__validation_seed=1)


def test_training_ends_when_patience_is_over(make_run: RunMaker) -> None:
    small = make_run(**SPOILT, training__max_steps=6, training__patience=2)
    said = events_of(small)
    curve = {
        e.step: e.score.perplexity
        for e in said
        if isinstance(e, Evaluated) and e.part == "validation" and e.step
    }
    best = min(curve, key=lambda step: curve[step])
    steps = [event.step for event in said if isinstance(event, Step)]
    assert steps[-1] == best + 2 < 6
    assert isinstance(said[-1], Finished)
    assert (said[-1].steps, said[-1].checkpoint) == (best + 2, f"step-{best:06d}")
    (early,) = [event for event in said if isinstance(event, Warned)]
    assert f"stopped early after step {best + 2}: 2 evaluations without" in early.message


def test_the_newest_and_the_best_checkpoints_are_kept(make_run: RunMaker) -> None:
    small = make_run(**SPOILT, training__max_steps=6, training__keep_checkpoints=2)
    ended = events_of(small)[-1]
    assert isinstance(ended, Finished)
    assert ended.checkpoint < "step-000005"
    assert small.run.checkpoints() == [ended.checkpoint, "step-000005", "step-000006"]
    manifest.check(small.run.adapter_path)


def test_patience_is_kept_over_a_stop(make_run: RunMaker) -> None:
    """A worker that goes on where another stopped counts on, and does not begin anew."""
    small = make_run(**SPOILT, training__max_steps=6, training__patience=2)
    said: list[Event] = []
    reporter = Reporter(said.append)

    def emit(event: Event) -> None:
        said.append(event)
        if isinstance(event, Step) and event.step == 3:
            reporter.stopping = True

    reporter.emit = emit
    Trainer(Session(small.run, reporter)).train()
    state = newest_state(small.run, BUILTIN_PROFILES / "tiny").state
    assert state is not None
    before = state.progress.evaluations_without_better
    again = events_of(small)
    assert isinstance(again[-1], Finished)
    (early,) = [event for event in again if isinstance(event, Warned)]
    assert "stopped early" in early.message
    assert again[-1].steps <= 3 + (2 - before)


def test_a_choice_on_the_test_file_is_warned_of(make_run: RunMaker) -> None:
    small = make_run(
        **QUICK, training__max_steps=1, training__evaluate_every=1, evaluation__choose_by="test"
    )
    warned = [event.message for event in events_of(small) if isinstance(event, Warned)]
    assert any("chosen on the test file" in text for text in warned)


@pytest.mark.parametrize("share", [0.0, 0.01])
def test_with_nothing_set_aside_the_last_checkpoint_is_the_result(
    make_run: RunMaker, share: float
) -> None:
    small = make_run(
        **QUICK,
        data__validation="",
        data__validation_share=share,
        training__max_steps=1,
        training__evaluate_every=1,
    )
    assert "validation" not in small.run.settings.data
    said = events_of(small)
    assert any("no validation pairs" in e.message for e in said if isinstance(e, Warned))


def test_an_adapter_under_another_prompt_or_on_what_it_learnt_is_warned_of(
    make_run: RunMaker, finished_run: SmallRun
) -> None:
    from engine.start.request import Request
    from engine.worker.jobs import score_file as score

    def warnings(test: str = "", **overrides: str) -> list[str]:
        request = Request(
            finished_run.run.folder.parent,
            "qlora",
            run=finished_run.run,
            test=test,
            overrides={key.replace("__", "."): value for key, value in overrides.items()},
        )
        said: list[Event] = []
        score.run(Session(prepare(request), Reporter(said.append)))
        assert isinstance(said[-1], Finished)
        return [event.message for event in said if isinstance(event, Warned)]

    assert warnings() == []
    (said,) = warnings(prompt__template="{system}{examples}{instruction}\\n譯文：")
    assert said.startswith("the adapter was trained with another prompt: prompt.template was")
    learnt = finished_run.data["train"]
    (said,) = warnings(test=str(learnt))
    assert said.startswith(f"24 of 24 pairs share a sentence with what {finished_run.run.id} was")
