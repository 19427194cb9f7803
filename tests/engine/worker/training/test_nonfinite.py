"""A loss that is nan: it ends a run with the batch named, or the batch is skipped; never more.

The models are real ones in which one token makes every number after it nan: its embedding is finite
and overflows as Gemma scales it. A single training pair holds that token.
"""

from __future__ import annotations

import json
import math
import shutil
from collections import Counter
from pathlib import Path

import pytest
import tomli
import tomli_w
import torch
from safetensors.torch import load_file, save_file
from small_runs import PARTS, RunMaker, SmallRun, cut_data

from engine.machine.paths import BUILTIN_PROFILES
from engine.models.tokenizer import Tokenizer
from engine.run.events import Evaluated, Failed, Finished, Saved, Skipped, Step, Stopped, Warned
from engine.run.summary import Status
from engine.worker.training import nonfinite
from engine.worker.training.nonfinite import NonfiniteError
from engine.worker.training.progress import Progress


class Poisoned:
    """A profile whose model cannot bear one pair of a file."""

    def __init__(self, folder: Path, part: str = "train") -> None:
        model = folder / "model"
        ignored = shutil.ignore_patterns("build", "data")
        shutil.copytree(BUILTIN_PROFILES / "tiny", model, ignore=ignored)
        self.pair, token = _pair_with_a_token_of_its_own(folder, Tokenizer(model), part)
        weights = load_file(model / "model.safetensors")
        weights["model.embed_tokens.weight"][token, 0] = 3e38
        save_file(weights, model / "model.safetensors", metadata={"format": "pt"})
        table = tomli.loads((BUILTIN_PROFILES / "tiny.toml").read_text("utf-8"))
        table["model"]["path"] = "model"
        self.profile = folder / "poisoned.toml"
        self.profile.write_text(tomli_w.dumps(table), encoding="utf-8")


def _pair_with_a_token_of_its_own(folder: Path, tokenizer: Tokenizer, part: str) -> tuple[str, int]:
    """The id of the last such pair, and the token that no other pair holds."""
    items = {
        name: json.loads(cut_data(name, folder, count).read_text("utf-8"))
        for name, count in PARTS.items()
    }
    held = Counter(
        token for found in items.values() for one in found for token in _tokens(tokenizer, one)
    )
    own = [
        (one["id"], token)
        for one in items[part]
        for token in sorted(_tokens(tokenizer, one))
        if held[token] == 1
    ]
    return own[-1]


def _tokens(tokenizer: Tokenizer, item: dict[str, str]) -> set[int]:
    return {*tokenizer.encode(item["instruction"]), *tokenizer.encode(item["output"])}


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory: pytest.TempPathFactory) -> Poisoned:
    return Poisoned(tmp_path_factory.mktemp("poisoned"))


@pytest.fixture(scope="module")
def stopped(make_run: RunMaker, poisoned: Poisoned) -> SmallRun:
    small = make_run(profile=poisoned.profile, training__checkpoint_every=1)
    small.start()
    small.wait()
    return small


@pytest.fixture(scope="module")
def skipping(make_run: RunMaker, poisoned: Poisoned) -> SmallRun:
    small = make_run(profile=poisoned.profile, training__nonfinite="skip")
    small.start()
    small.wait()
    return small


def _is_bad(step: Step) -> bool:
    return not (math.isfinite(step.loss) and math.isfinite(step.grad_norm))


def test_a_loss_that_is_nan_ends_the_run_at_its_step(stopped: SmallRun, poisoned: Poisoned) -> None:
    steps, (failed,) = stopped.of_kind(Step), stopped.of_kind(Failed)
    assert [_is_bad(step) for step in steps] == [False] * (len(steps) - 1) + [True]
    step = steps[-1].step
    (skipped,) = stopped.of_kind(Skipped)
    assert skipped.step == step
    assert poisoned.pair in skipped.items
    assert len(skipped.items) == 8
    assert failed.type == "NonfiniteError"
    assert failed.message.startswith(f"step {step}: the loss is nan")
    assert all(item in failed.message for item in skipped.items)
    newest = stopped.run.checkpoints()[-1:]
    assert newest == ([f"step-{step - 1:06d}"] if step > 1 else [])
    assert (newest[0] if newest else "no checkpoint yet") in failed.message
    assert "training.nonfinite = skip" in failed.hint
    assert stopped.of_kind(Finished) == []
    assert stopped.run.summary().status is Status.FAILED
    assert poisoned.pair in stopped.log()


