"""The part of the command line's grammar about runs that have not started yet."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from engine.cli.shared_arguments import Add, Shared
from engine.language.texts import _
from engine.prompts import strategies
from engine.prompts.strategies import QLORA, STRATEGIES


def add_before_start(add: Add, shared: Shared) -> None:
    """preflight, probe, queue."""
    json, root, settings, gpu = shared.json, shared.root, shared.settings, shared.gpu
    look = add(
        "preflight",
        "preflight:preflight_of_training",
        _("what training would do, need and take, before it is started"),
        json,
        root,
        settings,
        gpu,
    )
    look.add_argument("profile", metavar="PROFILE")
    add_training(look)
    add_files(look)

    probe = add(
        "probe",
        "probe:probe",
        _("measure memory and speed: two real steps in a real worker; no run is kept"),
        json,
        root,
        settings,
        gpu,
    )
    probe.add_argument("profile", metavar="PROFILE")
    add_training(probe)
    add_files(probe)

    queue = add(
        "queue",
        "waiting:list_waiting",
        _("runs that start by themselves when a GPU (or the processor) is free"),
        json,
        root,
    )
    verbs = queue.add_subparsers(metavar="add|copy|move|remove")

    def verb(name: str, does: str, text: str, *parents: ArgumentParser) -> Any:
        command = verbs.add_parser(name, help=text, description=text, parents=list(parents))
        command.set_defaults(does=does)
        return command

    one = verb("add", "waiting:add", _("put a run at the end"), json, root, settings, gpu)
    one.add_argument("profile", metavar="PROFILE")
    one.add_argument(
        "--strategy",
        choices=list(STRATEGIES),
        default=QLORA.name,
        help=_("default: {strategy}").format(strategy=QLORA.name),
    )
    add_files(one)
    one.set_defaults(checkpoint="")
    like = verb(
        "copy",
        "waiting:copy",
        _("put in a run like another, with some settings changed"),
        json,
        root,
        settings,
    )
    like.add_argument("run", metavar="RUN")
    place = verb("move", "waiting:move", _("put a waiting run at another place"), json, root)
    place.add_argument("run", metavar="RUN|PLACE", help=_("part of its id, or its place"))
    place.add_argument("place", metavar="PLACE", type=int, help=_("1 is next"))
    gone = verb("remove", "waiting:remove", _("take a run out; nothing was done in it yet"), root)
    gone.add_argument("run", metavar="RUN|PLACE", help=_("part of its id, or its place"))


def add_training(command: Any) -> None:
    """By which strategy, where there are several that train."""
    names = [strategy.name for strategy in strategies.training()]
    if len(names) > 1:
        command.add_argument(
            "--strategy",
            choices=names,
            default=QLORA.name,
            help=_("default: {strategy}").format(strategy=QLORA.name),
        )


def add_files(command: Any) -> None:
    """The options that name data files in place of the profile's."""
    for part in ("train", "validation", "test"):
        command.add_argument(
            f"--{part}",
            metavar="FILE",
            default="",
            help=_("instead of data.{part}").format(part=part),
        )
