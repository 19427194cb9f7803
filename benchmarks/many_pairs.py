"""What a million pairs cost: seconds and peak memory of describe, leaks and preflight.

Each command runs in a process of its own on pairs that are made here, by a seed, out of the signs
that the embedded model's samples are written in.

python benchmarks/many_pairs.py [--pairs 950000] [--against FOLDER] [--json FILE]

--against names another checkout, whose commands are measured on the same files: the baseline.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "profiles" / "tiny" / "data" / "train.json"
TEST_PAIRS = 500
_MAIN = "import sys; from engine.cli.commands import main; sys.exit(main())"
_MEASURED = (
    "import json, resource, subprocess, sys, time; began = time.monotonic();"
    "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL);"
    "used = resource.getrusage(resource.RUSAGE_CHILDREN);"
    "print(json.dumps({'status': done.returncode, 'seconds': time.monotonic() - began,"
    "'processor': used.ru_utime + used.ru_stime, 'gib': used.ru_maxrss / 2**20}))"
)
"""A process between: what is told of children is told of all that there ever were."""


def made(count: int, seed: int) -> Iterator[dict[str, str]]:
    """Pairs of sentences that none else has, of the lengths and with the signs of the samples."""
    samples = json.loads(SAMPLES.read_text("utf-8"))
    draw = random.Random(seed)
    for number in range(count):
        sample = samples[number % len(samples)]
        asked, _newline, sentence = sample["instruction"].partition("\n")
        signs = list(sentence)
        for place in draw.sample(range(len(signs)), min(3, len(signs))):
            signs[place] = draw.choice(sentence + sample["output"])
        mark = "".join("甲乙丙丁戊己庚辛壬癸"[int(digit)] for digit in f"{number:06}")
        yield {
            "id": f"{seed}-{number}",
            "instruction": f"{asked}\n{mark}，{''.join(signs)}",
            "output": f"{mark}，{sample['output']}",
        }


def write(path: Path, pairs: Iterator[dict[str, str]]) -> None:
    """As the course has them, a pair at a time."""
    with path.open("w", encoding="utf-8") as file:
        for place, pair in enumerate(pairs):
            file.write(("[\n " if not place else ",\n ") + json.dumps(pair, ensure_ascii=False))
        file.write("\n]\n")


def measure(tree: Path, arguments: list[str], runs: Path) -> dict[str, float]:
    """A command of one checkout."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, sys.executable, "-P", "-c", _MAIN, *arguments],
        capture_output=True,
        check=True,
        cwd=runs,
        env={**os.environ, "PYTHONPATH": str(tree), "YIWEN_RUNS": str(runs)},
    )
    found: dict[str, float] = json.loads(done.stdout)
    if found["status"] not in (0, 1):  # 1: there are leaks
        raise SystemExit(f"yiwen {' '.join(arguments)} failed in {tree}")
    return found


def main() -> None:
    """Make the files, run the commands, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--pairs", type=int, default=950_000)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    trees = {"here": ROOT} | ({"against": asked.against.resolve()} if asked.against else {})
    with tempfile.TemporaryDirectory() as folder:
        train, test = Path(folder) / "train.json", Path(folder) / "test.json"
        write(train, made(asked.pairs, 1))
        write(test, made(TEST_PAIRS, 2))
        commands = {
            "data describe": ["data", "describe", "--json", str(train)],
            "preflight": ["preflight", "tiny", "--json", "--set", f"data.train={train}",
                          "--set", f"data.test={test}"],
            "data leaks": ["data", "leaks", "--json", str(train), str(test)],
        }  # fmt: skip
        found = {
            name: {where: measure(tree, arguments, Path(folder)) for where, tree in trees.items()}
            for name, arguments in commands.items()
        }
    print(f"{asked.pairs:,} pairs, {TEST_PAIRS} test pairs")
    print(f"{'':14} {'where':8} {'s':>7} {'cpu s':>7} {'GiB':>6} {'ratio':>6}")
    for name, sides in found.items():
        for where, cost in sides.items():
            ratio = cost["processor"] / sides["here"]["processor"]
            print(f"{name:14} {where:8} {cost['seconds']:7.1f} {cost['processor']:7.1f} "
                  f"{cost['gib']:6.2f} {ratio:6.2f}")  # fmt: skip
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
