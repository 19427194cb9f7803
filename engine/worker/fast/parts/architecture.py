"""What a decoder must be for the fast engine, read off a loaded transformers + peft model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import bitsandbytes as bnb
from peft import PeftModel
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn
from transformers import PreTrainedModel

from engine.fast.families import FAMILIES, Family, why_unknown
from engine.language.said import Said, Words
from engine.models.honoured import setting


class Unsupported(Exception):
    """Why a model has to take the plain engine: a text and its places, like an error of ours."""

    def __init__(self, reason: Words, /, **places: object) -> None:
        self.said = reason if isinstance(reason, Said) else Said(reason, **places)
        super().__init__(self.said)

    def __str__(self) -> str:
        return str(self.said)


@dataclass(frozen=True)
class Shape:
    """A decoder in numbers."""

    family: Family
    hidden: int
    intermediate: int
    heads: int
    kv_heads: int
    head_dim: int
    vocabulary: int
    eps: float
    attention_scale: float
    """Multiplies query · key."""
    attention_cap: float | None
    """Scores pass through cap · tanh(score / cap) (Gemma-2)."""
    logits_cap: float | None
    windows: tuple[int | None, ...]
    """For each layer, how many tokens back it sees; None: all."""

    @property
    def layers(self) -> int:
        return len(self.windows)

    @property
    def widths(self) -> tuple[int, int, int]:
        """Numbers in a token's queries, keys and values."""
        shared = self.kv_heads * self.head_dim
        return (self.heads * self.head_dim, shared, shared)

    @property
    def narrowest_window(self) -> int | None:
        """Documents up to this length never meet a sliding window."""
        return min((window for window in self.windows if window), default=None)


@dataclass(frozen=True)
class Layer:
    """One layer's parts: linears that read the same input stand together."""

    qkv: tuple[nn.Module, ...]
    out: tuple[nn.Module, ...]
    gate_up: tuple[nn.Module, ...]
    down: tuple[nn.Module, ...]
    norm_in: Tensor
    norm_attended: Tensor | None
    """Of the attention's output; only where the family norms outputs."""
    norm_mlp: Tensor
    norm_out: Tensor | None
    """Of the MLP's output."""
    norm_queries: Tensor | None
    norm_keys: Tensor | None

    @property
    def groups(self) -> tuple[tuple[nn.Module, ...], ...]:
        """The four groups of linears, in the order of the forward pass."""
        return (self.qkv, self.out, self.gate_up, self.down)


@dataclass(frozen=True)
class Decoder:
    """A model taken apart; its weights stay where they are."""

    shape: Shape
    layers: tuple[Layer, ...]
    embeddings: Tensor
    """[V, H]."""
    head: Tensor
    """[V, H]; the embeddings where they are tied."""
    norm_last: Tensor
    frequencies: Tensor
    """[D/2] float32: radians a position, of the rotary embedding."""
    rotary_scale: float


def read_decoder(model: PreTrainedModel | PeftModel) -> Decoder:
    """Take a model apart. Raises Unsupported."""
    base: Any = model.get_base_model() if isinstance(model, PeftModel) else model
    config = base.config
    if why := why_unknown(config.to_dict()):
        raise Unsupported(why)
    family = FAMILIES[config.model_type]
    _refuse_adapters_elsewhere(model)
    body = base.model
    rotary = body.rotary_emb
    shape = _shape(config, family, len(body.layers))
    if 2 * len(rotary.inv_freq) != shape.head_dim:
        raise Unsupported("the fast engine turns whole heads only")
    return Decoder(
        shape=shape,
        layers=tuple(_layer(layer, family) for layer in body.layers),
        embeddings=body.embed_tokens.weight,
        head=base.get_output_embeddings().weight,
        norm_last=body.norm.weight,
        frequencies=rotary.inv_freq.float(),
        rotary_scale=float(rotary.attention_scaling),
    )


def _shape(config: Any, family: Family, layers: int) -> Shape:
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    kinds: Sequence[str | None] = setting(config, "layer_types") or [None] * layers
    window = setting(config, "sliding_window")
    return Shape(
        family=family,
        hidden=config.hidden_size,
        intermediate=config.intermediate_size,
        heads=config.num_attention_heads,
        kv_heads=config.num_key_value_heads,
        head_dim=head_dim,
        vocabulary=config.vocab_size,
        eps=config.rms_norm_eps,
        attention_scale=(setting(config, "query_pre_attn_scalar") or head_dim) ** -0.5,
        attention_cap=setting(config, "attn_logit_softcapping"),
        logits_cap=setting(config, "final_logit_softcapping"),
        windows=tuple(window if kind == "sliding_attention" else None for kind in kinds),
    )


def _layer(layer: Any, family: Family) -> Layer:
    attention, mlp = layer.self_attn, layer.mlp
    found = Layer(
        qkv=(attention.q_proj, attention.k_proj, attention.v_proj),
        out=(attention.o_proj,),
        gate_up=(mlp.gate_proj, mlp.up_proj),
        down=(mlp.down_proj,),
        norm_in=layer.input_layernorm.weight,
        norm_attended=layer.post_attention_layernorm.weight if family.norms_outputs else None,
        norm_mlp=(
            layer.pre_feedforward_layernorm
            if family.norms_outputs
            else layer.post_attention_layernorm
        ).weight,
        norm_out=layer.post_feedforward_layernorm.weight if family.norms_outputs else None,
        norm_queries=attention.q_norm.weight if family.norms_heads else None,
        norm_keys=attention.k_norm.weight if family.norms_heads else None,
    )
    for module in (linear for group in found.groups for linear in group):
        _refuse_linear(base_linear(module))
    return found


def base_linear(module: nn.Module) -> Any:
    """The frozen linear layer under an adapter, or the layer itself."""
    return module.get_base_layer() if isinstance(module, LoraLayer) else module


def _refuse_linear(linear: nn.Module) -> None:
    known = isinstance(linear, bnb.nn.Linear4bit) or type(linear) is nn.Linear
    if not known:
        raise Unsupported(
            Said("the fast engine does not know {kind} layers"), kind=type(linear).__name__
        )
    if linear.bias is not None:
        raise Unsupported("the fast engine knows no linear layers with a bias")


def _refuse_adapters_elsewhere(model: nn.Module) -> None:
    known = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}
    for name, module in model.named_modules():
        if not isinstance(module, LoraLayer):
            continue
        if name.rsplit(".", 1)[-1] not in known:
            raise Unsupported(Said("an adapter sits on {name}"), name=name)
        if module.merged or any(module.use_dora.values()) or any(module.lora_bias.values()):
            raise Unsupported("the adapter is not plain LoRA")
