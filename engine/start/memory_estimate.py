"""How much memory a run by the plain engine will need, part by part, before it is started.

That path is transformers and peft modules with eager attention; bytes at the worst moment:

    weights      linear parameters × (NF4, FP4: 0.5 + 1/64 + 1/4096, or + 4/64 without double
                 quantisation; int8: 1; none: that of the dtype c)
    embedding    the other parameters × c
    adapter      a = Σ rank × (inputs + outputs) over its layers, in float32: 4 a
    gradients    4 a
    optimizer    AdamW 8 a; 8-bit AdamW 2 a + 2 a / 64; Adafactor 4 × (rows + columns) of its
                 matrices
    activations  T × layers × what a layer keeps of a token for the backward pass, where T is the
                 number of tokens in the largest pass:
                   norms        4 × hidden, each (they compute in float32)
                   adapter      4 × inputs + 4 × rank of every layer that has one (peft casts to
                                float32)
                   attention    c × head_dim × 3 × heads, and in eager attention (2 c + 4) × heads
                                for every token of the row
                   MLP          3 c × intermediate
                 With gradient checkpointing: c × hidden a layer, and one layer in full.
    logits       L × vocabulary × (c + 4 × copies), where L is the number of scored tokens in that
                 pass; four float32 copies live at once (logits, their log-softmax, two gradients),
                 and one more where the model caps its logits
    runtime      what a process takes before it has loaded a model

Scoring keeps one layer's activations and fewer copies of the logits; where its passes are so much
larger that this is more, it is what counts.

Held against measurements. Gemma-2-2B on a GPU, without the runtime: 20.6 GiB with 2,730 tokens in a
pass and 9.1 GiB with 1,024. Measured were 20.0 where passes may have 4,096 tokens (taken to be 32
course pairs, which do not fill them) and 9.4. The embedded model on a CPU, resident: 1.9 GiB with
32 pairs, 1.2 GiB with 8, where 1.8 to 2.0 and 0.9 were measured. The course's profiles as they were
measured (benchmarks/README.md), passes of 1,024 tokens: 4.4, 6.3, 6.4 and 7.4 GiB for 4.3, 5.5, 6.1
and 6.7.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.fast.memory import Use
from engine.language.said import Words
from engine.models.model_shape import ModelShape
from engine.profile import optimizers, quantization_methods
from engine.profile.schema import Profile
from engine.start.largest_pass import Load

GPU_RUNTIME = 500 << 20
"""The CUDA context; torch does not count it, but it is missing from what is free."""
CPU_RUNTIME = 900 << 20
"""Python with torch, transformers, peft and bitsandbytes loaded, and what the allocator keeps."""


@dataclass(frozen=True)
class MemoryEstimate:
    """Bytes by part, in the order of the formula."""

    parts: dict[str, int]
    use: Use | None = None
    """What the fast engine spends memory on; None for the plain one."""
    why_plain: Words = ""
    """Why it is not the fast one, as fast.support tells it."""
    least: int = 0
    """Without so much a run cannot begin: what it may do without left out, and passes small."""

    @property
    def total(self) -> int:
        """All parts together."""
        return sum(self.parts.values())


def estimate(
    profile: Profile,
    shape: ModelShape,
    *,
    training: Load | None,
    scoring: Load | None,
    on_gpu: bool,
    why_plain: Words = "",
) -> MemoryEstimate:
    """The need of a run that trains, scores, or both. See the module for the formula."""
    width = _width(profile, on_gpu)
    parts = loaded_parts(profile, shape, width)
    worst: tuple[int, int] = (0, 0)
    if training is not None:
        parts |= trained_parts(profile, shape)
        worst = _training_pass(profile, shape, training, width)
    if scoring is not None:
        worst = max(worst, _scoring_pass(profile, shape, scoring, width), key=sum)
    parts |= {"activations": worst[0], "logits": worst[1]}
    parts["runtime"] = GPU_RUNTIME if on_gpu else CPU_RUNTIME
    return MemoryEstimate(parts, why_plain=why_plain, least=sum(parts.values()))


def loaded_parts(profile: Profile, shape: ModelShape, width: int) -> dict[str, int]:
    """The frozen model."""
    linear = linear_parameters(shape)
    return {
        "weights": round(_linear_bytes(profile, width) * linear),
        "embedding": shape.rest * width,
    }


def trained_parts(profile: Profile, shape: ModelShape) -> dict[str, int]:
    """What is held for training, whatever a pass holds."""
    size = adapter_parameters(profile, shape)
    return {
        "adapter": 4 * size,
        "gradients": 4 * size,
        "optimizer": optimizer_bytes(profile, shape),
    }


def linear_parameters(shape: ModelShape) -> int:
    """Of the layers that are quantised."""
    return sum(linear.parameters for linear in shape.linears)


def adapter_parameters(profile: Profile, shape: ModelShape) -> int:
    """Trained parameters."""
    rank = profile.lora.rank
    return sum(
        rank * (x.inputs + x.outputs) for x in shape.linears if _has_adapter(profile, x.name)
    )


def optimizer_bytes(profile: Profile, shape: ModelShape) -> int:
    """The optimizer's state."""
    facts = optimizers.get(profile.training.optimizer)
    rank = profile.lora.rank
    adapted = (x for x in shape.linears if _has_adapter(profile, x.name))
    edges = sum(x.inputs + x.outputs + 2 * rank for x in adapted)
    return int(facts.state * adapter_parameters(profile, shape) + facts.factored_state * edges)


def _has_adapter(profile: Profile, name: str) -> bool:
    targets = profile.lora.target_modules
    return targets == "all-linear" or name in targets


def _width(profile: Profile, on_gpu: bool) -> int:
    """Bytes of a number in the model's computations."""
    asked = profile.model.dtype
    if asked == "auto":
        return 2 if on_gpu else 4
    return 4 if asked == "float32" else 2


def _linear_bytes(profile: Profile, width: int) -> float:
    method = quantization_methods.get(profile.quantization)
    return method.weight_bytes(width, double=profile.quantization.double)


def _training_pass(profile: Profile, shape: ModelShape, load: Load, width: int) -> tuple[int, int]:
    """Activations and logits at the start of the backward pass."""
    layer = _kept_by_a_layer(profile, shape, load.row, width)
    kept = shape.layers * layer
    if profile.training.gradient_checkpointing:
        kept = shape.layers * width * shape.hidden + layer
    copies = 5 if shape.caps_logits else 4
    return load.tokens * kept, load.scored * shape.vocabulary * (width + 4 * copies)


def _kept_by_a_layer(profile: Profile, shape: ModelShape, row: int, width: int) -> int:
    """Bytes a token."""
    adapted = [x for x in shape.linears if _has_adapter(profile, x.name)]
    inputs = sum(4 * (x.inputs + profile.lora.rank) for x in adapted)
    attention = 3 * width * shape.heads * shape.head_dim
    if profile.model.attention == "eager":
        attention += (2 * width + 4) * shape.heads * row
    return (
        4 * shape.norms * shape.hidden
        + inputs // max(1, shape.layers)
        + attention
        + 3 * width * shape.intermediate
    )


def _scoring_pass(profile: Profile, shape: ModelShape, load: Load, width: int) -> tuple[int, int]:
    """Nothing is kept for a backward pass: one layer's tensors at a time."""
    layer = _kept_by_a_layer(profile, shape, load.row, width)
    copies = 3 if shape.caps_logits else 2
    return load.tokens * layer, load.scored * shape.vocabulary * (width + 4 * copies)
