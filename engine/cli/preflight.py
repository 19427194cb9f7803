"""Commands about a run that has not been started: preflight, and their shared way to print."""

from __future__ import annotations

from argparse import Namespace

import msgspec

from engine.cli.output import print_json
from engine.cli.requests import overrides
from engine.machine.hardware import Probe
from engine.machine.paths import runs_root
from engine.prompts.strategies import QLORA
from engine.start import card, preflight
from engine.start.command import command_for
from engine.start.preflight import Preflight
from engine.start.request import Request


def preflight_of_training(arguments: Namespace) -> int:
    """`yiwen preflight PROFILE`."""
    asked = training_request(arguments)
    found = preflight.look_ahead(asked, Probe())
    if arguments.json:
        print_json(as_dict(found, asked))
        return 0
    for line in card.card(found):
        print(line.plain())
    print(f"\n  {command_for(asked)}")
    return 0


def training_request(arguments: Namespace) -> Request:
    """The request that `yiwen train` with these arguments makes."""
    return Request(
        root=runs_root(arguments.runs),
        strategy=getattr(arguments, "strategy", QLORA.name),
        profile=arguments.profile,
        overrides=overrides(arguments),
        gpu=arguments.gpu,
    )


def as_dict(found: Preflight, request: Request) -> dict[str, object]:
    """The card for programs."""
    plan = found.plan
    return {
        "profile": found.profile.name,
        "changed": {change.key: change.value for change in found.changes},
        "pairs": plan.pairs if plan else 0,
        "left_out": plan.left_out if plan else 0,
        "steps": plan.steps if plan else 0,
        "tokens": found.tokens,
        "cut": found.cut,
        "leaks": found.leaks,
        "seconds": found.time.seconds if found.time else None,
        "memory": found.memory.total if found.memory else None,
        "memory_parts": found.memory.parts if found.memory else None,
        "memory_free": found.memory_free,
        "engine": ("fast" if found.memory.use else "plain") if found.memory else None,
        "gpu": msgspec.to_builtins(found.gpu) if found.gpu else None,
        "disk": found.disk,
        "disk_free": found.disk_free,
        "command": command_for(request),
    }
