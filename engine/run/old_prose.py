"""What events said in English alone, until they held texts as data: told apart once more here.

Frozen: workers of today write nothing that has to be looked up in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.language.said import Said, Words
from engine.run.device import Device

_SENTENCES = {
    "metric": (
        Said("macro, the mean over samples of exp(mean nats of output tokens and {end})"),
        Said("mean over samples of exp(mean nats of output tokens and {end})"),
    ),
    "corpus": (Said("exp(mean nats over all {count} such tokens)"),),
    "base": (Said("unquantised"),),
    "logits": (Said("{dtype} before log-softmax"),),
    "log-softmax": (Said("{dtype} before log-softmax"),),
    "cut at": (Said("{count} tokens"),),
    "references": (Said("the file's, and a repaired one of {some} of {count} items"),),
    "intervals": (
        Said("95 %, percentiles of {count} bootstrap resamples of the items, seed {seed}"),
    ),
}
"""Of a score's definition, by name."""


def sentence(name: str, told: str) -> Words:
    """One of a score's definition; as it stands if no version ever wrote such a one."""
    return next(_alike(name, told), told)


def _alike(name: str, told: str) -> Iterator[Said]:
    for known in _SENTENCES.get(name, ()):
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>\\S+)", re.escape(known.text))
        if found := re.fullmatch(pattern, told):
            yield known.filled(**found.groupdict())


def device(told: str) -> Device | None:
    """What a worker computed on."""
    if not told:
        return None
    count = told.removeprefix("CPU, ").removesuffix(" threads")
    if told == f"CPU, {count} threads" and count.isdecimal():
        return Device("cpu", threads=int(count))
    return Device("gpu", told)
