"""One line of numbers about a run, the most important first, as many as fit."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from itertools import accumulate

from textual.content import Content
from textual.widgets import Static

from engine.language.figures import clock, number, progress, rate, size, thousands
from engine.language.texts import _
from engine.run.events import Evaluated, Event, Phase, Sample, Saved, Step
from engine.run.history import worker_begins
from engine.run.summary import Status, Summary
from engine.run.words import device_name, phase_name, status_word
from tui.chart.curve import Curve

_GAP = 3
_PARTS = 200
"""In which the latest steps are counted: there may be thousands a second."""


class Speed:
    """Tokens a second over the last while of training: one step's own is mostly noise."""

    SECONDS = 20.0

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._last: Step | None = None
        self._taken: deque[tuple[float, int]] = deque()
        """Seconds and tokens of the latest steps."""
        self._seconds, self._tokens = 0.0, 0

    def extend(self, events: Iterable[Event]) -> None:
        """Take events in; what is done between two steps beside training counts for nothing."""
        for event in events:
            if isinstance(event, Step):
                if self._last is not None and event.tokens > self._last.tokens:
                    self._take(max(0.0, event.at - self._last.at), event.tokens - self._last.tokens)
                self._last = event
            elif worker_begins(event):
                self._begin()
            elif isinstance(event, (Evaluated, Phase, Sample, Saved)):
                self._last = None

    def _take(self, seconds: float, tokens: int) -> None:
        if self._taken and self._taken[-1][0] < self.SECONDS / _PARTS:
            before = self._taken.pop()
            self._taken.append((before[0] + seconds, before[1] + tokens))
        else:
            self._taken.append((seconds, tokens))
        self._seconds += seconds
        self._tokens += tokens
        while self._seconds - self._taken[0][0] > self.SECONDS:
            before = self._taken.popleft()
            self._seconds -= before[0]
            self._tokens -= before[1]

    @property
    def tokens_per_second(self) -> float:
        """Nan as long as there are too few steps to tell."""
        return self._tokens / self._seconds if self._seconds > 0 else math.nan


class RunStatus(Static):
    """` loss 1.2345 ▾   test ppl 16.6   lr 1.8e-4   5.1k tok/s   12.3 GB   00:12 · 00:41 left`."""

    DEFAULT_CSS = """
    RunStatus { height: 1; padding: 0 1; background: $panel; text-wrap: nowrap; }
    """

    auto_links = False

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._parts: list[Content] = []

    def show(self, summary: Summary, curve: Curve, left: float, speed: float = math.nan) -> None:
        """Show the numbers of now, and the seconds left."""
        time = _time(summary, left)
        told = [*_loss(summary, curve), *_skipped(summary), *_score(summary)]
        self._parts = [*told, time, *_pace(summary, speed)]
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


def _skipped(summary: Summary) -> list[Content]:
    if not summary.skipped:
        return []
    said = _("{count} skipped").format(count=summary.skipped)
    return [Content.styled(said, "$text-warning")]


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


def _pace(summary: Summary, speed: float) -> list[Content]:
    parts = []
    if math.isfinite(summary.lr):
        parts.append(Content.assemble((_("lr") + " ", "dim"), rate(summary.lr)))
    if math.isfinite(speed):
        parts.append(Content(_("{rate} tok/s").format(rate=thousands(speed))))
    if summary.memory:
        parts.append(Content(size(summary.memory)))
    if summary.device:
        parts.append(Content.styled(str(device_name(summary.device)), "dim"))
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


def elapsed(summary: Summary) -> str:
    """` 00:42`: for how long one has waited for what the worker is busy with."""
    seconds = summary.seconds_of_phase
    return f" {clock(seconds)}" if seconds >= 1 else ""


def headline(summary: Summary, is_stopping: bool = False) -> Content:
    """`● running   step 420/1,800  23 %`, or what the worker is busy with between steps."""
    active = summary.status.active
    parts = [status_text(summary.status, _("stopping") if is_stopping and active else "")]
    if active and summary.phase not in ("", "training"):
        done = f" {summary.phase_done:,}/{summary.phase_of:,}" if summary.phase_of else ""
        parts.append(Content(phase_name(summary.phase) + done + elapsed(summary)))
    if summary.steps:
        share = progress(summary.step, summary.steps)
        place = _("step {step:,}/{steps:,}  {share}")
        parts.append(Content(place.format(step=summary.step, steps=summary.steps, share=share)))
    return Content("   ").join(parts)
