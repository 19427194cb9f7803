"""How far a phase is, as a bar."""

from __future__ import annotations

from textual.content import Content

from engine.language import figures
from engine.language.figures import clock
from engine.language.texts import _
from engine.run.summary import Summary
from engine.run.words import phase_name
from tui.run.status import elapsed

_BAR = 14


def progress(summary: Summary) -> Content:
    """` scoring test  ━━━━━━━━          120/500  24 %`; empty when there is nothing to wait for."""
    if not summary.status.active:
        return Content("")
    name = phase_name(summary.phase) or _("starting the worker")
    if not summary.phase_of:
        return Content(f"{name} …{elapsed(summary)}")
    share = min(1.0, summary.phase_done / summary.phase_of)
    done = round(share * _BAR)
    reached = figures.progress(summary.phase_done, summary.phase_of)
    room = len(f"{summary.phase_of:,}")  # no wider at the end: a new width is laid out anew
    return Content.assemble(
        f"{name}  ",
        ("━" * done, "$primary"),
        ("╌" * (_BAR - done), "dim"),
        f"  {summary.phase_done:>{room},}/{summary.phase_of:,} {reached:>4}",
        f"  {clock(summary.seconds_of_phase)}",
    )
