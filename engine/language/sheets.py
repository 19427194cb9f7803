"""Writes a table as CSV, Markdown or JSON, safe to open whatever stands in its cells."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence

from engine.language.plain_text import one_line
from engine.language.said import Said, Words

Cell = str | int | float | bool | None
_MARKDOWN = re.compile(r"([\\|`*_<>\[\]])")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
SUFFIXES = (".csv", ".json", ".md")


def as_csv(header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe before it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([[_harmless(cell) for cell in row] for row in rows])
    return out.getvalue()


def _harmless(cell: Cell) -> Cell:
    if isinstance(cell, str):
        return f"'{one_line(cell)}" if cell.startswith(_FORMULA) else one_line(cell)
    return "" if cell is None else cell


def as_json(header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """A list of objects."""
    objects = [dict(zip(header, row, strict=True)) for row in rows]
    return json.dumps(objects, ensure_ascii=False, indent=1) + "\n"


def as_markdown(
    header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()
) -> str:
    """A pipe table; `right` names the columns set flush right."""
    rule = ["---:" if at in right else "---" for at in range(len(header))]
    lines = [[escaped(cell) for cell in row] for row in (header, *rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in (lines[0], rule, *lines[1:]))


def escaped(words: str) -> str:
    """A text in one line of Markdown, to be read as it stands."""
    return _MARKDOWN.sub(r"\\\1", one_line(words))


def unknown_suffix(suffix: str, expected: Words) -> Said:
    """Why a file cannot be written in the form that its suffix asks for."""
    if not suffix:
        return Said("a file of no suffix; expected {expected}", expected=expected)
    return Said("a file of {suffix} suffix; expected {expected}", suffix=suffix, expected=expected)
