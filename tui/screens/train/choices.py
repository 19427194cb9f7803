"""Asks for one of the choices that make up a run: which dialog, with which options."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

from textual.app import App

from engine.language.errors import UserError
from engine.language.figures import size
from engine.language.file_names import split
from engine.language.plain_text import one_line
from engine.language.texts import _, marked
from engine.machine.hardware import Gpu, Probe
from engine.machine.paths import in_full
from engine.profile import files as profile_files
from engine.profile.schema import Profile
from engine.prompts import strategies
from engine.run.settings import Part
from tui.run.listing import profile_choices
from tui.screens.train.draft import Draft
from tui.screens.train.settings_dialog import SettingsDialog
from tui.widgets.picker import FilePicker, Picker

_FILES: dict[str, tuple[Part, str]] = {
    "train": ("train", marked("Training file")),
    "validation": ("validation", marked("Validation file: chooses the checkpoint")),
    "test": ("test", marked("Test file: what perplexity is reported on")),
}


async def choose(app: App[Any], draft: Draft, profile: Profile | None, name: str) -> Draft | None:
    """The draft with another profile, strategy, file or settings; None if nothing was chosen."""
    if name == "profile":
        return await _choose_profile(app, draft)
    if name == "strategy":
        return await _choose_strategy(app, draft)
    if name == "gpu":
        return await _choose_gpu(app, draft)
    if name == "settings":
        changed = await app.push_screen_wait(SettingsDialog(draft.profile, draft.overrides))
        return None if changed is None else draft.with_overrides(changed)
    part, title = _FILES[name]
    path = await app.push_screen_wait(FilePicker(_(title), _start(profile, part), part=part))
    if not path:
        return None
    own = await asyncio.to_thread(_own_file, draft.profile, part)
    return draft.with_own_file(part) if path == own else draft.with_file(part, path)


def _own_file(profile: str, part: Part) -> str:
    """What the profile itself names, as the picker says it."""
    try:
        data = profile_files.load(profile).data
    except UserError:
        return ""
    files = {"train": data.train, "validation": data.validation, "test": data.test}[part]
    return ",".join(str(in_full(one)) for one in split(files))


async def _choose_profile(app: App[Any], draft: Draft) -> Draft | None:
    options = await asyncio.to_thread(profile_choices)
    name = await app.push_screen_wait(Picker(_("Profile"), options, draft.profile))
    return draft.with_profile(name) if name else None


async def _choose_strategy(app: App[Any], draft: Draft) -> Draft | None:
    options = [(one.name, str(one.title)) for one in strategies.STRATEGIES.values()]
    name = await app.push_screen_wait(Picker(_("Strategy"), options, draft.strategy_name))
    return draft.with_strategy(name) if name else None


async def _choose_gpu(app: App[Any], draft: Draft) -> Draft | None:
    gpus = await asyncio.to_thread(lambda: Probe().gpus())
    options = [("", _("the one with most free memory"))]
    options += [(gpu.uuid, _gpu_line(gpu)) for gpu in gpus]
    uuid = await app.push_screen_wait(Picker("GPU", options, draft.gpu))
    return None if uuid is None else draft.with_gpu(uuid)


def _gpu_line(gpu: Gpu) -> str:
    """Room, who is on it, and the card: what counts most comes first."""
    users = _(", ").join(dict.fromkeys(one_line(p.user) or _("somebody") for p in gpu.processes))
    line = (
        _("GPU {index}  {free} of {total} free  used by {users}  {name}")
        if users
        else _("GPU {index}  {free} of {total} free  nobody on it  {name}")
    )
    return line.format(
        index=gpu.index,
        free=size(gpu.free),
        total=size(gpu.total),
        users=users,
        name=one_line(gpu.name),
    )


def _start(profile: Profile | None, part: Part) -> str:
    """Begin at the present file, else in the folder one stands in."""
    files = {"train": "", "validation": "", "test": ""}
    if profile is not None:
        data = profile.data
        files = {"train": data.train, "validation": data.validation, "test": data.test}
    present = files[part] or next(filter(None, files.values()), "")
    if files[part] and all(Path(one).is_file() for one in split(present)):
        return present
    folder = Path(split(present)[0]).parent if present else Path.cwd()
    return str(folder if folder.is_dir() else Path.cwd()) + os.sep
