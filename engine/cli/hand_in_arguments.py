"""The grammar of the commands that bring results out: export, report, experiment."""

from __future__ import annotations

from engine.cli.before_start_arguments import add_files
from engine.cli.shared_arguments import Add, Shared
from engine.language.texts import _


def add_hand_in(add: Add, shared: Shared) -> None:
    """export, report, experiment."""
    json, root = shared.json, shared.root
    export = add(
        "export",
        "export:export",
        _("write a run's adapter for the course, or merged weights"),
        json,
        root,
        shared.checkpoint,
    )
    export.add_argument("run", metavar="RUN")
    kind = export.add_mutually_exclusive_group(required=True)
    kind.add_argument(
        "--course", metavar="DIR", help=_("what the grader takes: adapter, utils.py, run.sh")
    )
    kind.add_argument("--merged", metavar="DIR", help=_("base and adapter as one model"))
    export.add_argument(
        "--year",
        type=int,
        metavar="YEAR",
        help=_("--course: whose rules hold (default: the year whose model it is, or the newest)"),
    )
    export.add_argument(
        "--check", action="store_true", help=_("--course: grade it as the course would")
    )
    export.add_argument(
        "--force", action="store_true", help=_("--course: write over an earlier export")
    )
    export.add_argument(
        "--dtype",
        choices=["auto", "bfloat16", "float16", "float32"],
        default="auto",
        help=_("--merged: of the weights (default: the base model's)"),
    )

    report = add("report", "report:report", _("describe runs in a folder of their own"), json, root)
    report.add_argument("run", metavar="RUN", nargs="+")
    report.add_argument(
        "-o", "--output", metavar="DIR", default="", help=_("default: ./report-RUN")
    )

    experiment = add(
        "experiment",
        "experiment:experiment",
        _("repeat the homework report's experiments"),
        json,
        root,
        shared.settings,
        shared.examples,
    )
    experiment.add_argument(
        "name",
        metavar="seed|course",
        nargs="?",
        choices=["seed", "course"],
        help=_("the seed homework's report, or the course's (default: list what there is)"),
    )
    experiment.add_argument(
        "--year", type=int, metavar="YEAR", help=_("of the course (default: the newest)")
    )
    experiment.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="PROFILE",
        help=_("`tiny`, or a profile; a second one is the report's second model"),
    )
    add_files(experiment)
    experiment.add_argument(
        "--no-outputs", action="store_true", help=_("only score; do not translate the test file")
    )
    experiment.add_argument("--new", action="store_true", help=_("begin anew, reuse no run"))
