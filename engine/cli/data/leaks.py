"""`yiwen data leaks`: sentences of a test file that a training file holds too."""

from __future__ import annotations

import json
from argparse import Namespace
from collections import Counter
from pathlib import Path
from typing import Any

from engine import dataset
from engine.cli.data.progress import Progress
from engine.data import records
from engine.data.damage import folded
from engine.data.leaks import Leak, find_leaks
from engine.data.records import DataFile
from engine.data.sides import sentence
from engine.dataset import Pair
from engine.text import counted, one_line, short_path

_SHOWN = 20
_WORDS = {"source": "sentence", "output": "answer"}


def leaks(arguments: Namespace) -> int:
    """`yiwen data leaks TRAIN TEST`: exit status 1 where there are any."""
    target = Path(arguments.write) if arguments.write else None
    if target:
        records.check_free(target, force=arguments.force)
    train = records.load(arguments.train)
    test = dataset.read(arguments.test, need_output=False).pairs
    with Progress() as progress:
        found = find_leaks(
            train.pairs,
            test,
            threshold=arguments.threshold,
            fold=folded,
            progress=progress.phase("comparing sentence"),
        )
    leaking = {leak.train for leak in found}
    if target:
        kept = [r.value for place, r in enumerate(train.records) if place not in leaking]
        records.write(target, kept, force=arguments.force)
    if arguments.json:
        print(json.dumps(_content(found, train, test, target), ensure_ascii=False))
        return 1 if found else 0
    shown = found if arguments.all else found[:_SHOWN]
    for leak in shown:
        print("\n".join(_lines(leak, train, test)))
    if len(found) > len(shown):
        print(f"… and {len(found) - len(shown):,} more (--all lists them)")
    print("\n" * bool(found) + _summary(found, train, len(test)))
    if target:
        rest = counted(len(train.pairs) - len(leaking), "pair")
        print(f"{short_path(str(target))}: {rest} without them")
    return 1 if found else 0


def _texts(leak: Leak, train: DataFile, test: list[Pair]) -> tuple[str, str]:
    ours, theirs = leak.sides
    return sentence(train.pairs[leak.train], ours), sentence(test[leak.test], theirs)


def _lines(leak: Leak, train: DataFile, test: list[Pair]) -> list[str]:
    similarity = f" {leak.similarity:.0%}" if leak.kind == "near" else ""
    within = ", one within the other" if leak.is_within else ""
    ours, theirs = (one_line(text) for text in _texts(leak, train, test))
    names = one_line(train.pairs[leak.train].id), one_line(test[leak.test].id)
    return [
        f"{leak.kind}{similarity}{within}",
        f"  train {names[0]} ({_WORDS[leak.sides[0]]}): {ours}",
        f"  test  {names[1]} ({_WORDS[leak.sides[1]]}): {theirs}",
    ]


def _summary(found: list[Leak], train: DataFile, tests: int) -> str:
    if not found:
        return f"no leaks: {len(train.pairs):,} training and {tests:,} test pairs share no sentence"
    counts = Counter(leak.kind for leak in found)
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in counts.most_common())
    ours, theirs = {leak.train for leak in found}, {leak.test for leak in found}
    return (
        f"{len(found):,} leak{'s' * (len(found) > 1)} ({kinds}): {len(theirs):,} of {tests:,} "
        f"test pairs, {len(ours):,} of {len(train.pairs):,} training pairs"
    )


def _content(
    found: list[Leak], train: DataFile, test: list[Pair], target: Path | None
) -> dict[str, Any]:
    rows = []
    for leak in found:
        ours, theirs = _texts(leak, train, test)
        rows.append(
            {
                "kind": leak.kind,
                "similarity": leak.similarity,
                "within": leak.is_within,
                "train": {"id": train.pairs[leak.train].id, "side": leak.sides[0], "text": ours},
                "test": {"id": test[leak.test].id, "side": leak.sides[1], "text": theirs},
            }
        )
    return {
        "train": len(train.pairs),
        "test": len(test),
        "counts": dict(Counter(leak.kind for leak in found)),
        "leaks": rows,
        "written": str(target) if target else None,
    }
