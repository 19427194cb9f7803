"""All settings of a profile, one by one: value, where it comes from, what it means, what it may be.

What a setting means is said once, in `profiles/tiny.toml`, and read from there; those comments are
texts of the catalogue of translations like those that are marked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args, get_origin

import msgspec

from engine.language.said import Said
from engine.machine.checked_toml import types_of
from engine.machine.paths import BUILTIN_PROFILES
from engine.profile import files
from engine.profile.schema import Profile


@dataclass(frozen=True)
class Setting:
    """One key of a profile."""

    key: str
    """With its section: training.epochs."""
    value: Any
    profile_value: Any
    """What it is without the changes made."""
    comment: Said
    choices: tuple[str, ...] = ()
    """Where only some texts are allowed, these."""

    @property
    def section(self) -> str:
        return self.key.partition(".")[0]

    @property
    def is_switch(self) -> bool:
        """Is it either true or false?"""
        return isinstance(self.value, bool)

    @property
    def is_changed(self) -> bool:
        return bool(self.value != self.profile_value)

    @property
    def text(self) -> str:
        """The value as one types it."""
        return typed(self.value)


def typed(value: Any) -> str:
    """A value as TOML spells it."""
    return msgspec.json.encode(value, enc_hook=str).decode()


def list_all(profile: str, overrides: Mapping[str, str]) -> list[Setting]:
    """The settings of a profile by section, as they are with the overrides. Raises ProfileError."""
    before = msgspec.to_builtins(files.as_written(profile))
    after = msgspec.to_builtins(files.as_written(profile, dict(overrides)))
    comments, kinds = explanations(), types_of(Profile)
    return [
        Setting(
            key=f"{section}.{name}",
            value=value,
            profile_value=before[section][name],
            comment=Said(comments[f"{section}.{name}"]),
            choices=_choices(kinds[f"{section}.{name}"]),
        )
        for section, values in after.items()
        if isinstance(values, dict)
        for name, value in values.items()
    ]


def _choices(kind: Any) -> tuple[str, ...]:
    """The texts that a key's type names."""
    is_closed = get_origin(kind) is not None and all(isinstance(x, str) for x in get_args(kind))
    return tuple(get_args(kind)) if is_closed else ()


@cache
def explanations() -> dict[str, str]:
    """The comment of every key, by section.key; of one that has none, the comment above it.

    In English, as they are written.
    """
    import tomlkit  # slow to import; only who edits settings needs it

    document = tomlkit.parse((BUILTIN_PROFILES / "tiny.toml").read_text("utf-8"))
    found: dict[str, str] = {}
    for section, table in document.items():
        if not isinstance(table, tomlkit.items.Table):
            continue
        above = ""
        for key, item in table.value.body:
            if isinstance(item, tomlkit.items.Whitespace):
                continue
            comment = item.trivia.comment.lstrip("# ").strip()
            if key is None:
                above = comment or above
            else:
                found[f"{section}.{key.key}"] = comment or above
                above = ""
    return found
