"""`python tests/faults [KIND…]`: every fault of every kind, with progress, ETA and a table."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from tempfile import mkdtemp

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent / "support"), str(HERE)]

import kinds  # noqa: E402  # from the folders named above
import shim  # noqa: E402
from campaign import Campaign, Outcome  # noqa: E402

from engine.cli.progress_line import ProgressLine  # noqa: E402
from engine.cli.table import table  # noqa: E402
from engine.language.figures import clock  # noqa: E402


def main() -> int:
    """Exit status 1 if anything was lost."""
    parser = ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=", ".join(kinds.ALL))
    parser.add_argument("--most", type=int, default=0, help="faults of each kind (default: all)")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--short", action="store_true", help="as the tests do it: a smaller model")
    asked = parser.parse_args()
    if why_not := shim.why_not():
        print(why_not, file=sys.stderr)
        return 2
    folder = Path(mkdtemp(prefix="yiwen-faults-"))
    rows: list[list[str]] = []
    lost: list[Outcome] = []
    for kind in asked.kinds or kinds.ALL:
        campaign = Campaign(
            kind,
            folder,
            processes=asked.processes,
            most=asked.most,
            is_long=not asked.short,
        )
        began = time.monotonic()
        outcomes = _followed(kind, campaign)
        rows += _rows(kind, outcomes, time.monotonic() - began)
        lost += [outcome for outcome in outcomes if outcome.lost]
    print(
        table(["kind", "fault", "injected", "survived", "lost", "time"], rows, right=(2, 3, 4, 5))
    )
    for outcome in lost[:50]:
        print(f"lost: {outcome.case}: {outcome.lost}")
    if lost:
        print(f"what was lost is kept in {folder}")
    return 1 if lost else 0


def _followed(kind: str, campaign: Campaign) -> list[Outcome]:
    line, began = ProgressLine(), time.monotonic()
    outcomes: list[Outcome] = []
    for outcome in campaign.run():
        outcomes.append(outcome)
        if outcome.lost:
            line.note(f"lost: {outcome.case}: {outcome.lost}")
        done, of = len(outcomes), len(campaign.cases)
        left = (time.monotonic() - began) / done * (of - done)
        line.show(f"{kind}: {done:,}/{of:,} · {clock(left)} left")
    line.end()
    return outcomes


def _rows(kind: str, outcomes: list[Outcome], seconds: float) -> list[list[str]]:
    """A row a group, and one of all."""
    injected = Counter(outcome.case.group for outcome in outcomes)
    lost = Counter(outcome.case.group for outcome in outcomes if outcome.lost)
    rows = [[kind, group, *_counts(injected[group], lost[group]), ""] for group in injected]
    return [*rows, [kind, "all", *_counts(injected.total(), lost.total()), clock(seconds)]]


def _counts(injected: int, lost: int) -> list[str]:
    return [f"{number:,}" for number in (injected, injected - lost, lost)]


if __name__ == "__main__":
    sys.exit(main())
