"""Profile files: found by name, read, checked, and changed by the settings that are given.

All mistakes come in one message, each with its place: the file, or the setting.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from engine.language.errors import ProfileError
from engine.language.said import Joined, Said, Words, labelled, listed
from engine.machine import checked_toml, reading
from engine.machine.paths import in_full, profile_folders
from engine.profile import contradictions, locations
from engine.profile import overrides as profile_overrides
from engine.profile.contradictions import Contradiction
from engine.profile.schema import FROM_FILE, Profile


def load(name_or_file: str | Path, overrides: dict[str, str] | None = None) -> Profile:
    """Read a profile by name or by file.

    `overrides` maps dotted keys to values as typed, e.g. `{"training.epochs": "3"}`. Relative
    paths in the profile are taken from its own folder, data files that are not there from where
    one stands; they come back absolute. A data file that is nowhere stays as it was written.
    Raises ProfileError, one message for all mistakes.
    """
    profile = as_written(name_or_file, overrides)
    return locations.resolve(profile, Path(profile.folder))


def as_written(name_or_file: str | Path, overrides: dict[str, str] | None = None) -> Profile:
    """The same, but with paths as they stand in the file. Raises ProfileError."""
    path = find(name_or_file)
    try:
        table = reading.toml(reading.read_text(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ProfileError("{path}: cannot be read: {error}", path=path, error=reason) from None
    except ValueError as error:
        raise ProfileError("{path}: not valid TOML: {error}", path=path, error=error) from None
    _refuse_names({key: f"{path}: {key}" for key in table})
    profile = _check(table, overrides or {}, str(path))
    return msgspec.structs.replace(profile, name=path.stem, folder=str(path.parent))


def override(profile: Profile, overrides: dict[str, str]) -> Profile:
    """A profile with some keys changed. Raises ProfileError."""
    changed = _check(
        msgspec.to_builtins(profile), overrides, Said("profile {name}", name=profile.name)
    )
    return locations.resolve(changed, Path.cwd())


def _check(table: dict[str, Any], overrides: Mapping[str, str], place: Words) -> Profile:
    """Convert a table, all mistakes in one message, those of overrides told apart."""
    _refuse_names({key: profile_overrides.place(key, text) for key, text in overrides.items()})
    mistakes = profile_overrides.apply(table, overrides)
    of_table: list[Words] = []
    profile = checked_toml.convert(table, Profile, of_table)
    mistakes += [labelled(place, mistake) for mistake in of_table]
    if not mistakes:
        mistakes = [_placed(found, overrides, place) for found in contradictions.of(profile)]
    if mistakes:
        raise ProfileError(Joined("\n", mistakes))
    return profile


def _placed(found: Contradiction, overrides: Mapping[str, str], place: Words) -> Said:
    """A contradiction with its place: the first setting of it that was given, or the profile."""
    given = next((key for key in found.keys if key in overrides), "")
    if given:
        place = profile_overrides.place(given, overrides[given])
    about = found.keys[0]
    return labelled(place, found.text if given == about else labelled(about, found.text))


def _refuse_names(places: Mapping[str, str]) -> None:
    """A profile has its name and place from its file. Keys come with the places they stand at."""
    for key in FROM_FILE:
        if key in places:
            raise ProfileError(
                "{place}: not a key; a profile is named by its file", place=places[key]
            )


def find(name_or_file: str | Path) -> Path:
    """The file of a profile, by name (looked up in the profile folders) or by path."""
    given = Path(name_or_file).expanduser()
    if given.suffix == ".toml":
        if os.path.exists(given) and not given.is_dir():
            return in_full(given)
        raise ProfileError("{given}: no such profile file", given=given)
    for folder in profile_folders():
        if os.path.isfile(folder / f"{name_or_file}.toml"):
            return in_full(folder / f"{name_or_file}.toml")
    known = [path.stem for path in list_all()]
    nearest = checked_toml.nearest(str(name_or_file), known)
    raise ProfileError(
        "no profile named '{name_or_file}'{nearest}; there are: {known}",
        name_or_file=name_or_file,
        nearest=nearest,
        known=listed(known) or Said("none"),
    )


def list_all() -> list[Path]:
    """The files of all profiles, by name; a local one hides a built-in one of the same name."""
    found: dict[str, Path] = {}
    for folder in profile_folders():
        for path in sorted(folder.glob("*.toml")) if os.access(folder, os.R_OK | os.X_OK) else ():
            found.setdefault(path.stem, path)
    return [found[name] for name in sorted(found, key=lambda name: (name != "tiny", name))]
