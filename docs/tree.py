"""Prints the README's tree: captions are the first lines of docstrings.

Of the two packages every module is shown; of the packages in them, what each is for.
"""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("engine", "tui")
BEFORE = [
    (0, "profiles/", "one TOML a model, every key explained: the only files to edit"),
    (1, "tiny.toml", "the embedded model's profile"),
    (1, "tiny/", "its weights, tokenizer, sample data and model card; build/: how it was made"),
]
AFTER = [
    (0, "tests/", "engine/ without torch, worker/ on the embedded model, tui/ with Pilot"),
    (0, "benchmarks/", "measured claims, each a command that prints a ratio to a baseline"),
    (0, "docs/", "this tree and the pictures, and how they are made"),
    (0, "runs/", "results; not committed"),
]


def tree() -> str:
    """All lines, indented as a Markdown code block."""
    lines = [_line(*entry) for entry in BEFORE]
    for package in PACKAGES:
        lines += _lines_of(ROOT / package, 0)
    return "\n".join([*lines, *(_line(*entry) for entry in AFTER)])


def _lines_of(package: Path, depth: int) -> list[str]:
    """A package with its modules and the packages in it; of those in it one line each."""
    lines = [_line(depth, f"{package.name}/", _caption(package / "__init__.py"))]
    for path in sorted(package.glob("*.py")):
        if path.name != "__init__.py":
            lines.append(_line(depth + 1, path.name, _caption(path)))
    for path in sorted(package.glob("*/__init__.py")):
        lines.append(_line(depth + 1, f"{path.parent.name}/", _caption(path)))
        for inner in sorted(path.parent.glob("*/__init__.py")):
            lines.append(_line(depth + 2, f"{inner.parent.name}/", _caption(inner)))
    return lines


def _line(depth: int, name: str, caption: str) -> str:
    return f"    {'  ' * depth}{name:<{24 - 2 * depth}}  {caption}".rstrip()


def _caption(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.split("\n")[0].rstrip(".")


if __name__ == "__main__":
    print(tree())
