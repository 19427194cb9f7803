"""Checkpoints: adapters in PEFT's plain format, and beside the newest what a resumed run needs."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import torch
from peft import PeftModel, set_peft_model_state_dict
from safetensors.torch import load_file
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from engine.machine import file_modes, regular_files
from engine.machine.files import make_folder, put_in_place, take_back
from engine.models import adapter_check
from engine.run import trained_with
from engine.run.folder import Run
from engine.run.trained_with import TrainedWith
from engine.worker.model.adapters import require_whole
from engine.worker.training import saved_state
from engine.worker.training.progress import Progress

_TRAINER = "trainer.safetensors"
_OLD_TRAINER = "trainer.pt"
"""Of checkpoints from before; read, never written."""


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


def save(run: Run, model: PeftModel, state: TrainerState, facts: TrainedWith) -> str:
    """Write a checkpoint and rename it into place; returns its name.

    Only the newest keeps its trainer state, which is several times the adapter's size.
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
    file_modes.as_usual(temporary)
    target = run.checkpoints_path / name
    put_in_place(temporary, target)
    for other in run.checkpoints():
        if other != name:
            for file in (_TRAINER, _OLD_TRAINER):
                (run.checkpoints_path / other / file).unlink(missing_ok=True)
    return name


def newest_state(run: Run) -> tuple[Path, TrainerState] | None:
    """The checkpoint to resume from, or None to begin anew."""
    _take_back(run)
    for name in reversed(run.checkpoints()):
        path = run.checkpoints_path / name
        for file in (_TRAINER, _OLD_TRAINER):
            if (path / file).is_file() and not (path / file).is_symlink():
                return path, TrainerState.read(path / file)
    return None


def _take_back(run: Run) -> None:
    """What a worker was about to replace when it was killed is as it was."""
    take_back(run.adapter_path)
    for path in run.checkpoints_path.glob(".step-*.before"):
        take_back(path.with_name(path.stem.removeprefix(".")))


def load_weights(model: PeftModel, folder: Path) -> None:
    """Put a checkpoint's adapter weights into the model's adapter. Raises UserError."""
    adapter_check.check(folder, Path(model.config._name_or_path))
    require_whole(model, folder, "default")
    set_peft_model_state_dict(model, load_file(str(folder / adapter_check.WEIGHTS)))


def publish(run: Run, checkpoint: str) -> None:
    """Make a checkpoint the run's result: a copy in adapter/, without trainer state."""
    temporary = run.folder / ".adapter.part"
    regular_files.clear(temporary)
    shutil.copytree(run.checkpoints_path / checkpoint, temporary, ignore=_not_published)
    put_in_place(temporary, run.adapter_path)


def _not_published(folder: str, names: list[str]) -> list[str]:
    """The trainer's state; and links, behind which is nothing of the checkpoint's own."""
    own = (_TRAINER, _OLD_TRAINER)
    return [name for name in names if name in own or Path(folder, name).is_symlink()]
