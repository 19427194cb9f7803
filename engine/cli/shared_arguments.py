"""Options that several commands take."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from typing import NamedTuple

from engine.cli.parser import Parser, count
from engine.language.said import labelled
from engine.language.texts import _
from engine.prompts import strategies

Add = Callable[..., ArgumentParser]
"""Adds a command: its name, what does it, a line of help, and the shared options that it takes."""


class Shared(NamedTuple):
    """Each is a parser of its own, to be a parent of the commands that take it."""

    json: Parser
    root: Parser
    settings: Parser
    detach: Parser
    checkpoint: Parser
    strategy: Parser
    examples: Parser
    choose: Parser
    draw: Parser
    gpu: Parser


def shared_options() -> Shared:
    """In the language of the interface."""
    examples, choose, draw = _of_examples()
    return Shared(
        json=_option("--json", action="store_true", help=_("print data for programs")),
        root=_option(
            "--runs", metavar="DIR", help=_("folder of runs (default: $YIWEN_RUNS or ./runs)")
        ),
        settings=_option(
            "--set",
            action="append",
            default=[],
            metavar="KEY=VALUE",
            help=_("change a setting of the profile, e.g. training.epochs=1; may be repeated"),
        ),
        detach=_option("--detach", action="store_true", help=_("return at once with the run's id")),
        checkpoint=_option(
            "--checkpoint", default="", metavar="C", help=_("of a run: a step, `best` or `last`")
        ),
        strategy=_option(
            "--strategy",
            choices=list(strategies.STRATEGIES),
            help=_("default: {strategy}; a run's own").format(strategy=strategies.ZERO_SHOT.name),
        ),
        examples=examples,
        choose=choose,
        draw=draw,
        gpu=_option(
            "--gpu",
            default="",
            metavar="GPU",
            help=_("which GPU: its index or UUID, as nvidia-smi shows them (default: the freest)"),
        ),
    )


def _of_examples() -> tuple[Parser, Parser, Parser]:
    """How many, which, and by what seed."""
    shown_by = strategies.either(strategies.showing_examples())

    def help_of(text: str) -> str:
        return str(labelled(shown_by, text))

    examples = _option("--examples", type=count, metavar="K", help=help_of(_("number (default 4)")))
    choose = _option(
        "--choose",
        choices=["random", "nearest"],
        help=help_of(_("drawn once, or for each item those most like it (default random)")),
    )
    choose.add_argument(
        "--ids", metavar="A,B", help=help_of(_("show these training pairs, in this order"))
    )
    choose.add_argument(
        "--same-direction",
        action="store_true",
        help=help_of(_("an item sees only examples of its own direction")),
    )
    draw = _option(
        "--seed", type=count, metavar="N", help=help_of(_("the draw's seed (default 0)"))
    )
    return examples, choose, draw


def _option(*names: str, **options: object) -> Parser:
    parser = Parser(add_help=False)
    parser.add_argument(*names, **options)  # type: ignore[arg-type]
    return parser
