"""Feeds strangers' bytes to every reader, guided by what they reach: `make fuzz`, with atheris.

    python tests/fuzz                    all targets, a minute each
    python tests/fuzz events --runs 100000
    python tests/fuzz events FILE        one input once more

An input that ends in anything but words, hangs or takes too much memory is written to
fuzz-findings/; once mended it belongs in corpus/, by target, where every test run tries it again.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
FINDINGS = Path("fuzz-findings").absolute()
SECONDS, MEGABYTES = 10, 1024
"""What one input may take at most, the process with all its modules and seeds in it."""
WORDS = (
    "null", "true", "NaN", "1e999", "-0", "9" * 25, "9" * 5000, "[" * 70, "{" * 70, "[\"\"]",
    "\\ud800", "\\u0000", "\ufeff", "\u202e", "\u061c", "\x1b[31m", "\x00", "{}", "[]", "[[", "]]",
    "../", "/dev/zero", "~", "%s", "{0}", "{a.b}", "'''", '"""', ",,,,", "\r\n", "\t",
    "kind", "said",
)  # fmt: skip
"""What is put in everywhere."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target", nargs="?", default="", help="by default all")
    parser.add_argument("file", nargs="?", default="", help="only this input, once")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default 60)")
    parser.add_argument("--runs", type=int, default=-1, help="inputs for each target")
    parser.add_argument("--inside", default="", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.inside:
        return _fuzz(chosen)
    failed = [name for name in _names(chosen.target) if not _apart(name, chosen)]
    print("\nfailed: " + ", ".join(failed) if failed else "\nall answered in words")
    return len(failed)


def _names(wished: str) -> list[str]:
    if wished:
        return [wished]
    found = subprocess.run(
        [sys.executable, str(HERE), "--inside", "names"], capture_output=True, text=True, check=True
    )
    return found.stdout.splitlines()


def _apart(name: str, chosen: argparse.Namespace) -> bool:
    """A target in a process of its own, for it may end it."""
    print(f"── {name}", flush=True)
    command = [sys.executable, str(HERE), name, *filter(None, [chosen.file]), "--inside", "one"]
    command += [f"--seconds={chosen.seconds}", f"--runs={chosen.runs}"]
    before = set(FINDINGS.glob("*"))
    ended = subprocess.run(command).returncode
    new = set(FINDINGS.glob("*")) - before
    for file in sorted(new):
        print(f"   {file}", flush=True)
    return ended == 0 and not new


def _fuzz(chosen: argparse.Namespace) -> int:
    import atheris

    sys.path[:0] = [str(SOURCE), str(HERE), str(SOURCE / "tests" / "support")]
    file = os.path.abspath(chosen.file) if chosen.file else ""
    with tempfile.TemporaryDirectory() as folder:
        with atheris.instrument_imports(include=["engine", "tui", "msgspec", "tomli"]):
            import targets
        found = targets.all_of(targets.Desk(Path(folder) / "desk"))
        if chosen.inside == "names":
            print("\n".join(found))
            return 0
        target = found[chosen.target]
        if file:
            target.does(Path(file).read_bytes())
            return 0
        FINDINGS.mkdir(exist_ok=True)
        faults = Faults(target.does, chosen.target)
        atheris.Setup(
            [sys.argv[0], str(_seeded(Path(folder), target.seeds, chosen.target)),
             f"-dict={_dictionary(Path(folder))}", f"-artifact_prefix={FINDINGS}/{chosen.target}-",
             f"-timeout={SECONDS}", f"-rss_limit_mb={MEGABYTES}",
             f"-max_total_time={chosen.seconds}",
             f"-runs={chosen.runs}", "-max_len=16384", "-close_fd_mask=1", "-print_final_stats=1",
             "-verbosity=0"],
            faults.try_one, custom_mutator=_mutate,
        )  # fmt: skip
        atheris.Fuzz()
    return 0


def _mutate(content: bytes, longest: int, seed: int) -> bytes:
    """Half of the time by tokens, which keeps most of a form; else byte by byte."""
    import atheris
    from mutator import mutated

    if seed % 2:
        return mutated(content, random.Random(seed))[:longest]
    return atheris.Mutate(content, longest)


class Faults:
    """The kinds of exceptions that inputs ended in: each is kept once, and the search goes on."""

    def __init__(self, does: Callable[[bytes], object], name: str) -> None:
        self._does, self._name = does, name
        self._kinds: set[str] = set()

    def try_one(self, content: bytes) -> None:
        try:
            self._does(content)
        except Exception as error:
            frames = [
                f for f in traceback.extract_tb(error.__traceback__) if "engine" in f.filename
            ]
            place = f"{Path(frames[-1].filename).stem}-{frames[-1].lineno}"
            kind = f"{self._name}-{type(error).__name__}-{place}".replace(" ", "-")
            if kind not in self._kinds:
                self._kinds.add(kind)
                (FINDINGS / kind).write_bytes(content)
                traceback.print_exception(error, limit=-4)


def _seeded(folder: Path, seeds: tuple[bytes, ...], name: str) -> Path:
    """A folder of inputs to begin with: what is usual, and what failed once."""
    made = folder / "inputs"
    made.mkdir()
    failed = [file.read_bytes() for file in sorted((HERE / "corpus" / name).glob("*"))]
    for number, content in enumerate([*seeds, *failed]):
        (made / str(number)).write_bytes(content)
    return made


def _dictionary(folder: Path) -> Path:
    def quoted(word: str) -> str:
        return '"' + "".join(f"\\x{byte:02x}" for byte in word.encode()) + '"'

    file = folder / "words.dict"
    file.write_text("\n".join(quoted(word) for word in WORDS if len(word) < 60) + "\n")
    return file


if __name__ == "__main__":
    sys.exit(main())
