"""Puts into words what a run will take: time, memory, a device, disk."""

from __future__ import annotations

from collections.abc import Iterator

from engine.language.figures import clock, size, thousands
from engine.language.said import Joined, Said, listed
from engine.machine.words import describe_gpu, describe_process
from engine.start.card_line import CardLine
from engine.start.memory_estimate import MemoryEstimate
from engine.start.preflight import Preflight

_SHOWN_PARTS = 3
_NEARLY = 0.9
"""Of what is free: an estimate above it may still turn out too low."""
_PARTS = {
    "weights": Said("weights"),
    "embedding": Said("embedding"),
    "dequantised": Said("dequantised"),
    "adapter": Said("adapter"),
    "gradients": Said("gradients"),
    "optimizer": Said("optimizer"),
    "activations": Said("activations"),
    "logits": Said("logits"),
    "runtime": Said("libraries"),
}


def time(found: Preflight) -> Iterator[CardLine]:
    """How long training will take."""
    if found.plan is None:
        return
    if found.time is None:
        yield CardLine(
            Said("Time"),
            Said("unknown until such a run has ended; a probe measures it"),
        )
    else:
        yield CardLine(
            Said("Time"),
            Said(
                "about {seconds} for {tokens:,} tokens at {tokens_per_second} tok/s, judged by "
                "{run}",
                seconds=clock(found.time.seconds),
                tokens=found.tokens,
                tokens_per_second=thousands(found.time.tokens_per_second),
                run=found.time.run_id,
            ),
        )


def memory(found: Preflight) -> Iterator[CardLine]:
    """What it will need, beside what is free."""
    if found.memory is None:
        yield CardLine(Said("Memory"), Said("unknown: {trouble}", trouble=found.memory_trouble))
        return
    total, free = found.memory.total, found.memory_free
    if total > free:
        sentence, sign = Said("about {need} needed, {free} free: it will probably not fit"), "!"
    elif found.memory.least > _NEARLY * free:
        sentence, sign = Said("about {need} needed, {free} free: a close fit"), "!"
    else:
        sentence, sign = Said("about {need} needed, {free} free"), ""
    line = sentence.filled(need=size(total), free=size(free))
    yield CardLine(Said("Memory"), line, sign)  # type: ignore[arg-type]
    parts = sorted(((count, name) for name, count in found.memory.parts.items()), reverse=True)
    shown = [
        Joined(" ", (_PARTS[name], f"{count / 1e9:.1f}")) for count, name in parts[:_SHOWN_PARTS]
    ]
    rest = sum(count for count, _name in parts[_SHOWN_PARTS:])
    yield CardLine("", listed([*shown, Said("other {rest:.1f} GB", rest=rest / 1e9)]))
    if found.gpu is not None:
        yield CardLine("", _engine(found.memory))


def _engine(memory: MemoryEstimate) -> Said:
    """Which engine would compute it; of the fast one, what it spends memory on."""
    use = memory.use
    if use is None:
        return Said("plain engine: {why}", why=memory.why_plain)
    quantised, trains = memory.parts["dequantised"] > 0, "gradients" in memory.parts
    spent = (
        (Said("weights dequantised once"), quantised and use.cached_weights),
        (Said("weights dequantised at each use"), quantised and not use.cached_weights),
        (Said("CUDA graphs"), trains and use.graphs),
        (Said("activations recomputed"), trains and use.checkpointing),
    )
    how = listed(words for words, is_so in spent if is_so)
    return Said("fast engine: {how}", how=how or Said("unquantised weights"))


def device(found: Preflight) -> Iterator[CardLine]:
    """Where it will run, and who is there."""
    gpu = found.gpu
    if gpu is None:
        machine = found.machine
        yield CardLine(
            Said("Device"),
            Said.counted(
                "processor, {cores} core, {memory} of main memory",
                "processor, {cores} cores, {memory} of main memory",
                machine.cores,
                cores=machine.cores,
                memory=size(machine.memory_total),
            ),
        )
        if machine.gpus:
            yield CardLine("", Said("no GPU: CUDA_VISIBLE_DEVICES hides them"), "!")
        return
    yield CardLine(Said("Device"), describe_gpu(gpu))
    for process in gpu.processes[:3]:
        yield CardLine("", describe_process(process))
    if len(gpu.processes) > 3:
        yield CardLine(
            "",
            Said.counted(
                "and {count} more process", "and {count} more processes", len(gpu.processes) - 3
            ),
        )


def disk(found: Preflight) -> Iterator[CardLine]:
    """What its checkpoints take."""
    if not found.disk:
        return
    need = Said.counted(
        "{count:,} checkpoint kept, about {need}",
        "{count:,} checkpoints kept, about {need}",
        found.checkpoints,
        need=size(found.disk),
    )
    if found.disk_free is None:
        yield CardLine(Said("Disk"), need)
        return
    full = found.disk > _NEARLY * found.disk_free
    sentence = Said("{need}; {free} free")
    if full:
        sentence = Said("{need}; {free} free: the disk may fill up")
    text = sentence.filled(need=need, free=size(found.disk_free))
    yield CardLine(Said("Disk"), text, "!" if full else "")
