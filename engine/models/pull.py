"""Brings a model to this machine: only what is needed of it, from a hub or a folder."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from engine.language.errors import UserError, reason_of
from engine.language.figures import size
from engine.language.said import Said, Words, labelled, listed
from engine.machine import reading
from engine.machine.files import write_atomically
from engine.machine.paths import in_full
from engine.models import hub, weight_files
from engine.models.resumable import CHUNK, ModelFile, bytes_here, fetch, sha256_of

OnProgress = Callable[[str, int, int], None]
"""Told a file's name, the bytes that are here of all files, and the bytes of all."""


class Source(Protocol):
    """Where the files come from."""

    @property
    def commit(self) -> str: ...

    @property
    def files(self) -> Mapping[str, ModelFile]: ...

    def read(self, file: ModelFile, start: int) -> tuple[int, Iterator[bytes]]:
        """The bytes of a file from `start`, or from where the first number says."""


@dataclass
class FolderSource:
    """A folder that holds a model."""

    folder: Path
    commit: str = ""

    @cached_property
    def files(self) -> Mapping[str, ModelFile]:
        found = [path for path in self.folder.iterdir() if path.is_file()]
        return {path.name: self._listed(path) for path in found if _is_wanted(path)}

    def _listed(self, path: Path) -> ModelFile:
        listed = ModelFile(path.name, path.stat().st_size, local=True)
        _refuse_large(listed, self)
        return replace(listed, sha256=sha256_of(path))

    def read(self, file: ModelFile, start: int) -> tuple[int, Iterator[bytes]]:
        def chunks() -> Iterator[bytes]:
            with reading.open_regular(self.folder / file.name, reading.ANY) as opened:
                opened.seek(start)
                while chunk := opened.read(CHUNK):
                    yield chunk

        return start, chunks()

    def __str__(self) -> str:
        return str(self.folder)


def _is_wanted(path: Path) -> bool:
    return path.name in (*hub.NEEDED, *hub.WANTED, hub.INDEX) or path.suffix == ".safetensors"


def _refuse_large(file: ModelFile, source: Source) -> None:
    most = hub.largest(file.name)
    if file.size > most:
        raise UserError(
            "{source}: {name} has {size:,} bytes, and such a file has {most:,} at most; take the "
            "model from somewhere else",
            source=source,
            name=file.name,
            size=file.size,
            most=most,
        )


class FolderPlace:
    """A folder that is to hold the model, as plain files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, file: ModelFile) -> Path:
        return self.folder / file.name

    def publish(self, files: list[ModelFile]) -> Path:
        """The model is whole."""
        return self.folder


class CachePlace:
    """The hub's cache: contents by their keys, and for each commit links by their names."""

    def __init__(self, model_id: str, revision: str, commit: str) -> None:
        self._repository = hub.repository_folder(model_id)
        self._revision = revision
        self._commit = commit
        self.folder = self._repository / "blobs"

    def path(self, file: ModelFile) -> Path:
        return self.folder / (file.key or f"{self._commit}-{file.name}")

    def publish(self, files: list[ModelFile]) -> Path:
        snapshot = self._repository / "snapshots" / self._commit
        snapshot.mkdir(parents=True, exist_ok=True)
        for file in files:
            named = snapshot / file.name
            if not named.exists():
                named.unlink(missing_ok=True)  # a link to what is gone
                named.symlink_to(os.path.relpath(self.path(file), snapshot))
        if self._revision != self._commit:
            reference = self._repository / "refs" / self._revision
            reference.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(reference, self._commit.encode())
        return snapshot


Place = FolderPlace | CachePlace


def bring(source: Source, place: Place, progress: OnProgress) -> Path:
    """Get what is needed of a model, and only that; returns its folder. Raises UserError.

    What was got before is kept, also when this is interrupted.
    """
    try:
        place.folder.mkdir(parents=True, exist_ok=True)
        files = _choose(source, place)
        total = sum(file.size for file in files)
        _check_room(files, place)
        done = 0
        for file in files:

            def report(here: int, name: str = file.name, before: int = done) -> None:
                progress(name, before + here, total)

            fetch(file, source.read, place.path(file), report)
            done += file.size
        return place.publish(files)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _no_room(place.folder, Said("more than there is")) from None
        raise UserError(
            "{folder}: cannot hold the model: {reason}", folder=place.folder, reason=error.strerror
        ) from None


