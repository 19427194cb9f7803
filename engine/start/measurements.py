"""What probes have measured: it stays as long as nothing is changed that it depends on."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from engine.language.figures import clock, size, thousands
from engine.language.said import Said
from engine.start.card_line import CardLine
from engine.start.preflight import Preflight
from engine.start.probing import Measured

_INDIFFERENT = {
    "training": (
        "epochs", "max_steps", "learning_rate", "scheduler", "scheduler_cycles", "warmup",
        "weight_decay", "max_grad_norm", "seed", "patience", "evaluate_every", "checkpoint_every",
        "keep_checkpoints", "on_disk_full",
    ),
    "lora": ("alpha",),
    "evaluation": (
        "choose_by", "samples", "outputs", "max_new_tokens", "temperature", "top_p", "top_k",
        "batch_size",
    ),
    "few_shot": ("examples", "choose", "ids", "seed", "direction"),
}  # fmt: skip
"""Settings by which a step takes neither more memory nor more time, or too little to matter."""
_MOST = 16
"""Measurements that are kept."""


class Measurements:
    """By all that a measurement depends on: whoever changes a setting back has it again."""

    def __init__(self) -> None:
        self._kept: dict[bytes, Measured] = {}

    def keep(self, found: Preflight, measured: Measured) -> None:
        """Remember what was measured for this setup."""
        self._kept[_dependence(found)] = measured
        for old in list(self._kept)[:-_MOST]:
            del self._kept[old]

    def lines(self, found: Preflight) -> list[CardLine]:
        """For the card: what was measured, or that it was for other settings; else nothing."""
        if found.plan is None or not self._kept:
            return []
        measured = self._kept.get(_dependence(found))
        if measured is None:
            said = Said("with other settings; probe again for these")
            return [CardLine(Said("Measured"), said)]
        return list(_described(measured, found))


def _described(measured: Measured, found: Preflight) -> Iterator[CardLine]:
    free = found.memory_free
    fits = measured.memory <= free
    sentence = Said("{peak} memory at most, {free} are free")
    if not fits:
        sentence = Said("{peak} memory at most, only {free} are free")
    said = sentence.filled(peak=size(measured.memory), free=size(free))
    yield CardLine(Said("Measured"), said, "" if fits else "!")
    paced = Said("{tokens_per_second} tok/s; about {seconds} for the whole run")
    yield CardLine(
        "",
        paced.filled(
            tokens_per_second=thousands(measured.tokens_per_second),
            seconds=clock(measured.seconds(found)),
        ),
    )


def _dependence(found: Preflight) -> bytes:
    profile = msgspec.to_builtins(found.profile)
    for section, keys in _INDIFFERENT.items():
        for key in keys:
            profile[section].pop(key, None)
    data = {part: file.sha256 for part, file in found.data.items()}
    return msgspec.json.encode((profile, data, found.gpu.uuid if found.gpu else ""))
