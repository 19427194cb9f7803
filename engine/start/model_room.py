"""Whether there is room to load a base model for translating, beside what runs here now."""

from __future__ import annotations

from dataclasses import dataclass

from engine.language import figures, plain_text
from engine.language.errors import UserError
from engine.language.said import Joined, Said
from engine.machine.hardware import Gpu, Probe
from engine.models import model_shape
from engine.profile.schema import Profile
from engine.run import gpu_choice
from engine.start import memory_estimate
from engine.start.largest_pass import Load

_ONE_TEXT = Load(tokens=512, scored=1, row=512)


@dataclass(frozen=True)
class Room:
    """What loading takes, and what there is."""

    need: int
    """Bytes, estimated; `free` are measured."""
    free: int
    gpu: Gpu | None
    """None for main memory."""

    @property
    def is_enough(self) -> bool:
        return self.need <= self.free

    @property
    def sentence(self) -> Said:
        """What is wrong, in words; who holds the memory, where that can be seen."""
        if self.gpu:
            words = Said("The model needs about {need}; {free} on GPU {gpu} are free.")
        else:
            words = Said("The model needs about {need}; {free} of main memory are free.")
        words = words.filled(
            need=figures.size(self.need),
            free=figures.size(max(0, self.free)),
            gpu=self.gpu.index if self.gpu else "",
        )
        holder = self.gpu.processes[0] if self.gpu and self.gpu.processes else None
        if holder is not None:
            who = plain_text.one_line(" ".join(filter(None, (holder.user, holder.name))))
            held = Said(" Most is held by {who}.", who=who or Said("process {pid}", pid=holder.pid))
            return Joined("", (words, held))
        return words


def find(profile: Profile, probe: Probe | None = None) -> Room | None:
    """The room for a profile's base model where the translator would load it; None if unknown."""
    try:
        shape = model_shape.read(profile.model)
        machine = (probe or Probe()).read()
        gpu = gpu_choice.take(machine.gpus)
    except (UserError, OSError):
        return None
    estimated = memory_estimate.estimate(
        profile, shape, training=None, scoring=_ONE_TEXT, on_gpu=gpu is not None
    )
    return Room(estimated.total, gpu.free if gpu else machine.memory_free, gpu)