def remember(model_id: str, revision: str, folder: Path) -> None:
    """Let profiles find a model that lies in a folder of the user's choice."""
    link = hub.link(model_id, revision)
    try:
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(in_full(folder))
    except OSError as error:
        raise UserError(
            "{link}: cannot be made: {reason}", link=link, reason=error.strerror
        ) from None


def check_folder(folder: Path) -> int:
    """See that a folder holds a whole model; returns its bytes. Raises UserError."""
    if not folder.is_dir():
        raise UserError("{folder}: no such folder", folder=folder)
    lacking = hub.missing(folder)
    if lacking == [hub.WEIGHTS]:
        raise UserError(_without_safetensors(folder))
    if lacking:
        raise UserError(
            "{folder}: holds no whole model; it lacks {lacking}",
            folder=folder,
            lacking=listed(lacking),
        )
    names = hub.weight_files(folder)
    weight_files.of_folder(folder)
    for name in (*hub.NEEDED, *names):
        if damage := _damage(folder / name):
            said = Said("{damage}; get it again", damage=damage)
            raise UserError(labelled(folder / name, said))
    return sum((folder / name).stat().st_size for name in [*names, *hub.NEEDED])


def _damage(file: Path) -> Words:
    """What is wrong with a file: no JSON, or not what its name in the hub's cache, a sum, says."""
    if file.suffix == ".json":
        try:
            reading.json_file(file, dict[str, Any], hub.largest(file.name))
        except ValueError:
            return Said("is no JSON object")
        except OSError as error:
            return reason_of(error)
    key = in_full(file).name
    if not file.is_symlink() or not re.fullmatch(r"[0-9a-f]{64}", key) or sha256_of(file) == key:
        return ""
    return Said("is not what its checksum says")


def _choose(source: Source, place: Place) -> list[ModelFile]:
    """What is needed of all the files that there are; small ones first."""
    there = source.files
    names = [name for name in (*hub.NEEDED, *hub.WANTED) if name in there]
    for name in {*names, hub.INDEX} & there.keys():
        _refuse_large(there[name], source)
    if hub.WEIGHTS in there:
        weights = [hub.WEIGHTS]
    elif hub.INDEX in there:
        names.append(hub.INDEX)
        index = place.path(there[hub.INDEX])
        fetch(there[hub.INDEX], source.read, index, lambda here: None)
        weights = hub.files_of_index(index)
    else:
        raise UserError(_without_safetensors(source))
    lacking = [name for name in (*hub.NEEDED, *weights) if name not in there]
    if lacking:
        raise UserError(
            "{source} holds no whole model; it lacks {lacking}",
            source=source,
            lacking=listed(lacking),
        )
    files = [there[name] for name in [*names, *weights]]
    if any(file.size < 0 for file in files):
        raise UserError(
            "{source} does not say how large its files are; choose another mirror", source=source
        )
    return files


def _without_safetensors(what: object) -> Said:
    return Said(
        "{what} holds no {weights}; Yiwen loads no other weights, for older kinds can "
        "run code when they are opened; take a model, or a revision, that has safetensors",
        what=what,
        weights=hub.WEIGHTS,
    )


def _check_room(files: list[ModelFile], place: Place) -> None:
    needed = sum(file.size - bytes_here(file, place.path(file)) for file in files)
    free = shutil.disk_usage(place.folder).free
    if needed > free:
        raise _no_room(
            place.folder,
            Said("{needed}, and {free} are free", needed=size(needed), free=size(free)),
            needed - free,
        )


def _no_room(folder: Path, needs: Said, lacking: int = 0) -> UserError:
    much = (
        Said("free {lacking} there", lacking=size(lacking))
        if lacking
        else Said("free some space there")
    )
    return UserError(
        "no room for the model in {folder}: it takes {needs}; {much}, or choose another "
        "disk with --to DIR; what was downloaded so far is kept",
        folder=folder,
        needs=needs,
        much=much,
    )
