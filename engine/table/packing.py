"""A summary in as few bytes as the table of runs needs of it: ten thousand of them are kept."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import astuple, replace

from engine.run.events import Judged, Score
from engine.run.judgement import METRICS, Judgement, Measure
from engine.run.summary import Summary

_Numbers = tuple[Any, ...]
_MEASURES = (*METRICS, *(f"source_{name}" for name in METRICS))
_LEFT_OUT = ("perplexity", "corpus", "median", "outputs", "faults")
"""Of a judgement: what no column shows."""

_OF_A_JUDGEMENT = ("part", "judgement", "at")
_NOT_SHOWN = ("directions", "step", "file", "definition", "said", "seconds")
"""Of the event that brought it."""


def check_all_is_told(kind: type[Struct], *told: str) -> None:
    """Of every field it must be said whether it is kept. Raises TypeError for a forgotten one."""
    if forgotten := set(kind.__struct_fields__) ^ set(told):
        raise TypeError(f"packing: {kind.__name__}: kept or not? {', '.join(sorted(forgotten))}")


check_all_is_told(Judgement, "samples", *_MEASURES, *_LEFT_OUT)
check_all_is_told(Judged, *_OF_A_JUDGEMENT, *_NOT_SHOWN)


class _Packed(Struct, array_like=True):
    """The names of what stands in it are left out, which are more than the numbers."""

    rest: Summary
    score: _Numbers | None
    directions: dict[str, _Numbers]
    judged: tuple[str, float, int, tuple[float | None, ...]] | None


_encoder = msgspec.msgpack.Encoder()
_decode = msgspec.msgpack.Decoder(_Packed).decode


def pack(summary: Summary) -> bytes:
    """All but definitions, intervals and faults, which no column shows."""
    rest = replace(
        summary, score=None, directions={}, definition={}, said={}, repaired=None, judged=None
    )
    score = astuple(summary.score) if summary.score else None
    directions = {name: astuple(one) for name, one in summary.directions.items()}
    buffer = bytearray()
    _encoder.encode_into(_Packed(rest, score, directions, _judged_numbers(summary.judged)), buffer)
    return bytes(buffer)  # what `encode` returns has room left


@lru_cache(maxsize=100)
def unpack(packed: bytes) -> Summary:
    """A summary again, not to be changed: what a row shows is asked of it column by column."""
    found = _decode(packed)
    summary = found.rest
    summary.score = Score(*found.score) if found.score else None
    summary.directions = {name: Score(*one) for name, one in found.directions.items()}
    if found.judged is not None:
        part, at, samples, values = found.judged
        known = zip(_MEASURES, values)
        measures: dict[str, Any] = {
            name: Measure(value) for name, value in known if value is not None
        }
        judgement = Judgement(samples=samples, **measures)
        summary.judged = Judged(part=part, judgement=judgement, at=at)
    return summary


def _judged_numbers(judged: Judged | None) -> Any:
    if judged is None:
        return None
    of_all = judged.judgement
    measures = [getattr(of_all, name) for name in _MEASURES]
    values = tuple(one.value if one else None for one in measures)
    return judged.part, judged.at, of_all.samples, values
