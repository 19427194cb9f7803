"""Owns the corpus: NiuTrans/Classical-Modern as Traditional pairs, without what is held out."""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, NamedTuple, cast

from engine.data.characters import converter
from engine.data.damage import undone
from engine.data.niutrans import Excluded, clean, find_chapters, read_chapters
from engine.language.errors import UserError

HELD_OUT_BOOKS = frozenset(
    ("孟子", "世说新语", "列子", "淮南子", "搜神记")
    + ("梦溪笔谈", "徐霞客游记", "天工开物", "贞观政要", "陈书")
)
"""Titles as the corpus writes them; the model has read none of their pairs."""

HEADER = "classical\tmodern\tsection\n"


class Pair(NamedTuple):
    """One sentence in both languages, and the chapter it stands in."""

    classical: str
    modern: str
    section: str


def read_table(path: Path) -> Iterator[Pair]:
    """Pairs of a table, in the order in which the books have them."""
    with _open_table(path, "rt") as lines:
        if not next(lines, "").startswith("classical\tmodern\t"):
            sys.exit(f"{path}: expected a table that begins with {HEADER!r}, as corpus.py writes.")
        for line in lines:
            yield Pair(*line.rstrip("\n").split("\t"))


def write_table(path: Path, pairs: Iterable[Pair]) -> None:
    with _open_table(path, "wt") as lines:
        lines.write(HEADER)
        lines.writelines("\t".join(pair) + "\n" for pair in pairs)


def _open_table(path: Path, mode: str) -> IO[str]:
    opener = gzip.open if path.suffix == ".gz" else open
    return cast(IO[str], opener(path, mode, encoding="utf-8"))


def texts_of(path: Path) -> Iterator[str]:
    """Texts of a file to exclude: the course's JSON, or else every field of a table."""
    content = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        for item in json.loads(content):
            yield item["instruction"]
            yield item.get("output", "")
    else:
        yield from re.split(r"[\t\n]", content)


def in_traditional(pairs: list[Pair]) -> Iterator[Pair]:
    # s2tw, not s2twp: its phrases are of today, and turn 士卒 into 計程車卒.
    convert = converter("s2tw")
    # A column at a time: a call for every sentence would take far longer.
    columns = [convert("\n".join(column)).split("\n") for column in zip(*pairs, strict=True)]
    return map(Pair._make, zip(*columns, strict=True))


def build(clone: Path, table: Path, exclude: list[Path]) -> Counter[str]:
    """Write the table; returns what became of the corpus's pairs."""
    texts = "\n".join(text for path in exclude for text in texts_of(path))
    excluded = Excluded.from_lines(re.split(r"\n|答案：", undone(texts)))
    counts: Counter[str] = Counter()
    aligned = read_chapters(clone, find_chapters(clone))
    kept = clean(aligned, excluded, counts, HELD_OUT_BOOKS)
    pairs = [Pair(one.classical, one.modern, one.section) for one in kept]
    write_table(table, in_traditional(pairs))
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clone", type=Path, help="clone of NiuTrans/Classical-Modern")
    parser.add_argument("table", type=Path, help="where to write the pairs: .tsv or .tsv.gz")
    parser.add_argument(
        "--exclude", type=Path, nargs="+", default=[], help="files whose text no pair may repeat"
    )
    args = parser.parse_args()
    try:
        counts = build(args.clone, args.table, args.exclude)
    except UserError as error:
        sys.exit(f"corpus.py: {error}")
    for reason, count in counts.most_common():
        print(f"{count:>9,} pairs {reason}")


if __name__ == "__main__":
    main()
