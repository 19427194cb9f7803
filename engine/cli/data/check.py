"""`yiwen data check`: every mistake of a file, and every pair that a person should look at."""

from __future__ import annotations

import json
from argparse import Namespace
from collections import Counter
from dataclasses import asdict

from engine.cli.data.progress import Progress
from engine.data import inspection, records
from engine.data.inspection import KINDS, Suspicion
from engine.text import counted, one_line, short_path

_SHOWN = 20


def check(arguments: Namespace) -> int:
    """`yiwen data check FILE`: exit status 1 where there are mistakes; suspicions do not fail."""
    file = records.load(arguments.file, need_output=not arguments.no_answers, allow_mistakes=True)
    with Progress() as progress:
        progress.phase("looking")
        suspicions = inspection.inspect(file)
    if arguments.json:
        content = {
            "file": file.path,
            "pairs": len(file.pairs),
            "errors": file.mistakes,
            "warnings": [asdict(suspicion) for suspicion in suspicions],
            "blank_lines": len(file.blank),
        }
        print(json.dumps(content, ensure_ascii=False))
    else:
        print("\n".join(_lines(file, suspicions, None if arguments.all else _SHOWN)))
    return 1 if file.mistakes or not file.pairs else 0


def _lines(file: records.DataFile, suspicions: list[Suspicion], shown: int | None) -> list[str]:
    name = short_path(file.path)
    lines = [one_line(f"{name}: {mistake}") for mistake in file.mistakes[:shown]]
    lines += _more(len(file.mistakes), shown)
    counts = Counter(suspicion.kind for suspicion in suspicions)
    for kind, meaning in KINDS.items():
        if not counts[kind]:
            continue
        lines += [*[""] * bool(lines), f"{meaning}: {counts[kind]:,}"]
        some = [suspicion for suspicion in suspicions if suspicion.kind == kind][:shown]
        lines += [f"  {each.place} ({one_line(each.id)}): {one_line(each.said)}" for each in some]
        lines += _more(counts[kind], shown)
    blank = f", {counted(len(file.blank), 'blank line')}" if file.blank else ""
    pairs = counted(len(file.pairs), "good pair") if file.pairs else "holds no pairs"
    mistakes = counted(len(file.mistakes), "mistake")
    end = f"{name}: {pairs}, {mistakes}, {counted(len(suspicions), 'warning')}{blank}"
    if file.mistakes and not file.pairs and all("output: missing" in m for m in file.mistakes):
        end += "\nA test file without outputs is checked with --no-answers."
    return [*lines, *[""] * bool(lines), end]


def _more(count: int, shown: int | None) -> list[str]:
    if shown is None or count <= shown:
        return []
    return [f"  … and {count - shown:,} more (--all lists them)"]
