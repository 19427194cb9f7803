"""The runs folder: runs are made in it, listed newest first, found by name, and deleted."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from heapq import merge
from itertools import groupby
from pathlib import Path

import msgspec
import tomli_w

from engine.data.dataset import Dataset, Pair
from engine.language.errors import RunError
from engine.language.said import Joined, listed
from engine.machine import provenance, regular_files
from engine.machine.files import sync_names, write_atomically
from engine.machine.paths import in_full
from engine.profile.schema import Profile
from engine.run import trash, waiting_list
from engine.run.folder import Run
from engine.run.settings import DataFile, Job, Part, RunSettings

_DATED = re.compile(r"\d{8}-\d{6}")
"""How the name of a run's folder begins, unless somebody has given it another."""
_CREATED = re.compile(r'^created = "(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)', re.MULTILINE)


def create(
    root: Path,
    *,
    job: Job,
    strategy: str,
    profile: Profile,
    data: dict[Part, Dataset],
    overrides: dict[str, str] | None = None,
    adapter: str = "",
    adapter_run: str = "",
    checkpoint: str = "",
    examples: Sequence[Pair] = (),
    gpu: str = "",
) -> Run:
    """Make a run folder with its run.toml; nothing runs yet. Raises RunError."""
    now = datetime.now().astimezone()
    stem = f"{now:%Y%m%d-%H%M%S}-{_slug(profile.name)}-{_slug(strategy)}"
    try:
        root.mkdir(parents=True, exist_ok=True)
        folder = _make_new(root, stem)
    except OSError as error:
        raise _cannot_hold(root, error) from None
    settings = RunSettings(
        id=folder.name,
        created=now.isoformat(timespec="seconds"),
        job=job,
        strategy=strategy,
        profile=profile,
        overrides=overrides or {},
        data={
            part: DataFile(dataset.path, dataset.sha256, len(dataset.pairs))
            for part, dataset in data.items()
        },
        adapter=adapter,
        adapter_run=adapter_run,
        checkpoint=checkpoint,
        examples=list(examples),
        gpu=gpu,
        versions=provenance.versions(),
        host=socket.gethostname(),
        git=provenance.git_state(),
    )
    content = tomli_w.dumps(msgspec.to_builtins(settings)).encode()
    try:
        write_atomically(folder / "run.toml", content)
        sync_names(root)
    except OSError as error:
        regular_files.clear(folder)
        raise _cannot_hold(root, error) from None
    return Run(folder)


def _cannot_hold(root: Path, error: OSError) -> RunError:
    return RunError(
        "{root}: cannot hold runs: {reason}; choose another with --runs",
        root=root,
        reason=error.strerror,
    )


def _make_new(root: Path, stem: str) -> Path:
    for number in range(1, 1000):
        folder = root / (stem if number == 1 else f"{stem}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise RunError("{root}: too many runs named {stem}", root=root, stem=stem)


def list_all(root: Path) -> list[Run]:
    """All runs of a folder, newest first."""
    return [run for run in list_folders(root) if run.exists()]


def list_folders(root: Path) -> list[Run]:
    """All folders that may be runs, newest first; quicker than `list_all`: it looks into few."""
    try:
        with os.scandir(root) as entries:
            names = [entry.name for entry in entries if not entry.name.startswith(".")]
    except OSError:
        return []
    return [Run.inside(root, name) for name in _newest_first(root, names)]


def _newest_first(root: Path, names: Sequence[str]) -> Iterable[str]:
    """By age, which the name tells of all but those runs whose folder was given another one."""
    others = {name: _created(root / name) for name in names if not _DATED.match(name)}
    dated = _newest_dated(name for name in names if name not in others)
    if not others:
        return dated
    rest = sorted(others, key=lambda name: (others[name], name), reverse=True)
    return merge(dated, rest, key=lambda name: others.get(name, name[:15]), reverse=True)


def _created(folder: Path) -> str:
    """When a run was made, as the name of its folder would say it; empty if it does not tell."""
    try:
        settings = regular_files.text(folder / "run.toml")
    except (OSError, ValueError):
        return ""
    found = _CREATED.search(settings)
    return "{}{}{}-{}{}{}".format(*found.groups()) if found else ""


def _newest_dated(names: Iterable[str]) -> Iterator[str]:
    """By age; keys are made only for runs of the same second, for there may be ten thousand."""
    for _second, same in groupby(sorted(names, reverse=True), lambda name: name[:15]):
        yield from sorted(same, key=_age, reverse=True)


def _age(name: str) -> tuple[int, str]:
    """Order of runs of one second: by number, then by name."""
    number = re.search(r"-(\d{1,3})$", name)
    return int(number.group(1)) if number else 1, name


def find(root: Path, key: str) -> Run:
    """A run by id, unique part of an id, path, or `latest`. Raises RunError."""
    if "/" in key and os.path.isfile(Path(key) / "run.toml"):
        return Run(in_full(key))
    runs = list_all(root)
    if key == "latest" and runs:
        return runs[0]
    exact = [run for run in runs if run.id == key]
    found = exact or [run for run in runs if key and key in run.id]
    if len(found) == 1:
        return found[0]
    if not found and Run.inside(root, key).is_private():
        return Run.inside(root, key)  # it says itself why it cannot be read
    if not found:
        raise RunError("no run '{key}' in {root}; `yiwen runs` lists them", key=key, root=root)
    shown = Joined("", [listed(run.id for run in found[:5]), " …" if len(found) > 5 else ""])
    raise RunError("'{key}' fits {count} runs: {shown}", key=key, count=len(found), shown=shown)


def find_inside(root: Path, key: str) -> Run:
    """The same, but a path must be that of a run in this very folder. Raises RunError."""
    run = find(root, key)
    if run.folder.parent != root:
        raise RunError(
            "{folder}: is not in {root}; name the folder it lies in with --runs",
            folder=run.folder,
            root=root,
        )
    return run


def newest_active(runs: Iterable[Run]) -> Run | None:
    """The newest run that has a worker now."""
    return next((run for run in runs if run.alive()), None)


def delete(run: Run) -> None:
    """Remove a run's folder for good. Raises RunError while its worker lives."""
    if run.is_busy():
        raise RunError("run {run} is running; stop it first", run=run.id)
    if run.folder.is_symlink():
        raise RunError(
            "{folder}: is a link to {target}; delete the run there, then the link",
            folder=run.folder,
            target=in_full(run.folder),
        )
    with suppress(RunError):  # of a queue that cannot be read, the next who looks at it will tell
        waiting_list.remove(run.folder.parent, run.id)
    try:
        trash.remove(run.folder)
    except OSError as error:
        raise RunError(
            "{folder}: cannot be deleted: {reason}", folder=run.folder, reason=error.strerror
        ) from None


def _slug(text: str) -> str:
    return re.sub(r"[^\w.]+", "-", text).strip("-.") or "run"
