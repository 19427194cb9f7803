"""What safetensors files hold, read off their headers: names, types and shapes of tensors."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from engine.language.errors import UserError
from engine.language.plain_text import one_line
from engine.language.said import Said, labelled
from engine.machine import reading
from engine.models import hub

_LONGEST_HEADER = 100_000_000
"""Bytes; the format allows no more."""
_BITS = {
    "F64": 64, "F32": 32, "F16": 16, "BF16": 16, "C64": 64, "C128": 128,
    "I64": 64, "I32": 32, "I16": 16, "I8": 8, "U64": 64, "U32": 32, "U16": 16, "U8": 8, "BOOL": 8,
    "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
    "F6_E2M3": 6, "F6_E3M2": 6, "F4": 4,
}  # fmt: skip
FLOATS = frozenset({"F64", "F32", "F16", "BF16"})
"""Types that weights are computed from as they are."""


class Tensor(Struct, frozen=True):
    """One tensor and where its numbers lie."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    """Of its bytes in the file."""
    end: int
    file: Path

    @property
    def count(self) -> int:
        """How many numbers it has."""
        return math.prod(self.shape)


class _Entry(Struct):
    dtype: str
    shape: list[int]
    data_offsets: tuple[int, int]


def of_folder(folder: Path) -> dict[str, Tensor]:
    """The tensors of a model by name. Raises UserError if a file is missing or damaged."""
    return of_files(folder / name for name in hub.weight_files(folder))


def of_files(paths: Iterable[Path]) -> dict[str, Tensor]:
    """The tensors of several files by name. Raises UserError."""
    found: dict[str, Tensor] = {}
    for path in paths:
        tensors = of_file(path)
        if twice := found.keys() & tensors.keys():
            name = min(twice)
            raise UserError(
                "{path}: holds {name}, as {other} does; which one is meant?",
                path=path,
                name=one_line(name),
                other=found[name].file.name,
            )
        found |= tensors
    return found


def of_file(path: Path) -> dict[str, Tensor]:
    """The tensors of one file by name. Raises UserError."""
    try:
        status = path.stat()
        return _read(path, status.st_size, status.st_mtime_ns, status.st_ino)
    except FileNotFoundError:
        raise UserError("{path}: no such file; get it again", path=path) from None
    except OSError as error:
        raise UserError(
            "{path}: cannot be read: {error}", path=path, error=error.strerror
        ) from None
    except _Damaged as damage:
        raise UserError(labelled(path, Said("{damage}; get it again", damage=damage))) from None


class _Damaged(Exception):
    """What is wrong with a file."""


@lru_cache(maxsize=64)
def _read(path: Path, size: int, changed: int, inode: int) -> dict[str, Tensor]:
    """`changed` and `inode` tell a file from another that lay in its place."""
    with reading.open_regular(path, reading.ANY) as file:
        length = int.from_bytes(file.read(8), "little")
        if not 0 < length <= min(size - 8, _LONGEST_HEADER):
            raise _Damaged(_not_one())
        header = file.read(length)
    try:
        entries: dict[str, Any] = reading.json_of(header, dict[str, Any])
        entries.pop("__metadata__", None)
        entries = msgspec.convert(entries, dict[str, _Entry])
    except ValueError:
        raise _Damaged(_not_one()) from None
    begin = 8 + length
    for name, entry in entries.items():
        _check(name, entry)
    _check_places([entry.data_offsets for entry in entries.values()], begin, size)
    return {
        name: Tensor(
            entry.dtype,
            tuple(entry.shape),
            begin + entry.data_offsets[0],
            begin + entry.data_offsets[1],
            path,
        )
        for name, entry in entries.items()
    }


def _check(name: str, entry: _Entry) -> None:
    if entry.dtype not in _BITS:
        raise _Damaged(
            Said(
                "{name} is of an unknown type, {dtype}",
                name=one_line(name),
                dtype=one_line(entry.dtype),
            )
        )
    start, end = entry.data_offsets
    wrong = min(entry.shape, default=1) < 0 or (
        math.prod(entry.shape) * _BITS[entry.dtype] != 8 * (end - start)
    )
    if wrong:
        raise _Damaged(
            Said(
                "{name} has not as many bytes as its shape {shape} takes",
                name=one_line(name),
                shape=shape_in_words(entry.shape),
            )
        )


def _check_places(places: list[tuple[int, int]], begin: int, size: int) -> None:
    """Tensors lie one after another and fill the file; what does not is cut off or forged."""
    at = 0
    for start, end in sorted(places):
        if start != at:
            raise _Damaged(Said("its tensors overlap, or leave gaps"))
        at = end
    if begin + at != size:
        raise _Damaged(
            Said("has {length} bytes and should have {expected}", length=size, expected=begin + at)
        )


def _not_one() -> Said:
    return Said("is no safetensors file")


def shape_in_words(shape: Iterable[int]) -> str:
    """For example `256 × 768`."""
    return " × ".join(str(size) for size in shape) or "1"


def some(names: list[str]) -> Said:
    """The first of some tensors, how many more, and the verb."""
    if len(names) == 1:
        return Said("{name} is", name=one_line(names[0]))
    return Said("{name} and {count} more are", name=one_line(names[0]), count=len(names) - 1)
