"""Writes a profile with changes as a new profile, the comments of the old one kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from engine.language.errors import ProfileError, cannot_write
from engine.machine import reading
from engine.machine.files import write_atomically
from engine.machine.paths import BUILTIN_PROFILES, in_full, profile_folders
from engine.profile import files, setting_list
from engine.profile.schema import Profile

_NAME = re.compile(r"[\w][\w.-]*")


def path_for(name: str) -> Path:
    """Where a new profile will lie: ./profiles if there is such a folder, else the personal one.

    Raises ProfileError for a name that cannot be one.
    """
    if not _NAME.fullmatch(name) or name.endswith(".toml"):
        raise ProfileError(
            "'{name}' cannot name a profile; use letters, digits, '-', '_' and '.', without .toml",
            name=name,
        )
    local, personal = profile_folders()[0], profile_folders()[-2]
    is_own = local.is_dir() and in_full(local) != BUILTIN_PROFILES
    return (local if is_own else personal) / f"{name}.toml"


def save_as(
    profile: str, overrides: Mapping[str, str], name: str, *, replace: bool = False
) -> Path:
    """Write the profile with the overrides in it; returns its file. Raises ProfileError.

    Paths become absolute, since the new file may lie elsewhere. A file that is there already is
    kept, unless `replace`.
    """
    target = path_for(name)
    if target.exists() and not replace:
        raise ProfileError("{target}: is there already; choose another name", target=target)
    changed = files.load(profile, dict(overrides))
    content = _text(reading.read_text(files.find(profile)), changed, overrides)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target, content.encode())
    except OSError as error:
        raise ProfileError(cannot_write(target, error)) from None
    files.load(target)
    return target


def _text(source: str, profile: Profile, overrides: Mapping[str, str]) -> str:
    """The source's text with other values; what it did not say is added with its explanation."""
    import tomlkit

    document = tomlkit.parse(source)
    values = msgspec.to_builtins(profile)
    paths = ["model.path", "data.train", "data.validation", "data.test"]
    for key in dict.fromkeys([*paths, *overrides]):
        section, _, name = key.partition(".")
        if not name:  # the title
            document[section] = values[section]
            continue
        value: Any = values[section][name]
        if section not in document:
            if not value:
                continue
            document[section] = tomlkit.table()
        table: Any = document[section]
        if name in table:
            if table[name] != value:
                table[name] = _item(value, table[name].trivia.comment)
        elif value or key in overrides:
            table[name] = _item(value, setting_list.explanations().get(key, ""))
    return tomlkit.dumps(document)


def _item(value: Any, comment: str) -> Any:
    import tomlkit

    item = tomlkit.item(value)
    if comment:
        item.comment(comment.lstrip("# "))
    return item
