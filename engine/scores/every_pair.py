"""Every pair of several runs, held against each other on the items that both have.

Of many tests some come out small by chance, so the p of each is corrected for their number (Holm
1979): the chance that any difference is called one and is none stays what is said.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import combinations

from msgspec import Struct
from msgspec.structs import replace

from engine.language.errors import RunError
from engine.language.figures import chance, number
from engine.run.folder import Run
from engine.scores import comparability, comparison, judge, resampling, result_lines
from engine.scores.comparison import Line
from engine.scores.kept import kept

CORRECTION = "Holm"


class Pair(Struct, frozen=True):
    """Two runs, by id: mean perplexity on their common items."""

    one: str
    other: str
    items: int
    line: Line
    p_corrected: float = math.nan
    """For all pairs that were tested together; nan where there is none."""

    def cells(self) -> list[str]:
        """Difference, interval, p, corrected p, for a table."""
        cells = self.line.cells()
        return [*cells[2:5], chance(self.p_corrected), number(self.items, 0)]


def silent(done: int, of: int) -> None:
    """Says nothing."""


def compare_all(
    runs: Sequence[Run], say: Callable[[int, int], object] = silent
) -> tuple[list[Pair], list[str]]:
    """All pairs in order, and why some could not be tested, a sentence each."""
    pairs, troubles = [], []
    wanted = list(combinations(runs, 2))
    for done, (one, other) in enumerate(wanted):
        say(done, len(wanted))
        try:
            pairs.append(_compare(one, other))
        except RunError as error:
            troubles.append(str(error))
    say(len(wanted), len(wanted))
    corrected = holm([math.nan if pair.line.p is None else pair.line.p for pair in pairs])
    found = [replace(pair, p_corrected=p) for pair, p in zip(pairs, corrected)]
    return found, list(dict.fromkeys(troubles))


def holm(chances: Sequence[float]) -> list[float]:
    """Each p corrected for how many were tested; nan stays nan, and counts for none."""
    order = sorted(
        (at for at, p in enumerate(chances) if not math.isnan(p)), key=chances.__getitem__
    )
    found, least = [math.nan] * len(chances), 0.0
    for rank, at in enumerate(order):
        least = max(least, min(1.0, (len(order) - rank) * chances[at]))
        found[at] = least
    return found


def _compare(one: Run, other: Run) -> Pair:
    summaries = one.summary(), other.summary()
    files = [result_lines.of_run(run, said) for run, said in zip((one, other), summaries)]
    first, second = comparability.common(*files)
    if not first:
        raise comparison.nothing_in_common(one, other)
    if not all(result.tokens for result in (*first, *second)):
        raise RunError(
            "{one} and {other} are not compared: one of them only translates",
            one=one.id,
            other=other.id,
        )

    def compute() -> Line:
        values = [judge.perplexities(results)["perplexity"] for results in (first, second)]
        return comparison.line("perplexity", *values)

    digests = [[(r.nll, r.tokens) for r in results] for results in (first, second)]
    how = resampling.SEED, resampling.TRIALS, resampling.RESAMPLES
    return Pair(one.id, other.id, len(first), kept("pair", [how, digests], Line, compute))
