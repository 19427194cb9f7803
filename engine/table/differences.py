"""In which settings runs differ: the profile as resolved, the data by their bytes, the examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from engine.language.said import Joined, Said, Words, listed
from engine.table.catalog import Row

_ABSENT = "–"
_ALONE = ("id", "created", "format")
"""Different in every run, and telling nothing."""


@dataclass(frozen=True)
class Difference:
    """One setting, and what each run has."""

    key: str
    values: tuple[Words, ...]


def between(rows: Sequence[Row]) -> list[Difference]:
    """The settings in which the runs are not all alike, in the order of run.toml."""
    flat = [_flat(row) for row in rows]
    keys = dict.fromkeys(key for settings in flat for key in settings)
    found = []
    for key in keys:
        values = [settings.get(key, _ABSENT) for settings in flat]
        if len(set(values)) > 1:
            found.append(Difference(key, tuple(values)))
    return found


def _flat(row: Row) -> dict[str, Words]:
    settings: dict[str, Any] = msgspec.to_builtins(row.settings)
    profile = settings.pop("profile")
    data = settings.pop("data")
    examples = settings.pop("examples")
    if row.settings.profile.few_shot.choose == "ids":  # then their number is what counts
        profile["few_shot"]["examples"] = len(row.settings.profile.few_shot.ids)
    profile.pop("data")  # which files were used, and which bytes, is said by `data`
    settings.pop("overrides")  # the profile is as resolved, so they stand in it
    found: dict[str, Words] = {
        key: _shown(value) for key, value in settings.items() if key not in _ALONE
    }
    found |= _walk(profile)
    for part, file in data.items():
        found[f"data.{part}"] = Said.counted(
            "{path} ({digest}, {count} pair)",
            "{path} ({digest}, {count} pairs)",
            file["pairs"],
            path=file["path"],
            digest=file["sha256"][:12],
        )
    found["examples"] = listed(pair["id"] for pair in examples) or Said("none")
    return found


def _walk(table: dict[str, Any], prefix: str = "") -> dict[str, Words]:
    found: dict[str, Words] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            found |= _walk(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = _shown(value)
    return found


def _shown(value: Any) -> Words:
    if isinstance(value, dict):
        return listed(Joined(" ", (key, _shown(one))) for key, one in value.items()) or _ABSENT
    if isinstance(value, list | tuple):
        return listed(map(_shown, value)) or Said("none")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if value != "" else _ABSENT
