"""The probe command: what two real steps need and take."""

from __future__ import annotations

import sys
from argparse import Namespace

from engine.cli.output import print_json
from engine.cli.preflight import training_request
from engine.machine.hardware import Probe
from engine.run.events import Phase
from engine.run.words import phase_name
from engine.start import preflight, probing
from engine.start.probe_words import describe


def probe(arguments: Namespace) -> int:
    """`yiwen probe PROFILE`."""
    asked = training_request(arguments)
    found = preflight.look_ahead(asked, Probe())
    measured = probing.probe(asked, say=_say)
    if measured is None:
        return 1
    if arguments.json:
        row = {
            "memory": measured.memory,
            "memory_training": measured.probed.memory,
            "memory_scoring": measured.probed.memory_scoring,
            "memory_free": found.memory_free,
            "tokens_per_second": measured.tokens_per_second,
            "seconds": measured.seconds(found),
        }
        print_json(row)
        return 0
    for line in describe(measured, found):
        print(line.plain())
    return 0


def _say(phase: Phase) -> None:
    done = f" {phase.done}/{phase.of}" if phase.of else ""
    print(f"{phase_name(phase.name)}{done} …", file=sys.stderr, flush=True)
