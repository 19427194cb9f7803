"""Tokens a second of translating one prompt, streamed: transformers, and our own by form.

python benchmarks/decoding.py [--shape gemma-2-2b] [--tokens 200] [--repeats 3] [--json FILE]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from engine.worker.process import quiet  # noqa: E402

quiet.prepare()

import random_models  # noqa: E402
import torch  # noqa: E402
from fast_training import BF16, DEVICE, FULL  # noqa: E402
from measuring import Row, Table, forget_peak, peak_gib, seconds, write  # noqa: E402

from engine.profile.schema import Generation  # noqa: E402
from engine.worker.fast.decode import Form, Translator  # noqa: E402
from engine.worker.fast.forward import FastDecoder  # noqa: E402
from engine.worker.model.generate import generate  # noqa: E402

Generate = Callable[[list[list[int]], Generation], list[list[int]]]


def main() -> None:
    """Measure each way on the same prompt; it includes reading the prompt."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", default="gemma-2-2b")
    parser.add_argument("--tokens", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    model = random_models.add_adapter(random_models.build(arguments.shape, DEVICE, BF16, "eager"))
    model.eval()
    fast = FastDecoder(model, FULL)
    small = FastDecoder(model, replace(FULL, cached_weights=False))
    title = f"Translating by {arguments.shape}, prompt of 60 tokens, {arguments.tokens} more"
    table = Table(title, "tok/s", ["rows", "peak GiB"])
    table.head()

    def ours(decoder: FastDecoder, form: Form) -> Generate:
        translator = Translator(decoder, form)
        heard: list[int] = []

        def run(prompts: list[list[int]], settings: Generation) -> list[list[int]]:
            on_token = heard.append if len(prompts) == 1 else None
            return translator.generate(prompts, frozenset(), settings, on_token=on_token)

        return run

    def transformers(prompts: list[list[int]], settings: Generation) -> list[list[int]]:
        never = frozenset({model.config.vocab_size - 1})
        return generate(model, prompts, never, settings, 0)

    ways: dict[str, tuple[int, Callable[[], Generate]]] = {
        "transformers, 4-bit + LoRA": (1, lambda: transformers),
        "ours, bfloat16 merged": (1, lambda: ours(small, "merged")),
        "ours, 4-bit + LoRA": (1, lambda: ours(small, "quantised")),
        "ours, cached weights + LoRA": (1, lambda: ours(fast, "adapted")),
        "ours, cached weights + LoRA, 16 rows": (16, lambda: ours(fast, "adapted")),
    }
    for name, (rows, make) in ways.items():
        table.add(name, _measure(make, rows, arguments))
        write(arguments.json, [table])


def _measure(
    make: Callable[[], Generate], rows: int, arguments: argparse.Namespace
) -> Callable[[Row], None]:
    def measure(row: Row) -> None:
        forget_peak()
        way = make()
        draw = torch.Generator().manual_seed(0)
        prompts = torch.randint(10, 5000, (rows, 60), generator=draw).tolist()
        slow = way.__name__ == "transformers"
        tokens = arguments.tokens // 4 if slow else arguments.tokens
        settings = Generation(max_new_tokens=tokens)
        way(prompts, settings)
        for _ in range(1 if slow else arguments.repeats):
            took = seconds(lambda: way(prompts, settings))
            row.rates.append(rows * tokens / took)
        row.facts |= {"rows": rows, "peak GiB": peak_gib()}

    return measure


if __name__ == "__main__":
    main()
