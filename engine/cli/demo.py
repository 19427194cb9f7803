"""The demo: every strategy in miniature, and the table that compares them."""

from __future__ import annotations

import shlex
import sys
from argparse import Namespace

from engine.cli.compare import comparison, comparison_table
from engine.cli.follow import follow
from engine.cli.output import print_json
from engine.cli.requests import overrides
from engine.cli.run import report_trouble
from engine.language.texts import _
from engine.machine.paths import runs_root
from engine.prompts.strategies import STRATEGIES
from engine.run.summary import Status
from engine.start import launch, request
from engine.start.request import Request
from engine.table.catalog import Row


def demo(arguments: Namespace) -> int:
    """`yiwen demo [PROFILE]`."""
    root = runs_root(arguments.runs)
    # Scores are what is compared; translating the file with untuned models would triple the time.
    settings = {"evaluation.outputs": "false", **overrides(arguments)}
    rows = []
    for strategy in STRATEGIES.values():
        run = request.prepare(
            Request(
                root=root,
                strategy=strategy.name,
                profile=arguments.profile,
                overrides=settings,
            )
        )
        made = "  " + _("run {run}").format(run=run.id)
        print(f"{strategy.title}\n{made}", file=sys.stderr, flush=True)
        launch.start(run)
        summary = follow(run)
        if summary.status is not Status.FINISHED:
            return report_trouble(run, summary) or 1
        rows.append(Row(run, run.settings, summary))
    if arguments.json:
        print_json([comparison(row) for row in rows])
        return 0
    print(comparison_table(rows))
    example = "學而時習之，不亦說乎？"
    said = _("Try it: yiwen translate {run} {example}\nOr open the workbench: yiwen")
    print("\n" + said.format(run=shlex.quote(rows[-1].run.id), example=example))
    return 0
