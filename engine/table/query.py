"""The small language that finds runs: `strategy:qlora ppl<20 tag:final !status:failed text`.

Every term must hold. A bare word is looked for in id, name, tags, note, profile, strategy and
status. `field:words` looks in one field, `field=word` wants it whole, `<` `<=` `>` `>=` compare;
commas give alternatives, quotes keep spaces, a `!` in front turns a term round. Fields are those
of the table, and any setting by its dotted key, as `lora.rank>8`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from engine.table.catalog import Row
from engine.table.field_tests import QueryError, Test, field_test
from engine.table.row_facts import strategy_of

_TERM = re.compile(
    r"""\s*(?P<turned>!)?
    (?:(?P<field>[A-Za-z_][\w.]*)(?P<sign><=|>=|!=|[:=<>]))?
    (?P<value>(?:"[^"]*"?|[^\s"])*)""",
    re.VERBOSE,
)
_OPTION = re.compile(r"""(?:"[^"]*"|[^",])+""")
"""What stands between commas; one between quotes separates nothing."""
_EMPTY = re.compile(r"\s*$")


@dataclass(frozen=True)
class Query:
    """What was typed, ready to be asked of rows."""

    text: str
    tests: tuple[Test, ...] = ()

    def __call__(self, row: Row) -> bool:
        return all(test(row) for test in self.tests)

    def matching(self, rows: Iterable[Row]) -> list[Row]:
        """The rows that it finds, in the order given."""
        return [row for row in rows if self(row)]


def parse(text: str) -> Query:
    """Understand a query. Raises QueryError."""
    tests: list[Test] = []
    at = 0
    while not _EMPTY.match(text, at):
        term = _TERM.match(text, at)
        assert term is not None  # every part of it may be empty
        tests.append(_test(term))
        at = term.end()
    return Query(text, tuple(tests))


def _test(term: re.Match[str]) -> Test:
    field, sign, value = term["field"], term["sign"], term["value"]
    first = "turned" if term["turned"] else "field" if field else "value"
    start = term.start(first) + 1
    if value.count('"') % 2:
        raise QueryError(
            "character {start}: a quotation mark is missing at the end of {value}",
            start=start,
            value=value,
        )
    if not field and not value:
        raise QueryError("character {start}: ! needs a term after it", start=start)
    options = [part.replace('"', "") for part in _OPTION.findall(value)]
    test = field_test(field, sign, options, start) if field else _word_test(value.replace('"', ""))
    return (lambda row: not test(row)) if term["turned"] else test


def _word_test(word: str) -> Test:
    wanted = word.casefold()
    return lambda row: wanted in _searched(row)


def _searched(row: Row) -> str:
    settings, notes = row.settings, row.notes
    parts = (
        row.run.id,
        notes.label,
        notes.note,
        settings.profile.name,
        strategy_of(row),
        row.summary.status.value,
    )
    return "\n".join(parts).casefold()
