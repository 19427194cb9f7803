"""What the fast engine is made of, piece by piece: each can be left out, to measure it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

from engine.fast.memory import HEAD_SIZES, Use
from engine.worker.fast.parts.architecture import Shape
from engine.worker.fast.reference.attention import Attention, FlexAttention, MaskedAttention
from engine.worker.fast.reference.linear import LowRank, TorchLowRank
from engine.worker.fast.reference.loss import CrossEntropy, torch_cross_entropy
from engine.worker.fast.reference.pointwise import Pointwise, TorchPointwise


@dataclass(frozen=True)
class Ingredients:
    """Everything on is what an NVIDIA GPU gets; everything off runs anywhere."""

    kernels: bool = False
    """Triton kernels for adapters, loss, norms, gate and rotary embedding, instead of torch."""
    attention: Literal["kernel", "flex", "masked"] = "masked"
    cached_weights: bool = True
    """Dequantise the weights once and keep them, instead of at each use."""
    shared_prefix: bool = True
    """Compute what all prompts of a pass begin with once."""
    graphs: bool = False
    """Record passes of the same size as CUDA graphs."""
    checkpointing: bool = False
    """Recompute a layer's activations in the backward pass."""

    @classmethod
    def of_gpu(cls, shape: Shape, use: Use) -> Ingredients:
        """Everything that this GPU's software can do, and what memory is spent on."""
        kernels = kernels_can_run()
        return cls(
            kernels=kernels,
            attention="kernel" if kernels and shape.head_dim in HEAD_SIZES else "flex",
            cached_weights=use.cached_weights,
            graphs=use.graphs and kernels,
            checkpointing=use.checkpointing,
        )

    def make_attention(self, shape: Shape) -> Attention:
        """The attention that these ingredients name."""
        if self.attention == "kernel":
            from engine.worker.fast.kernels.attention import KernelAttention

            return KernelAttention(shape)
        if self.attention == "flex":
            return FlexAttention(shape)
        return MaskedAttention(shape)

    def make_pointwise(self, shape: Shape) -> Pointwise:
        """What happens between the products."""
        if not self.kernels:
            return TorchPointwise(shape)
        from engine.worker.fast.kernels.pointwise import KernelPointwise

        return KernelPointwise(shape)

    def make_low_rank(self) -> LowRank:
        """The adapters' products."""
        if not self.kernels:
            return TorchLowRank()
        from engine.worker.fast.kernels.linear import KernelLowRank

        return KernelLowRank()

    def make_cross_entropy(self) -> CrossEntropy:
        """The loss."""
        if not self.kernels:
            return torch_cross_entropy
        from engine.worker.fast.kernels.loss import kernel_cross_entropy

        return kernel_cross_entropy


def kernels_can_run() -> bool:
    """Is there an NVIDIA GPU, and Triton to write for it? The kernels hold some PTX."""
    if not torch.cuda.is_available() or torch.version.cuda is None:
        return False
    try:
        import triton  # noqa: F401  # it may be there, and broken
    except ImportError:
        return False
    return True
