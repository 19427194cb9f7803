"""Real tokens a second of QLoRA: the seed's recipe, Liger, the plain engine, the fast one by piece.

python benchmarks/fast_training.py [--shape gemma-2-2b] [--data FILE] [--tokenizer FOLDER]
                                   [--ways NAME,…] [--steps 8] [--repeats 3] [--json FILE]

Every way's loss and gradient are checked against the plain engine's on the same batch. Padding is
not counted. A shape is a name in random_models.py, a config.json, or a real model's folder.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from engine.worker.process import quiet  # noqa: E402

quiet.prepare()

import bitsandbytes as bnb  # noqa: E402
import random_models  # noqa: E402
import torch  # noqa: E402
from accelerate import Accelerator  # noqa: E402
from measuring import Row, Table, forget_peak, peak_gib, seconds, write  # noqa: E402
from peft import PeftModel, prepare_model_for_kbit_training  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from workload import DATA, TOKENIZER, Workload, grouped  # noqa: E402

from engine.profile.schema import Training  # noqa: E402
from engine.prompts.builder import Encoded  # noqa: E402
from engine.worker.fast.ingredients import Ingredients, kernels_can_run  # noqa: E402
from engine.worker.fast.model import FastModel  # noqa: E402
from engine.worker.model.computed import Computed  # noqa: E402
from engine.worker.model.plain import PlainModel  # noqa: E402
from engine.worker.process.reporter import Reporter  # noqa: E402
from engine.worker.training.step import Gradient, OptimizerSteps  # noqa: E402

Batch = list[Encoded]
BATCH = 32
DEVICE = torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")
BF16 = torch.bfloat16 if DEVICE.type == "cuda" else torch.float32
DROPOUT = 0.05


class Bench:
    """One shape, one workload; ways are tried one after another on fresh memory."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.work = Workload.read(arguments.data, arguments.tokenizer)
        self.batches = self.work.batches(BATCH, arguments.steps + 1)
        self.check = self.work.batches(BATCH, 1)[0]
        self.reference: Tensor | None = None
        title = f"Training {arguments.shape}, effective batch {BATCH}, dropout {DROPOUT}; "
        columns = ["samples/s", "ms/step", "peak GiB", "loss", "norm", "cosine"]
        self.table = Table(title + self.work.describe(), "tok/s", columns)

    def model(self, dtype: torch.dtype, attention: str = "eager") -> PeftModel:
        base = random_models.build(self.arguments.shape, DEVICE, dtype, attention)
        return random_models.add_adapter(base)

    def measure(
        self,
        row: Row,
        model: PeftModel,
        gradient: Callable[[Batch], Tensor] | Gradient,
        optimizer: Callable[[list[nn.Parameter]], torch.optim.Optimizer],
        *,
        batches: Sequence[Batch] | None = None,
        set_dropout: Callable[[float], None] | None = None,
        scaler: torch.amp.GradScaler | None = None,
        repeats: int | None = None,
    ) -> None:
        """Check the loss and its gradient, then time whole optimizer steps."""
        parameters = _trainable(model)
        own = gradient if isinstance(gradient, Gradient) else None
        find: Callable[[Batch], Tensor] = own.accumulate if own else gradient  # type: ignore[assignment]
        model.train()
        self._compare(row, model, find, scaler)
        (set_dropout or (lambda share: _set_dropout(model, share)))(DROPOUT)
        step_of = optimizer(parameters)
        forget_peak()
        timed = list(batches if batches is not None else self.batches[1:])

        def step(batch: Batch) -> None:
            loss = find(batch)
            if scaler is not None:
                scaler.unscale_(step_of)
            nn.utils.clip_grad_norm_(parameters, 1.0)
            float(loss)
            if scaler is not None:
                scaler.step(step_of)
                scaler.update()
            else:
                step_of.step()
            step_of.zero_grad(set_to_none=True)

        # Our own steps are the worker's, as it takes them.
        constant = torch.optim.lr_scheduler.LambdaLR(step_of, lambda number: 1.0)
        steps = OptimizerSteps(own, parameters, step_of, constant, 1.0) if own else None

        def epoch() -> None:
            for batch in timed:
                steps.take(batch) if steps else step(batch)
            if steps:
                steps.settle()

        for _ in range(2 if len(timed) > 2 else 1):  # compiling, recording, allocating
            epoch()
        tokens = sum(len(item.ids) for batch in timed for item in batch)
        items = sum(len(batch) for batch in timed)
        for _ in range(repeats or self.arguments.repeats):
            took = seconds(epoch)
            row.rates.append(tokens / took)
        took = tokens / row.rate
        row.facts |= {
            "samples/s": round(items / took),
            "ms/step": round(1000 * took / (items / BATCH), 1),
            "peak GiB": peak_gib(),
        }

    def _compare(
        self,
        row: Row,
        model: PeftModel,
        gradient: Callable[[Batch], Tensor],
        scaler: torch.amp.GradScaler | None,
    ) -> None:
        loss = float(gradient(self.check))
        found = torch.cat([p.grad.flatten().float() for p in _trained(model)])
        if scaler is not None:
            found /= scaler.get_scale()
        model.zero_grad()
        if self.reference is None:
            self.reference = found.cpu()
        alike = nn.functional.cosine_similarity(found.cpu().double(), self.reference.double(), 0)
        row.facts |= {
            "loss": round(loss, 4),
            "norm": round(float(found.norm()), 4),
            "cosine": round(float(alike), 4),
        }


