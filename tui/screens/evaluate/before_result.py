"""What stands where there is no result: the plan of an evaluation, or why there will be none."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from engine.language.plain_text import one_line, plain
from engine.language.texts import _
from engine.machine import paths
from engine.run.summary import Status, Summary
from tui.screens.evaluate.rivals import Rival
from tui.screens.evaluate.score_tables import rivals_table
from tui.screens.evaluate.scoring import Preview, Scoring


def plan(scoring: Scoring, preview: Preview | None, rivals: Sequence[Rival]) -> Content:
    """What pressing the start key will do."""
    if preview is None:
        return Content.styled(_("Reading …"), "$text-muted")
    if preview.trouble:
        trouble = plain(preview.trouble)
        return Content.assemble(("✗ ", "bold $text-error"), (trouble, "$text-error"))
    counts = _(", ").join(f"{count:,} {label}" for label, count in preview.directions.items())
    if scoring.run:
        model = _("run {run}").format(run=scoring.run.id)
    else:
        model = _("profile {profile}").format(profile=scoring.profile)
    said = _(" scores {pairs:,} pairs ({counts})\n  of {file}\n  with {model}, {strategy}").format(
        pairs=preview.pairs,
        counts=counts,
        file=plain(paths.short_path(preview.test)),
        model=plain(model),
        strategy=scoring.strategy_name,
    )
    lines = [
        Content.assemble(("s", "bold $primary"), said),
        Content.assemble(("o", "bold $primary"), _(" opens an evaluation made before")),
    ]
    if preview.warning:
        lines.insert(1, Content.styled(f"! {one_line(preview.warning)}", "$text-warning"))
    if rivals:
        lines.append(
            Content.assemble(_("Scored so far on this file:") + "\n", rivals_table(rivals))
        )
    return Content("\n\n").join(lines)


def ending(summary: Summary) -> Content:
    """Of a run without a result: why there is none."""
    if summary.status.active:
        return Content("")
    said = {
        Status.FAILED: _("The run failed."),
        Status.STOPPED: _("The run was stopped before there was a result."),
        Status.WAITING: _("It waits in the queue, and starts when its turn comes."),
        Status.INTERRUPTED: _("The worker is gone and left no result; its log tells more."),
    }.get(summary.status, _("The run left no result."))
    lines = [Content.styled(said, "bold")]
    if summary.message:
        lines.append(Content.styled(plain(summary.message), "$text-error"))
    if summary.hint:
        lines.append(Content.styled(plain(summary.hint), "$text-muted"))
    return Content("\n").join(lines)
