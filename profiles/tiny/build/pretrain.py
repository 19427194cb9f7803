"""Owns the training: a plain language model of documents in both languages."""

from __future__ import annotations

import argparse
import json
import math
import shutil
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from documents import Corpus, Documents, Mixture, Stream
from gemma2 import Gemma2, Shape
from muon import Muon
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor

SIZES: dict[str, dict[str, int]] = {
    "3m": {"hidden": 192, "layers": 4, "heads": 3, "key_heads": 1, "mlp": 576},
    "8m": {"hidden": 256, "layers": 8, "heads": 4, "key_heads": 2, "mlp": 768},
}
COMPILING_STEPS = 3
"""Steps before the clock starts."""


def option(default: Any, help_: str) -> Any:
    return field(default=default, metadata={"help": help_})


@dataclass(frozen=True)
class Recipe:
    """Every option with the value that made the embedded model."""

    size: str = option("8m", f"one of {', '.join(SIZES)}: about so many million weights")
    context: int = option(512, "tokens in a row")
    minutes: float = option(7.6, "time for the learning-rate schedule, after compiling")
    steps: int = option(0, "steps for the schedule instead, if above 0")
    batch_tokens: int = option(65536, "tokens that make one step")
    micro_tokens: int = option(65536, "tokens that go through the model at once")
    learning_rate: float = option(3e-3, "of AdamW, for the embedding and the norms")
    muon_learning_rate: float = option(6e-3, "of Muon, for the matrices of the layers")
    weight_decay: float = option(0.1, "of the matrices of the layers")
    warmup: int = option(200, "steps")
    one_sided: float = option(0.25, "share of documents in one language")
    talk: float = option(0.06, "share of documents that are a conversation in one language")
    mean_pairs: float = option(3.0, "pairs in a document, on average, where its section lasts")
    log_every: int = option(2000, "steps")
    seed: int = option(1, "of the first weights and of every document")
    compiled: bool = option(False, "let torch compile the model: worth it on a GPU")

    @property
    def rows(self) -> int:
        """Rows that go through the model at once."""
        return max(1, min(self.batch_tokens, self.micro_tokens) // self.context)

    @property
    def rounds(self) -> int:
        """Times that `rows` go through the model in one step."""
        return max(1, self.batch_tokens // (self.rows * self.context))


class Schedule:
    """The learning rate's share of its peak: a warm-up, then a cosine over time or steps."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.began = math.inf

    def progress(self, step: int) -> float:
        """From 0 to 1, where training ends."""
        if self.recipe.steps:
            return step / self.recipe.steps
        if step == COMPILING_STEPS:
            self.began = time.monotonic()
        return max(0.0, time.monotonic() - self.began) / (60 * self.recipe.minutes)

    def factor(self, step: int, progress: float) -> float:
        cosine = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress))
        return min(1.0, (step + 1) / self.recipe.warmup) * cosine


class Batches:
    """Rows of the stream with the tokens that follow; the next epoch is laid out meanwhile."""

    def __init__(self, documents: Documents, recipe: Recipe, device: str) -> None:
        self.documents, self.recipe, self.device = documents, recipe, device
        self.epoch = 0

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        with ThreadPoolExecutor(max_workers=1) as pool:
            upcoming = pool.submit(self.documents.epoch)
            while True:
                stream = upcoming.result()
                upcoming = pool.submit(self.documents.epoch)
                yield from self._rows(self._shift(stream))
                self.epoch += 1

    def _shift(self, stream: Stream) -> Tensor:
        """The stream from a random token on, lest rows are cut at the same places each time."""
        rng = np.random.default_rng(self.recipe.seed + self.epoch)
        start = int(rng.integers(self.recipe.context))
        return torch.from_numpy(stream[start:]).to(self.device)

    def _rows(self, stream: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        rows, width = self.recipe.rows, self.recipe.context
        size = rows * width
        if len(stream) <= size:
            sys.exit(f"An epoch has {len(stream)} tokens, a batch {size}: lower --batch-tokens.")
        for start in range(0, len(stream) - size, size):
            part = stream[start : start + size + 1].long()
            yield part[:-1].view(rows, width), part[1:].view(rows, width)


class Trainer:
    """A model with its two optimisers."""

    def __init__(self, model: Gemma2, recipe: Recipe, device: str) -> None:
        self.model, self.recipe, self.device = model, recipe, device
        self.loss = torch.compile(model) if recipe.compiled else model
        named = dict(model.named_parameters())
        matrices = [name for name in named if name.endswith("_proj.weight")]
        self.muon = Muon([named.pop(name) for name in matrices], recipe.weight_decay)
        self.adamw = torch.optim.AdamW(
            named.values(),
            betas=(0.9, 0.95),
            weight_decay=0.0,
            fused=device == "cuda",
        )

    def step(self, batches: Iterator[tuple[Tensor, Tensor]], factor: float) -> Tensor:
        """Train on one batch; the loss stays on the device, since reading it would wait for it."""
        total = torch.zeros((), device=self.device)
        for _ in range(self.recipe.rounds):
            ids, targets = next(batches)
            # bf16 on a GPU only: most CPUs are far slower in it.
            with torch.autocast(self.device, torch.bfloat16, enabled=self.device == "cuda"):
                loss = self.loss(ids, targets) / self.recipe.rounds
            loss.backward()
            total += loss.detach()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for group in self.adamw.param_groups:
            group["lr"] = self.recipe.learning_rate * factor
        self.adamw.step()
        self.muon.step(self.recipe.muon_learning_rate * factor)
        self.model.zero_grad()
        return total


def train(trainer: Trainer, batches: Batches, recipe: Recipe) -> dict[str, Any]:
    """Train to the end of the schedule; returns the record of it."""
    schedule, rows = Schedule(recipe), iter(batches)
    step, losses, history = 0, [], []
    began = time.monotonic()
    while (progress := schedule.progress(step)) < 1:
        losses.append(trainer.step(rows, schedule.factor(step, progress)))
        step += 1
        if step == 1 or step % recipe.log_every == 0:
            history.append({"step": step, "loss": float(torch.stack(losses).mean())})
            losses.clear()
            seconds = time.monotonic() - began
            print(f"{seconds:5.0f} s  step {step:,}  loss {history[-1]['loss']:.4f}", flush=True)
    tokens = step * recipe.rounds * recipe.rows * recipe.context
    return {"steps": step, "tokens": tokens, "epochs": batches.epoch + 1, "history": history}


def save(model: Gemma2, tokenizer_folder: Path, record: dict[str, Any], folder: Path) -> None:
    """Write what transformers loads, and the record of the training."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: weight.bfloat16().cpu() for name, weight in model.state_dict().items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)  # safetensors lets only the owner read it
    # transformers 5 reads `dtype`, transformers 4 `torch_dtype`.
    config = model.shape.config() | {"dtype": "bfloat16", "torch_dtype": "bfloat16"}
    # A model may end an answer either way.
    generation = {"bos_token_id": 2, "eos_token_id": [1, 5], "pad_token_id": 0}
    files = {"config": config, "generation_config": generation, "pretraining": record}
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(tokenizer_folder / name, folder / name)


def parse() -> tuple[argparse.Namespace, Recipe]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("table", type=Path, help="the pairs that corpus.py wrote")
    parser.add_argument("tokenizer", type=Path, help="the folder that tokenizer.py wrote")
    parser.add_argument("folder", type=Path, help="where to write the model")
    for each in fields(Recipe):
        name, help_ = "--" + each.name.replace("_", "-"), each.metadata["help"]
        if each.name == "compiled":
            parser.add_argument(name, action="store_true", help=help_)
        else:
            parser.add_argument(name, type=type(each.default), default=each.default, help=help_)
    args = parser.parse_args()
    if args.size not in SIZES:
        parser.error(f"--size is {args.size}: expected one of {', '.join(SIZES)}")
    return args, Recipe(**{each.name: getattr(args, each.name) for each in fields(Recipe)})


def main() -> None:
    args, recipe = parse()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda":
        torch.set_float32_matmul_precision("high")
    torch.manual_seed(recipe.seed)
    tokenizer = Tokenizer.from_file(str(args.tokenizer / "tokenizer.json"))
    corpus = Corpus.read(args.table, tokenizer)
    print(f"{len(corpus):,} pairs, {len(corpus.tokens) / 1e6:.1f} M tokens", flush=True)
    mixture = Mixture(recipe.one_sided, recipe.talk, recipe.mean_pairs)
    documents = Documents(corpus, tokenizer, mixture, recipe.seed)
    shape = Shape(tokenizer.get_vocab_size(), recipe.context, **SIZES[recipe.size])
    model = Gemma2(shape).to(device)
    parameters = sum(weight.numel() for weight in model.parameters())
    print(f"{parameters / 1e6:.2f} M weights on the {device}", flush=True)
    record = train(Trainer(model, recipe, device), Batches(documents, recipe, device), recipe)
    record = {"recipe": asdict(recipe), "parameters": parameters} | record
    save(model, args.tokenizer, record, args.folder)


if __name__ == "__main__":
    main()
