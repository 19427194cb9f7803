"""Whether a run that is started now would find room on a GPU, and on which."""

from __future__ import annotations

from engine.language.errors import RunError
from engine.language.figures import size
from engine.language.said import Said, Words
from engine.machine.hardware import Gpu, Probe
from engine.machine.words import describe_process
from engine.run import gpu_choice
from engine.start import preflight
from engine.start.request import Request


def find_gpu(request: Request, probe: Probe | None = None) -> str:
    """UUID of the GPU that a run should get; empty if it names its own, or no GPU is to be had.

    Raises RunError if a run would not fit on any, UserError with what else is wrong with it.
    """
    probe = probe or Probe()
    gpus = gpu_choice.visible(probe.gpus())
    if request.gpu or not gpus:
        return ""
    need = preflight.least_memory(request, probe)
    roomy = [gpu for gpu in gpus if gpu.free >= need]
    busy = gpu_choice.busy(request.root, gpus) if len(roomy) > 1 else None
    gpu = gpu_choice.freest(roomy, busy or ())
    if gpu is None:
        raise RunError(_refusal(need, max(gpus, key=lambda one: one.free)))
    return gpu.uuid


def _refusal(need: int, gpu: Gpu) -> Said:
    """Why no GPU will do, told of the one with most room."""
    if gpu.total < need:
        words = Said(
            "the run needs about {need}, more than a GPU here has ({total}): set "
            "quantization.method = nf4, lower training.tokens_per_pass, or take a smaller model; "
            "`--gpu {index}` starts it all the same"
        )
    else:
        words = Said(
            "the run needs about {need}, and GPU {index} has {free} free{holder}: `yiwen queue "
            "add` waits for room, `--gpu {index}` starts it all the same"
        )
    return words.filled(
        need=size(need),
        total=size(gpu.total),
        free=size(gpu.free),
        index=gpu.index,
        holder=_holder(gpu),
    )


def _holder(gpu: Gpu) -> Words:
    if not gpu.processes:
        return ""
    return Said(" (held by {who})", who=describe_process(gpu.processes[0]))
