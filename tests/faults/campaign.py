"""Injects faults of several kinds in several processes, and counts what was lost."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import kinds
from kinds import Case, Kind


@dataclass(frozen=True)
class Outcome:
    """What came of one fault."""

    case: Case
    lost: str
    """What was lost; empty if nothing."""


class Campaign:
    """The faults of one kind, injected side by side."""

    def __init__(
        self,
        kind: str,
        folder: Path,
        *,
        processes: int = 2,
        most: int = 0,
        is_long: bool = False,
    ) -> None:
        """At most so many faults, spread evenly over all; 0 for all."""
        # Not forked: whoever starts this may have threads.
        self._pool = ProcessPoolExecutor(
            processes,
            multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(kind, folder, is_long),
        )
        found = self._pool.submit(_cases).result()
        count = min(most or len(found), len(found))
        self.cases = [found[at * len(found) // count] for at in range(count)]

    def run(self) -> Iterator[Outcome]:
        """Inject them, and tell of each as it is done."""
        asked: dict[Future[str], Case] = {
            self._pool.submit(_inject, case): case for case in self.cases
        }
        try:
            for done in as_completed(asked):
                yield Outcome(asked[done], done.result())
        finally:
            self._pool.shutdown(cancel_futures=True)


_kind: Kind


def _begin(name: str, folder: Path, is_long: bool) -> None:
    global _kind
    _kind = kinds.make(name, Path(mkdtemp(dir=folder)), is_long=is_long)


def _cases() -> list[Case]:
    return _kind.cases()


def _inject(case: Case) -> str:
    return _kind.inject(case)
