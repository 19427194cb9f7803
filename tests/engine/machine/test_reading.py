"""All that is read goes through one place, which bounds it; whatever stands there ends in words."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from engine.machine import reading, regular_files

ROOT = Path(__file__).resolve().parents[3]
READS = re.compile(
    r"\.read_text\(|\.read_bytes\(|\.open\(\"r|(?<![.\w])open\(|json\.loads?\(|json\.decode\(|"
    r"json\.Decoder\(|tomli\.loads?\(|tomlkit\.parse\(|os\.open\("
)
THE_READERS = {"engine/machine/reading.py", "engine/machine/regular_files.py"}
OTHERWISE = {
    # What Yiwen brings along or is started by.
    "engine/cli/settings.py": "a file of the package",
    "engine/course/export.py": "scripts of the package",
    "engine/profile/setting_list.py": "a profile of the package",
    "tui/__main__.py": "a module of the package, before anything may be imported",
    "engine/machine/streams.py": "/dev/null",
    # Scripts that run without Yiwen.
    "engine/worker/handin/grade.py": "runs alone at the course's",
    "engine/worker/handin/predict.py": "runs alone at the course's",
    # What our own processes say to each other, a line at a time.
    "engine/models/download.py": "lines of a child",
    "engine/start/merging.py": "lines of a child",
    "engine/translate/protocol.py": "lines of a child",
    "engine/worker/jobs/merge.py": "lines of a parent",
    "engine/course/check.py": "lines of a child",
    # Lines of files that were opened by the readers.
    "engine/run/events.py": "lines, one of which may be broken",
    "engine/run/old_events.py": "a line that was read once",
    "engine/scores/result_lines.py": "lines, one of which may be broken",
    "engine/run/judgement.py": "what was encoded just now",
    # Files of Yiwen's own making, in the user's folders of state and cache.
    "engine/machine/files.py": "writes",
    "engine/scores/kept.py": "its size is asked before",
    "engine/translate/history.py": "the last bytes of a file that grows",
    "engine/worker/model/scanned.py": "lines of a cache",
    "engine/worker/training/saved_state.py": "the header of a checkpoint of the run's own",
    # Weights: too large to be read whole.
    "engine/models/model_check.py": "compares two files block by block",
    "engine/models/pull.py": "a download, block by block",
    "engine/models/resumable.py": "a download, block by block",
    "engine/models/weight_files.py": "the header, whose length is bounded",
    "engine/run/trained_with.py": "a checksum, block by block",
    # A document that was read by the readers already.
    "engine/profile/saving.py": "parsed once before, by `reading.toml`",
}
"""Modules that read otherwise, and why each may."""


def readers_in(root: Path) -> set[str]:
    files = [file for package in ("engine", "tui") for file in (root / package).rglob("*.py")]
    texts = {str(file.relative_to(root)): file.read_text("utf-8") for file in files}
    calls = {name: READS.sub(_unless_ours, text) for name, text in texts.items()}
    return {name for name, text in calls.items() if "READS" in text}


def _unless_ours(found: re.Match[str]) -> str:
    before = found.string[: found.start()]
    return "" if before.endswith(("reading", "def ")) else "READS"


def test_nothing_else_reads_without_a_reason() -> None:
    assert readers_in(ROOT) - THE_READERS == set(OTHERWISE)


@pytest.mark.parametrize(
    "line",
    ["path.read_text()", "open(path)", 'path.open("rb")', "json.load(file)", "os.open(path)"],
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
    for name in ("pipe", "folder", "/dev/zero", "none"):
        with pytest.raises(OSError, match=".+"):
            read(tmp_path / name)
