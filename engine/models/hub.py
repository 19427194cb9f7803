"""Where a model of the hub lies on this machine, and whether all of it is there.

`yiwen pull` fills the hub's own cache, which other programs share, or a folder of the user's
choice; such a folder is remembered by a link. Nothing here asks the network.
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import Any

from engine.language.errors import UserError, reason_of
from engine.language.said import Said
from engine.machine import reading
from engine.machine.paths import in_full

INDEX = "model.safetensors.index.json"
"""Names the file of each weight, where there are several files."""
WEIGHTS = "model.safetensors"
NEEDED = ("config.json", "tokenizer.json")
WANTED = (
    "generation_config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
    "LICENSE",
    "LICENSE.txt",
)
"""Small files that are taken if there are any."""


_LARGEST_TOKENIZER = 256 << 20
"""Bytes; the largest vocabularies take 40 MB."""


def largest(name: str) -> int:
    """Bytes that a model's file of this name has at most."""
    if name.endswith(".safetensors"):
        return reading.ANY
    return _LARGEST_TOKENIZER if name == "tokenizer.json" else reading.SMALL


def is_id(text: str) -> bool:
    """Does it look like `owner/name`?"""
    return re.fullmatch(r"[\w][\w.-]*/[\w][\w.-]*", text) is not None


def is_revision(text: str) -> bool:
    """Does it look like a branch, a tag or a commit, and lead nowhere else as a path?"""
    return re.fullmatch(r"\w[\w.+-]*(/\w[\w.+-]*)*", text) is not None


def cache_folder() -> Path:
    """The hub's cache, as huggingface_hub finds it."""
    environment = os.environ.get
    home = environment("HF_HOME")
    if not home:
        home = str(Path(environment("XDG_CACHE_HOME") or "~/.cache") / "huggingface")
    chosen = environment("HF_HUB_CACHE") or environment("HUGGINGFACE_HUB_CACHE") or f"{home}/hub"
    return Path(os.path.expandvars(chosen)).expanduser()


def repository_folder(model_id: str) -> Path:
    """A model's part of the cache: blobs, snapshots by commit, and refs to commits."""
    return cache_folder() / f"models--{model_id.replace('/', '--')}"


def link(model_id: str, revision: str) -> Path:
    """Where a model that lies in a folder of the user's choice is remembered."""
    data = Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser()
    named = model_id.replace("/", "--") + ("" if revision == "main" else f"@{revision}")
    return data / "yiwen" / "models" / named.replace("/", "--")


def find(model_id: str, revision: str = "main") -> Path | None:
    """The folder of a model, whole or not; None if nothing of it is here."""
    if not is_revision(revision):
        raise UserError(
            "model.revision: '{revision}' is no branch, tag or commit", revision=revision
        )
    linked = link(model_id, revision)
    if linked.is_dir():
        return in_full(linked)
    repository = repository_folder(model_id)
    try:
        commit = reading.read_text(repository / "refs" / revision).strip()
    except (OSError, ValueError):
        commit = revision
    if not is_revision(commit):
        return None
    folder = repository / "snapshots" / commit
    return folder if folder.is_dir() else None


def missing(folder: Path) -> list[str]:
    """Which files a model folder lacks."""
    names = [*NEEDED, *weight_files(folder)]
    return [name for name in names if not (folder / name).is_file()]


def weight_files(folder: Path) -> list[str]:
    """The files of a model's weights: one, or those of its index. Raises UserError."""
    index = folder / INDEX
    if (folder / WEIGHTS).is_file() or not index.is_file():
        return [WEIGHTS]
    return files_of_index(index)


def files_of_index(index: Path) -> list[str]:
    """The files that an index names. Raises UserError."""
    try:
        names = {
            str(name) for name in reading.json_file(index, dict[str, Any])["weight_map"].values()
        }
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise UserError(
            "{index}: is no index of weights: {error}", index=index, error=reason_of(error)
        ) from None
    outside = [name for name in names if not re.fullmatch(r"\w[\w.-]*\.safetensors", name)]
    if outside or not names:
        raise UserError("{index}: names no weights beside it", index=index)
    return sorted(names)


def state(model: str, revision: str = "main") -> str:
    """For lists: `here`, `incomplete`, `not downloaded`, or `no such folder`."""
    if Path(model).is_absolute():
        return "here" if Path(model).is_dir() else "no such folder"
    folder = find(model, revision)
    try:
        if folder is not None:
            return "incomplete" if missing(folder) else "here"
    except UserError:
        return "incomplete"
    begun = any((repository_folder(model) / "blobs").glob("*.part"))
    return "incomplete" if begun else "not downloaded"


def require(model: str, revision: str = "main", profile: str = "") -> Path:
    """The folder of a model, given by folder or by hub id. Raises UserError with the remedy.

    `profile` is the name of one that has this model, where that is known.
    """
    if Path(model).is_dir():
        return Path(model)
    if not is_id(model):
        raise UserError(
            "model.path: no folder '{model}', and not a hub id like owner/name", model=model
        )
    command = f"yiwen pull {shlex.quote(profile)}" if profile else pull_command(model, revision)
    folder = find(model, revision)
    if folder is None:
        raise UserError(
            "the model {model} is not on this machine; get it with: {command}",
            model=model,
            command=command,
        )
    lacking = missing(folder)
    if lacking:
        more = Said(" and {count} more", count=len(lacking) - 1) if len(lacking) > 1 else ""
        raise UserError(
            "the model {model} is only partly here: {folder} lacks {first}{more}; get the "
            "rest with: {command}",
            model=model,
            folder=folder,
            first=lacking[0],
            more=more,
            command=command,
        )
    return folder


def pull_command(model_id: str, revision: str) -> str:
    """What to type to get a model."""
    at = [] if revision == "main" else ["--revision", revision]
    return shlex.join(["yiwen", "pull", model_id, *at])
