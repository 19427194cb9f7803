"""The list of experiments: their stages, and where each stands."""

from __future__ import annotations

from pathlib import Path

from engine.cli.output import print_json
from engine.cli.table import table
from engine.experiments import ledger
from engine.experiments.ledger import Ledger
from engine.experiments.series import title_in_words
from engine.language.texts import _
from engine.run.folder import Run
from engine.run.summary import Summary
from engine.run.words import status_word
from engine.table.catalog import Row


def list_experiments(root: Path, as_json: bool) -> int:
    """`yiwen experiment` without a name."""
    found = ledger.list_all(root)
    if as_json:
        print_json([_listed(one) for one in found])
    elif found:
        header = [_("experiment"), _("stage"), _("status"), "ppl", _("run")]
        print(table(header, [line for one in found for line in _lines(one)], right=(3,)))
    else:
        none = _(
            "No experiments in {root} yet. `yiwen experiment seed` repeats the seed homework's "
            "report on its models; `--model tiny` on the embedded one, in a few minutes."
        )
        print(none.format(root=root))
    return 0


def _lines(one: Ledger) -> list[list[str]]:
    lines = []
    for entry in one.contents.stages:
        run = one.run_of(entry)
        summary = run.summary() if run else None
        measured = Row(run, run.settings, summary).perplexity_text if run and summary else "–"
        stage = f"{entry.question} {title_in_words(entry.title, entry.profile)}"
        lines.append([one.name, stage, _status(run, summary), measured, entry.run])
    return lines


def _status(run: Run | None, summary: Summary | None) -> str:
    if run is None or summary is None:
        return "– " + _("to be made")
    if not run.events_path.exists() and not run.alive():
        return "– " + _("to be started")
    return f"{summary.status.symbol} {status_word(summary.status)}"


def _listed(one: Ledger) -> dict[str, object]:
    stages = []
    for entry in one.contents.stages:
        status = one.state(entry)
        stages.append(
            {
                "question": entry.question,
                "title": entry.title,
                "profile": entry.profile,
                "strategy": entry.strategy,
                "run": entry.run or None,
                "status": status.value if status else None,
            }
        )
    return {"name": one.name, "created": one.contents.created, "stages": stages}
