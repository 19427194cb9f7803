"""Merges an adapter into its unquantised base model, and checks what was written."""

from __future__ import annotations

import gc
import json
import os
import re
import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import tomli_w
import torch
from peft import PeftModel
from peft.tuners.lora import LoraLayer
from torch import Tensor
from transformers import PreTrainedModel

from engine.data import dataset
from engine.language.errors import UserError
from engine.machine import file_modes, reading, regular_files
from engine.machine.files import put_in_place
from engine.models import hub
from engine.run import prompt_builder
from engine.run.events import Event, Phase
from engine.start.merging import Dtype, Merge, Merged, check_room, part_of
from engine.worker.model import pretrained
from engine.worker.model.adapters import load_adapter
from engine.worker.process import failures

_COPIED = re.compile(
    r"(tokenizer|special_tokens|added_tokens|vocab|merges|chat_template|generation_config)"
    r".*\.(json|model|txt|jinja)"
)
_TOLERANCE = {torch.float32: 1e-4, torch.float16: 1e-2, torch.bfloat16: 5e-2}
"""How far the logits may be off, in their own standard deviations, by rounding alone."""
_PROBE_TOKENS = 16
"""Few, for a large model in bfloat16 is slow on many CPUs."""
Report = Callable[[Event], None]


def serve() -> int:
    """Read one request from standard input, and write what happens to standard output."""
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # whatever a library prints must not get between the messages

    def emit(message: Event | Merged) -> None:
        out.write(msgspec.json.encode(message) + b"\n")

    asked = msgspec.json.decode(sys.stdin.buffer.readline(), type=Merge)
    threading.Thread(target=_end_with_client, daemon=True).start()
    try:
        emit(merge(asked, emit))
    except Exception as error:
        regular_files.clear(part_of(Path(asked.target)))
        emit(failures.explain(error, "merging"))
        return 1
    return 0


def _end_with_client() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


def merge(asked: Merge, report: Report) -> Merged:
    """Write the merged model to its folder, whole or not at all. Raises UserError."""
    target, part = Path(asked.target), part_of(Path(asked.target))
    report(Phase(name="loading the base model"))
    profile = asked.profile
    folder = hub.require(profile.model.path, profile.model.revision)
    base = _load(str(folder), asked.dtype)
    dtype = base.dtype
    check_room(target, sum(p.numel() for p in base.parameters()) * dtype.itemsize)
    model = load_adapter(base, Path(asked.adapter), "default")
    probe = _probe(asked, base.device)
    report(Phase(name="asking base and adapter"))
    wanted = _logits(model, probe)
    layers = _merge_layers(model, report)
    merged = model.unload()
    report(Phase(name="writing"))
    regular_files.clear(part)
    part.mkdir(parents=True)
    merged.save_pretrained(str(part), max_shard_size="4GB")
    _copy_the_rest(asked, part, dtype)
    file_modes.as_usual(part)
    del model, merged, base
    gc.collect()
    report(Phase(name="checking what was written"))
    found = _logits(_load(str(part), asked.dtype), probe)
    difference = float((found - wanted).pow(2).mean().sqrt() / wanted.std())
    limit = _TOLERANCE[dtype]
    if not difference <= limit:
        raise UserError(
            "{target}: not written, for the merged model does not answer as base and adapter "
            "do: its logits are off by {difference:.2g} of their standard deviation, more "
            "than rounding explains ({limit:g}); --dtype float32 rounds least",
            target=target,
            difference=difference,
            limit=limit,
        )
    put_in_place(part, target)
    size = sum(path.stat().st_size for path in target.iterdir())
    return Merged(layers, size, str(dtype).removeprefix("torch."), difference)


def _load(path: str, dtype: Dtype) -> PreTrainedModel:
    """A model unquantised."""
    return pretrained.read(Path(path), dtype=dtype, attn_implementation="eager").eval()


def _probe(asked: Merge, device: torch.device) -> Tensor:
    """Ids of a prompt of the profile's form, with an answer where its test file has one."""
    builder = prompt_builder.builder_for(asked.profile, [])
    instruction, output = asked.profile.prompt.to_modern.replace("{text}", "學而時習之"), None
    path = asked.profile.data.test
    if path and all(Path(part).is_file() for part in path.split(",")):
        pair = dataset.read(path, skip_bad=True, need_output=False).pairs[0]
        instruction, output = pair.instruction, pair.output or None
    ids = builder.encode(instruction, output).ids[:_PROBE_TOKENS]
    return torch.tensor([ids], device=device)


@torch.inference_mode()
def _logits(model: Any, ids: Tensor) -> Tensor:
    return model(input_ids=ids, use_cache=False).logits[0].float().cpu()  # type: ignore[no-any-return]


@torch.no_grad()
def _merge_layers(model: PeftModel, report: Report) -> int:
    """Add each adapter's product to its layer in float32, rounding once; returns how many."""
    layers = [module for module in model.modules() if isinstance(module, LoraLayer)]
    for number, layer in enumerate(layers, 1):
        if any(layer.use_dora.values()):
            raise UserError("adapters with DoRA are not merged by this version")
        weight = layer.get_base_layer().weight
        change = layer.get_delta_weight("default").float()
        weight.data = (weight.data.float() + change).to(weight.dtype)
        if number == len(layers) or number % 10 == 0:
            report(Phase(name="merging", done=number, of=len(layers)))
    return len(layers)


def _copy_the_rest(asked: Merge, part: Path, dtype: torch.dtype) -> None:
    """Tokenizer, configuration and generation defaults as the base model has them, and a profile.

    What the library would write in their place, older versions of it could not read.
    """
    source = hub.require(asked.profile.model.path, asked.profile.model.revision)
    for path in source.iterdir():
        if path.is_file() and _COPIED.fullmatch(path.name):
            shutil.copyfile(path, part / path.name)
    config = reading.json_file(source / "config.json", dict[str, Any])
    config.pop("quantization_config", None)
    for key in ("dtype", "torch_dtype"):
        if key in config or key == "torch_dtype":
            config[key] = str(dtype).removeprefix("torch.")
    (part / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    table = msgspec.to_builtins(asked.profile)
    del table["name"], table["folder"]
    table["title"] = f"{asked.profile.name}, its adapter merged"
    table["model"] |= {"path": ".", "revision": "main"}
    table["quantization"]["method"] = "none"
    (part / f"{Path(asked.target).name}.toml").write_text(tomli_w.dumps(table), encoding="utf-8")
    for path in part.iterdir():
        path.chmod(0o644)  # the library leaves weights for their owner alone
