"""Owns the network: Gemma 2 written out, under the weight names that transformers gives it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LOGIT_CAP = 30.0
NORM_EPSILON = 1e-6
ROPE_BASE = 10_000.0
EMBEDDING_SPREAD = 0.02


@dataclass(frozen=True)
class Shape:
    """The measures of a model; loaded in 4 bits on a CPU, they must be multiples of 32."""

    vocabulary: int
    context: int
    """Tokens; also the sliding window, so that within it attention sees everything."""
    hidden: int = 256
    layers: int = 8
    heads: int = 4
    key_heads: int = 2
    head: int = 64
    """Numbers a head works on."""
    mlp: int = 768

    def config(self) -> dict[str, Any]:
        """The shape as transformers reads it from config.json."""
        return {
            "architectures": ["Gemma2ForCausalLM"],
            "model_type": "gemma2",
            "vocab_size": self.vocabulary,
            "hidden_size": self.hidden,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.key_heads,
            "head_dim": self.head,
            "intermediate_size": self.mlp,
            "query_pre_attn_scalar": self.head,
            "hidden_activation": "gelu_pytorch_tanh",
            "rms_norm_eps": NORM_EPSILON,
            "rope_theta": ROPE_BASE,
            "max_position_embeddings": 2 * self.context,
            "sliding_window": self.context,
            # No cap on attention scores: with one, no fused attention could be used.
            "attn_logit_softcapping": None,
            "final_logit_softcapping": LOGIT_CAP,
            "tie_word_embeddings": True,
            "attention_bias": False,
            "attention_dropout": 0.0,
            "pad_token_id": 0,
            "eos_token_id": 1,
            "bos_token_id": 2,
            "initializer_range": EMBEDDING_SPREAD,
            "use_cache": True,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Shape:
        return cls(
            vocabulary=config["vocab_size"],
            context=config["sliding_window"],
            hidden=config["hidden_size"],
            layers=config["num_hidden_layers"],
            heads=config["num_attention_heads"],
            key_heads=config["num_key_value_heads"],
            head=config["head_dim"],
            mlp=config["intermediate_size"],
        )


def linear(inputs: int, outputs: int) -> nn.Linear:
    return nn.Linear(inputs, outputs, bias=False)


class Norm(nn.Module):
    """Root mean square norm whose weight is what it adds to one."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(size))

    def forward(self, x: Tensor) -> Tensor:
        y = x.float()
        y = y * torch.rsqrt(y.pow(2).mean(-1, keepdim=True) + NORM_EPSILON)
        return (y * (1.0 + self.weight.float())).to(x.dtype)


class Attention(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.head = shape.head
        self.queries_per_key = shape.heads // shape.key_heads
        self.q_proj = linear(shape.hidden, shape.heads * shape.head)
        self.k_proj = linear(shape.hidden, shape.key_heads * shape.head)
        self.v_proj = linear(shape.hidden, shape.key_heads * shape.head)
        self.o_proj = linear(shape.heads * shape.head, shape.hidden)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        q = _rotate(self._by_head(self.q_proj(x)), cos, sin)
        k = _rotate(self._by_head(self.k_proj(x)), cos, sin)
        v = self._by_head(self.v_proj(x))
        k = k.repeat_interleave(self.queries_per_key, 1)
        v = v.repeat_interleave(self.queries_per_key, 1)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=self.head**-0.5)
        merged: Tensor = self.o_proj(y.transpose(1, 2).flatten(2))
        return merged

    def _by_head(self, x: Tensor) -> Tensor:
        """(row, token, heads x head) to (row, heads, token, head)."""
        return x.view(*x.shape[:2], -1, self.head).transpose(1, 2)


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    a, b = x.float().chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1).to(x.dtype)


class Mlp(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_proj = linear(shape.hidden, shape.mlp)
        self.up_proj = linear(shape.hidden, shape.mlp)
        self.down_proj = linear(shape.mlp, shape.hidden)

    def forward(self, x: Tensor) -> Tensor:
        gate = F.gelu(self.gate_proj(x), approximate="tanh")
        narrowed: Tensor = self.down_proj(gate * self.up_proj(x))
        return narrowed


class Layer(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.self_attn = Attention(shape)
        self.mlp = Mlp(shape)
        self.input_layernorm = Norm(shape.hidden)
        self.post_attention_layernorm = Norm(shape.hidden)
        self.pre_feedforward_layernorm = Norm(shape.hidden)
        self.post_feedforward_layernorm = Norm(shape.hidden)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        x = x + self.post_attention_layernorm(self.self_attn(self.input_layernorm(x), cos, sin))
        x = x + self.post_feedforward_layernorm(self.mlp(self.pre_feedforward_layernorm(x)))
        return x


class Body(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(shape.vocabulary, shape.hidden)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.norm = Norm(shape.hidden)


class Gemma2(nn.Module):
    """A language model; the embedding of a token is also its row of the output."""

    cos: Tensor
    sin: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.model = Body(shape)
        frequency = ROPE_BASE ** (-torch.arange(0, shape.head, 2).float() / shape.head)
        angle = torch.outer(torch.arange(shape.context).float(), frequency)
        self.register_buffer("cos", angle.cos(), persistent=False)
        self.register_buffer("sin", angle.sin(), persistent=False)
        for name, weight in self.named_parameters():
            if name.endswith("_proj.weight"):
                nn.init.normal_(weight, std=weight.shape[1] ** -0.5)
        nn.init.normal_(self.model.embed_tokens.weight, std=EMBEDDING_SPREAD)

    def forward(self, ids: Tensor, targets: Tensor) -> Tensor:
        """Mean loss over all tokens."""
        return F.cross_entropy(self.logits(ids).flatten(0, 1), targets.flatten())

    def logits(self, ids: Tensor) -> Tensor:
        embedding = self.model.embed_tokens.weight
        x = F.embedding(ids, embedding) * self.shape.hidden**0.5
        # Embeddings are looked up in fp32, also where matrices multiply in bf16.
        if torch.is_autocast_enabled(ids.device.type):
            x = x.to(torch.get_autocast_dtype(ids.device.type))
        cos, sin = self.cos[: ids.shape[1]], self.sin[: ids.shape[1]]
        for layer in self.model.layers:
            x = layer(x, cos, sin)
        logits = F.linear(self.model.norm(x), embedding).float()
        return torch.tanh(logits / LOGIT_CAP) * LOGIT_CAP
