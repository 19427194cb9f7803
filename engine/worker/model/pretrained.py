"""Reads a model folder's weights: those and no others, every one of them, and each a number."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bitsandbytes as bnb
import torch
from safetensors import safe_open
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedConfig, PreTrainedModel

from engine.language.errors import UserError
from engine.language.plain_text import one_line
from engine.language.said import Said, Words, labelled
from engine.models import weight_files
from engine.models.weight_files import FLOATS, Tensor, shape_in_words
from engine.worker.model import scanned
from engine.worker.process import out_of_memory

_NO_ADAPTER = {"subfolder": "no adapter is wanted"}
"""Where transformers looks for an adapter to apply, which else it finds beside the model."""
_NEXT_TO_NOTHING = 512 << 20
"""Bytes; a GPU that has less to give is full, whatever a library makes of it."""
_OTHER_SENSES = ("vision", "visual", "audio", "image", "multi_modal", "mtp", "rotary_emb.inv_freq")
"""In names of tensors that a model of text does without."""


def read(folder: Path, **how: Any) -> PreTrainedModel:
    """The model, whole. Raises UserError if the weights and the architecture do not fit."""
    require_numbers(weight_files.of_folder(folder))
    with _in_words(folder):
        model, told = AutoModelForCausalLM.from_pretrained(
            str(folder),
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
            ignore_mismatched_sizes=True,  # told of below, in one sentence
            output_loading_info=True,
            adapter_kwargs=dict(_NO_ADAPTER),
            **how,
        )
    if wrong := _misfit(model, told):
        raise UserError(
            labelled(
                str(folder),
                Said("{wrong}; take config.json and weights from one place", wrong=wrong),
            )
        )
    found: PreTrainedModel = model
    return found


def config_of(folder: Path) -> PreTrainedConfig:
    """What config.json says, as transformers takes it. Raises UserError."""
    with _in_words(folder):
        return AutoConfig.from_pretrained(
            str(folder), local_files_only=True, trust_remote_code=False
        )


@contextmanager
def _in_words(folder: Path) -> Iterator[None]:
    """Whatever a library makes of a strange folder, as one sentence."""
    with _reported() as report:
        try:
            yield
        except Exception as error:
            if out_of_memory.happened(error) or "CUDA" in str(error):
                raise  # the machine's fault, and the hint is another one
            if any("out of memory" in line for line in report) or _gpu_is_full():
                raise torch.OutOfMemoryError("CUDA out of memory while loading") from error
            raise UserError(labelled(str(folder), _why_not(error))) from error


def _gpu_is_full() -> bool:
    """Some versions of transformers do not say at all why a weight could not be converted."""
    return torch.cuda.is_available() and torch.cuda.mem_get_info()[0] < _NEXT_TO_NOTHING


@contextmanager
def _reported() -> Iterator[list[str]]:
    """What transformers logs while it loads: the reason of an error, which the error only names."""
    said: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    log = logging.getLogger("transformers.modeling_utils")
    level, passes_on = log.level, log.propagate
    log.setLevel(logging.WARNING)
    log.propagate = False  # it may not print
    log.addHandler(handler)
    try:
        yield said
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
        log.propagate = passes_on


def _why_not(error: Exception) -> Words:
    first = (str(error).strip() or type(error).__name__).splitlines()[0]
    return Said("could not be loaded: {first}", first=one_line(first))


def _misfit(model: Any, told: dict[str, Any]) -> Words:
    """What is wrong between weights and architecture, in words; empty if nothing is."""
    if getattr(model, "_hf_peft_config_loaded", False):
        return Said("transformers has put the adapter that lies beside it on the model")
    if lacking := sorted(told["missing_keys"]):
        return Said("{tensors} missing", tensors=weight_files.some(lacking))
    for name, stored, needed in [*sorted(told["mismatched_keys"]), *_quantised_misfits(model)]:
        return Said(
            "{tensor} is {found} and needs to be {needed}",
            tensor=one_line(name),
            found=shape_in_words(stored),
            needed=shape_in_words(needed),
        )
    left = [key for key in sorted(told["unexpected_keys"]) if not _is_of_another_sense(key)]
    if left:
        return Said("{tensors} left over", tensors=weight_files.some(left))
    head, embedding = model.get_output_embeddings(), model.get_input_embeddings()
    tied = getattr(model.config.get_text_config(), "tie_word_embeddings", False)
    if tied and head is not None and head.weight is not embedding.weight:
        return Said("its head is not its embedding, which tie_word_embeddings says")
    return ""


def _quantised_misfits(model: nn.Module) -> Iterator[tuple[str, Sequence[int], Sequence[int]]]:
    """Weights whose shape is not their layer's: transformers compares only unquantised ones."""
    for name, module in model.named_modules():
        if isinstance(module, bnb.nn.Linear4bit):
            stored = tuple(module.weight.quant_state.shape)
        elif isinstance(module, bnb.nn.Linear8bitLt):
            stored = tuple(module.weight.shape)
        else:
            continue
        needed = (module.out_features, module.in_features)
        if stored != needed:
            yield f"{name}.weight", stored, needed


def _is_of_another_sense(name: str) -> bool:
    return any(word in name for word in _OTHER_SENSES)


def require_numbers(tensors: dict[str, Tensor]) -> None:
    """Raise UserError for the first tensor that holds what is no number, or infinite.

    Before they are loaded, for quantising turns what is no number into one. Loading then finds the
    files in the system's cache; and large ones are looked through only once.
    """
    for path in dict.fromkeys(tensor.file for tensor in tensors.values()):
        if scanned.is_known(path):
            continue
        own = [name for name, tensor in tensors.items() if tensor.file == path]
        _require_numbers_in(path, [name for name in own if tensors[name].dtype in FLOATS])
        scanned.remember(path)


def _require_numbers_in(path: Path, names: Iterable[str]) -> None:
    with safe_open(str(path), framework="pt") as file:
        for name in names:
            tensor = file.get_tensor(name)
            if not tensor.numel():
                continue
            lowest, highest = torch.aminmax(tensor)
            if not bool(torch.isfinite(lowest) & torch.isfinite(highest)):
                raise UserError(
                    "{path}: {name} holds what is no number, or infinite; get the model "
                    "again, from another place if that does not help",
                    path=path,
                    name=one_line(name),
                )
