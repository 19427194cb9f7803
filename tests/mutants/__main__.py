"""Changes one small thing at a time in the modules that numbers and runs depend on.

    make mutants                                  all of them
    make mutants MODULES=engine/run/plan.py       some
    make mutants SAMPLE=20                        at most so many changes of each

A change that a module's own tests do not notice is alive. All is well (exit 0) while each of those
is explained in living.py, nothing is explained that is not alive, and no more than 5 % are. Mutmut
and cosmic-ray do the same for any project; but they run all tests that reach a line, start Python
anew for every change or write to the checkout, and have no place for why one may live. Here a
module meets its own tests alone, in a copy, and the page that explains is part of the source.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from lanes import SOURCE, Lane
from living import LIVING, OWN_TESTS
from mutations import Mutation, mutations

MOST_ALIVE = 0.05
_ROW = "{:<40}{:>9}{:>7}{:>11}"


@dataclass
class Tried:
    """What became of a module's changes."""

    module: str
    changes: list[Mutation]
    alive: list[str] = field(default_factory=list)

    @property
    def unexplained(self) -> list[str]:
        return [key for key in self.alive if key not in LIVING.get(self.module, {})]

    @property
    def not_alive(self) -> list[str]:
        """What is explained although tests notice it."""
        tried = {change.key for change in self.changes}
        return [key for key in LIVING.get(self.module, {}) if key in tried - set(self.alive)]


class Progress:
    """How far it is, and when it will be done, on one line that is written over."""

    def __init__(self, changes: int) -> None:
        self.changes = changes
        self.done = 0
        self._began = time.monotonic()
        self._shown = sys.stderr.isatty()

    def step(self, module: str) -> None:
        self.done += 1
        if self._shown:
            left = (time.monotonic() - self._began) / self.done * (self.changes - self.done)
            line = f"{self.done:,} of {self.changes:,} · {left / 60:.0f} min left · {module}"
            print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self._shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def main() -> int:
    asked = _asked()
    modules = [Tried(name, _changes(name, asked.sample)) for name in asked.modules or OWN_TESTS]
    progress = Progress(sum(len(tried.changes) for tried in modules))
    print(_ROW.format("module", "changes", "alive", "explained"))
    with ExitStack() as stack:
        folders = [stack.enter_context(tempfile.TemporaryDirectory()) for _ in range(asked.lanes)]
        lanes = [Lane(Path(folder), SOURCE) for folder in folders]
        for tried in modules:
            _try(tried, lanes, progress)
            progress.clear()
            _show(tried)
    return _verdict(modules)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", metavar="MODULE")
    parser.add_argument("--sample", type=int, metavar="N", help="at most so many of each module")
    parser.add_argument("--lanes", type=int, default=2, metavar="N", help="how many at a time")
    asked = parser.parse_args()
    if unknown := [name for name in asked.modules if name not in OWN_TESTS]:
        parser.error(f"{unknown[0]}: not one of {', '.join(OWN_TESTS)}")
    return asked


def _changes(module: str, most: int | None) -> list[Mutation]:
    found = mutations((SOURCE / module).read_text("utf-8"))
    return found if most is None or len(found) <= most else random.Random(0).sample(found, most)


def _try(tried: Tried, lanes: list[Lane], progress: Progress) -> None:
    """Let every change of a module meet its tests, as many at a time as there are lanes."""
    tests = OWN_TESTS[tried.module]
    seconds = _seconds(tried.module, tests, lanes)
    waiting, running = iter(tried.changes), dict[Lane, Mutation]()
    while True:
        for lane in lanes:
            if lane not in running and (change := next(waiting, None)):
                lane.start(tried.module, change.source, tests, seconds)
                running[lane] = change
        if not running:
            return
        time.sleep(0.005)
        for lane, change in list(running.items()):
            if (passed := lane.ended()) is not None:
                del running[lane]
                tried.alive += [change.key] * passed
                progress.step(tried.module)


def _seconds(module: str, tests: tuple[str, ...], lanes: list[Lane]) -> float:
    """How long a change may be tried: what never ends must not hold everything up."""
    for lane in lanes:
        began = time.monotonic()
        if said := lane.pass_unchanged(tests):
            sys.exit(f"{said}\n{module}: its own tests fail as it stands: mend that first")
    return 5 + 5 * (time.monotonic() - began)


def _show(tried: Tried) -> None:
    alive, unexplained = len(tried.alive), len(tried.unexplained)
    print(_ROW.format(tried.module, len(tried.changes), alive, alive - unexplained), flush=True)
    for key in tried.unexplained:
        print(f"    alive: {key}", flush=True)
    for key in tried.not_alive:
        print(f"    explained in living.py, but noticed by its tests: {key}", flush=True)


def _verdict(modules: list[Tried]) -> int:
    changes = sum(len(tried.changes) for tried in modules)
    alive = sum(len(tried.alive) for tried in modules)
    unexplained = sum(len(tried.unexplained) for tried in modules)
    share = alive / max(changes, 1)
    print(_ROW.format("all", changes, alive, alive - unexplained) + f"   {share:.1%} alive")
    too_many = share > MOST_ALIVE
    return int(too_many or unexplained > 0 or any(tried.not_alive for tried in modules))


if __name__ == "__main__":
    sys.exit(main())
