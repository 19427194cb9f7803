"""Markdown in which text from outside stays text: nothing in it is taken for markup."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.language import sheets
from engine.language.plain_text import plain
from engine.language.said import Words

_MARKUP = re.compile(r"([\\`*_\[\]<>#|~$&@!{}])")


def escape(text: Words) -> str:
    """A text within a line; its own line breaks become spaces."""
    return _MARKUP.sub(r"\\\1", " ".join(plain(text).split()))


def escape_lines(text: Words) -> str:
    """A text of several lines within a table's cell."""
    return "<br>".join(escape(line) for line in plain(text).strip().split("\n"))


def code(text: Words) -> str:
    """A short text as code, in a table as well; it may hold backticks itself."""
    shown = " ".join(plain(text).split()).replace("|", "\\|") or " "
    fence = _longer_than_any_run(shown, 1)
    return f"{fence} {shown} {fence}" if "`" in shown else f"`{shown}`"


def block(text: str) -> str:
    """A text of several lines as code."""
    fence = _longer_than_any_run(text, 3)
    return f"{fence}text\n{plain(text)}\n{fence}"


def table(
    header: Sequence[Words], rows: Sequence[Sequence[Words]], right: Sequence[int] = ()
) -> str:
    """A table of cells that are Markdown already; `right` names the columns set flush right."""
    lines = [list(map(str, line)) for line in (header, *rows)]
    return sheets.pipe_table(lines[0], lines[1:], right).rstrip("\n")


def _longer_than_any_run(text: str, least: int) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    return "`" * max(least, longest + 1)
