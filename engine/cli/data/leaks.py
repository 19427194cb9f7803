"""`yiwen data leaks`: sentences of a test file that a training file holds too."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from pathlib import Path
from typing import Any

from engine.cli.data.progress import Progress
from engine.cli.output import print_json
from engine.data import dataset, records
from engine.data.damage import folded
from engine.data.dataset import Pair
from engine.data.leaks import Leak, find_leaks
from engine.data.records import DataFile
from engine.data.sides import sentence
from engine.language import counted
from engine.language.plain_text import one_line
from engine.language.said import labelled
from engine.language.texts import _, marked, plural
from engine.machine.paths import short_path

_SHOWN = 20
_KINDS = {"exact": marked("exact"), "reversed": marked("reversed"), "near": marked("near")}
_TRAIN = {
    "source": marked("  train {id} (sentence): {text}"),
    "output": marked("  train {id} (answer): {text}"),
}
_TEST = {
    "source": marked("  test  {id} (sentence): {text}"),
    "output": marked("  test  {id} (answer): {text}"),
}
"""By the side on which the sentence stands."""


def leaks(arguments: Namespace) -> int:
    """`yiwen data leaks TRAIN TEST`: exit status 1 where there are any."""
    target = Path(arguments.write) if arguments.write else None
    if target:
        records.check_free(target, force=arguments.force)
    train = records.load(arguments.train, keep_values=target is not None)
    test = dataset.read(arguments.test, need_output=False).pairs
    with Progress() as progress:
        found = find_leaks(
            train.pairs,
            test,
            threshold=arguments.threshold,
            fold=folded,
            indexing=progress.phase(_("reading pair")),
            progress=progress.later(_("comparing sentence")),
        )
    leaking = {leak.train for leak in found}
    if target:
        kept = [v for place, v in enumerate(train.values) if place not in leaking]
        records.write(target, kept, force=arguments.force)
    if arguments.json:
        print_json(_content(found, train, test, target))
        return 1 if found else 0
    shown = found if arguments.all else found[:_SHOWN]
    for leak in shown:
        print("\n".join(_lines(leak, train, test)))
    if len(found) > len(shown):
        more = len(found) - len(shown)
        print(_("… and {count:,} more (--all lists them)").format(count=more))
    print("\n" * bool(found) + _summary(found, train, len(test)))
    if target:
        rest = counted.pairs(len(train.pairs) - len(leaking))
        said = _("{pairs} without them").format(pairs=rest)
        print(labelled(short_path(str(target)), said))
    return 1 if found else 0


def _texts(leak: Leak, train: DataFile, test: list[Pair]) -> tuple[str, str]:
    ours, theirs = leak.sides
    return sentence(train.pairs[leak.train], ours), sentence(test[leak.test], theirs)


def _lines(leak: Leak, train: DataFile, test: list[Pair]) -> list[str]:
    kind = _(_KINDS[leak.kind])
    head = f"{kind} {leak.similarity:.0%}" if leak.kind == "near" else kind
    if leak.is_within:
        head = _("{kind}, one within the other").format(kind=head)
    ours, theirs = (one_line(text) for text in _texts(leak, train, test))
    names = one_line(train.pairs[leak.train].id), one_line(test[leak.test].id)
    return [
        head,
        _(_TRAIN[leak.sides[0]]).format(id=names[0], text=ours),
        _(_TEST[leak.sides[1]]).format(id=names[1], text=theirs),
    ]


def _summary(found: list[Leak], train: DataFile, tests: int) -> str:
    if not found:
        none = _("no leaks: {training:,} training and {test:,} test pairs share no sentence")
        return none.format(training=len(train.pairs), test=tests)
    counts = Counter(leak.kind for leak in found)
    kinds = (
        _("{count:,} {kind}").format(count=count, kind=_(_KINDS[kind]))
        for kind, count in counts.most_common()
    )
    ours, theirs = {leak.train for leak in found}, {leak.test for leak in found}
    return plural(
        "{count:,} leak ({kinds}): {theirs:,} of {test:,} test pairs, {ours:,} of {training:,} "
        "training pairs",
        "{count:,} leaks ({kinds}): {theirs:,} of {test:,} test pairs, {ours:,} of {training:,} "
        "training pairs",
        len(found),
    ).format(
        count=len(found),
        kinds=_(", ").join(kinds),
        theirs=len(theirs),
        test=tests,
        ours=len(ours),
        training=len(train.pairs),
    )


def _content(
    found: list[Leak], train: DataFile, test: list[Pair], target: Path | None
) -> dict[str, Any]:
    rows = []
    for leak in found:
        ours, theirs = _texts(leak, train, test)
        names = train.pairs[leak.train].own_id, test[leak.test].own_id
        rows.append(
            {
                "kind": leak.kind,
                "similarity": leak.similarity,
                "within": leak.is_within,
                "train": {
                    "id": names[0],
                    "side": leak.sides[0],
                    "text": ours,
                },
                "test": {"id": names[1], "side": leak.sides[1], "text": theirs},
            }
        )
    return {
        "train": len(train.pairs),
        "test": len(test),
        "counts": dict(Counter(leak.kind for leak in found)),
        "leaks": rows,
        "written": str(target) if target else None,
    }
