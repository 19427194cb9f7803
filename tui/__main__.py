"""The `yiwen` command: opens the workbench, or hands the arguments to the engine's command line."""

from __future__ import annotations

import os
import sys


def _settle_path() -> None:
    """Import nothing from the working directory, which `python -m tui` puts first, nor from data.

    Before all other imports, by a file that is found by its place: nothing is imported for it.
    """
    source = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    file = os.path.join(source, "engine", "machine", "processes", "search_path.py")
    with open(file, "rb") as opened:
        code: dict[str, object] = {"__name__": "search_path"}
        exec(compile(opened.read(), file, "exec"), code)
    code["settle"](source)  # type: ignore[operator]


_settle_path()

import argparse  # noqa: E402
from collections.abc import Sequence  # noqa: E402
from pathlib import Path  # noqa: E402

_OF_ALL_COMMANDS = ("-h", "--help", "--version")
"""Options that are not the workbench's."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    from engine.machine import interface_language, streams

    streams.forgive()
    interface_language.settle()  # before anything is imported that speaks
    arguments = list(sys.argv[1:] if argv is None else argv)
    first = arguments[0] if arguments else ""
    if first == "tui":
        return open_workbench(arguments[1:])
    if not first or (first.startswith("-") and first not in _OF_ALL_COMMANDS):
        return open_workbench(arguments)
    from engine import cli

    return int(cli.main(arguments))


def open_workbench(arguments: Sequence[str]) -> int:
    """Open the workbench. Imports textual only once the arguments are known to be good."""
    chosen = _parser().parse_args(arguments)
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        from engine.language.texts import _

        print(
            _("yiwen draws on a terminal, and this is none; see `yiwen --help` for the rest."),
            file=sys.stderr,
        )
        return 2
    for name in ("COLUMNS", "LINES"):
        # Exported, they tell what the size was once; Textual would believe them, not the terminal.
        os.environ.pop(name, None)
    from engine.machine.paths import runs_root
    from tui.app import YiwenApp

    app = YiwenApp(runs_root(chosen.runs), chosen.profile, chosen.charset)
    try:
        app.run(mouse=chosen.mouse)
    finally:
        app.trash.empty()
    return app.return_code or 0


def _parser() -> argparse.ArgumentParser:
    from engine.cli.parser import Parser
    from engine.language.texts import _

    parser = Parser(prog="yiwen tui", description=_("Open the workbench."))
    parser.add_argument("--runs", type=Path, help=_("folder of all runs; else $YIWEN_RUNS, ./runs"))
    parser.add_argument(
        "--profile",
        default="",
        help=_("profile to begin with (default: what was set up last, else tiny)"),
    )
    parser.add_argument(
        "--charset",
        choices=["auto", "braille", "block", "ascii"],
        default="auto",
        help=_("characters of charts; else $YIWEN_CHARSET, settings, locale and terminal"),
    )
    parser.add_argument(
        "--no-mouse",
        dest="mouse",
        action="store_false",
        help=_("leave the mouse to the terminal, e.g. to select text"),
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
