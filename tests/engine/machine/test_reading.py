"""All that is read goes through one place, which bounds it; whatever stands there ends in words."""

from __future__ import annotations

import ast
import os
from pathlib import Path
from typing import Any

import pytest

from engine.machine import reading, regular_files

ROOT = Path(__file__).resolve().parents[3]
THE_READERS = {"engine/machine/reading.py", "engine/machine/regular_files.py"}
OURS = {"reading", "regular_files"}
"""What the readers are called where they are used."""
OPENS = {
    "open", "read_text", "read_bytes", "fdopen", "safe_open", "load_file", "from_file", "copyfile",
}  # fmt: skip
"""Calls of these names read, whatever they are called on."""
PARSES = {
    "json": {"load", "loads", "decode", "Decoder", "JSONDecoder"},
    "tomli": {"load", "loads"},
    "tomllib": {"load", "loads"},
    "tomlkit": {"load", "loads", "parse"},
    "msgpack": {"decode", "Decoder"},
    "torch": {"load"},
    "pickle": {"load", "loads"},
}
"""Of libraries, what reads."""
NO_FILES = {"HubSource", "choice", "webbrowser"}
"""Things that are opened and are no files."""
OTHERWISE = {
    # What Yiwen brings along or is started by.
    "engine/cli/settings.py": "a file of the package",
    "engine/course/export.py": "scripts of the package",
    "engine/profile/setting_list.py": "a profile of the package",
    "tui/__main__.py": "a module of the package, before anything may be imported",
    "engine/machine/streams.py": "/dev/null",
    "engine/machine/processes/kernel_kills.py": "counters of the kernel",
    # Scripts that run without Yiwen.
    "engine/worker/handin/grade.py": "runs alone at the course's",
    "engine/worker/handin/predict.py": "runs alone at the course's",
    # What our own processes say to each other, a line at a time.
    "engine/models/resumable.py": "what regular_files opened, to go on with a download",
    "engine/worker/jobs/serve.py": "writes to a parent",
    "engine/start/merging.py": "lines of a child",
    "engine/translate/protocol.py": "lines of a child",
    "engine/worker/jobs/merge.py": "lines of a parent",
    "engine/course/check.py": "lines of a child",
    # Lines of files that were opened by the readers.
    "engine/data/json_list.py": "records one by one, of text that was read",
    "engine/run/events.py": "lines, one of which may be broken",
    "engine/scores/result_lines.py": "lines, one of which may be broken",
    "engine/translate/history.py": "lines, one of which may be broken",
    "engine/scores/kept.py": "bytes that were read",
    "engine/table/packing.py": "what was packed just now",
    "engine/run/judgement.py": "what was encoded just now",
    # Files of Yiwen's own making.
    "engine/worker/process/disk_room.py": "writes",
    "engine/machine/files.py": "writes",
    "engine/worker/training/saved_state.py": "a checkpoint of the run's own",
    # Weights: their library reads them, once their headers were read here.
    "engine/course/adapter.py": "a copy of weights that were checked",
    "engine/worker/model/pretrained.py": "weights that were checked",
    "engine/worker/training/checkpoints.py": "weights that were checked",
    # What the kernel says, and what is only written.
    "engine/machine/identity.py": "/proc",
    "engine/machine/lock_reach.py": "/proc",
    "engine/run/reading_summary.py": "block by block",
    "engine/machine/holders.py": "writes",
    # A document that was read by the readers already.
    "engine/profile/saving.py": "parsed once before, by `reading.toml`",
}
"""Modules that read otherwise, and why each may."""


def readers_in(root: Path) -> set[str]:
    files = [file for package in ("engine", "tui") for file in (root / package).rglob("*.py")]
    trees = {str(file.relative_to(root)): ast.parse(file.read_text("utf-8")) for file in files}
    return {name for name, tree in trees.items() if any(map(reads, ast.walk(tree)))}


def reads(node: ast.AST) -> bool:
    """Is it a call, or the name of a function, that reads otherwise than by the readers?"""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in OPENS
    if not isinstance(node, ast.Attribute):
        return False
    on = node.value
    name = on.id if isinstance(on, ast.Name) else on.attr if isinstance(on, ast.Attribute) else ""
    if name in OURS or name in NO_FILES:
        return False
    return node.attr in OPENS or node.attr in PARSES.get(name, ())


def test_nothing_else_reads_without_a_reason() -> None:
    assert readers_in(ROOT) - THE_READERS == set(OTHERWISE)


@pytest.mark.parametrize(
    "line",
    [
        "path.read_text()",
        "open(path)",
        'path.open("rb")',
        "Path(name).open()",
        "os.open(path)",
        "json.load(file)",
        "msgspec.json.decode(line)",
        "msgspec.json.Decoder(Kind)",
        "list(map(json.loads, lines))",
        "tomllib.load(file)",
        "Tokenizer.from_file(name)",
        "safe_open(name)",
        "shutil.copyfile(one, other)",
        "torch.load(name)",
    ],
)
def test_a_new_reader_is_found(tmp_path: Path, line: str) -> None:
    (tmp_path / "tui").mkdir()
    file = tmp_path / "engine" / "run" / "new.py"
    file.parent.mkdir(parents=True)
    file.write_text("from engine.machine import reading\ntext = reading.read_text(path)\n")
    assert readers_in(tmp_path) == set()
    file.write_text(f"found = {line}\n")
    assert readers_in(tmp_path) == {"engine/run/new.py"}


DEEP = "[" * 100_000
DIGITS = "9" * 5000


@pytest.mark.parametrize("text", [DEEP, f'{{"a": {DIGITS}}}', "{", "\udcff", ""])
def test_json_that_cannot_be_borne_is_a_value_error(text: str) -> None:
    content = text.encode("utf-8", "surrogateescape")
    for read in (reading.json_value, lambda content: reading.json_of(content, Any)):
        with pytest.raises(ValueError, match=".+"):
            read(content)
    assert reading.json_of(b'{"a": [1]}', dict[str, list[int]]) == {"a": [1]}


@pytest.mark.parametrize("text", [f"a = {DEEP}", f"a = {DIGITS}", "a = ", "a.b = 1\na = 2"])
def test_toml_that_cannot_be_borne_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=".+"):
        reading.toml(text)


@pytest.mark.parametrize("read", [reading.read_bytes, regular_files.content])
def test_only_regular_files_of_a_bounded_size_are_read(tmp_path: Path, read: Any) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    assert read(tmp_path / "file", most=5) == b"12345"
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="larger than"):
        read(tmp_path / "file", most=4)
    for name in ("pipe", "folder", "/dev/zero", "none", "a\0b", "half\ud800"):
        with pytest.raises(OSError, match=".+"):
            read(tmp_path / name)


NESTED = "[" * 65 + "]" * 65
LARGE = 1 << 63


@pytest.mark.parametrize("text", [NESTED, f"[{LARGE}]", f'{{"a": [{-LARGE - 1}]}}'])
def test_what_libraries_choke_on_is_refused_in_what_is_of_ours(text: str) -> None:
    with pytest.raises(ValueError, match=r"nested too deeply|more than 64 bits"):
        reading.json_of(text, Any)
    with pytest.raises(ValueError, match=r"nested too deeply|more than 64 bits"):
        reading.toml_of(f"a = {text.replace(':', '=')}", dict[str, Any])


def test_data_may_hold_numbers_that_are_only_names() -> None:
    assert reading.json_value(f'{{"id": {LARGE}}}') == {"id": LARGE}
    with pytest.raises(ValueError, match="nested too deeply"):
        reading.json_value(NESTED)
