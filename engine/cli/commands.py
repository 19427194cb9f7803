"""The command line: which commands there are, in the order of its help, and doing one of them."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from engine import __version__
from engine.cli.before_start_arguments import add_before_start
from engine.cli.data_arguments import add_data
from engine.cli.hand_in_arguments import add_hand_in
from engine.cli.output import harmless_streams
from engine.cli.parser import Parser
from engine.cli.profile_arguments import add_profiles
from engine.cli.run_arguments import add_run_tables
from engine.cli.shared_arguments import shared_options
from engine.cli.translate_arguments import add_translating
from engine.cli.work_arguments import add_scoring, add_steering, add_train
from engine.language.said import labelled
from engine.language.texts import _, marked, speak
from engine.machine import streams

_EPILOG = marked(
    """\
examples:
  yiwen                                 open the workbench
  yiwen demo                            every strategy on the embedded model
  yiwen train tiny --set training.epochs=1 --detach
  yiwen evaluate tiny --strategy few-shot --test my_test.json
  yiwen pull gemma-2-2b-kyara
  yiwen translate latest 學而時習之，不亦說乎？
  yiwen compare
  yiwen export latest --course hand_in --check
  yiwen experiment seed --model tiny    the seed homework's report, in miniature
"""
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 done, 1 failed, 2 wrong use, 130 interrupted."""
    streams.forgive()
    try:
        with harmless_streams():
            arguments = _parsed(argv)
    except OSError:  # nobody reads the help
        streams.silence()
        return 2
    if getattr(arguments, "json", False):
        speak("en")  # a program reads it, the same words in every locale
        streams.forgive(utf_8=True)
    with harmless_streams():
        return _do(arguments)


def _parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    try:
        return build_parser().parse_args(argv)
    finally:
        streams.flush()


def _do(arguments: argparse.Namespace) -> int:
    module, function = arguments.does.split(":")
    from engine.language.errors import UserError

    try:
        command = getattr(importlib.import_module(f"engine.cli.{module}"), function)
        status = int(command(arguments))
        _keep_queue_going(arguments)
        streams.flush()
        return status
    except UserError as error:
        print(labelled("yiwen", str(error)), file=sys.stderr)
        return 2
    except (KeyboardInterrupt, EOFError):
        print(file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output has gone, e.g. `yiwen runs | head`
        streams.silence()
        return 0
    except Exception as error:
        from engine.cli import mishap

        return mishap.told(error)


def _keep_queue_going(arguments: argparse.Namespace) -> None:
    """A scheduler that was killed is replaced by the next command that looks at runs."""
    if hasattr(arguments, "runs"):
        from engine.machine.paths import runs_root
        from engine.queue import scheduler

        scheduler.ensure(runs_root(arguments.runs))


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = Parser(
        prog="yiwen",
        description=_("Fine-tune language models between Classical and modern Chinese."),
        epilog=_(_EPILOG),
    )
    parser.add_argument(
        "--version",
        action="version",
        version=f"yiwen {__version__}",
        help=_("show program's version number and exit"),
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    shared = shared_options()
    json, root = shared.json, shared.root

    def add(name: str, does: str, text: str, *parents: Parser) -> Parser:
        command = commands.add_parser(name, help=text, description=text, parents=list(parents))
        command.set_defaults(does=does)
        return command

    add("tui", "run:tui_only", _("open the workbench; plain `yiwen` takes the same options"), root)
    add_train(add, shared)
    add_before_start(add, shared)
    add_scoring(add, shared)
    add_translating(add, shared)
    add_run_tables(add, shared)
    add_steering(add, shared)
    add_profiles(add, shared)
    words = _("describe, check, split, compare, mend data files")
    add_data(add("data", "data.describe:describe", words), shared)
    add_hand_in(add, shared)
    add("settings", "settings:show", _("print the personal settings, every key explained"), json)
    demo = add("demo", "demo:demo", _("every strategy on one profile, then the table"), json, root)
    demo.add_argument("profile", metavar="PROFILE", nargs="?", default="tiny")
    demo.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    return parser
