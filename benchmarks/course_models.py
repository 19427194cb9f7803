"""Whether the course's experiments fit and run: the profiles' models in true shape, random weights.

Each profile trains some steps on the course's pairs, scores the test file by all three strategies
and translates, in the worker processes that users start; printed are losses, seconds and the peak
of GPU memory, training and evaluation apart.

python benchmarks/course_models.py --data DIR --tokenizers DIR [--profiles NAME…] [--steps 50]

--data holds the course's train.json and public_test.json; --tokenizers the folders gemma-2 and
llama-3 with the true tokenizers.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import model_folder  # noqa: E402
import workers  # noqa: E402

from engine.profile import files  # noqa: E402
from engine.prompts import strategies  # noqa: E402
from engine.run import events, prompt_builder  # noqa: E402
from engine.run.folder import Run  # noqa: E402
from engine.run.tail import Tail  # noqa: E402
from engine.start import request  # noqa: E402
from engine.start.request import Request  # noqa: E402
from engine.translate.client import Translator  # noqa: E402

SHAPES = {"gemma": ("gemma-2-2b", "gemma-2"), "llama": ("llama-3-8b", "llama-3")}
"""By the first word of a profile: shape, tokenizer."""
PROFILES = [
    "gemma-2-2b-kyara-seed",
    "gemma-2-2b-kyara",
    "llama-3-taiwan-8b-seed",
    "llama-3-taiwan-8b",
]
SENTENCE = "學而時習之，不亦說乎？"


@dataclass
class Result:
    """What one profile did."""

    profile: str
    seconds: dict[str, float] = field(default_factory=dict)
    perplexity: dict[str, float] = field(default_factory=dict)
    loss: tuple[float, float] = (0.0, 0.0)
    """Mean of the first and of the last five steps."""
    tokens_per_second: float = 0.0
    peak: dict[str, float] = field(default_factory=dict)
    """GiB of the GPU that PyTorch had allocated at most."""
    translation: str = ""
    """Of random weights: that there is one, no more."""


def main() -> None:
    """Run all profiles, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tokenizers", type=Path, required=True)
    parser.add_argument("--profiles", nargs="*", default=PROFILES)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--models", type=Path, default=Path("/tmp/yiwen-models"))
    parser.add_argument("--runs", type=Path, default=Path("/tmp/yiwen-runs"))
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    results = []
    for name in arguments.profiles:
        results.append(_try(name, arguments))
        _print(results[-1])
        if arguments.json:
            arguments.json.write_text(json.dumps([asdict(result) for result in results], indent=1))


def _try(name: str, arguments: argparse.Namespace) -> Result:
    shape, tokenizer = SHAPES[name.split("-")[0]]
    model = model_folder.make(shape, arguments.tokenizers / tokenizer, arguments.models / shape)
    settings = {
        "model.path": str(model),
        "data.train": str((arguments.data / "train.json").resolve()),
        "data.test": str((arguments.data / "public_test.json").resolve()),
        "training.max_steps": str(arguments.steps),
        "training.evaluate_every": str(arguments.steps),
        "training.patience": "0",
        "generation.max_new_tokens": "16",
        "evaluation.outputs": "false",
        **dict(item.split("=", 1) for item in arguments.set),
    }
    result = Result(name)
    for strategy in strategies.STRATEGIES.values():
        run = request.prepare(Request(arguments.runs, strategy.name, name, overrides=settings))
        began = time.monotonic()
        summary = workers.work(run)
        result.seconds[strategy.name] = time.monotonic() - began
        assert summary.score is not None
        result.perplexity[strategy.name] = summary.score.perplexity
        _read(run, result, strategy.name)
    _translate(run, settings, name, result)
    return result


def _read(run: Run, result: Result, strategy: str) -> None:
    log = list(Tail(run.events_path).rest())
    steps = [event for event in log if isinstance(event, events.Step)]
    scored = [event for event in log if isinstance(event, events.Evaluated)]
    result.peak[f"evaluating {strategy}"] = max(event.memory for event in scored) / 2**30
    if steps:
        first, last = steps[:5], steps[-5:]
        result.loss = (
            sum(step.loss for step in first) / len(first),
            sum(step.loss for step in last) / len(last),
        )
        result.peak["training"] = max(step.memory for step in steps) / 2**30
        rest = steps[5:] or steps
        result.tokens_per_second = sum(step.tokens_per_second for step in rest) / len(rest)


def _translate(run: Run, settings: dict[str, str], name: str, result: Result) -> None:
    profile = files.load(name, settings)
    builder = prompt_builder.builder_for(profile, [])
    translator = Translator(profile)
    ids = builder.prompt_ids(builder.instruction(SENTENCE, "to_modern"))
    try:
        pieces = translator.generate(ids, builder.stop_ids, adapter=str(run.adapter_path))
        result.translation = "".join(pieces)
    finally:
        translator.close()
    assert translator.last is not None
    result.seconds["translating 16 tokens"] = translator.last.seconds


def _print(result: Result) -> None:
    print(f"\n{result.profile}")
    print(f"  loss {result.loss[0]:.3f} -> {result.loss[1]:.3f}", end="")
    print(f", {result.tokens_per_second:,.0f} tok/s")
    for title, values, unit in (
        ("perplexity of random weights", result.perplexity, ""),
        ("peak GPU memory", result.peak, " GiB"),
        ("seconds, loading included", result.seconds, " s"),
    ):
        shown = ", ".join(f"{key} {value:,.1f}{unit}" for key, value in values.items())
        print(f"  {title}: {shown}")
    print(f"  translation, of random weights: {result.translation!r}", flush=True)


if __name__ == "__main__":
    main()
