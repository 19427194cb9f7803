"""No checkpoint is lost: wherever saving is killed, and whatever becomes of the files later."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import disk_calls
import pytest
import torch
from peft import PeftModel
from samples import make_run

from engine.machine import manifest
from engine.machine.manifest import TornError
from engine.machine.paths import BUILTIN_PROFILES
from engine.profile.schema import Lora, Profile
from engine.run import trained_with
from engine.run.folder import Run
from engine.run.prompt_builder import builder_for
from engine.run.trained_with import TrainedWith
from engine.worker.model.adapters import add_adapter
from engine.worker.model.loading import load_base
from engine.worker.process import leftovers
from engine.worker.training import checkpoints
from engine.worker.training.checkpoints import Found, TrainerState
from engine.worker.training.progress import Progress

MODEL = BUILTIN_PROFILES / "tiny"
FILES = (
    "adapter_config.json",
    "adapter_model.safetensors",
    "trained_with.json",
    "trainer.safetensors",
)


@dataclass
class Trained:
    """A small adapter that changes with every step, and what would be saved of it."""

    model: PeftModel
    facts: TrainedWith
    root: Path

    def save(self, run: Run, step: int) -> None:
        torch.set_num_threads(1)  # in a forked child there are no others
        parameters = [p for p in self.model.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(parameters, lr=0.1)
        scheduler = torch.optim.lr_scheduler.ConstantLR(optimizer)
        for parameter in parameters:
            parameter.data.fill_(step)
            parameter.grad = torch.full_like(parameter, step)
        optimizer.step()
        state = TrainerState.now(Progress(step=step), optimizer, scheduler)
        checkpoints.save(run, self.model, state, self.facts)

    def run(self, name: str, *steps: int) -> Run:
        """A run with checkpoints after these steps."""
        run = make_run(self.root / name)
        for step in steps:
            self.save(run, step)
        return run


@pytest.fixture(scope="module")
def trained(profile: Profile, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    base = load_base(profile, torch.device("cpu"), lambda message, hint: None)
    lora = Lora(rank=1, target_modules=("q_proj",))
    facts = trained_with.describe(profile, builder_for(profile))
    return Trained(add_adapter(base, lora, 0), facts, tmp_path_factory.mktemp("checkpoints"))


def found(run: Run) -> Found:
    return checkpoints.newest_state(run, MODEL)


def step_of(found: Found) -> int:
    """The step gone on from, all of the state being that step's."""
    if found.state is None:
        return 0
    first = found.state.optimizer["state"][0]["exp_avg"]
    assert torch.allclose(first, torch.full_like(first, found.state.progress.step / 10))
    return found.state.progress.step


@pytest.mark.parametrize("step", [3, 2])
def test_nothing_is_lost_wherever_saving_is_killed(trained: Trained, step: int) -> None:
    """Also where the step was saved before, and is replaced."""
    before = trained.run(f"before-{step}", 1, 2)
    run = Run(trained.root / f"killed-{step}" / before.id)
    shutil.copytree(before.folder, run.folder)
    reached = set()
    for number in disk_calls.killed_before_each(lambda: trained.save(run, step), run.folder):
        gone_on_from = found(run)
        assert gone_on_from.torn == [], number
        reached.add(step_of(gone_on_from))
        for name in ("step-000001", "step-000002"):
            manifest.check(run.checkpoints_path / name)
        shutil.rmtree(run.folder)
        shutil.copytree(before.folder, run.folder)
    assert reached == {2, step}


def test_no_checkpoint_is_half_pruned_wherever_that_is_killed(trained: Trained) -> None:
    before = trained.run("unpruned", 1, 2, 3, 4, 5)
    run = Run(trained.root / "pruned" / before.id)
    shutil.copytree(before.folder, run.folder)
    newest, best = "step-000005", "step-000002"
    kept_at_last = [best, "step-000004", newest]
    kept: list[list[str]] = []
    for number in disk_calls.killed_before_each(
        lambda: checkpoints.prune(run, newest, {best, ""}, 2), run.folder
    ):
        kept.append(run.checkpoints())
        for name in kept[-1]:
            manifest.check(run.checkpoints_path / name)
        assert {best, "step-000004", newest} <= set(kept[-1]), number
        leftovers.clear(run.folder)  # as the next worker does
        checkpoints.prune(run, newest, {best}, 2)
        assert sorted(path.name for path in run.checkpoints_path.iterdir()) == kept_at_last
        shutil.rmtree(run.folder)
        shutil.copytree(before.folder, run.folder)
    assert kept[0] == before.checkpoints()
    assert kept[-1] == kept_at_last


