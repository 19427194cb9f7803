"""A user's folders, small: runs, a queue, a model, translations; and what is done to them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import one_layer
from samples import ENDED, TEST_FILE, TINY, make_run
from stand_in import FINISHES, write_worker
from weight_writing import write_adapter

from engine.cli import main
from engine.language.errors import UserError
from engine.profile import saving
from engine.run import notes, waiting_list
from engine.run.events import Stopped
from engine.run.folder import Run
from engine.run.runs_folder import list_all
from engine.run.trash import Trash
from engine.run.waiting_list import Entry
from engine.translate import history
from engine.translate.history import Exchange

TRAINED, STOPPED, FIRST, SECOND = (f"2026010{day}-120000-tiny-qlora" for day in range(1, 5))
"""A run that has ended, one that can go on, and two that wait."""


@dataclass(frozen=True)
class World:
    """Its folders."""

    folder: Path

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    @property
    def out(self) -> Path:
        """For what commands are to write elsewhere."""
        return self.folder / "out"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "HOME": str(self.folder),
        }

    def run(self, name: str) -> Run:
        return Run(self.runs / name)

    def build(self) -> None:
        """Make it as it is before anything is done."""
        trained = make_run(self.runs, *ENDED, run_id=TRAINED)
        write_adapter(trained.adapter_path, base_model_name_or_path="tiny")
        notes.change(trained.folder, lambda _: notes.Notes("first try", ("kept",), "as it was"))
        stopped = make_run(self.runs, Stopped(step=1), run_id=STOPPED)
        write_adapter(stopped.checkpoints_path / "step-000001")
        for name in (FIRST, SECOND):
            make_run(self.runs, run_id=name)
            waiting_list.add(self.runs, Entry(name, added=0.0))
        one_layer.write(self.folder / "model")
        for name in ("out", "config", "state", "cache"):
            (self.folder / name).mkdir()
        kept = self.folder / "state" / "yiwen" / "translations.jsonl"
        kept.parent.mkdir()
        old = Exchange("1", "", "old", "", "")
        kept.write_bytes(msgspec.json.encode(old) + b"\n")
        write_worker(self.folder / "worker", FINISHES)


@dataclass(frozen=True)
class Deed:
    """Something that is done to a world, and how to see that it is done."""

    do: Callable[[World], int]
    is_done: Callable[[World], bool]


def command(*arguments: str, out: str = "") -> Callable[[World], int]:
    """A command of the command line; `{out}` and such stand for folders of the world."""

    def do(world: World) -> int:
        places = {"out": str(world.out), "model": str(world.folder / "model")}
        typed = [argument.format(**places) for argument in arguments]
        return main(
            [*typed, *(["--runs", str(world.runs)] if typed[0] not in ("pull", "data") else [])]
        )

    return do


def called(function: Callable[[World], object]) -> Callable[[World], int]:
    """What a screen calls; an error that it would show is printed."""

    def do(world: World) -> int:
        try:
            function(world)
        except UserError as error:
            print(f"yiwen: {error}", file=sys.stderr)
            return 2
        return 0

    return do


def _take(world: World) -> None:
    Trash(world.runs).take(world.run(TRAINED))


def _take_and_restore(world: World) -> None:
    trash = Trash(world.runs)
    trash.take(world.run(TRAINED))
    trash.restore()


def _keep(world: World) -> None:
    history.keep(Exchange("2", "", "new", "", ""))


def _started(world: World) -> bool:
    return any(run.log_path.exists() for run in list_all(world.runs))


def _waiting(world: World) -> list[str]:
    return [entry.run for entry in waiting_list.read(world.runs)]


def _same(first: Path, second: Path) -> bool:
    names = {path.name for path in first.iterdir()}
    there = second.is_dir() and {path.name for path in second.iterdir()} >= names
    return there and all((first / n).read_bytes() == (second / n).read_bytes() for n in names)


_REPORT = ("report.md", "results.csv", "results.tex")
_HANDED_IN = ("run.sh", "utils.py", "README.md", "adapter_checkpoint/adapter_model.safetensors")
DEEDS: dict[str, Deed] = {
    "note": Deed(
        command("note", TRAINED, "--name", "second try", "--tag", "final"),
        lambda world: notes.read(world.run(TRAINED).folder).label == "second try #kept #final",
    ),
    "queue add": Deed(
        command("queue", "add", str(TINY), "--set", "training.max_steps=2"),
        lambda world: _waiting(world)[:2] == [FIRST, SECOND] and len(_waiting(world)) > 2,
    ),
    "queue move": Deed(
        command("queue", "move", SECOND, "1"),
        lambda world: _waiting(world) == [SECOND, FIRST],
    ),
    "queue remove": Deed(
        command("queue", "remove", FIRST),
        lambda world: _waiting(world) == [SECOND],
    ),
    "delete": Deed(
        command("delete", TRAINED, "--yes"),
        lambda world: not world.run(TRAINED).folder.exists(),
    ),
    "trash": Deed(called(_take), lambda world: not world.run(TRAINED).folder.exists()),
    "trash and back": Deed(
        called(_take_and_restore),
        lambda world: world.run(TRAINED).exists() or any(world.runs.glob(f".deleted/*/{TRAINED}")),
    ),
    "profile": Deed(
        called(lambda world: saving.save_as("tiny", {"lora.rank": "8"}, "mine", replace=True)),
        lambda world: (world.folder / "config/yiwen/profiles/mine.toml").is_file(),
    ),
    "translation": Deed(
        called(_keep), lambda world: {one.text for one in history.read()} == {"old", "new"}
    ),
    "train": Deed(command("train", str(TINY), "--detach"), _started),
    "resume": Deed(command("resume", STOPPED, "--detach"), _started),
    "export": Deed(
        command("export", TRAINED, "--course", "{out}/hand_in", "--force"),
        lambda world: all((world.out / "hand_in" / name).is_file() for name in _HANDED_IN),
    ),
    "report": Deed(
        command("report", TRAINED, "-o", "{out}/report"),
        lambda world: all((world.out / "report" / name).is_file() for name in _REPORT),
    ),
    "pull": Deed(
        command("pull", "someone/tiny", "--from", "{model}", "--to", "{out}/pulled"),
        lambda world: _same(world.folder / "model", world.out / "pulled"),
    ),
    "data split": Deed(
        command("data", "split", str(TEST_FILE), "--validation", "10%", "-o", "{out}", "--force"),
        lambda world: len(list(world.out.glob("*.json"))) == 2,
    ),
}
