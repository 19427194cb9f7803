"""The report command: runs described in a folder for people."""

from __future__ import annotations

from argparse import Namespace

from engine.cli.output import print_json
from engine.language.texts import _
from engine.machine.paths import in_full, runs_root
from engine.report import folder
from engine.run import runs_folder


def report(arguments: Namespace) -> int:
    """`yiwen report RUN… [-o DIR]`."""
    root = runs_root(arguments.runs)
    wanted = [runs_folder.find(root, key) for key in arguments.run]
    found = list({run.id: run for run in wanted}.values())
    named = arguments.output or f"report-{found[0].id}"
    page = folder.write(found, in_full(named))
    if arguments.json:
        print_json({"page": str(page), "runs": [run.id for run in found]})
    else:
        files = _(", ").join(sorted(path.name for path in page.parent.iterdir() if path != page))
        print(f"{page}\n" + _("beside it: {files}").format(files=files))
    return 0
