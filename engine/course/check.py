"""Grades an export as the course would: in other processes, by transformers and PEFT alone."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.course.export import SCRIPTS, Export
from engine.data.dataset import Pair
from engine.language.errors import UserError
from engine.language.said import Said, Words, labelled
from engine.machine import reading
from engine.machine.processes import python
from engine.models import tokenizer
from engine.run.files import RunFiles

TOLERANCE = 0.005
"""Share by which the two numbers may differ; attention and padding round differently."""
TRANSLATED = 4
"""Items that run.sh is tried on."""
_PROGRESS = {
    re.compile(r"graded (?P<done>\d+)/(?P<total>\d+)"): Said("graded {done}/{total}"),
    re.compile(r"(?P<done>\d+)/(?P<total>\d+), about (?P<left>\d+) s left"): Said(
        "{done}/{total}, about {left} s left"
    ),
}
"""What the scripts say of how far they are, and how it is shown."""
Say = Callable[[Said], None]


@dataclass(frozen=True)
class Grade:
    """What the check found."""

    perplexity: float
    """As the course measures it."""
    recorded: float | None
    """As `yiwen` measured it, on the same items."""
    samples: int
    seconds: float
    """Of run.sh on a few items, loading included."""
    problems: list[Said] = field(default_factory=list)

    @property
    def agrees(self) -> bool | None:
        """None where there is nothing to compare with."""
        if self.recorded is None:
            return None
        return abs(self.perplexity - self.recorded) <= TOLERANCE * abs(self.recorded)


def check(export: Export, say: Say) -> Grade:
    """Grade the run's own test file, then translate a few of its items. Raises UserError."""
    pairs = RunFiles(export.run.settings).read("test").pairs
    with tempfile.TemporaryDirectory(prefix="yiwen-check-") as folder:
        test, few = Path(folder, "test.json"), Path(folder, "few.json")
        scripts = _apart(export, Path(folder, "scripts"))
        _write(test, pairs)
        _write(few, pairs[:TRANSLATED])
        say(Said("grading {count} items one by one", count=len(pairs)))
        given = [str(export.model_folder), str(export.adapter)]
        graded = json.loads(_run([sys.executable, "grade.py", *given, str(test)], scripts, say))
        say(Said("bash run.sh on {count} items", count=TRANSLATED))
        began = time.monotonic()
        answers = Path(folder, "prediction.json")
        _run(["bash", "run.sh", *given, str(few), str(answers)], scripts, say)
        seconds = time.monotonic() - began
        problems = mistakes_in(answers, pairs[:TRANSLATED], export)
    return Grade(
        perplexity=graded["perplexity"],
        recorded=export.score.perplexity if export.score else None,
        samples=graded["samples"],
        seconds=seconds,
        problems=problems,
    )


def _apart(export: Export, folder: Path) -> Path:
    """The scripts alone, where they run: what else lies in the export's folder is not imported."""
    folder.mkdir()
    for name in SCRIPTS:
        if (export.folder / name).is_symlink():
            raise UserError("{file}: is a link", file=export.folder / name)
        shutil.copy(export.folder / name, folder / name)
    return folder


def mistakes_in(path: Path, pairs: list[Pair], export: Export) -> list[Said]:
    """What the course would object to in a prediction.json."""
    answers = reading.json_file(path, list[dict[str, Any]])
    if [answer.get("id") for answer in answers] != [pair.id for pair in pairs]:
        return [Said("prediction.json: its ids are not those of the input, in its order")]
    special = _special_tokens(export)
    found = []
    for answer, pair in zip(answers, pairs):
        output = answer.get("output")
        mistake: Words = ""
        if sorted(answer) != ["id", "output"] or not isinstance(output, str):
            mistake = Said("is not {id, output}")
        elif not output.strip():
            mistake = Said("its output is empty")
        elif leaked := [token for token in special if token in output]:
            mistake = Said("holds the special token {token}", token=leaked[0])
        elif pair.instruction in output:
            mistake = Said("repeats its prompt")
        if mistake:
            place = Said("prediction.json: item {id}", id=pair.id)
            found.append(labelled(place, mistake))
    return found


def _special_tokens(export: Export) -> list[str]:
    own = tokenizer.load(str(export.model_folder))
    return [own.token(index) for index in sorted(own.special_ids)]


def _write(path: Path, pairs: list[Pair]) -> None:
    items = [{"id": p.id, "instruction": p.instruction, "output": p.output} for p in pairs]
    path.write_text(json.dumps(items, ensure_ascii=False), encoding="utf-8")


def _run(command: list[str], folder: Path, say: Say) -> str:
    """What a script prints; its progress, on standard error, is handed on. Raises UserError."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=_plain_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    last = ""
    try:
        for line in process.stderr:
            last = line.strip() or last
            for form, words in _PROGRESS.items():  # libraries print there, too
                if found := form.fullmatch(last):
                    say(words.filled(**found.groupdict()))
        printed = process.stdout.read()
        process.wait()
    except BaseException:  # Ctrl-C above all
        process.kill()
        process.wait()
        raise
    if process.returncode:
        raise UserError(
            "{script} in {folder} failed: {reason}",
            script=command[1],
            folder=folder,
            reason=last or Said("no reason given"),
        )
    return printed


def _plain_environment() -> Mapping[str, str]:
    """A worker's, but that the scripts may import what lies beside them."""
    environment = python.environment()
    del environment["PYTHONSAFEPATH"]
    return {
        **environment,
        "PYTHON": sys.executable,
        "TRANSFORMERS_VERBOSITY": "error",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
