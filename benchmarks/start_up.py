"""Seconds from the start of a worker to its first training step, phase by phase.

python benchmarks/start_up.py [--shape gemma-2-2b] [--data FILE] [--tokenizer FOLDER] [--repeats 2]
                              [--set KEY=VALUE …] [--json FILE]

The model is of true shape, with random weights, on the local disk. The first start finds no
compiled kernels, as on a new machine; the later ones find those of the first.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import model_folder  # noqa: E402
import workers  # noqa: E402
from measuring import machine  # noqa: E402
from workload import COURSE_PROMPT, DATA, TOKENIZER  # noqa: E402

from engine.run import events  # noqa: E402
from engine.run.folder import Run  # noqa: E402
from engine.start.request import Request, prepare  # noqa: E402


def main() -> None:
    """Start a run several times, and print when what began."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", default="gemma-2-2b")
    parser.add_argument("--profile", default="gemma-2-2b-kyara")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--tokenizer", type=Path, default=TOKENIZER)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--models", type=Path, default=Path(tempfile.gettempdir()) / "yiwen-models")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    model = model_folder.make(
        arguments.shape, arguments.tokenizer, arguments.models / arguments.shape
    )
    settings = {
        "model.path": str(model.resolve()),
        "prompt.template": COURSE_PROMPT.template,
        "prompt.example": COURSE_PROMPT.example,
        "prompt.stop": "[]",
        "data.train": str(arguments.data.resolve()),
        "data.test": str((arguments.data.parent / "public_test.json").resolve()),
        "training.max_steps": "3",
        "training.batch_size": "32",
        "evaluation.outputs": "false",
        **dict(item.split("=", 1) for item in arguments.set),
    }
    found = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TRITON_CACHE_DIR"] = str(Path(folder) / "compiled")
        for number in range(arguments.repeats):
            request = Request(Path(folder) / "runs", "qlora", arguments.profile, overrides=settings)
            run = prepare(request)
            phases = _start(run)
            found.append(phases)
            print(f"\n{'first start' if not number else 'with compiled kernels'}")
            for name, seconds in phases:
                print(f"{seconds:8.1f} s  {name}")
    if arguments.json:
        arguments.json.write_text(json.dumps({"machine": machine(), "starts": found}, indent=1))


def _start(run: Run) -> list[tuple[str, float]]:
    """Each phase with its beginning, in seconds since the start; the last is the first step."""
    began = time.time()
    workers.work(run)
    phases: dict[str, float] = {}
    for event in events.read_all(run.events_path):
        name = getattr(event, "name", "") or type(event).__name__.lower()
        phases.setdefault(name, event.at - began)
        if name == "step":
            break
    return list(phases.items())


if __name__ == "__main__":
    main()
