"""The pull command: brings a profile's model, or any model of the hub, to this machine."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from pathlib import Path

from engine.cli.output import print_json
from engine.cli.progress_line import ProgressLine
from engine.language.errors import UserError
from engine.language.figures import size
from engine.language.said import Joined, labelled
from engine.language.texts import _
from engine.machine.paths import in_full, short_path
from engine.models import hub, pace, pull
from engine.models.hub_source import HubSource
from engine.models.pull import CachePlace, FolderPlace, FolderSource
from engine.models.tokenizer import Tokenizer
from engine.profile import files
from engine.profile.schema import Profile
from engine.prompts import chat_template
from engine.prompts.builder import PromptBuilder

_REDRAW = 0.1
"""Seconds between two looks at the line."""


def pull_model(arguments: Namespace) -> int:
    """`yiwen pull PROFILE|OWNER/NAME`."""
    model_id, revision, profile = _asked_for(arguments.model, arguments.revision)
    progress = ProgressLine()
    try:
        folder = _bring(arguments, model_id, revision, progress)
    except KeyboardInterrupt:
        progress.end()
        print(_("stopped; the same command goes on from here"), file=sys.stderr)
        return 130
    finally:
        progress.end()
    count = pull.check_folder(folder)
    if arguments.json:
        print_json({"model": model_id, "folder": str(folder), "bytes": count})
    else:
        whole = _("{model}: {size}, whole, in {folder}")
        print(whole.format(model=model_id, size=size(count), folder=short_path(str(folder))))
        if profile is not None:
            own = Tokenizer(folder)
            said = chat_template.compare(PromptBuilder(profile.prompt, own))
            name = _("profile {name}").format(name=profile.name)
            print(labelled(name, said))
    return 0


def _asked_for(name: str, revision: str) -> tuple[str, str, Profile | None]:
    """The hub id and the revision of a profile's model, or of the model itself."""
    if hub.is_id(name) and not name.endswith(".toml"):
        return name, revision or "main", None
    profile = _profile(name)
    model = profile.model
    if not hub.is_id(model.path):
        raise UserError(
            _("profile {name}: its model is the folder {folder}; nothing is to be pulled").format(
                name=profile.name, folder=model.path
            )
        )
    return model.path, revision or model.revision, profile


def _profile(name: str) -> Profile:
    try:
        return files.load(name)
    except UserError as error:
        if name.endswith(".toml"):
            raise
        said = _("{error}\n       (a model of the hub is named owner/name)")
        raise UserError(said.format(error=error)) from None


def _bring(arguments: Namespace, model_id: str, revision: str, progress: ProgressLine) -> Path:
    source, to = arguments.source, arguments.to
    if source and "://" not in source:
        return _from_folder(Path(source).expanduser(), to, model_id, revision, progress)
    here = hub.find(model_id, revision)
    if not to and here is not None and not hub.missing(here):
        return here
    progress.show(_("asking for {model} …").format(model=model_id))
    remote = HubSource.open(model_id, revision, source)
    if to:
        return _into_folder(remote, to, model_id, revision, progress)
    place = CachePlace(model_id, revision, remote.commit)
    return pull.bring(remote, place, Pace(progress).show)


def _from_folder(
    folder: Path, to: str, model_id: str, revision: str, progress: ProgressLine
) -> Path:
    """Use a folder where it is, or copy it."""
    pull.check_folder(folder)
    if to and in_full(to) != in_full(folder):
        return _into_folder(FolderSource(folder), to, model_id, revision, progress)
    pull.remember(model_id, revision, folder)
    return in_full(folder)


def _into_folder(
    source: pull.Source, to: str, model_id: str, revision: str, progress: ProgressLine
) -> Path:
    place = FolderPlace(in_full(to))
    folder = pull.bring(source, place, Pace(progress).show)
    pull.remember(model_id, revision, folder)
    return folder


class Pace:
    """Shows progress in one line, at a bearable rate."""

    def __init__(self, progress: ProgressLine) -> None:
        self._progress = progress
        self._pace = pace.Pace()
        self._last = -_REDRAW

    def show(self, name: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._last < _REDRAW and done < total:
            return
        self._last = now
        self._progress.show(str(Joined(" · ", [*self._pace.words(done, total), name])))
