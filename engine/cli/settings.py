"""`yiwen settings`: the file of personal settings, every key explained."""

from __future__ import annotations

import sys
from argparse import Namespace

import msgspec

from engine.cli.output import print_json
from engine.language.texts import _
from engine.machine import user_settings


def show(arguments: Namespace) -> int:
    """Print the explained defaults, ready to be saved; or, with --json, what is in force.

    Raises SettingsError when the user's file holds mistakes.
    """
    path = user_settings.path()
    found = user_settings.load()
    if arguments.json:
        values = {"file": str(path), "exists": path.is_file(), **msgspec.to_builtins(found)}
        print_json(values)
        return 0
    said = _("your settings: {path} (there is none yet; these are the defaults)")
    if path.is_file():
        said = _("your settings: {path} (it is sound)")
    print(said.format(path=path), file=sys.stderr)
    print(user_settings.EXPLAINED.read_text(encoding="utf-8"), end="")
    return 0