def _trained(model: nn.Module) -> list[nn.Parameter]:
    return [p for p in model.parameters() if p.grad is not None]


def _set_dropout(model: nn.Module, share: float) -> None:
    for module in model.modules():
        if "lora_dropout" in type(module).__name__ or isinstance(module, nn.Dropout):
            module.p = share  # type: ignore[assignment]
        for name, child in getattr(module, "lora_dropout", {}).items():
            if isinstance(child, nn.Identity):
                module.lora_dropout[name] = nn.Dropout(share)  # type: ignore[operator,index]


def seed_recipe(bench: Bench, row: Row) -> None:
    """float16, micro-batches of 4, checkpointing, paged 32-bit AdamW: transformers and peft."""
    half = torch.float16 if DEVICE.type == "cuda" else torch.float32
    base = random_models.build(bench.arguments.shape, DEVICE, half, None)
    base = prepare_model_for_kbit_training(base, use_gradient_checkpointing=True)
    model = random_models.add_adapter(base)
    scaler = torch.amp.GradScaler(DEVICE.type, enabled=DEVICE.type == "cuda")

    def gradient(batch: Batch) -> Tensor:
        scored = torch.tensor(sum(item.scored_count for item in batch), device=DEVICE)
        total = torch.zeros((), device=DEVICE)
        for start in range(0, len(batch), 4):
            with torch.autocast(DEVICE.type, dtype=half, enabled=half != torch.float32):
                inputs = _padded(batch[start : start + 4])
                loss = model(**inputs, num_items_in_batch=scored, use_cache=False).loss
            scaler.scale(loss).backward()
            total += loss.detach()
        return total

    bench.measure(
        row, model, gradient,
        lambda p: bnb.optim.PagedAdamW32bit(p, lr=1e-4) if DEVICE.type == "cuda"
        else torch.optim.AdamW(p, lr=1e-4),
        scaler=scaler if DEVICE.type == "cuda" else None,
        batches=bench.batches[1:3], repeats=2,
    )  # fmt: skip


