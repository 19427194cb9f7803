"""The course's rules for what is handed in, and which of them an export breaks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.course.year import CourseYear, is_model
from engine.language.errors import UserError
from engine.language.said import Said
from engine.models import weight_files
from engine.profile import quantization_methods
from engine.profile.schema import Profile, Quantization
from engine.prompts.builder import PromptBuilder

_UNQUANTISED = 2
"""Bytes of a weight as the course's scripts load it where it is not quantised."""


@dataclass(frozen=True)
class Sizes:
    """What an export weighs."""

    adapter: int
    """Bytes to download."""
    base: int | None
    """Bytes of the base model on the GPU, an estimate; None where its weights are not here."""


def broken(
    year: CourseYear, profile: Profile, builder: PromptBuilder, base_model: str, sizes: Sizes
) -> list[Said]:
    """Rules that are broken, and what may make the course's number another; a sentence each."""
    found = [*_of_model(year, base_model), *_of_sizes(year, sizes)]
    return [*found, *_of_settings(profile, builder)]


def _of_model(year: CourseYear, base_model: str) -> Iterator[Said]:
    if is_model(year.bonus, base_model):
        yield Said(
            "the base model is that of the bonus; the course of {year} grades {wanted}",
            year=str(year.year),
            wanted=year.base.model,
        )
    elif not is_model(year.base, base_model):
        yield Said(
            "the base model is {found}; the course of {year} asks for {wanted}",
            found=base_model,
            year=str(year.year),
            wanted=year.base.model,
        )


def _of_sizes(year: CourseYear, sizes: Sizes) -> Iterator[Said]:
    if sizes.adapter > year.download_limit:
        yield Said(
            "the adapter has {size:.1f} GB; download.sh may fetch at most {limit:g} GB",
            size=sizes.adapter / 1e9,
            limit=year.download_limit / 1e9,
        )
    if sizes.base and sizes.base + sizes.adapter > year.memory_limit:
        yield Said(
            "base and adapter take about {size:.1f} GB; the course's GPU has {limit:g} GB",
            size=(sizes.base + sizes.adapter) / 1e9,
            limit=year.memory_limit / 1e9,
        )


def _of_settings(profile: Profile, builder: PromptBuilder) -> Iterator[Said]:
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
