"""Tables of pairs, TSV and CSV, as people and spreadsheets write them.

A spreadsheet puts quotes around a cell that holds a quote, a separator or a newline, and doubles
the quotes within. A TSV without such cells is taken as it stands: no content can break it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

from engine.data import columns, text_file
from engine.data.record import Record
from engine.language.said import Said, Words

Row = tuple[int, list[str] | Said]
"""The line where it begins, and its cells, or what is wrong there."""

_SEPARATORS = "\t,;"
_SEP_LINE = re.compile(r"sep=(.)\r?")
"""How Excel writes in a file what its separator is."""
_LONGEST_CELL = 1 << 20


def read(path: Path) -> Iterator[Record]:
    """The records of a table, with or without a header. Raises DataError."""
    lines = text_file.lines(path)
    start = list(islice(lines, 1))
    told = _SEP_LINE.fullmatch(start[0]) if start else None
    separator = told[1] if told else _separator(start[0] if start else "", path)
    rows = (
        _quoted_rows(chain(start, lines), separator)
        if separator != "\t" or _is_quoted(path)
        else _plain_rows(chain(start, lines))
    )
    return _records(islice(rows, 1, None) if told else rows)


def _separator(first: str, path: Path) -> str:
    """A tab in .tsv if there is one; else what stands most often in the first line."""
    bare = re.sub(r'"[^"]*"', "", first)
    usual = "\t" if path.suffix.lower() == ".tsv" else ","
    if usual in bare:
        return usual
    most = max(_SEPARATORS, key=bare.count)
    if path.suffix.lower() == ".tsv" and columns.meant(first.strip().split(most)) is None:
        return usual  # a comma may stand in any sentence
    return most if most in bare else usual


def _is_quoted(path: Path) -> bool:
    """Was a TSV written by a spreadsheet? All its quoted cells are whole, one needs its quotes."""
    needed = False
    opened = False
    for line in text_file.lines(path):
        if '"' not in line:
            needed |= opened  # a newline within a cell
            continue
        for cell in line.removesuffix("\r").split("\t"):
            inner = cell if opened else cell.removeprefix('"')
            if not opened and inner == cell:
                continue
            body = inner.replace('""', "")
            if body.count('"') > 1 or ('"' in body and not body.endswith('"')):
                return False
            needed |= '""' in inner or (opened and body != "")
            opened = '"' not in body
            needed |= opened
    return needed and not opened


def _plain_rows(lines: Iterable[str]) -> Iterator[Row]:
    for number, line in enumerate(lines, 1):
        cells = line.removesuffix("\r").split("\t")
        yield number, [cell.replace("\\n", "\n") for cell in cells]


def _quoted_rows(lines: Iterable[str], separator: str) -> Iterator[Row]:
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader((line + "\n" for line in lines), delimiter=separator, strict=True)
    number = 1
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield number, Said("broken quotes or line ends: {error}", error=error)
        else:
            yield number, row or [""]
        number = reader.line_num + 1


def _records(rows: Iterator[Row]) -> Iterator[Record]:
    start = list(islice(rows, 2))
    header, mistake = _header(start)
    for place, (number, cells) in enumerate(chain(start, rows)):
        if place == 0 and mistake:
            yield Record(number, "line", mistake=mistake)
        elif place == 0 and header is not columns.BARE:
            continue
        elif isinstance(cells, Said):
            yield Record(number, "line", mistake=cells)
        elif not any(cell.strip() for cell in cells):
            yield Record(number, "line", is_blank=True)
        else:
            yield _of_cells(cells, header, number)


def _header(start: Sequence[Row]) -> tuple[list[str], Words]:
    """The columns' names, and what is wrong with the first row if it is a header unknown."""
    first, second = ([*(cells for _line, cells in start), [], []])[:2]
    if isinstance(first, Said):
        return columns.BARE, ""
    names = columns.meant(first)
    if names is not None:
        return names, ""
    if not isinstance(second, Said) and columns.looks_like_names(first, second):
        return columns.BARE, columns.unknown_names(first)
    return columns.BARE, ""


def _of_cells(cells: list[str], header: list[str], number: int) -> Record:
    while len(cells) > len(header) and not cells[-1].strip():
        cells = cells[:-1]  # a spreadsheet fills every row up to its widest
    if len(cells) == len(header):
        return Record(number, "line", columns.record(dict(zip(header, cells)), number))
    wrong = Said.counted(
        "found {count} column, expected {expected}",
        "found {count} columns, expected {expected}",
        len(cells),
        expected=len(header),
    )
    return Record(number, "line", mistake=wrong)
