"""Says what a run will do before it is started. It reads and counts: call it from a thread."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.language.plain_text import message_of
from engine.machine.hardware import Gpu, Probe
from engine.models import hub
from engine.profile.schema import Profile
from engine.start import card, preflight
from engine.start.card_line import CardLine
from engine.start.measurements import Measurements
from engine.start.preflight import Preflight
from engine.start.request import resolve_profile
from tui.screens.train.draft import Draft


@dataclass(frozen=True)
class Outlook:
    """What is known about a draft; `trouble` says why there is not more."""

    profile: Profile | None = None
    found: Preflight | None = field(default=None, compare=False)
    """All of it; two outlooks are alike if they read alike."""
    lines: list[CardLine] = field(default_factory=list)
    trouble: str = ""
    lacking: tuple[str, str] | None = None
    """Hub id and revision of the model, if that is what is not here."""

    @property
    def gpus(self) -> list[Gpu]:
        """Those that may be chosen."""
        return self.found.gpus if self.found else []


def look_ahead(draft: Draft, root: Path, probe: Probe, measured: Measurements) -> Outlook:
    """Resolve the profile, read the data, count. Never raises: what is wrong is the answer."""
    profile: Profile | None = None
    try:
        request = draft.request(root)
        profile = resolve_profile(request)
        found = preflight.look_ahead(request, probe)
        return Outlook(profile, found, card.card(found, measured.lines(found)))
    except Exception as error:  # whatever a broken file makes a library raise belongs on the screen
        return Outlook(profile, trouble=message_of(error), lacking=_lacking(profile))


def _lacking(profile: Profile | None) -> tuple[str, str] | None:
    """The model, if it can be downloaded and is not here, or not all of it."""
    model = profile.model if profile else None
    if model is None or Path(model.path).is_dir() or not hub.is_id(model.path):
        return None
    state = hub.state(model.path, model.revision)
    return (model.path, model.revision) if state in ("not downloaded", "incomplete") else None
