"""The course's rules for what is handed in, and which of them an export breaks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.language.errors import UserError
from engine.language.said import Said
from engine.models import weight_files
from engine.profile import quantization_methods
from engine.profile.schema import Profile, Quantization
from engine.prompts.builder import PromptBuilder

BASE_MODEL = "zake7749/gemma-2-2b-it-chinese-kyara-dpo"
DOWNLOAD_LIMIT = 4 * 10**9
"""Bytes that download.sh may fetch."""
MEMORY_LIMIT = 8 * 10**9
"""Bytes of the test machine's GPU, an RTX 3070."""
TIME_LIMIT = 2 * 3600
"""Seconds that run.sh may take."""
_UNQUANTISED = 2
"""Bytes of a weight as the course's scripts load it where it is not quantised."""


@dataclass(frozen=True)
class Sizes:
    """What an export weighs."""

    adapter: int
    """Bytes to download."""
    base: int | None
    """Bytes of the base model on the GPU, an estimate; None where its weights are not here."""


def broken(profile: Profile, builder: PromptBuilder, base_model: str, sizes: Sizes) -> list[Said]:
    """Rules that are broken, and what may make the course's number another; a sentence each."""
    return list(_broken(profile, builder, base_model, sizes))


def _broken(
    profile: Profile, builder: PromptBuilder, base_model: str, sizes: Sizes
) -> Iterator[Said]:
    if base_model.lower() != BASE_MODEL:
        yield Said(
            "the base model is {found}; the course asks for {wanted}",
            found=base_model,
            wanted=BASE_MODEL,
        )
    if sizes.adapter > DOWNLOAD_LIMIT:
        yield Said(
            "the adapter has {size:.1f} GB; download.sh may fetch at most 4 GB",
            size=sizes.adapter / 1e9,
        )
    if sizes.base and sizes.base + sizes.adapter > MEMORY_LIMIT:
        yield Said(
            "base and adapter take about {size:.1f} GB; the course's GPU has 8 GB",
            size=(sizes.base + sizes.adapter) / 1e9,
        )
    if profile.model.dtype in ("float16", "float32"):
        yield Said(
            "model.dtype is {dtype}; the course loads the base in bfloat16, so its number may "
            "differ",
            dtype=profile.model.dtype,
        )
    if builder.bos_id != builder.tokenizer.bos_id:
        yield Said(
            "prompt.bos is {bos}; the course puts the tokenizer's bos ({own}) before every prompt",
            bos=profile.prompt.bos,
            own=builder.tokenizer.bos_token or Said("none"),
        )
    if profile.evaluation.choose_by == "test":
        yield Said("the checkpoint was chosen on the test file, so its perplexity is optimistic")
    if profile.generation.temperature > 0:
        yield Said("the profile samples its translations; predict.py takes the likeliest token")


def base_bytes(folder: Path, quantization: Quantization) -> int | None:
    """Bytes that a model takes when loaded so, from the heads of its weight files."""
    try:
        tensors = weight_files.of_folder(folder)
    except UserError:
        return None
    linear = other = 0
    for name, tensor in tensors.items():
        if len(tensor.shape) == 2 and "embed" not in name and not name.startswith("lm_head"):
            linear += tensor.count
        else:
            other += tensor.count
    method = quantization_methods.get(quantization)
    each = method.weight_bytes(_UNQUANTISED, double=quantization.double)
    return round(linear * each + other * _UNQUANTISED)
