"""Checkpoints: adapters in PEFT's plain format, and beside the newest what a resumed run needs."""

from __future__ import annotations

import os
import pickle
import re
import shutil
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import torch
from peft import PeftModel, set_peft_model_state_dict
from safetensors import SafetensorError
from safetensors.torch import load
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from engine.language.errors import UserError
from engine.language.plain_text import one_line
from engine.language.said import Said, Words
from engine.machine import file_modes, manifest, regular_files
from engine.machine.files import make_folder, put_in_place, take_back
from engine.machine.manifest import TornError
from engine.models import adapter_check
from engine.run import trained_with
from engine.run.folder import Run
from engine.run.trained_with import TrainedWith
from engine.worker.model.adapters import require_whole
from engine.worker.process.reporter import Reporter
from engine.worker.training import saved_state
from engine.worker.training.progress import Progress

_TRAINER = "trainer.safetensors"
_OLD_TRAINER = "trainer.pt"
"""Of checkpoints from before; read, never written."""
_STATES = (_TRAINER, _OLD_TRAINER)
_RESUMABLE = 2
"""Checkpoints, the newest, that keep their trainer state."""
_DAMAGED = (
    UserError, OSError, ValueError, TypeError, KeyError, EOFError, RuntimeError,
    pickle.UnpicklingError, SafetensorError,
)  # fmt: skip
"""What reading a checkpoint may raise that is not as it was saved."""


@dataclass
class TrainerState:
    """Where training stands, beyond the adapter's weights."""

    progress: Progress
    optimizer: dict[str, Any]
    scheduler: dict[str, Any]
    random: torch.Tensor
    random_cuda: list[torch.Tensor]

    @classmethod
    def now(cls, progress: Progress, optimizer: Optimizer, scheduler: LRScheduler) -> TrainerState:
        """With the random numbers where they are."""
        cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
        return cls(
            progress, optimizer.state_dict(), scheduler.state_dict(), torch.get_rng_state(), cuda
        )

    def restore(self, optimizer: Optimizer, scheduler: LRScheduler) -> None:
        """Put these, and the random numbers, back to where they were."""
        optimizer.load_state_dict(self.optimizer)
        scheduler.load_state_dict(self.scheduler)
        torch.set_rng_state(self.random)
        if self.random_cuda:
            torch.cuda.set_rng_state_all(self.random_cuda)

    def write(self, path: Path) -> None:
        """Plain values and tensors alone, which can be read without trusting the file."""
        saved_state.write(path, {**vars(self), "progress": vars(self.progress)})

    @classmethod
    def read(cls, path: Path) -> TrainerState:
        """What `write` wrote."""
        read = saved_state.read_old if path.name == _OLD_TRAINER else saved_state.read
        content = read(path)
        progress = msgspec.convert(content["progress"], Progress)
        if not re.fullmatch(r"(step-\d{6,12})?", progress.best):
            raise ValueError(f"{path}: its best checkpoint has no checkpoint's name")
        return cls(**{**content, "progress": progress})


def save(run: Run, model: PeftModel, state: TrainerState, facts: TrainedWith) -> None:
    """Write a checkpoint, whole and on the disk when this returns.

    Only the newest two keep their trainer state, which is several times the adapter's size: the one
    before is there should the newest be damaged.
    """
    name = state.progress.checkpoint
    make_folder(run.checkpoints_path)
    temporary = run.checkpoints_path / f".{name}.part"
    regular_files.clear(temporary)
    temporary.mkdir()
    # Tied or resized embeddings are never part of an adapter here; asking would download a config.
    model.save_pretrained(str(temporary), save_embedding_layers=False)
    (temporary / "README.md").unlink(missing_ok=True)
    trained_with.write(temporary, facts)
    state.write(temporary / _TRAINER)
    manifest.write(temporary)
    file_modes.as_usual(temporary)
    put_in_place(temporary, run.checkpoints_path / name)
    for other in [other for other in run.checkpoints() if other < name][: 1 - _RESUMABLE]:
        _forget_state(run.checkpoints_path / other)


