"""Says what became of validation where only the other files of a run were named."""

from __future__ import annotations

import sys

from engine.language import counted
from engine.language.texts import _
from engine.machine.paths import short_path
from engine.run.settings import RunSettings
from engine.start.request import Request

_OTHERS = ("data.train", "data.test")


def tell(asked: Request, settings: RunSettings) -> None:
    """On standard error, before the run is started."""
    said = note(asked, settings)
    if said:
        print(said, file=sys.stderr)


def note(asked: Request, settings: RunSettings) -> str:
    """A sentence, or nothing where validation was named too, or nobody named files."""
    named = asked.overrides
    if settings.job != "train" or "data.validation" in named:
        return ""
    if not any(key in named for key in _OTHERS):
        return ""
    found = settings.data.get("validation")
    if found is None:
        return _(
            "validation: none, for the profile names no file and sets nothing aside; --validation "
            "FILE names one, data.validation_share sets some of the training pairs aside"
        )
    pairs = counted.pairs(found.pairs)
    if settings.is_set_aside("validation"):
        return _(
            "validation: {pairs} set aside from {file}; --validation FILE names others"
        ).format(pairs=pairs, file=short_path(found.path))
    return _(
        "validation: still the profile's own file, {file} ({pairs}); --validation FILE names "
        "another, --set data.validation= sets some of the training pairs aside"
    ).format(file=short_path(found.path), pairs=pairs)
