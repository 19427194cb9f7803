"""The table of runs as a file: what is shown, as CSV, JSON or Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.language import sheets
from engine.language.errors import UserError
from engine.language.said import listed
from engine.machine import files
from engine.table import columns as run_columns
from engine.table.catalog import Row
from engine.table.columns import COLUMNS


def content(rows: Sequence[Row], keys: Sequence[str], suffix: str) -> str:
    """The table in the form that a file's suffix asks for. Raises UserError.

    Programs get whole numbers under the columns' keys; people the numbers as the table has them.
    """
    if suffix == ".csv":
        return sheets.as_csv(keys, run_columns.values(rows, keys))
    if suffix == ".json":
        return sheets.as_json(keys, run_columns.values(rows, keys))
    if suffix == ".md":
        columns = [COLUMNS[key] for key in keys]
        right = [at for at, column in enumerate(columns) if column.right]
        header = [column.label for column in columns]
        return sheets.as_markdown(header, run_columns.texts(rows, keys), right)
    raise UserError(sheets.unknown_suffix(suffix, listed(sheets.SUFFIXES)))


def save(rows: Sequence[Row], keys: Sequence[str], path: str, *, replace: bool = False) -> Path:
    """Write the table to a file. Raises UserError."""
    return files.save(path, content(rows, keys, Path(path).suffix.lower()), replace=replace)
