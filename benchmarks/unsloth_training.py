"""Real tokens a second of QLoRA by unsloth, measured as fast_training.py measures the other ways.

python benchmarks/unsloth_training.py [fast_training.py's arguments]

A process of its own: unsloth rewrites transformers as it is imported, for everything after it. It
needs `pip install unsloth`, which is no part of Yiwen. fast_training.py --ways unsloth starts it.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

os.environ.update(UNSLOTH_DISABLE_STATISTICS="1", HF_HUB_OFFLINE="1", UNSLOTH_RETURN_LOGITS="0")

from unsloth import FastLanguageModel  # noqa: E402  # before transformers

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]

import model_folder  # noqa: E402
import torch  # noqa: E402
from fast_training import DEVICE, Batch, Bench, _padded, read_arguments  # noqa: E402
from measuring import Row, write  # noqa: E402
from random_models import set_adapter  # noqa: E402
from torch import Tensor  # noqa: E402
from workload import grouped  # noqa: E402

LINEARS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def main() -> None:
    """Measure the one way, and print its row."""
    arguments = read_arguments()
    bench = Bench(arguments)
    bench.table.head()
    bench.table.add("unsloth, by length, dropout 0", lambda row: measure(bench, row))
    write(arguments.json, [bench.table])


def measure(bench: Bench, row: Row) -> None:
    """bfloat16, batches of similar length; dropout 0, for which unsloth has its fast kernels."""
    shape = bench.arguments.shape
    folder = Path(tempfile.gettempdir()) / "yiwen-models" / Path(shape).name
    source = Path(shape) if Path(shape).is_dir() else None
    model, _ = FastLanguageModel.from_pretrained(
        str(source or model_folder.make(shape, bench.arguments.tokenizer, folder)),
        max_seq_length=1024,
        dtype=torch.bfloat16,
        load_in_4bit=True,
        local_files_only=True,
        fix_tokenizer=False,
    )
    model = FastLanguageModel.get_peft_model(
        model, r=8, lora_alpha=16, lora_dropout=0.0, target_modules=LINEARS, bias="none",
        use_gradient_checkpointing=False, max_seq_length=1024,
    )  # fmt: skip
    set_adapter(model)
    FastLanguageModel.for_training(model, use_gradient_checkpointing=False)

    def gradient(batch: Batch) -> Tensor:
        scored = torch.tensor(sum(item.scored_count for item in batch), device=DEVICE)
        with torch.autocast(DEVICE.type, dtype=torch.bfloat16):
            loss: Tensor = model(**_padded(batch), num_items_in_batch=scored).loss
        loss.backward()
        return loss.detach()

    every = max(1, len(bench.work.encoded) // 32 // bench.arguments.steps)
    bench.measure(
        row, model, gradient, lambda p: torch.optim.AdamW(p, lr=1e-4, fused=True),
        batches=grouped(bench.work.encoded, 32)[every // 2 :: every],
        set_dropout=lambda share: None,
    )  # fmt: skip


if __name__ == "__main__":
    main()
