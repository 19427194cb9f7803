"""Prints the README's tree of folders, and with `floors` the floors of docs/ARCHITECTURE.md.

Captions are the first lines of docstrings; the order of the floors is that of the import contract.
With `--write` both are put in their places.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import tomli

ROOT = Path(__file__).resolve().parent.parent
BEFORE = [
    (0, "profiles/", "one TOML a model, every key explained: the only files to edit"),
    (1, "tiny/", "the embedded model: weights, tokenizer, sample data; build/: how it was made"),
]
AFTER = [
    (0, "tests/", "the same folders again; support/: what tests share"),
    (0, "benchmarks/", "measured claims, each a command that prints a ratio to a baseline"),
    (0, "docs/", "for who carries on; the pictures, the tree, and how they are made"),
    (0, "runs/", "results; not committed"),
]
PLACES = {"README.md": "## The tree", "docs/ARCHITECTURE.md": "## The floors"}
"""The heading in each file under which what is printed here stands, as its first code block."""


def tree() -> str:
    """The folders with what each is for, indented as a Markdown code block."""
    lines = [_line(*entry) for entry in BEFORE]
    for package in ("engine", "tui"):
        lines += [_line(0, f"{package}/", _caption(ROOT / package)), *_rooms(ROOT / package)]
    return "\n".join([*lines, *(_line(*entry) for entry in AFTER)])


def floors() -> str:
    """The engine's folders with those in them, the top floor first."""
    contracts = tomli.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    of_engine = (one for one in contracts["contracts"] if one.get("containers") == ["engine"])
    order = next(of_engine)["layers"]
    lines = []
    for name in order:
        floor = ROOT / "engine" / name
        lines += [_line(0, f"{name}/", _caption(floor)), *_rooms(floor)]
    return "\n".join(lines)


def _rooms(package: Path) -> Iterator[str]:
    """The packages in one."""
    for path in sorted(package.glob("*/__init__.py")):
        yield _line(1, f"{path.parent.name}/", _caption(path.parent))


def _line(depth: int, name: str, caption: str) -> str:
    return f"    {'  ' * depth}{name:<{18 - 2 * depth}}  {caption}".rstrip()


def _caption(package: Path) -> str:
    written = ast.parse((package / "__init__.py").read_text(encoding="utf-8"))
    return (ast.get_docstring(written) or "").split("\n")[0].rstrip(".")


def _put(path: Path, heading: str, block: str) -> None:
    """In the place of the first code block under a heading."""
    head, rest = path.read_text(encoding="utf-8").split(f"\n{heading}\n", 1)
    lines = rest.split("\n")
    start = next(place for place, line in enumerate(lines) if line.startswith("    "))
    end = next(place for place in range(start, len(lines)) if not lines[place].startswith("    "))
    text = "\n".join([*lines[:start], block, *lines[end:]])
    path.write_text(f"{head}\n{heading}\n{text}", encoding="utf-8")


if __name__ == "__main__":
    made = {"README.md": tree(), "docs/ARCHITECTURE.md": floors()}
    if "--write" in sys.argv:
        for name, block in made.items():
            _put(ROOT / name, PLACES[name], block)
    else:
        print(floors() if "floors" in sys.argv else tree())
