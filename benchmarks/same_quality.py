"""Test perplexity of whole runs by the fast and by the plain engine, a few seeds each.

python benchmarks/same_quality.py [--profile tiny] [--seeds 3] [--jobs 1] [--set KEY=VALUE …]
                                  [--json FILE]

Real weights, the worker processes that users start. Where the fast engine cannot run, the runs say
so and nothing is compared.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import workers  # noqa: E402
from measuring import machine  # noqa: E402

from engine.run import events  # noqa: E402
from engine.start import request  # noqa: E402
from engine.start.request import Request  # noqa: E402

PATHS = ("plain", "fast")


def main() -> None:
    """Run each seed by both paths, and print the perplexities and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", default="tiny")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1, help="runs at the same time")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    wanted = [(path, seed) for seed in range(arguments.seeds) for path in PATHS]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(arguments.jobs) as pool:

        def run(which: tuple[str, int]) -> dict[str, object]:
            return _run(Path(folder) / "runs", arguments, *which)

        results = list(pool.map(run, wanted))
    print(f"\n{'seed':>4}{'plain':>10}{'fast':>10}{'fast / plain':>14}{'seconds':>16}")
    for seed in range(arguments.seeds):
        plain, fast = results[2 * seed : 2 * seed + 2]
        ratio = float(fast["perplexity"]) / float(plain["perplexity"])  # type: ignore[arg-type]
        print(
            f"{seed:>4}{plain['perplexity']:>10.4f}{fast['perplexity']:>10.4f}{ratio:>14.4f}"
            f"{plain['seconds']:>8.0f}{fast['seconds']:>8.0f}"
        )
    if arguments.json:
        arguments.json.write_text(json.dumps({"machine": machine(), "runs": results}, indent=1))


def _run(root: Path, arguments: argparse.Namespace, path: str, seed: int) -> dict[str, object]:
    settings = {
        "model.engine": path,
        "training.seed": str(seed),
        "evaluation.outputs": "false",
        **dict(item.split("=", 1) for item in arguments.set),
    }
    run = request.prepare(Request(root / path, "qlora", arguments.profile, overrides=settings))
    began = time.monotonic()
    summary = workers.work(run)
    assert summary.score is not None
    log = events.read_all(run.events_path)
    return {
        "engine": next(event.engine for event in log if isinstance(event, events.Started)),
        "seed": seed,
        "perplexity": summary.score.perplexity,
        "seconds": time.monotonic() - began,
        "warnings": [event.message for event in log if isinstance(event, events.Warned)],
    }


if __name__ == "__main__":
    main()
