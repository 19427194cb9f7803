"""One line of numbers about a run, the most important first, as many as fit."""

from __future__ import annotations

import math
from itertools import accumulate

from textual.content import Content
from textual.widgets import Static

from engine.language import _
from engine.summary import Status, Summary
from engine.text import clock, number, progress, rate, size, thousands
from engine.wording import device_name, phase_name, status_word
from tui.curve import Curve

_GAP = 3


class RunStatus(Static):
    """` loss 1.2345 ▾   test ppl 16.6   lr 1.8e-4   5.1k tok/s   12.3 GB   00:12 · 00:41 left`."""

    DEFAULT_CSS = """
    RunStatus { height: 1; padding: 0 1; background: $panel; text-wrap: nowrap; }
    """

    auto_links = False

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._parts: list[Content] = []

    def show(self, summary: Summary, curve: Curve, left: float) -> None:
        """Show the numbers of now, and the seconds left."""
        time = _time(summary, left)
        self._parts = [*_loss(summary, curve), *_score(summary), time, *_pace(summary)]
        self.refresh()

    def render(self) -> Content:
        """Time stands at the right; what does not fit is left out from the end."""
        if not self._parts:
            return Content("")
        ends = accumulate(part.cell_length + _GAP for part in self._parts)
        shown = [part for part, end in zip(self._parts, ends) if end - _GAP <= self.size.width]
        return Content(" " * _GAP).join(shown)


def _loss(summary: Summary, curve: Curve) -> list[Content]:
    if math.isnan(summary.loss) and not curve.steps:
        return []
    return [Content.assemble((_("loss") + " ", "dim"), f"{summary.loss:.4f} {trend(curve)}")]


def trend(curve: Curve) -> str:
    """Which way the smoothed loss went lately: ▾ down, ▴ up, or nothing to tell."""
    change = curve.change_lately()
    if math.isnan(change):
        return " "
    return "▾" if change < -0.002 else "▴" if change > 0.002 else "▸"


def _score(summary: Summary) -> list[Content]:
    if summary.score is None:
        return []
    label = (_("test ppl") + " ", "dim")
    return [Content.assemble(label, (number(summary.score.perplexity), "bold"))]


def _time(summary: Summary, left: float) -> Content:
    elapsed = clock(summary.seconds)
    if not summary.status.active or math.isnan(left):
        return Content(elapsed)
    return Content(_("{elapsed} · {left} left").format(elapsed=elapsed, left=clock(left)))


def _pace(summary: Summary) -> list[Content]:
    parts = []
    if math.isfinite(summary.lr):
        parts.append(Content.assemble((_("lr") + " ", "dim"), rate(summary.lr)))
    if math.isfinite(summary.tokens_per_second):
        parts.append(Content(_("{rate} tok/s").format(rate=thousands(summary.tokens_per_second))))
    if summary.memory:
        parts.append(Content(size(summary.memory)))
    if summary.device:
        parts.append(Content.styled(device_name(summary.device), "dim"))
    return parts


def status_text(status: Status, word: str = "") -> Content:
    """Symbol and word, coloured; readable without the colour."""
    colors = {
        Status.WAITING: "dim",
        Status.STARTING: "dim",
        Status.RUNNING: "$text-primary",
        Status.FINISHED: "$text-success",
        Status.STOPPED: "$text-warning",
        Status.FAILED: "$text-error",
        Status.INTERRUPTED: "$text-warning",
    }
    return Content.styled(f"{status.symbol} {word or status_word(status)}", colors[status])


def headline(summary: Summary, is_stopping: bool = False) -> Content:
    """`● running   step 420/1,800  23 %`, or what the worker is busy with between steps."""
    active = summary.status.active
    parts = [status_text(summary.status, _("stopping") if is_stopping and active else "")]
    if active and summary.phase not in ("", "training"):
        done = f" {summary.phase_done:,}/{summary.phase_of:,}" if summary.phase_of else ""
        parts.append(Content(phase_name(summary.phase) + done))
    if summary.steps:
        share = progress(summary.step, summary.steps)
        place = _("step {step:,}/{steps:,}  {share}")
        parts.append(Content(place.format(step=summary.step, steps=summary.steps, share=share)))
    return Content("   ").join(parts)
