"""Puts adapters on a base model: a fresh one to train, or a saved one, held to be all there."""

from __future__ import annotations

from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from peft.tuners.lora import LoraLayer
from safetensors import SafetensorError
from transformers import PreTrainedModel

from engine.language.errors import UserError
from engine.language.plain_text import one_line
from engine.language.said import Said, Words, labelled
from engine.models import adapter_check, weight_files
from engine.profile.schema import Lora
from engine.worker.model import pretrained
from engine.worker.process import out_of_memory
from engine.worker.process.devices import Warn


def add_adapter(model: PreTrainedModel, lora: Lora, seed: int) -> PeftModel:
    """A fresh trainable LoRA adapter in float32; its output is zero at first (B = 0)."""
    torch.manual_seed(seed)
    targets = lora.target_modules
    config = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=targets if isinstance(targets, str) else list(targets),
        task_type="CAUSAL_LM",
    )
    try:
        return get_peft_model(model, config)
    except ValueError as error:
        raise UserError("lora.target_modules: {first}", first=str(error).splitlines()[0]) from error


def _silent(message: Words, hint: Words) -> None:
    """For who has nowhere to say it."""


def load_adapter(
    model: PreTrainedModel | PeftModel, folder: Path, name: str, warn: Warn = _silent
) -> PeftModel:
    """Put a saved adapter on a base model, beside others if there are any, and switch to it.

    Raises UserError if not all of it meets a layer.
    """
    if isinstance(model, PeftModel) and name in model.peft_config:
        return _switched_to(model, name)
    others = list(model.peft_config) if isinstance(model, PeftModel) else []
    adapter_check.check(folder, Path(model.config._name_or_path))
    pretrained.require_numbers(weight_files.of_file(folder / adapter_check.WEIGHTS))
    try:
        if isinstance(model, PeftModel):
            model.load_adapter(str(folder), adapter_name=name)
        else:
            model = PeftModel.from_pretrained(model, str(folder), adapter_name=name)
        require_whole(model, folder, name)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, SafetensorError) as error:
        if out_of_memory.happened(error):
            raise
        _take_off(model, name, others)
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UserError(
            "{folder}: does not fit this base model: {first}", folder=folder, first=one_line(first)
        ) from error
    except UserError:
        _take_off(model, name, others)
        raise
    _switched_to(model, name)
    if without_effect := _without_effect(model, name):
        warn(labelled(str(folder), without_effect), Said("the numbers are those of the bare base"))
    return model


def _switched_to(model: PeftModel, name: str) -> PeftModel:
    model.set_adapter(name)
    model.base_model.enable_adapter_layers()
    return model.eval()


def _take_off(model: PreTrainedModel | PeftModel, name: str, was: list[str]) -> None:
    """Leave no half-loaded adapter behind: it would pass for loaded the next time.

    A base that had none gets its own layers back.
    """
    if was and isinstance(model, PeftModel):
        if name in model.peft_config:
            model.delete_adapter(name)
        return
    base = model.get_base_model() if isinstance(model, PeftModel) else model
    for parent in list(base.modules()):
        for key, child in list(parent.named_children()):
            if isinstance(child, LoraLayer):
                setattr(parent, key, child.get_base_layer())
    if hasattr(base, "peft_config"):
        del base.peft_config


def require_whole(model: PeftModel, folder: Path, name: str) -> None:
    """Each stored tensor has a place in the model, and each place a tensor; else UserError."""
    stored = set(weight_files.of_file(folder / adapter_check.WEIGHTS))
    held = set(get_peft_model_state_dict(model, adapter_name=name, save_embedding_layers=False))
    for names, sentence in (
        (
            stored - held,
            Said("tensors that meet no layer of the base model: {count}, first {name}"),
        ),
        (held - stored, Said("matrices that its layers lack: {count}, first {name}")),
    ):
        if names:
            said = sentence.filled(count=len(names), name=one_line(min(names)))
            raise UserError(labelled(str(folder), said))


@torch.no_grad()
def _without_effect(model: PeftModel, name: str) -> Words:
    """Why an adapter changes nothing; empty if it does. Raises UserError where none is at work."""
    layers = [module for module in model.modules() if isinstance(module, LoraLayer)]
    at_work = [
        layer
        for layer in layers
        if name in layer.lora_A and name in layer.active_adapters and not layer.disable_adapters
    ]
    if not at_work:
        raise UserError("the adapter is on no layer of the model")
    if not any(bool(layer.lora_B[name].weight.any()) for layer in at_work):
        return Said("the adapter has learnt nothing yet: all its B are zero")
    base = model.get_base_model()
    ids = torch.arange(3, 7, device=base.device)[None] % base.config.get_text_config().vocab_size
    tuned = model(input_ids=ids, use_cache=False).logits
    with model.disable_adapter():
        bare = model(input_ids=ids, use_cache=False).logits
    if torch.equal(tuned, bare):
        return Said("the adapter changes no logit: what it has learnt is lost in rounding")
    return ""
