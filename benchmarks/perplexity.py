"""Seconds for the perplexity of a file after loading: one by one, in batches, plain, fast.

python benchmarks/perplexity.py [--shape gemma-2-2b] [--data FILE] [--tokenizer FOLDER]
                                [--items 250] [--repeats 3] [--json FILE]
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
from measuring import Row, Table, seconds, write  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from workload import DATA, TOKENIZER, Workload  # noqa: E402

from engine.prompts.builder import Encoded  # noqa: E402
from engine.worker.batching.batches import Pass  # noqa: E402
from engine.worker.fast.model import FastModel  # noqa: E402
from engine.worker.model.computed import Computed  # noqa: E402
from engine.worker.model.plain import PlainModel  # noqa: E402

ALONE = 40
"""Items that the slowest way is timed on; its time is scaled up to the whole file's."""


def main() -> None:
    """Measure zero- and four-shot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", default="gemma-2-2b")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--tokenizer", type=Path, default=TOKENIZER)
    parser.add_argument("--items", type=int, default=250)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    work = Workload.read(arguments.data, arguments.tokenizer)
    model = random_models.add_adapter(random_models.build(arguments.shape, DEVICE, BF16, "eager"))
    model.eval()
    plain = PlainModel(model)
    fast = FastModel(model, FULL)
    unshared = FastModel(model, replace(FULL, shared_prefix=False))
    tables = []
    for shots in (0, 4):
        items = _with_examples(work, arguments.items, shots)
        title = f"Perplexity of {len(items)} items of {arguments.shape}, {shots}-shot"
        table = Table(title, "items/s", ["seconds", "mean nats"])
        tables.append(table)
        table.head()
        ways: dict[str, Callable[[], Tensor]] = {
            f"transformers, one by one ({ALONE} timed)": lambda i=items: _alone(model, i[:ALONE]),  # type: ignore[misc]
            "plain engine": lambda i=items: _by_passes(
                plain, plain.passes(i, 256, 4096, 0), len(i)
            ),  # type: ignore[misc]
            "fast engine, prefix recomputed": lambda i=items: _by_passes(  # type: ignore[misc]
                unshared, unshared.passes(i, 256, 0, 0), len(i)
            ),
            "fast engine": lambda i=items: _by_passes(fast, fast.passes(i, 256, 0, 0), len(i)),  # type: ignore[misc]
        }
        for name, way in ways.items():
            table.add(name, _measure(way, items, arguments.repeats))
        write(arguments.json, tables)


def _measure(
    way: Callable[[], Tensor], items: list[Encoded], repeats: int
) -> Callable[[Row], None]:
    def measure(row: Row) -> None:
        with torch.inference_mode():
            sums = way()
            for _ in range(repeats):
                row.rates.append(len(sums) / seconds(way))
        scored = sum(item.scored_count for item in items[: len(sums)])
        row.facts["seconds"] = round(len(items) / row.rate, 3)
        row.facts["mean nats"] = round(float(sums.sum()) / scored, 5)

    return measure


def _with_examples(work: Workload, count: int, shots: int) -> list[Encoded]:
    """The first items, each after the same examples."""
    before = [token for item in work.encoded[-shots:] for token in item.ids] if shots else []
    return [
        Encoded("", before + item.ids, [0] * len(before) + item.scored)
        for item in work.encoded[:count]
    ]


def _alone(model: nn.Module, items: list[Encoded]) -> Tensor:
    """As the course's script does: a forward pass an item, all its logits."""
    sums = []
    for item in items:
        ids = torch.tensor([item.ids], device=DEVICE)
        logits = model(input_ids=ids, use_cache=False).logits[0, :-1].float()
        losses = nn.functional.cross_entropy(logits, ids[0, 1:], reduction="none")
        scored = torch.tensor(item.scored[1:], device=DEVICE, dtype=torch.bool)
        sums.append(losses[scored].sum().double().cpu())
    return torch.stack(sums)


def _by_passes(computed: Computed, passes: list[Pass], count: int) -> Tensor:
    sums = torch.zeros(count, dtype=torch.float64)
    for batch in passes:
        sums.index_add_(0, batch.samples, computed.losses(batch).double().cpu())
    return sums


if __name__ == "__main__":
    main()
