"""What a run is and came to, in words: scores, progress, samples, warnings, errors."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from rich.console import Group, RenderableType
from rich.text import Text
from textual.content import Content

from engine.data.directions import LABELS, Direction
from engine.language.figures import number
from engine.language.plain_text import one_line, plain, width
from engine.language.texts import _, marked, plural
from engine.prompts.strategies import ZERO_SHOT
from engine.run.alarm import Alarm
from engine.run.events import Evaluated, Score
from engine.run.folder import Run
from engine.run.history import History
from engine.run.settings import Job, RunSettings
from engine.run.summary import Status, Summary
from engine.run.words import unread_count
from tui.screens.train import samples
from tui.screens.train.samples import SampleView

_JOBS: dict[Job, str] = {
    "evaluate": marked("evaluate"),
    "predict": marked("predict"),
    "probe": marked("probe"),
}
"""Training goes without saying."""


def subject(settings: RunSettings) -> str:
    """`tiny · zero-shot · evaluate`."""
    job = _(_JOBS.get(settings.job, ""))
    return " · ".join(filter(None, (settings.profile.name, settings.strategy, job)))


def scores(test: Evaluated) -> Content:
    """The result of an evaluation, by direction, with what was counted."""
    lines = [_score_line(_("Test perplexity"), test.score, "bold")]
    lines += [
        _score_line(LABELS.get(_direction(name), name), score)
        for name, score in test.directions.items()
    ]
    total = test.score
    detail = plural(
        "of {pairs:,} pair; over its {tokens:,} tokens together {perplexity}",
        "mean over {pairs:,} pairs; over their {tokens:,} tokens together {perplexity}",
        total.samples,
    ).format(pairs=total.samples, tokens=total.tokens, perplexity=number(total.perplexity_corpus))
    return Content("\n").join([*lines, Content.styled(detail, "dim")])


def _direction(name: str) -> Direction:
    known: dict[str, Direction] = {direction: direction for direction in LABELS}
    return known.get(name, "unknown")


def _score_line(label: str, score: Score, style: str = "") -> Content:
    padding = " " * max(1, 18 - Content(label).cell_length)
    return Content.assemble(
        (label + padding, "dim"),
        (f"{number(score.perplexity):>9}", style),
        (
            "   "
            + plural("{count:,} pair", "{count:,} pairs", score.samples).format(
                count=score.samples
            ),
            "dim",
        ),
    )


def closing(
    summary: Summary,
    history: History,
    run: Run,
    alarms: Sequence[Alarm] = (),
    references: Mapping[str, float] = MappingProxyType({}),
) -> Content:
    """What is to be said under the chart: the result, or why there is none."""
    if summary.status is Status.FAILED:
        lines = [Content.styled("✗ " + (plain(summary.message) or _("failed")), "$text-error")]
        return Content("\n").join([*lines, *_hint(str(summary.hint)), *_hint(_("l shows the log"))])
    if summary.status is Status.WAITING:
        return Content.styled("◷ " + _("Waits in the queue; Q shows it"), "$text-muted")
    if summary.status is Status.INTERRUPTED:
        return Content.styled("◌ " + _interrupted(alarms), "$text-warning")
    if summary.status is Status.FINISHED and summary.score is not None:
        untuned = summary.untuned
        if math.isnan(untuned):  # made before runs began with it
            untuned = references.get(ZERO_SHOT.name, math.nan)
        return _won(summary, untuned, history, run.settings)
    return Content("")


def next_steps(has_model: bool) -> Content:
    """What one wants after a run, with the keys for it; a click on the words does it too."""
    offered = [
        ("t", _("translate with it"), "translate"),
        ("e", _("evaluate"), "evaluate"),
        ("a", _("again with a change"), "again"),
    ]
    return Content("  ").join(
        Content.from_markup(
            f"[@click=screen.{action}][bold $primary]$key[/] $words[/]", key=key, words=words
        )
        for key, words, action in (offered if has_model else offered[-1:])
    )


def _interrupted(alarms: Sequence[Alarm]) -> str:
    """The alarms above say why; here stands what it means for the worker, or what to do."""
    kinds = {alarm.kind for alarm in alarms}
    if "gone" in kinds:
        return _("f4 shows the other runs, u there brings back a deleted one; n sets up a new run")
    if "disk" in kinds:
        return _("The worker is gone: it had no room to write a word")
    return _("The worker is gone without a word; l shows its log")


def _won(summary: Summary, untuned: float, history: History, settings: RunSettings) -> Content:
    assert summary.score is not None
    perplexity = summary.score.perplexity
    is_worse = perplexity > untuned and settings.job == "train"
    said = _("test perplexity {value}").format(value=number(perplexity) + settings.mark)
    parts = [f"{'!' if is_worse else '✓'} {said}"]
    if is_worse:
        parts.append(_("worse than untuned, {value}").format(value=number(untuned)))
    elif not math.isnan(untuned) and settings.job == "train":
        parts.append(_("untuned {value}").format(value=number(untuned)))
    if history.last is not None:
        parts += [
            f"{LABELS[_direction(name)]} {number(one.perplexity)}"
            for name, one in history.last.directions.items()
            if _direction(name) != "unknown"
        ]
    return Content.styled("   ".join(parts), "$text-warning" if is_worse else "$text-success")


def _hint(hint: str) -> list[Content]:
    return [Content.styled(plain(hint), "dim")] if hint else []


def side_notes(history: History, view: SampleView, alarms: Sequence[Alarm] = ()) -> RenderableType:
    """Alarms, evaluations, warnings and samples for the side pane."""
    blocks = [
        *(Text(f"! {alarm}\n", "yellow") for alarm in alarms[1:]),  # the first stands below
        *_unread(history),
        *_warnings(history),
        *samples.blocks(history, view),
        *_evaluations(history),
    ]
    return Group(*blocks) if blocks else Text(_("No samples yet"), "dim")


def alarm_line(alarms: Sequence[Alarm]) -> Content:
    """The worst alarm with its remedy; how many more there are."""
    if not alarms:
        return Content("")
    more = f"   (+{len(alarms) - 1})" if len(alarms) > 1 else ""
    return Content.assemble(
        ("! ", "bold $text-warning"), (one_line(str(alarms[0])), "$text-warning"), (more, "dim")
    )


def _evaluations(history: History) -> Iterator[Text]:
    if not history.tests:
        return
    yield Text(_("Test perplexity by step"), "bold")
    names = [name for name in history.tests[-1].directions if _direction(name) != "unknown"]
    labels = "".join(f"    {LABELS[_direction(name)]}" for name in names)
    yield Text(_right(_("step"), 7) + _right(_("all"), 9) + f" {labels}", "dim")
    for test in history.tests[-8:]:
        if test is history.result:
            yield Text("   " + _("the result, of the chosen checkpoint"), "dim")
        found = [test.score, *(test.directions[name] for name in names if name in test.directions)]
        yield Text(f"{test.step:>7,}" + "".join(f"{number(one.perplexity):>9}" for one in found))
    yield Text("")


def _right(word: str, columns: int) -> str:
    return " " * (columns - width(word)) + word


def _unread(history: History) -> Iterator[Text]:
    if history.unread:
        yield Text(f"! {unread_count(history.unread)}\n", "yellow")


def _warnings(history: History) -> Iterator[Text]:
    for warning in history.warnings[-3:]:
        yield Text(f"! {plain(warning.words('message'))}", "yellow")
        yield Text(f"{plain(warning.words('hint'))}\n", "dim")
