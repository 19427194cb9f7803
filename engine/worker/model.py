"""Loads a base model and its adapters, and answers one question: the loss at each label row."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import bitsandbytes as bnb
import psutil
import torch
import torch.nn.functional as F
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors import SafetensorError
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    BitsAndBytesConfig,
    GenerationConfig,
    PreTrainedConfig,
    PreTrainedModel,
)

from engine.errors import UserError
from engine.language import _
from engine.models import hub
from engine.profiles import TOKENS_PER_PASS, Generation, Lora, Profile
from engine.profiles import Model as ModelSettings
from engine.prompts import Encoded
from engine.worker.batches import SHARED, Pass, plan_passes
from engine.worker.fast.decode import Translator
from engine.worker.generate import generate

Warn = Callable[[str, str], None]
"""Told a message and a hint."""


def pick_device() -> torch.device:
    """The first GPU that CUDA shows, else the CPU."""
    return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")


def device_name(device: torch.device) -> str:
    """For people: the GPU's name, or CPU and its threads."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    return f"CPU, {torch.get_num_threads()} threads"


def peak_memory(device: torch.device) -> int:
    """Bytes: the most that PyTorch had of the GPU until now, or what is resident now."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    return int(psutil.Process().memory_info().rss)


def compute_dtype(
    asked: str, device: torch.device, warn: Warn, key: str = "model.dtype"
) -> torch.dtype:
    """The type to compute in.

    On a CPU half types are refused where they are a trap: without AMX bfloat16 multiplies up to
    80 times slower than float32, and float16 is never faster.
    """
    if device.type == "cuda":
        if asked != "auto":
            return getattr(torch, asked)  # type: ignore[no-any-return]
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if asked == "bfloat16" and _cpu_multiplies_bfloat16():
        return torch.bfloat16
    if asked not in ("auto", "float32"):
        warn(
            _('{key}: "{asked}" is slow on this CPU; computing in float32').format(
                key=key, asked=asked
            ),
            _('set {key} = "auto"').format(key=key),
        )
    return torch.float32


def _cpu_multiplies_bfloat16() -> bool:
    return bool(torch.cpu._is_amx_tile_supported())


def load_base(profile: Profile, device: torch.device, warn: Warn) -> PreTrainedModel:
    """The base model in evaluation mode, its weights frozen. Raises UserError."""
    settings = profile.model
    folder = hub.require(settings.path, settings.revision)  # the network is `yiwen pull`'s affair
    dtype = compute_dtype(settings.dtype, device, warn)
    try:
        config = AutoConfig.from_pretrained(
            str(folder), local_files_only=True, trust_remote_code=False
        )
        model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
            str(folder),
            config=config,
            dtype=dtype,
            quantization_config=_quantization(profile, dtype, device, warn),
            attn_implementation=_attention(settings.attention, config, warn),
            device_map={"": device},
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
        )
    except (OSError, ValueError, SafetensorError) as error:
        raise UserError(_why_not_loaded(settings, error)) from error
    model.name_or_path = settings.path  # what an adapter says it belongs to
    _keep_cpu_weights_unpacked(model)
    model.requires_grad_(False)
    # The model's own defaults (sampling, penalties) must not change what the profile asks for.
    model.generation_config = GenerationConfig()
    return model.eval()


def _attention(asked: str, config: PreTrainedConfig, warn: Warn) -> str:
    """The attention to compute with: what is asked for, unless it would change the model.

    Gemma-2 was trained with its attention scores capped; PyTorch's sdpa kernels have no cap, and
    transformers' path through them leaves it out without a word.
    """
    cap = getattr(config, "attn_logit_softcapping", None)
    if asked == "eager" or not cap:
        return asked
    warn(
        _(
            'model.attention: "{asked}" would leave out this model\'s attention soft-capping '
            "({cap:g}); computing with eager"
        ).format(asked=asked, cap=cap),
        _('set model.attention = "eager"'),
    )
    return "eager"


def _quantization(
    profile: Profile, dtype: torch.dtype, device: torch.device, warn: Warn
) -> BitsAndBytesConfig | None:
    method, asked = profile.quantization.method, profile.quantization.compute_dtype
    if method == "none":
        return None
    if method == "int8":
        return BitsAndBytesConfig(load_in_8bit=True)
    if asked != "auto":
        dtype = compute_dtype(asked, device, warn, "quantization.compute_dtype")
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type=method,
        bnb_4bit_use_double_quant=profile.quantization.double,
        bnb_4bit_compute_dtype=dtype,
    )


def _keep_cpu_weights_unpacked(model: nn.Module) -> None:
    """Keep bitsandbytes from repacking 4-bit weights at the first forward in evaluation mode.

    On CPUs with AVX512-BF16 it would, and the packed path has no backward: after one evaluation,
    training goes on with gradients that stop at every layer, and says nothing.
    """
    for module in model.modules():
        if isinstance(module, bnb.nn.Linear4bit):
            module.support_avx512bf16_for_cpu = False


def _why_not_loaded(settings: ModelSettings, error: Exception) -> str:
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return _(
        "model.path: '{path}' could not be loaded: {first}\nIt must be a folder with "
        "config.json and *.safetensors, or a model of the hub ({command})."
    ).format(
        path=settings.path, first=first, command=hub.pull_command(settings.path, settings.revision)
    )


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
        raise UserError(
            _("lora.target_modules: {first}").format(first=str(error).splitlines()[0])
        ) from error


def load_adapter(model: PreTrainedModel | PeftModel, folder: Path, name: str) -> PeftModel:
    """Put a saved adapter on a base model, beside others if there are any, and switch to it."""
    if not (folder / "adapter_config.json").is_file():
        raise UserError(
            _("{folder}: holds no adapter (no adapter_config.json)").format(folder=folder)
        )
    try:
        if isinstance(model, PeftModel):
            if name not in model.peft_config:
                model.load_adapter(str(folder), adapter_name=name)
            model.set_adapter(name)
        else:
            model = PeftModel.from_pretrained(model, str(folder), adapter_name=name)
    except (OSError, RuntimeError, ValueError, KeyError, SafetensorError) as error:
        if isinstance(model, PeftModel) and name in model.peft_config:
            model.delete_adapter(name)  # half loaded it would pass for loaded the next time
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UserError(
            _("{folder}: does not fit this base model: {first}").format(folder=folder, first=first)
        ) from error
    return model.eval()


def _attention_in_words(config: PreTrainedConfig) -> str:
    """The attention that is really computed, e.g. `eager, scores capped at 50`."""
    cap = getattr(config, "attn_logit_softcapping", None)
    return str(config._attn_implementation) + (f", scores capped at {cap:g}" if cap else "")


def _products_in(model: PreTrainedModel) -> torch.dtype:
    """What products with 4-bit weights are computed in, or all others where there are none."""
    layers = (module for module in model.modules() if isinstance(module, bnb.nn.Linear4bit))
    found: torch.dtype = next((layer.compute_dtype or model.dtype for layer in layers), model.dtype)
    return found


class LabelLosses:
    """Answers, by the plain path (transformers + peft modules), the loss at each label row.

    Logits are made only where a token is scored: with 256,000 tokens in the vocabulary, those of
    all positions would be the peak of memory.
    """

    path = "plain"
    """Of paths.Losses, which this is."""
    translator: Translator | None = None
    """Generates instead of transformers, where it can."""

    def __init__(self, model: PreTrainedModel | PeftModel) -> None:
        self.model = model
        base: Any = model.get_base_model() if isinstance(model, PeftModel) else model
        self._base = base
        self._decoder: Any = base.get_decoder()
        self._head: Any = base.get_output_embeddings()
        self._softcap = getattr(base.config, "final_logit_softcapping", None)
        self.attention = _attention_in_words(base.config)
        self.device: torch.device = base.device
        self.dtype: torch.dtype = base.dtype
        self.products_in = _products_in(base)
        self._short_cut = True
        self._short_cut = self._agrees_with_whole_model()

    def __call__(self, batch: Pass) -> Tensor:
        """Negative log-likelihood in nats of each scored token: [L] float32."""
        batch = batch.to(self.device)
        inputs = {
            "input_ids": batch.ids,
            "position_ids": batch.positions,
            "attention_mask": self._masks(batch),
            "use_cache": False,
        }
        if self._short_cut:
            hidden = self._decoder(**inputs).last_hidden_state
            rows = hidden.reshape(-1, hidden.shape[-1])[batch.label_rows]
            logits = self._head(rows).float()
            if self._softcap:
                logits = self._softcap * torch.tanh(logits / self._softcap)
        else:
            logits = self._base(**inputs).logits
            logits = logits.reshape(-1, logits.shape[-1])[batch.label_rows].float()
        return F.cross_entropy(logits, batch.targets, reduction="none")

    def passes(
        self, encoded: Sequence[Encoded], row_tokens: int, tokens_per_pass: int, pad_id: int
    ) -> list[Pass]:
        """Many short rows a pass: attention here costs a row's length squared."""
        return plan_passes(
            encoded,
            row_tokens=min(row_tokens, tokens_per_pass or row_tokens),
            tokens_per_pass=tokens_per_pass or TOKENS_PER_PASS,
            pad_id=pad_id,
            share_within=math.inf,
        )

    def generate(
        self,
        prompts: Sequence[Sequence[int]],
        stop_ids: frozenset[int],
        settings: Generation,
        pad_id: int,
        *,
        stop_requested: Callable[[], bool] = lambda: False,
        on_token: Callable[[int], None] | None = None,
    ) -> list[list[int]]:
        """The continuation of each prompt, without the stop token."""
        how = {"stop_requested": stop_requested, "on_token": on_token}
        if self.translator is not None:
            return self.translator.generate(prompts, stop_ids, settings, **how)  # type: ignore[arg-type]
        return generate(self.model, prompts, stop_ids, settings, pad_id, **how)  # type: ignore[arg-type]

    def save_memory(self) -> None:
        """There is nothing that could be done without."""

    def _masks(self, batch: Pass) -> Tensor | dict[str, Tensor]:
        """Additive masks [R, 1, T, T]: a token sees its own document up to itself.

        Models with several kinds of layers get one for each kind.
        """
        config = self._base.config
        window = getattr(config, "sliding_window", None)
        kinds = getattr(config, "layer_types", None)
        if kinds:
            return {
                kind: self._mask(batch, window if kind == "sliding_attention" else None)
                for kind in set(kinds)
            }
        return self._mask(batch, window)

    def _mask(self, batch: Pass, window: int | None) -> Tensor:
        at = torch.arange(batch.ids.shape[1], device=batch.ids.device)
        seeing, seen = batch.documents[:, :, None], batch.documents[:, None, :]
        allowed = ((seeing == seen) | (seen == SHARED)) & (at[:, None] >= at)
        if window:
            allowed &= batch.positions[:, :, None] - batch.positions[:, None, :] < window
        dtype = self.dtype
        mask = torch.zeros(allowed.shape, dtype=dtype, device=batch.ids.device)
        return mask.masked_fill_(~allowed, torch.finfo(dtype).min)[:, None]

    @torch.no_grad()
    def _agrees_with_whole_model(self) -> bool:
        """Some architectures do more after the last layer than apply a head and a cap."""
        was_training = self.model.training
        self.model.eval()
        ids = torch.arange(5, 13, device=self.device)[None] % self._base.config.vocab_size
        places = torch.arange(ids.shape[1], device=self.device)
        probe = Pass(
            ids, places[None], torch.zeros_like(ids), places[:-1], ids[0, 1:], places[:-1], 8
        )
        short = self(probe)
        logits = self._base(input_ids=ids, use_cache=False).logits[0, :-1].float()
        self.model.train(was_training)
        whole = F.cross_entropy(logits, ids[0, 1:], reduction="none")
        return bool(torch.allclose(short, whole, rtol=2e-2, atol=2e-2))