def liger(bench: Bench, row: Row) -> None:
    """bfloat16, batches of 32 of similar length, Liger's kernels and fused loss."""
    from liger_kernel.transformers import apply_liger_kernel_to_gemma2, apply_liger_kernel_to_llama

    base = random_models.build(bench.arguments.shape, DEVICE, BF16, None)
    gemma = base.config.model_type == "gemma2"
    (apply_liger_kernel_to_gemma2 if gemma else apply_liger_kernel_to_llama)(model=base)
    model = random_models.add_adapter(base)
    model.enable_input_require_grads()
    every = max(1, len(bench.work.encoded) // BATCH // bench.arguments.steps)
    batches = grouped(bench.work.encoded, BATCH)[every // 2 :: every]
    row.facts["batches"] = "by length, every so many: their mean length is the file's"
    bench.measure(
        row, model, _whole(model), lambda p: torch.optim.AdamW(p, lr=1e-4, fused=True),
        batches=batches,
    )  # fmt: skip


def _whole(model: PeftModel) -> Callable[[Batch], Tensor]:
    def gradient(batch: Batch) -> Tensor:
        scored = torch.tensor(sum(item.scored_count for item in batch), device=DEVICE)
        loss: Tensor = model(**_padded(batch), num_items_in_batch=scored, use_cache=False).loss
        loss.backward()
        return loss.detach()

    return gradient


def _padded(batch: Batch) -> dict[str, Tensor]:
    width = max(len(item.ids) for item in batch)
    ids = torch.zeros(len(batch), width, dtype=torch.long)
    labels, mask = torch.full_like(ids, -100), torch.zeros_like(ids)
    for row, item in enumerate(batch):
        ids[row, : len(item.ids)] = torch.tensor(item.ids)
        mask[row, : len(item.ids)] = 1
        scored = torch.tensor(item.scored, dtype=torch.bool)
        labels[row, : len(item.ids)][scored] = torch.tensor(item.ids)[scored]
    inputs = {"input_ids": ids, "labels": labels, "attention_mask": mask}
    return {name: tensor.to(DEVICE, non_blocking=True) for name, tensor in inputs.items()}


def plain(bench: Bench, row: Row) -> None:
    """Our plain engine: packed rows of 256 tokens, label rows, transformers' eager attention."""
    model = bench.model(BF16)
    computed = PlainModel(model)
    gradient = _worker_gradient(computed, _trainable(model), 4096)
    bench.measure(
        row, model, gradient, lambda p: torch.optim.AdamW(p, lr=1e-4),
        batches=bench.batches[1:4], repeats=2,
    )  # fmt: skip


def _worker_gradient(computed: Computed, parameters: list[nn.Parameter], tokens: int) -> Gradient:
    """The worker's own, in passes of so many tokens; rows as the path packs them."""
    settings = Training(tokens_per_pass=tokens)
    accelerator = Accelerator(cpu=DEVICE.type == "cpu")
    return Gradient(computed, parameters, settings, 0, accelerator, Reporter(lambda event: None))


def _trainable(model: nn.Module) -> list[nn.Parameter]:
    return [p for p in model.parameters() if p.requires_grad]


def fast(ingredients: Ingredients, tokens: int = 1 << 20) -> Callable[[Bench, Row], None]:
    """Our fast engine, made of these."""

    def way(bench: Bench, row: Row) -> None:
        model = bench.model(BF16)
        computed = FastModel(model, ingredients)

        def set_dropout(share: float) -> None:
            for layer in computed.fast.linears:
                for linear in layer:
                    if linear.adapter is not None:
                        linear.adapter.dropout = share
            computed.record_anew()

        gradient = _worker_gradient(computed, _trainable(model), tokens)
        row.facts["ingredients"] = str(ingredients)
        bench.measure(
            row, model, gradient,
            lambda p: torch.optim.AdamW(p, lr=1e-4, fused=DEVICE.type == "cuda"),
            set_dropout=set_dropout,
        )  # fmt: skip

    return way


def unsloth(bench: Bench, row: Row) -> None:
    """In a process of its own (see unsloth_training.py), for it rewrites transformers."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "unsloth.json"
        script = Path(__file__).with_name("unsloth_training.py")
        subprocess.run([sys.executable, script, *sys.argv[1:], f"--json={told}"], check=True)
        (found,) = json.loads(told.read_text())["tables"][0]["rows"]
    if found["failed"]:
        raise RuntimeError(found["failed"])
    row.rates, row.facts = found["rates"], found["facts"]


def small_card(bench: Bench, row: Row) -> None:
    """6 GiB: no cached weights, 8-bit AdamW, passes as large as fit."""
    from engine.worker.process import memory

    model = bench.model(BF16)
    torch.cuda.empty_cache()
    try:
        memory.limit(DEVICE, 6.0)
        small = replace(FULL, cached_weights=False, graphs=False)
        computed = FastModel(model, small)
        passes = computed.passes(bench.check, 0, 0, 0)
        row.facts["passes"] = [list(part.ids.shape) for part in passes]
        size = max(part.ids.numel() for part in passes)
        gradient = _worker_gradient(computed, _trainable(model), size)
        bench.measure(row, model, gradient, lambda p: bnb.optim.AdamW8bit(p, lr=1e-4))
    finally:
        memory.limit(DEVICE, 0.0)


KERNELS = kernels_can_run()
FULL = Ingredients(kernels=KERNELS, attention="kernel" if KERNELS else "masked", graphs=KERNELS)
WAYS: dict[str, tuple[str, Callable[[Bench, Row], None]]] = {
    "seed": ("seed's recipe (fp16, 8 × 4, checkpointing)", seed_recipe),
    "liger": ("transformers + peft + Liger, by length", liger),
    "unsloth": ("unsloth, by length, dropout 0", unsloth),
    "plain": ("plain engine (packed, label rows)", plain),
    "packed": (
        "fast: one packed row, torch pointwise, flex",
        fast(
            Ingredients(
                attention="flex" if KERNELS else "masked",
                cached_weights=False,
                shared_prefix=False,
            )
        ),
    ),
    "kernels": (
        "+ kernels and packed attention",
        fast(replace(FULL, cached_weights=False, shared_prefix=False, graphs=False)),
    ),
    "cached": ("+ cached weights", fast(replace(FULL, shared_prefix=False, graphs=False))),
    "graphs": ("+ CUDA graphs", fast(replace(FULL, shared_prefix=False))),
    "shared": ("+ shared prefix: the fast engine", fast(FULL)),
    "uncached": (
        "the fast engine without cached weights",
        fast(replace(FULL, cached_weights=False)),
    ),
    "small": ("6 GiB card: uncached, 8-bit AdamW", small_card),
}


def main() -> None:
    """Measure the ways that are asked for, the first as baseline."""
    arguments = read_arguments()
    bench = Bench(arguments)
    bench.table.head()
    for name in arguments.ways.split(","):
        title, way = WAYS[name]
        bench.table.add(title, lambda row, way=way: way(bench, row))  # type: ignore[misc]
        forget_peak()
        write(arguments.json, [bench.table])


def _can_run(name: str) -> bool:
    """Liger and unsloth are measured where they are installed."""
    package = {"liger": "liger_kernel", "unsloth": "unsloth"}.get(name)
    return package is None or importlib.util.find_spec(package) is not None


def read_arguments() -> argparse.Namespace:
    """Those of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", default="gemma-2-2b")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--tokenizer", type=Path, default=TOKENIZER)
    parser.add_argument("--ways", default=",".join(name for name in WAYS if _can_run(name)))
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
