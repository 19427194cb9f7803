"""A run as a setup: what was chosen for it, so that it can be had again with a change."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from engine.language.errors import RunError, UserError, reason_of
from engine.language.file_names import split
from engine.language.plain_text import one_line
from engine.language.texts import _, marked
from engine.machine import reading, regular_files
from engine.machine.hardware import Probe, find
from engine.profile import files as profile_files
from engine.profile.setting_list import typed
from engine.prompts import strategies
from engine.run.folder import Run
from tui.screens.train.draft import FILES, Draft, quoted

_PARTS = {"train": marked("training"), "validation": marked("validation"), "test": marked("test")}


@dataclass(frozen=True)
class Recalled:
    """A setup, and what of the run could not be restored in it: a sentence each."""

    draft: Draft
    lost: tuple[str, ...] = ()


def recall(run: Run, usual_profile: str) -> Recalled:
    """Set up like a run, as far as its run.toml and this machine allow. Raises RunError.

    Today's profile is the beginning; where the run had it otherwise, that is a change. Blocks.
    """
    said = _read(run)
    lost: list[str] = []
    profile = _table(said, "profile")
    name = _profile_name(profile, usual_profile, lost)
    strategy = str(said.get("strategy", ""))
    if strategy not in strategies.STRATEGIES:
        strategy = Draft("").strategy_name
        lost.append(_("its strategy cannot be read: {name} is taken").format(name=strategy))
    overrides = {**_differences(name, profile, said, lost), **_files(name, said, lost)}
    gpu = _gpu(str(said.get("gpu", "")), lost)
    return Recalled(Draft(name, strategy, overrides, gpu), tuple(map(one_line, lost)))


def _read(run: Run) -> dict[str, Any]:
    """run.toml as far as it is TOML; what it must hold to be run is not asked."""
    path = run.folder / "run.toml"
    try:
        return reading.toml(regular_files.text(path))
    except (OSError, ValueError) as error:
        said = _("{path}: cannot be read: {error}")
        raise RunError(said.format(path=path, error=reason_of(error))) from None


def _table(said: dict[str, Any], key: str) -> dict[str, Any]:
    found = said.get(key)
    return found if isinstance(found, dict) else {}


def _profile_name(profile: dict[str, Any], usual: str, lost: list[str]) -> str:
    name = str(profile.get("name", ""))
    with suppress(UserError):
        profile_files.load(name)
        return name
    sentence = _("its profile {name} is not here, or broken: its settings stand over {usual}")
    lost.append(sentence.format(name=name or "–", usual=usual))
    return usual


def _differences(
    name: str, profile: dict[str, Any], said: dict[str, Any], lost: list[str]
) -> dict[str, str]:
    """What the run had otherwise than the profile of today; each must be a setting of now."""
    asked = {str(key): str(text) for key, text in _table(said, "overrides").items()}
    wished = {key: text for key, text in asked.items() if key not in FILES}
    with suppress(UserError):
        now = msgspec.to_builtins(profile_files.load(name))
        for section, values in profile.items():
            known = now.get(section)
            if not isinstance(known, dict) or not isinstance(values, dict):
                continue
            for key, value in values.items():
                setting = f"{section}.{key}"
                if key not in known or setting in FILES:
                    continue
                if typed(known[key]) == typed(value):
                    wished.pop(setting, None)
                elif not _is_gone(setting, value):
                    wished[setting] = typed(value)
    return _accepted(name, wished, lost)


def _is_gone(setting: str, value: object) -> bool:
    """The model's folder was elsewhere when the run was made."""
    where = Path(str(value))
    return setting == "model.path" and where.is_absolute() and not where.is_dir()


def _accepted(name: str, wished: dict[str, str], lost: list[str]) -> dict[str, str]:
    """All of them where they hold together; else those that do, one by one."""
    with suppress(UserError):
        profile_files.load(name, wished)
        return wished
    taken: dict[str, str] = {}
    for key, text in wished.items():
        try:
            profile_files.load(name, {**taken, key: text})
            taken[key] = text
        except UserError:
            lost.append(_("the setting {key} = {text} is none any more").format(key=key, text=text))
    return taken


def _files(name: str, said: dict[str, Any], lost: list[str]) -> dict[str, str]:
    """Its data files, where they are not the profile's own; validation pairs may be set aside."""
    found: dict[str, str] = {}
    own: dict[str, str] = {}
    with suppress(UserError):
        own = msgspec.to_builtins(profile_files.load(name).data)
    data = _table(said, "data")
    files = {part: str(_table(data, part).get("path", "")) for part in _PARTS}
    if files["validation"] == files["train"]:  # pairs of the training file
        files["validation"] = ""
    for part, path in files.items():
        if not path or path == own.get(part):
            continue
        if all(Path(one).is_file() for one in split(path)):
            found[f"data.{part}"] = quoted(path)
        else:
            sentence = _("its {part} file {path} is gone: the profile's is taken")
            lost.append(sentence.format(part=_(_PARTS[part]), path=path))
    return found


def _gpu(uuid: str, lost: list[str]) -> str:
    if not uuid or find(Probe().gpus(), uuid) is not None:
        return uuid
    lost.append(_("its GPU {gpu} is not on this machine").format(gpu=uuid))
    return ""
