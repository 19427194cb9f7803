"""Prints the README's tree: one caption a file, taken from the first line of its docstring."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {
    "engine": "models, data and runs; knows no screen, imports no torch",
    "engine/cli": "the `yiwen` command",
    "engine/worker": "the only code that imports torch: `python -m engine.worker RUN_FOLDER`",
    "tui": "the workbench; knows no torch",
    "tui/screens": "one package a screen, with all that only it needs",
    "tui/screens/train": "",
    "tui/screens/evaluate": "",
    "tui/screens/translate": "",
    "tui/screens/runs": "",
    "tui/widgets": "parts that several screens share",
}
BEFORE = [
    (0, "profiles/", "one TOML a model, every key explained: the only files to edit"),
    (1, "tiny.toml", "the embedded model's profile"),
    (1, "tiny/", "its weights, tokenizer, sample data and model card; build/: how it was made"),
]
AFTER = [
    (0, "tests/", "engine/ without torch, worker/ on the embedded model, tui/ with Pilot"),
    (0, "benchmarks/", "measured claims, each a command that prints a ratio to a baseline"),
    (0, "docs/", "this tree and the screenshot, and how they are made"),
    (0, "runs/", "results; not committed"),
]


def tree() -> str:
    """All lines, indented as a Markdown code block."""
    lines = [_line(*entry) for entry in BEFORE]
    for folder, caption in FOLDERS.items():
        depth = folder.count("/")
        lines.append(_line(depth, folder.rsplit("/", 1)[-1] + "/", caption))
        for path in sorted((ROOT / folder).glob("*.py")):
            if path.name != "__init__.py":
                lines.append(_line(depth + 1, path.name, _caption(path)))
    return "\n".join([*lines, *(_line(*entry) for entry in AFTER)])


def _line(depth: int, name: str, caption: str) -> str:
    return f"    {'  ' * depth}{name:<{24 - 2 * depth}}  {caption}".rstrip()


def _caption(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.split("\n")[0].rstrip(".")


if __name__ == "__main__":
    print(tree())
