"""Whatever stands in the place of a file that is read: each command ends, at once and in words."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import forked
import frozen_runs
import pytest
from frozen_runs import FINISHED, WARNED

from engine.machine.paths import BUILTIN_PROFILES

MODEL = BUILTIN_PROFILES / "tiny"
RUN = f"runs/{FINISHED}"
CPU = 1.0
"""Seconds of processor that a command may take."""


def _socket(place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        os.chdir(place.parent)  # the name of a socket is short
        made.bind(place.name)


def _sparse(place: Path) -> None:
    with place.open("wb") as file:
        file.truncate(2 << 30)


KINDS: dict[str, Callable[[Path], None]] = {
    "pipe": os.mkfifo,
    "socket": _socket,
    "zeros without end": lambda place: place.symlink_to("/dev/zero"),
    "circle of links": lambda place: place.symlink_to(place.name),
    "folder": Path.mkdir,
    "two GiB": _sparse,
}
OF_A_RUN = [
    ["runs"], ["show", FINISHED], ["compare", FINISHED, WARNED], ["items", FINISHED],
    ["note", FINISHED, "--name", "x"], ["queue", "copy", FINISHED], ["delete", FINISHED],
    ["report", FINISHED, "-o", "report"], ["watch", FINISHED],
]  # fmt: skip
OF_A_QUEUE = [["queue"], ["runs"], ["show", FINISHED], ["queue", "remove", "1"]]
OF_A_MODEL = [
    ["preflight", "mine"], ["prompt", "mine", "--instruction", "x"], ["profiles", "check", "mine"],
    ["pull", "owner/name", "--from", "model", "--to", "pulled"], ["profiles"],
]  # fmt: skip
OF_AN_ADAPTER = [["export", FINISHED, "--course", "course"], ["show", FINISHED]]


def _of_data(name: str) -> list[list[str]]:
    return [
        ["data", "check", name], ["data", "leaks", name, "other.json"],
        ["preflight", "mine", "--train", name],
    ]  # fmt: skip


READ: dict[str, list[list[str]]] = {
    **dict.fromkeys(
        [f"{RUN}/{name}" for name in (
            "run.toml", "events.jsonl", "notes.toml", "worker.lock", "evaluations/test.jsonl",
            "evaluations", "",
        )],
        OF_A_RUN,
    ),
    **dict.fromkeys(
        [f"{RUN}/adapter/{name}" for name in (
            "adapter_config.json", "adapter_model.safetensors", "trained_with.json", "",
        )],
        OF_AN_ADAPTER,
    ),
    **dict.fromkeys(["runs/.queue/waiting.json", "runs/.queue/list.lock"], OF_A_QUEUE),
    "runs/experiments/seed-tiny/experiment.toml": [["experiment"]],
    "config/yiwen/settings.toml": [["settings"], ["runs"]],
    "profiles/mine.toml": OF_A_MODEL,
    **dict.fromkeys(
        [f"model/{name}" for name in (
            "config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
            "model.safetensors", "model.safetensors.index.json", "chat_template.jinja",
        )],
        OF_A_MODEL,
    ),
    **{name: _of_data(name) for name in ("d.json", "d.jsonl", "d.tsv", "d.csv")},
    "s.txt": _of_data("s.txt,t.txt"),
    "state/yiwen/translations.jsonl": [["translations"]],
    "kept.json": [["translations", "--export", "kept.json"]],
}  # fmt: skip
"""Files that are read, and commands that read them."""


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with all that commands read, and in which nothing is started.

    Others may look into it, which they may not into pytest's.
    """
    with tempfile.TemporaryDirectory() as folder:
        desk = Path(folder)
        desk.chmod(0o755)
        monkeypatch.chdir(desk)
        for name in ("config", "state", "cache"):
            monkeypatch.setenv(f"XDG_{name.upper()}_HOME", str(desk / name))
        _lay()
        with open("runs/.queue/worker.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # or a scheduler would be started
            yield desk


def _lay() -> None:
    frozen_runs.thaw(Path("runs"))
    Path(RUN, "adapter/adapter_model.safetensors").symlink_to(MODEL / "model.safetensors")
    _write("runs/.queue/waiting.json", json.dumps([{"run": "x"}]))
    _write("state/yiwen/translations.jsonl", "")
    shutil.copytree(MODEL, "model", ignore=shutil.ignore_patterns("build", "*.safetensors"))
    Path("model/model.safetensors").symlink_to(MODEL / "model.safetensors")
    profile = (BUILTIN_PROFILES / "tiny.toml").read_text("utf-8")
    profile = profile.replace('"tiny/', f'"{MODEL}/').replace('"tiny"', '"../model"')
    _write("profiles/mine.toml", profile)
    items = json.loads((MODEL / "data" / "test.json").read_text("utf-8"))[:20]
    for name in ("d.json", "other.json"):
        _write(name, json.dumps(items))
    for name in ("d.jsonl", "d.tsv", "d.csv", "s.txt", "t.txt"):
        _write(name, "\n")


def _write(name: str, text: str) -> None:
    file = Path(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", READ)
def test_every_command_ends_in_words(desk: Path, name: str, kind: str) -> None:
    place = desk / name
    place.parent.mkdir(parents=True, exist_ok=True)
    if os.path.lexists(place):
        place.rename(desk / "before")
    KINDS[kind](place)
    for arguments in READ[name]:
        found = forked.command(*arguments, at=desk)
        assert not found.fell, (arguments, found)
        assert found.cpu < CPU, (arguments, found)
        assert len(found.said) < 5000, (arguments, found)
        assert "[Errno" not in found.said, (arguments, found)


def test_what_is_well_is_read(desk: Path) -> None:
    """The desk is one on which commands do their work: else nothing would be tested."""
    looks = [["runs"], ["show", FINISHED], ["queue"], *OF_A_MODEL, *_of_data("d.json")]
    for arguments in looks:
        found = forked.command(*arguments, at=desk)
        assert found.status == ("leaks" in arguments), (arguments, found)


@pytest.mark.parametrize("name", ["", "run.toml", "events.jsonl", "notes.toml", "evaluations"])
def test_what_a_colleague_keeps_to_himself_ends_nothing(desk: Path, name: str) -> None:
    Path(RUN, "notes.toml").touch()
    Path(RUN, name).chmod(0)
    for arguments in (["runs"], ["compare"], ["queue"], ["show", WARNED]):
        found = forked.run(lambda arguments=arguments: _as_nobody(arguments))
        assert not found.fell, (arguments, found)
        assert arguments == ["queue"] or WARNED in found.said, (arguments, found)
    Path(RUN, name).chmod(0o755)


def _as_nobody(arguments: list[str]) -> int:
    from engine.cli import main

    if os.getuid() == 0:  # who may read whatever there is
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    return main(arguments)