def prune(run: Run, newest: str, best: Collection[str], keep: int) -> None:
    """Remove what need not be kept, once `newest` is whole on the disk; 0 keeps all.

    Of the checkpoints until then the newest `keep` stay, those that can be resumed at least, and
    the best. What cannot be removed stays too: the next checkpoint tries again.
    """
    if not keep:
        return
    names = run.checkpoints()
    older = names[: names.index(newest)]
    for name in older[: 1 - max(_RESUMABLE, keep)]:
        if name not in best:
            # Under another name first: half removed, it would be called damaged.
            gone = run.checkpoints_path / f".{name}.part"
            regular_files.clear(gone)
            with suppress(OSError):
                os.replace(run.checkpoints_path / name, gone)
            regular_files.clear(gone)


def _forget_state(folder: Path) -> None:
    """Of a checkpoint that need not be resumed any more."""
    with suppress(TornError):  # whoever uses it is told
        manifest.leave_out(folder, _STATES)
    for file in _STATES:
        (folder / file).unlink(missing_ok=True)


@dataclass
class Found:
    """What a run goes on from."""

    folder: Path | None = None
    """The checkpoint; None to begin anew."""
    state: TrainerState | None = None
    torn: list[tuple[str, Words]] = field(default_factory=list)
    """Newer checkpoints that are damaged, and how."""

    def tell(self, reporter: Reporter) -> None:
        """Say which checkpoints are passed over, and what is done instead."""
        for name, why in self.torn:
            message = Said("checkpoint {name} is damaged: {why}", name=name, why=why)
            if self.folder is None:
                instead = Said("no checkpoint is left to go on from: training begins anew")
            else:
                instead = Said("training goes on from {name}", name=self.folder.name)
            reporter.warn(message, instead)


def newest_state(run: Run, base: Path) -> Found:
    """The newest checkpoint that is whole and can be resumed, and those that are not."""
    _take_back(run)
    found = Found()
    for name in reversed(run.checkpoints()):
        folder = run.checkpoints_path / name
        try:
            state = _state_of(folder, base)
        except TornError as error:
            found.torn.append((name, error.why))
        except _DAMAGED as error:
            found.torn.append((name, one_line(str(error) or type(error).__name__)))
        else:
            if state is not None:
                found.folder, found.state = folder, state
                break
    return found


def _state_of(folder: Path, base: Path) -> TrainerState | None:
    """A checkpoint's, if it has one. Raises one of _DAMAGED where not all of it is as it was."""
    listed = manifest.read(folder)
    there = [name for name in _STATES if os.path.lexists(folder / name)]
    names = [name for name in _STATES if name in (there if listed is None else listed)]
    if not names:
        return None
    manifest.check(folder)
    adapter_check.check(folder, base)
    return TrainerState.read(folder / names[0])


def _take_back(run: Run) -> None:
    """What a worker was about to replace when it was killed is as it was."""
    take_back(run.adapter_path)
    for path in run.checkpoints_path.glob(".step-*.before"):
        take_back(path.with_name(path.stem.removeprefix(".")))


def load_weights(model: PeftModel, folder: Path) -> None:
    """Put a checkpoint's adapter weights into the model's adapter. Raises UserError."""
    adapter_check.check(folder, Path(model.config._name_or_path))
    require_whole(model, folder, "default")
    # Read here: of a file that cannot be opened safetensors says, whatever the reason, that it is
    # not there.
    weights = (folder / adapter_check.WEIGHTS).read_bytes()
    set_peft_model_state_dict(model, load(weights))


def publish(run: Run, checkpoint: str) -> None:
    """Make a checkpoint the run's result: a copy in adapter/, without trainer state.

    Raises TornError if the checkpoint is not as it was saved.
    """
    source, target = run.checkpoints_path / checkpoint, run.adapter_path
    manifest.check(source)
    if _is_published(source, target):
        return
    temporary = run.folder / ".adapter.part"
    regular_files.clear(temporary)
    temporary.mkdir()
    for file in _published(source):
        shutil.copyfile(file, temporary / file.name)
    manifest.write(temporary)
    put_in_place(temporary, target)


def _is_published(source: Path, target: Path) -> bool:
    """Is the result there already, and whole?"""
    try:
        manifest.check(target)
        listed, there = manifest.read(source), manifest.read(target)
    except TornError:
        return False
    if listed is None or there is None:
        return False
    return {name: entry for name, entry in listed.items() if name not in _STATES} == there


def _published(checkpoint: Path) -> list[Path]:
    """Not the trainer's state; nor links, behind which is nothing of the checkpoint's own."""
    there = [path for path in checkpoint.iterdir() if path.is_file() and not path.is_symlink()]
    return [path for path in there if path.name not in _STATES]
