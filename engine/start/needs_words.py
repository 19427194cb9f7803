"""Puts into words what a run will take: time, memory, a device, disk."""

from __future__ import annotations

from collections.abc import Iterator

from engine.language.figures import clock, size, thousands
from engine.language.texts import _, marked, plural
from engine.machine.words import describe_gpu, describe_process
from engine.start.card_line import CardLine
from engine.start.memory_estimate import MemoryEstimate
from engine.start.preflight import Preflight

_SHOWN_PARTS = 3
_NEARLY = 0.9
"""Of what is free: an estimate above it may still turn out too low."""
_PARTS = {
    "weights": marked("weights"),
    "embedding": marked("embedding"),
    "dequantised": marked("dequantised"),
    "adapter": marked("adapter"),
    "gradients": marked("gradients"),
    "optimizer": marked("optimizer"),
    "activations": marked("activations"),
    "logits": marked("logits"),
    "runtime": marked("libraries"),
}


def time(found: Preflight) -> Iterator[CardLine]:
    """How long training will take."""
    if found.plan is None:
        return
    if found.time is None:
        yield CardLine(
            _("Time"),
            _("unknown until such a run has ended; a probe measures it"),
        )
    else:
        yield CardLine(
            _("Time"),
            _(
                "about {seconds} for {tokens:,} tokens at {tokens_per_second} tok/s, judged by "
                "{run}"
            ).format(
                seconds=clock(found.time.seconds),
                tokens=found.tokens,
                tokens_per_second=thousands(found.time.tokens_per_second),
                run=found.time.run_id,
            ),
        )


def memory(found: Preflight) -> Iterator[CardLine]:
    """What it will need, beside what is free."""
    if found.memory is None:
        yield CardLine(_("Memory"), _("unknown: {trouble}").format(trouble=found.memory_trouble))
        return
    total, free = found.memory.total, found.memory_free
    if total > free:
        sentence, sign = _("about {need} needed, {free} free: it will probably not fit"), "!"
    elif found.memory.least > _NEARLY * free:
        sentence, sign = _("about {need} needed, {free} free: a close fit"), "!"
    else:
        sentence, sign = _("about {need} needed, {free} free"), ""
    line = sentence.format(need=size(total), free=size(free))
    yield CardLine(_("Memory"), line, sign)  # type: ignore[arg-type]
    parts = sorted(((count, name) for name, count in found.memory.parts.items()), reverse=True)
    shown = [f"{_(_PARTS[name])} {count / 1e9:.1f}" for count, name in parts[:_SHOWN_PARTS]]
    rest = sum(count for count, _name in parts[_SHOWN_PARTS:])
    yield CardLine("", _(", ").join([*shown, _("other {rest:.1f} GB").format(rest=rest / 1e9)]))
    if found.gpu is not None:
        yield CardLine("", _engine(found.memory))


def _engine(memory: MemoryEstimate) -> str:
    """Which engine would compute it; of the fast one, what it spends memory on."""
    use = memory.use
    if use is None:
        return _("plain engine: {why}").format(why=memory.why_plain)
    quantised, trains = memory.parts["dequantised"] > 0, "gradients" in memory.parts
    spent = {
        _("weights dequantised once"): quantised and use.cached_weights,
        _("weights dequantised at each use"): quantised and not use.cached_weights,
        _("CUDA graphs"): trains and use.graphs,
        _("activations recomputed"): trains and use.checkpointing,
    }
    how = _(", ").join(words for words, is_so in spent.items() if is_so)
    return _("fast engine: {how}").format(how=how or _("unquantised weights"))


def device(found: Preflight) -> Iterator[CardLine]:
    """Where it will run, and who is there."""
    gpu = found.gpu
    if gpu is None:
        machine = found.machine
        yield CardLine(
            _("Device"),
            plural(
                "processor, {cores} core, {memory} of main memory",
                "processor, {cores} cores, {memory} of main memory",
                machine.cores,
            ).format(cores=machine.cores, memory=size(machine.memory_total)),
        )
        if machine.gpus:
            yield CardLine("", _("no GPU: CUDA_VISIBLE_DEVICES hides them"), "!")
        return
    yield CardLine(_("Device"), describe_gpu(gpu))
    for process in gpu.processes[:3]:
        yield CardLine("", describe_process(process))
    if len(gpu.processes) > 3:
        yield CardLine(
            "",
            plural(
                "and {count} more process", "and {count} more processes", len(gpu.processes) - 3
            ).format(count=len(gpu.processes) - 3),
        )


def disk(found: Preflight) -> Iterator[CardLine]:
    """What its checkpoints take."""
    if not found.disk:
        return
    if found.disk_free is None:
        yield CardLine(_("Disk"), _("about {need} for checkpoints").format(need=size(found.disk)))
        return
    full = found.disk > _NEARLY * found.disk_free
    sentence = _("about {need} for checkpoints, {free} free")
    if full:
        sentence = _("about {need} for checkpoints, {free} free: the disk may fill up")
    text = sentence.format(need=size(found.disk), free=size(found.disk_free))
    yield CardLine(_("Disk"), text, "!" if full else "")
