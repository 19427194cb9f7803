"""`yiwen data check`: every mistake of a file, and every pair that a person should look at."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict

from engine.cli.data.progress import Progress
from engine.cli.output import print_json
from engine.data import inspection, records
from engine.data.inspection import KINDS, Suspicion
from engine.language.plain_text import one_line
from engine.language.said import labelled
from engine.language.texts import _, plural
from engine.machine.paths import short_path

_SHOWN = 20


def check(arguments: Namespace) -> int:
    """`yiwen data check FILE`: exit status 1 where there are mistakes; suspicions do not fail."""
    file = records.load(arguments.file, need_output=not arguments.no_answers, allow_mistakes=True)
    with Progress() as progress:
        progress.phase(_("looking"))
        suspicions = inspection.inspect(file)
    if arguments.json:
        content = {
            "file": file.path,
            "pairs": len(file.pairs),
            "errors": file.mistakes,
            "warnings": [asdict(suspicion) for suspicion in suspicions],
            "blank_lines": len(file.blank),
        }
        print_json(content)
    else:
        print("\n".join(_lines(file, suspicions, None if arguments.all else _SHOWN)))
    return 1 if file.mistakes or not file.pairs else 0


def _lines(file: records.DataFile, suspicions: list[Suspicion], shown: int | None) -> list[str]:
    name = short_path(file.path)
    lines = [one_line(labelled(name, mistake)) for mistake in file.mistakes[:shown]]
    lines += _more(len(file.mistakes), shown)
    counts = Counter(suspicion.kind for suspicion in suspicions)
    for kind, meaning in KINDS.items():
        if not counts[kind]:
            continue
        lines += [*[""] * bool(lines), str(labelled(meaning, f"{counts[kind]:,}"))]
        some = [suspicion for suspicion in suspicions if suspicion.kind == kind][:shown]
        lines += ["  " + _suspicion(each) for each in some]
        lines += _more(counts[kind], shown)
    end = [str(labelled(name, _(", ").join(_counts(file, len(suspicions)))))]
    missing = _("{key}: missing").format(key="output")
    if file.mistakes and not file.pairs and all(missing in one for one in file.mistakes):
        end.append(_("A test file without outputs is checked with --no-answers."))
    return [*lines, *[""] * bool(lines), *end]


def _suspicion(one: Suspicion) -> str:
    said = _("{place} ({id}): {words}")
    return said.format(place=one.place, id=one_line(one.id), words=one_line(one.said))


def _counts(file: records.DataFile, warnings: int) -> Iterator[str]:
    pairs, mistakes, blank = len(file.pairs), len(file.mistakes), len(file.blank)
    good = plural("{count:,} good pair", "{count:,} good pairs", pairs).format(count=pairs)
    yield good if pairs else _("holds no pairs")
    yield plural("{count:,} mistake", "{count:,} mistakes", mistakes).format(count=mistakes)
    yield plural("{count:,} warning", "{count:,} warnings", warnings).format(count=warnings)
    if blank:
        yield plural("{count:,} blank line", "{count:,} blank lines", blank).format(count=blank)


def _more(count: int, shown: int | None) -> list[str]:
    if shown is None or count <= shown:
        return []
    return ["  " + _("… and {count:,} more (--all lists them)").format(count=count - shown)]