def test_a_bad_batch_is_skipped_and_counted_where_the_profile_wants_that(
    skipping: SmallRun, poisoned: Poisoned
) -> None:
    summary = skipping.run.summary()
    assert summary.status is Status.FINISHED, skipping.log()
    skipped = skipping.of_kind(Skipped)
    assert [event.count for event in skipped] == [1, 2]
    assert all(poisoned.pair in event.items for event in skipped)
    assert [event.step for event in skipped] == [
        e.step for e in skipping.of_kind(Step) if _is_bad(e)
    ]
    assert summary.skipped == 2
    (end,) = skipping.of_kind(Finished)
    assert math.isfinite(end.loss)
    assert end.score is not None
    assert math.isfinite(end.score.perplexity)
    for name in skipping.run.checkpoints():
        weights = load_file(skipping.run.checkpoints_path / name / "adapter_model.safetensors")
        assert all(bool(torch.isfinite(one).all()) for one in weights.values())


def test_a_run_that_skipped_a_batch_goes_on_as_if_it_had_not_been_stopped(
    make_run: RunMaker, poisoned: Poisoned, skipping: SmallRun
) -> None:
    first = skipping.of_kind(Skipped)[0].step
    small = make_run(profile=poisoned.profile, training__nonfinite="skip")
    small.start()
    small.wait_for(lambda event: isinstance(event, Skipped))
    small.stop()
    stops = small.of_kind(Stopped)
    assert [event.step >= first for event in stops] == [True], small.log()
    small.start()
    summary = small.wait()
    assert summary.status is Status.FINISHED, small.log()
    losses, right = small.losses(), skipping.losses()
    assert list(losses) == list(right)
    assert list(losses.values()) == pytest.approx(list(right.values()), rel=1e-4, nan_ok=True)
    assert summary.skipped == 2
    scores = [run.of_kind(Finished)[-1].score for run in (small, skipping)]
    assert scores[0] is not None
    assert scores[1] is not None
    assert scores[0].perplexity == pytest.approx(scores[1].perplexity, rel=1e-4)


def test_a_run_that_only_skips_ends(make_run: RunMaker) -> None:
    small = make_run(
        training__nonfinite="skip",
        training__learning_rate=1e37,
        training__warmup=0,
        training__epochs=9,
        training__max_steps=0,
        training__evaluate_every=30,
        evaluation__samples=0,
    )
    small.start()
    assert small.wait().status is Status.FAILED, small.log()
    assert len(small.of_kind(Skipped)) == nonfinite.MOST_IN_A_ROW
    (failed,) = small.of_kind(Failed)
    assert f"{nonfinite.MOST_IN_A_ROW} steps in a row were not finite" in failed.message


def test_a_perplexity_that_is_nan_is_no_result(make_run: RunMaker, tmp_path: Path) -> None:
    """Of a test item that the model cannot bear."""
    poisoned = Poisoned(tmp_path, "test")
    small = make_run(profile=poisoned.profile, strategy="zero-shot")
    small.start()
    assert small.wait().status is Status.FAILED, small.log()
    (failed,) = small.of_kind(Failed)
    assert "the perplexity of the test file is nan" in failed.message
    assert failed.message.endswith(f"is not finite: {poisoned.pair}")


def test_a_perplexity_that_is_nan_chooses_nothing(make_run: RunMaker, tmp_path: Path) -> None:
    poisoned = Poisoned(tmp_path, "validation")
    small = make_run(profile=poisoned.profile, training__nonfinite="skip", training__max_steps=2)
    small.start()
    assert small.wait().status is Status.FINISHED, small.log()
    told = [event.message for event in small.of_kind(Warned)]
    wrong = [one for one in told if "the perplexity of the validation file is nan" in one]
    assert [one.split(":")[0] for one in wrong] == ["step 0", "step 2"]
    assert not any(event.best for event in small.of_kind(Saved))
    parts = {event.part for event in small.of_kind(Evaluated) if event.score.perplexity > 0}
    assert parts == {"test"}


def test_weights_that_are_not_finite_are_not_saved() -> None:
    good, bad = torch.nn.Parameter(torch.ones(2)), torch.nn.Parameter(torch.tensor([1.0, math.inf]))
    nonfinite.require_finite([good], 4, "step-000002")
    with pytest.raises(NonfiniteError, match="not saved.*last good checkpoint is step-000002"):
        nonfinite.require_finite([good, bad], 4, "step-000002")


def test_the_loss_that_is_told_at_the_end_is_of_steps_that_were_applied() -> None:
    progress = Progress()
    progress.take_step(2.0, 10)
    progress.take_step(math.nan, 10, is_applied=False)
    assert (progress.step, progress.skipped, progress.recent_loss) == (2, 1, 2.0)
