"""Where a profile's model and data files lie: beside it, or where one stands."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from engine.language.errors import DataError
from engine.language.file_names import split
from engine.machine.paths import in_full
from engine.profile.schema import Profile


def resolve(profile: Profile, folder: Path) -> Profile:
    """Make local paths absolute; a model that is no folder stays a hub id."""
    local = in_full(folder / os.path.expanduser(profile.model.path))
    looks_local = profile.model.path.startswith((".", "/", "~"))
    model_path = str(local) if local.is_dir() or looks_local else profile.model.path
    data: dict[str, Any] = {
        part: ",".join(_found(one, folder) for one in _split(getattr(profile.data, part), folder))
        for part in ("train", "validation", "test")
    }
    return msgspec.structs.replace(
        profile,
        model=msgspec.structs.replace(profile.model, path=model_path),
        data=msgspec.structs.replace(profile.data, **data),
    )


def data_file(profile: Profile, part: str) -> str:
    """A profile's file of training, validation or test pairs; empty if it names none.

    Raises DataError, naming both places, if it is in neither.
    """
    text: str = getattr(profile.data, part)
    for one in split(text):
        if not Path(one).expanduser().is_absolute():
            raise DataError(
                "data.{part}: {one} lies neither beside the profile ({folder}) nor where yiwen "
                "was started ({here}); choose another with --{part} FILE, or set data.{part}",
                part=part,
                one=one,
                folder=profile.folder,
                here=Path.cwd(),
            )
    return text


def _found(text: str, folder: Path) -> str:
    """A data file: beside the profile, else where one stands; else as it was written."""
    for place in (folder, Path.cwd()):
        path = in_full(place / os.path.expanduser(text))
        if path.exists():
            return str(path)
    return text


def _split(text: str, folder: Path) -> list[str]:
    """One file, or two parallel ones, as they are called in a folder or where one stands."""
    for place in (folder, Path.cwd()):
        names = split(text, place)
        if all((place / Path(name).expanduser()).exists() for name in names):
            return names
    return split(text)
