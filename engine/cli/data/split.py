"""`yiwen data split`: two files that share no sentence."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from engine.cli.output import print_json
from engine.data import records, splitting
from engine.data.damage import folded
from engine.language import counted
from engine.language.plain_text import one_line
from engine.language.said import labelled
from engine.language.texts import _
from engine.machine.paths import short_path


def split(arguments: Namespace) -> int:
    """`yiwen data split FILE --validation N|SHARE -o DIR`."""
    folder = Path(arguments.output)
    targets = [folder / "train.json", folder / "validation.json"]
    for target in targets:
        records.check_free(target, force=arguments.force)
    file = records.load(arguments.file, keep_values=True)
    wanted = splitting.wanted_pairs(arguments.validation, len(file.pairs))
    by_book = arguments.by == "source"
    found = splitting.split(file.pairs, wanted, seed=arguments.seed, by_book=by_book, fold=folded)
    sides = (found.train, found.validation)
    for target, places in zip(targets, sides):
        values = (file.values[place] for place in places)
        records.write(target, values, force=arguments.force)
    if arguments.json:
        content = {
            "train": {"file": str(targets[0]), "pairs": len(found.train)},
            "validation": {"file": str(targets[1]), "pairs": len(found.validation)},
            "seed": arguments.seed,
            "held_out": found.held_out,
        }
        print_json(content)
        return 0
    for target, places in zip(targets, sides):
        print(labelled(short_path(str(target)), counted.pairs(len(places))))
    if found.held_out:
        print(_("books put aside: {books}").format(books=one_line("、".join(found.held_out))))
    if len(found.validation) < wanted:
        said = _("asked for {wanted:,}; pairs that share a sentence or a book stay together")
        print(said.format(wanted=wanted))
    return 0
