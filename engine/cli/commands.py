"""The command line's grammar: which commands there are, what each takes, what does it."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from engine import __version__
from engine.cli import hand_in_arguments
from engine.cli.before_start_arguments import add_commands, add_files, add_training
from engine.cli.data_arguments import add_data
from engine.cli.output import harmless_streams
from engine.cli.parser import Parser, count
from engine.cli.run_arguments import add_run_tables
from engine.cli.translate_arguments import add_translating
from engine.language.said import labelled
from engine.language.texts import _, marked, speak
from engine.machine import streams
from engine.prompts import strategies

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
    json = _parent("--json", action="store_true", help=_("print data for programs"))
    root = _parent(
        "--runs", metavar="DIR", help=_("folder of runs (default: $YIWEN_RUNS or ./runs)")
    )
    settings = _parent(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help=_("change a setting of the profile, e.g. training.epochs=1; may be repeated"),
    )
    detach = _parent("--detach", action="store_true", help=_("return at once with the run's id"))
    checkpoint = _parent(
        "--checkpoint", default="", metavar="C", help=_("of a run: a step, `best` or `last`")
    )
    strategy = _parent(
        "--strategy",
        choices=list(strategies.STRATEGIES),
        help=_("default: {strategy}; a run's own").format(strategy=strategies.ZERO_SHOT.name),
    )
    gpu = _parent(
        "--gpu",
        default="",
        metavar="GPU",
        help=_("which GPU: its index or UUID, as nvidia-smi shows them (default: the freest)"),
    )
    shown_by = strategies.either(strategies.showing_examples())

    def of_examples(text: str) -> str:
        return str(labelled(shown_by, text))

    examples = _parent(
        "--examples", type=count, metavar="K", help=of_examples(_("number (default 4)"))
    )
    choose = _parent(
        "--choose",
        choices=["random", "nearest"],
        help=of_examples(_("drawn once, or for each item those most like it (default random)")),
    )
    choose.add_argument(
        "--ids", metavar="A,B", help=of_examples(_("show these training pairs, in this order"))
    )
    choose.add_argument(
        "--same-direction",
        action="store_true",
        help=of_examples(_("an item sees only examples of its own direction")),
    )
    draw = _parent(
        "--seed", type=count, metavar="N", help=of_examples(_("the draw's seed (default 0)"))
    )

    def add(name: str, does: str, text: str, *parents: Parser) -> Parser:
        command = commands.add_parser(name, help=text, description=text, parents=list(parents))
        command.set_defaults(does=does)
        return command

    add("tui", "run:tui_only", _("open the workbench; plain `yiwen` takes the same options"), root)

    train = add("train", "run:train", _("train an adapter"), json, root, settings, detach, gpu)
    train.add_argument("profile", metavar="PROFILE")
    add_training(train)
    add_files(train)
    add_commands(add, json=json, root=root, settings=settings, gpu=gpu)

    evaluate = add(
        "evaluate", "run:evaluate", _("perplexity of a base model or a run on a test file"),
        json, root, settings, detach, checkpoint, strategy, examples, choose, draw, gpu,
    )  # fmt: skip
    evaluate.add_argument("target", metavar="PROFILE|RUN")
    evaluate.add_argument(
        "--test", metavar="FILE", default="", help=_("instead of data.{part}").format(part="test")
    )
    evaluate.add_argument("--train", metavar="FILE", default="", help=_("where examples are drawn"))
    evaluate.add_argument(
        "--no-outputs", action="store_true", help=_("only score; do not translate the file too")
    )

    predict = add(
        "predict", "run:predict", _("translate a whole file, in the course's format"),
        json, root, settings, detach, checkpoint, strategy, examples, choose, draw, gpu,
    )  # fmt: skip
    predict.add_argument("target", metavar="RUN|PROFILE")
    predict.add_argument("file", metavar="FILE")
    predict.add_argument("-o", "--output", metavar="JSON", default="prediction.json")

    add_translating(add, json, root, settings, checkpoint, strategy, examples, choose, draw)
    add_run_tables(add, json, root)
    one = add("show", "show:show", _("one run: settings, result, checkpoints"), json, root)
    one.add_argument("run", metavar="RUN")
    compare = add("compare", "compare:compare", _("runs side by side, by perplexity"), json, root)
    compare.add_argument(
        "run",
        metavar="RUN",
        nargs="*",
        help=_("default: all with a result; two are compared item by item too, with tests"),
    )
    watch = add("watch", "run:watch", _("follow a run until it ends"), json, root)
    watch.add_argument("run", metavar="RUN", nargs="?", default="latest")
    resume = add(
        "resume", "run:resume", _("go on with a run that was cut short"), json, root, detach, gpu
    )
    resume.add_argument("run", metavar="RUN")
    stop = add("stop", "run:stop", _("let a run finish its step, save and stop"), root)
    stop.add_argument("run", metavar="RUN")
    stop.add_argument("--force", action="store_true", help=_("kill it; loses what was not saved"))
    delete = add("delete", "run:delete", _("delete a run's folder for good"), root)
    delete.add_argument("run", metavar="RUN")
    delete.add_argument("--yes", action="store_true", help=_("do not ask"))

    profiles = add("profiles", "profile:list_profiles", _("list profiles, show or check one"), json)
    profiles.set_defaults(profile_does="list")
    which = profiles.add_subparsers(metavar="show|check")
    shown = which.add_parser(
        "show", parents=[json, settings], help=_("print a profile as resolved")
    )
    shown.add_argument("profile", metavar="NAME")
    shown.set_defaults(does="profile:show")
    checked = which.add_parser("check", help=_("look for mistakes in a profile file"))
    checked.add_argument("profile", metavar="FILE")
    checked.set_defaults(does="profile:check")

    _add_pull(add("pull", "pull:pull_model", _("download a profile's model"), json))

    prompt = add(
        "prompt",
        "profile:prompt",
        _("print exactly what the model sees"),
        json,
        settings,
        examples,
        choose,
        draw,
    )
    prompt.add_argument("profile", metavar="PROFILE")
    prompt.add_argument(
        "--strategy", choices=list(strategies.STRATEGIES), default=strategies.ZERO_SHOT.name
    )
    prompt.add_argument("--instruction", required=True, metavar="TEXT")
    prompt.add_argument(
        "--output", metavar="TEXT", help=_("the answer, to see which tokens are scored")
    )

    data = add(
        "data", "data.describe:describe", _("describe, check, split, compare, mend data files")
    )
    add_data(data, json, settings)

    hand_in_arguments.add_commands(
        add, json=json, root=root, settings=settings, checkpoint=checkpoint, examples=examples
    )
    add("settings", "settings:show", _("print the personal settings, every key explained"), json)

    demo = add("demo", "demo:demo", _("every strategy on one profile, then the table"), json, root)
    demo.add_argument("profile", metavar="PROFILE", nargs="?", default="tiny")
    demo.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    return parser


def _add_pull(command: Parser) -> None:
    command.add_argument("model", metavar="PROFILE|OWNER/NAME")
    command.add_argument("--revision", metavar="R", default="", help=_("branch, tag or commit"))
    command.add_argument(
        "--from",
        dest="source",
        metavar="DIR|URL",
        default="",
        help=_(
            "a folder that holds the model (used where it is, or copied with --to), or a mirror "
            "of the hub (default: $HF_ENDPOINT or https://huggingface.co)"
        ),
    )
    command.add_argument(
        "--to", metavar="DIR", default="", help=_("a folder of its own instead of the hub's cache")
    )


def _parent(*names: str, **options: object) -> Parser:
    """A parser with one option, to be shared by commands."""
    parser = Parser(add_help=False)
    parser.add_argument(*names, **options)  # type: ignore[arg-type]
    return parser
