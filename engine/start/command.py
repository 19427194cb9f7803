"""The `yiwen` command that does what a request asks for, to be copied from a screen."""

from __future__ import annotations

import shlex

from engine.machine import reading
from engine.machine.paths import runs_root
from engine.prompts import strategies
from engine.prompts.strategies import QLORA
from engine.start.request import Request


def command_for(request: Request, *, verb: str = "") -> str:
    """One line for a shell. `verb` stands in for `train` or `evaluate`, e.g. `probe`."""
    trains = strategies.get(request.strategy).trains and request.run is None
    words = ["yiwen", *(verb or ("train" if trains else "evaluate")).split()]
    words.append(request.run.id if request.run else request.profile)
    if not trains or request.strategy != QLORA.name:
        words += ["--strategy", request.strategy]
    if request.checkpoint:
        words += ["--checkpoint", request.checkpoint]
    for key, text in request.overrides.items():
        section, _, name = key.partition(".")
        if section == "data" and name in ("train", "validation", "test"):
            if name != "validation" or trains:  # an evaluation reads none
                words += [f"--{name}", _plain(text)]
        else:
            words += ["--set", f"{key}={text}"]
    if request.test:
        words += ["--test", request.test]
    if request.gpu:
        words += ["--gpu", request.gpu]
    if request.root != runs_root():
        words += ["--runs", str(request.root)]
    return shlex.join(words)


def _plain(text: str) -> str:
    """A path as it is; the screens write it as a TOML text, lest it be read as a number."""
    try:
        return str(reading.toml(f"value = {text}")["value"])
    except ValueError:
        return text
