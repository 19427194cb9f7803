"""Owns the corpus: NiuTrans/Classical-Modern as Traditional pairs, without what is held out."""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import IO, NamedTuple, cast

HELD_OUT_BOOKS = frozenset(
    ("孟子", "世说新语", "列子", "淮南子", "搜神记")
    + ("梦溪笔谈", "徐霞客游记", "天工开物", "贞观政要", "陈书")
)
"""Titles as the corpus writes them; the model has read none of their pairs."""

MAX_CLASSICAL, MAX_MODERN = 200, 300
"""Characters; a longer pair is nearly always two passages that were aligned as one."""

SHARED_RUN = 10
"""A run of this many characters in common with an excluded text keeps a pair out."""

SHORTEST_EXCLUDED = 5
"""Characters; an excluded text shorter than SHARED_RUN keeps out equal ones, if at least this."""

HEADER = "classical\tmodern\tsection\n"

# The course's text was made Traditional one character at a time. This undoes the commonest slips,
# so that its sentences are recognised; it never touches what is written.
COURSE_SLIPS = str.maketrans(
    "瞭齣錶彆纔鼕隻麵裏傢嚮迴製颱鬆鬥範穀後係麯剋麽捨籤韆鬍纍劄",
    "了出表别才冬只面里家向回制台松斗范谷后系曲克么舍签千胡累札",
)

Convert = Callable[[str], str]


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


def letters(text: str) -> str:
    """The text without punctuation and spaces, which differ between editions."""
    return re.sub(r"[\W_]", "", text)


def runs(text: str) -> set[str]:
    return {text[i : i + SHARED_RUN] for i in range(len(text) - SHARED_RUN + 1)}


@dataclass(frozen=True)
class Excluded:
    """What no pair may repeat, in Simplified letters."""

    runs: frozenset[str]
    whole: frozenset[str]

    @classmethod
    def from_texts(cls, texts: Iterable[str], simplify: Convert) -> Excluded:
        found: set[str] = set()
        whole: set[str] = set()
        for text in texts:
            plain = simplify(text.translate(COURSE_SLIPS))
            found |= runs(letters(plain))
            # An instruction and its sentence stand on lines of their own.
            whole |= {letters(line) for line in re.split(r"\n|答案：", plain)}
        short = {line for line in whole if SHORTEST_EXCLUDED <= len(line) < SHARED_RUN}
        return cls(frozenset(found), frozenset(short))

    def meets(self, text: str) -> bool:
        return text in self.whole or not self.runs.isdisjoint(runs(text))


def texts_of(path: Path) -> Iterator[str]:
    """Texts of a file to exclude: the course's JSON, or else every field of a table."""
    content = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        for item in json.loads(content):
            yield item["instruction"]
            yield item.get("output", "")
    else:
        yield from re.split(r"[\t\n]", content)


def read_clone(clone: Path) -> Iterator[Pair]:
    """Every aligned sentence of the corpus, still Simplified, book after book."""
    root = clone / "双语数据"
    if not root.is_dir():
        sys.exit(f"{clone} has no folder 双语数据: give a clone of NiuTrans/Classical-Modern.")
    for source in sorted(root.rglob("source.txt"), key=Path.as_posix):
        section = source.parent.relative_to(root).as_posix()
        sides = _lines(source), _lines(source.with_name("target.txt"))
        for classical, modern in zip(*sides, strict=True):
            yield Pair(classical, modern, section)


def _lines(path: Path) -> list[str]:
    # Not splitlines(): it would also cut at characters that stand inside sentences.
    text = path.read_bytes().decode("utf-8").removesuffix("\n")
    return [" ".join(line.split()) for line in text.split("\n")]


def clean(pairs: Iterable[Pair], excluded: Excluded, counts: Counter[str]) -> Iterator[Pair]:
    """Pairs that are worth reading and may be read; `counts` learns what became of the others."""
    seen: set[tuple[str, str]] = set()
    for pair in pairs:
        key = letters(pair.classical), letters(pair.modern)
        reason = _reason_to_drop(pair, key, excluded, seen)
        counts[reason or "kept"] += 1
        if reason is None:
            seen.add(key)
            yield pair


def _reason_to_drop(
    pair: Pair, key: tuple[str, str], excluded: Excluded, seen: set[tuple[str, str]]
) -> str | None:
    if pair.section.split("/")[0] in HELD_OUT_BOOKS:
        return "of a held-out book"
    if len(pair.classical) > MAX_CLASSICAL or len(pair.modern) > MAX_MODERN:
        return "too long"
    if not all(key):
        return "with an empty side"
    if key[0] == key[1]:
        return "with the same text on both sides"
    if key in seen:
        return "seen before"
    if any(map(excluded.meets, key)):
        return "excluded"
    return None


def converter(name: str) -> Convert:
    try:
        opencc = import_module("opencc")
    except ModuleNotFoundError:
        sys.exit("corpus.py converts with OpenCC: run `pip install opencc==1.4.2` first.")
    return cast(Convert, opencc.OpenCC(name).convert)


def in_traditional(pairs: list[Pair]) -> Iterator[Pair]:
    # s2tw, not s2twp: its phrases are of today, and turn 士卒 into 計程車卒.
    convert = converter("s2tw")
    # A column at a time: a call for every sentence would take far longer.
    columns = [convert("\n".join(column)).split("\n") for column in zip(*pairs, strict=True)]
    return map(Pair._make, zip(*columns, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clone", type=Path, help="clone of NiuTrans/Classical-Modern")
    parser.add_argument("table", type=Path, help="where to write the pairs: .tsv or .tsv.gz")
    parser.add_argument(
        "--exclude", type=Path, nargs="+", default=[], help="files whose text no pair may repeat"
    )
    args = parser.parse_args()
    texts = (text for path in args.exclude for text in texts_of(path))
    excluded = Excluded.from_texts(texts, converter("t2s"))
    counts: Counter[str] = Counter()
    pairs = list(clean(read_clone(args.clone), excluded, counts))
    write_table(args.table, in_traditional(pairs))
    for reason, count in counts.most_common():
        print(f"{count:>9,} pairs {reason}")


if __name__ == "__main__":
    main()