@pytest.mark.parametrize(
    ("keep", "steps"), [(0, [1, 2, 3, 4, 5]), (1, [3, 4, 5]), (3, [2, 3, 4, 5])]
)
def test_those_until_the_newest_are_pruned(trained: Trained, keep: int, steps: list[int]) -> None:
    """What comes after it is of a worker before, and damaged: it was passed over."""
    run = trained.run(f"keep-{keep}", 1, 2, 3, 4, 5)
    checkpoints.prune(run, "step-000004", set(), keep)
    assert run.checkpoints() == [f"step-{step:06d}" for step in steps]


def test_publishing_is_whole_wherever_it_is_killed(trained: Trained) -> None:
    run = trained.run("published", 1, 2)
    checkpoints.publish(run, "step-000001")
    first = (run.adapter_path / FILES[1]).read_bytes()
    second = (run.checkpoints_path / "step-000002" / FILES[1]).read_bytes()
    ends = []
    for number in disk_calls.killed_before_each(
        lambda: checkpoints.publish(run, "step-000002"), run.folder
    ):
        found(run)  # as the next worker does
        manifest.check(run.adapter_path)
        ends.append((run.adapter_path / FILES[1]).read_bytes())
        assert ends[-1] in (first, second), number
        checkpoints.publish(run, "step-000001")
    assert ends[-1] == second
    assert not (run.adapter_path / "trainer.safetensors").exists()


def test_a_result_that_is_there_is_not_written_again(trained: Trained) -> None:
    run = trained.run("again", 1)
    checkpoints.publish(run, "step-000001")
    calls = disk_calls.told(lambda: checkpoints.publish(run, "step-000001"), run.folder)
    assert {call.split()[0] for call in calls} == {"open"}


def test_all_is_on_the_disk_before_it_has_its_name(trained: Trained) -> None:
    run = trained.run("order", 1)
    calls = disk_calls.told(lambda: trained.save(run, 2), run.folder)
    part = "checkpoints/.step-000002.part"
    renamed = calls.index(f"rename {part} checkpoints/step-000002")
    for name in (*FILES, manifest.FILE):
        assert f"fsync {part}/{name}" in calls[:renamed]
    assert f"fsync {part}" in calls[:renamed]
    assert "fsync checkpoints" in calls[renamed:]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def turn_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [cut, turn_a_bit, empty, Path.unlink])
@pytest.mark.parametrize("file", FILES)
def test_a_damaged_checkpoint_is_told_and_passed_over(
    trained: Trained, file: str, damage: Callable[[Path], None]
) -> None:
    run = trained.run(f"{file}-{damage.__name__}", 1, 2)
    damage(run.checkpoints_path / "step-000002" / file)
    gone_on_from = found(run)
    assert step_of(gone_on_from) == 1
    ((name, why),) = gone_on_from.torn
    assert name == "step-000002"
    assert str(why).startswith(f"{file} ")
    with pytest.raises(TornError):
        checkpoints.publish(run, "step-000002")


@pytest.mark.parametrize("damage", [cut, empty])
def test_a_damaged_manifest_is_told(trained: Trained, damage: Callable[[Path], None]) -> None:
    run = trained.run(f"manifest-{damage.__name__}", 1, 2)
    damage(run.checkpoints_path / "step-000002" / manifest.FILE)
    gone_on_from = found(run)
    assert step_of(gone_on_from) == 1
    assert "manifest.json cannot be read" in str(gone_on_from.torn[0][1])


def test_a_file_that_was_not_saved_does_no_harm(trained: Trained) -> None:
    run = trained.run("extra", 1, 2)
    (run.checkpoints_path / "step-000002" / "extra").write_bytes(b"?")
    assert step_of(found(run)) == 2


@pytest.mark.parametrize("file", ["adapter_config.json", *FILES[1::2]])
def test_checkpoints_of_before_are_checked_as_far_as_can_be(trained: Trained, file: str) -> None:
    run = trained.run(f"old-{file}", 1, 2)
    for name in run.checkpoints():
        (run.checkpoints_path / name / manifest.FILE).unlink()
    assert step_of(found(run)) == 2
    cut(run.checkpoints_path / "step-000002" / file)
    gone_on_from = found(run)
    assert step_of(gone_on_from) == 1
    assert len(gone_on_from.torn) == 1


def test_where_all_are_damaged_training_begins_anew_and_nothing_is_removed(
    trained: Trained,
) -> None:
    run = trained.run("all", 1, 2)
    for name in run.checkpoints():
        turn_a_bit(run.checkpoints_path / name / "trainer.safetensors")
    gone_on_from = found(run)
    assert step_of(gone_on_from) == 0
    assert [name for name, _why in gone_on_from.torn] == ["step-000002", "step-000001"]
    assert run.checkpoints() == ["step-000001", "step-000002"]


def test_two_checkpoints_can_be_resumed_and_no_more(trained: Trained) -> None:
    run = trained.run("three", 1, 2, 3)
    with_state = run.checkpoints_path.glob("*/trainer.safetensors")
    assert sorted(path.parent.name for path in with_state) == ["step-000002", "step-000003"]
    manifest.check(run.checkpoints_path / "step-000001")
