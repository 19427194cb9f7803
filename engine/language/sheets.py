"""Writes a table as CSV, Markdown or JSON, safe to open whatever stands in its cells."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence

from engine.language.plain_text import one_line
from engine.language.said import Said, Words

Cell = str | int | float | bool | None
_MARKDOWN = re.compile(r"([\\|`*_<>\[\]])")
_NUMBER = re.compile(r"[-+]?[\d.]*")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
SUFFIXES = (".csv", ".json", ".md")


def as_csv(
    header: Sequence[str], rows: Iterable[Sequence[Cell]], *, whole_texts: bool = False
) -> str:
    """RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe before it.

    A text becomes one line, unless `whole_texts` are wanted.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        cells = row if whole_texts else [_in_one_line(cell) for cell in row]
        writer.writerow([_harmless(cell) for cell in cells])
    return out.getvalue()


def _in_one_line(cell: Cell) -> Cell:
    return one_line(cell) if isinstance(cell, str) else cell


def _harmless(cell: Cell) -> Cell:
    if isinstance(cell, str) and cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return "" if cell is None else cell


def as_json(header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """A list of objects."""
    objects = [dict(zip(header, row, strict=True)) for row in rows]
    return json.dumps(objects, ensure_ascii=False, indent=1) + "\n"


def as_markdown(
    header: Sequence[Words], rows: Sequence[Sequence[Words]], right: Sequence[int] = ()
) -> str:
    """A pipe table; `right` names the columns set flush right."""
    lines = [[escaped(cell) for cell in row] for row in (header, *rows)]
    return pipe_table(lines[0], lines[1:], right)


def pipe_table(
    header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()
) -> str:
    """The same of cells that are Markdown already."""
    rule = ["---:" if at in right else "---" for at in range(len(header))]
    return "".join(f"| {' | '.join(line)} |\n" for line in (header, rule, *rows))


def escaped(words: Words) -> str:
    """A text in one line of Markdown, to be read as it stands."""
    return _MARKDOWN.sub(r"\\\1", one_line(words))


def unknown_suffix(suffix: str, expected: Words) -> Said:
    """Why a file cannot be written in the form that its suffix asks for."""
    if not suffix:
        return Said("a file of no suffix; expected {expected}", expected=expected)
    return Said("a file of {suffix} suffix; expected {expected}", suffix=suffix, expected=expected)
