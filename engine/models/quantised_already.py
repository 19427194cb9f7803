"""Bases whose weights are quantised already: what they are in, and whether a profile says so."""

from __future__ import annotations

from typing import Any

from engine.language.said import Said, Words
from engine.models.config_file import Config, shown
from engine.profile import quantization_methods
from engine.profile.schema import Quantization


def described(config: Config) -> Words:
    """What weights are quantised in, e.g. `fp4`, `nf4 double`, `gptq`; empty if in nothing."""
    said = config.get("quantization_config")
    if said is None:
        return ""
    if not isinstance(said, dict):
        return shown(said)
    own = _by_bitsandbytes(said)
    return words(own) if own is not None else shown_method(said)


def words(quantization: Quantization) -> str:
    """For example `nf4 double`."""
    is_double = quantization.double and quantization_methods.get(quantization).is_four_bit
    return quantization.method + (" double" if is_double else "")


def shown_method(said: dict[str, Any]) -> Words:
    """Of a library's own kind."""
    method = said.get("quant_method")
    return shown(method).strip("'\"") if isinstance(method, str) else Said("an unknown way")


def why_not(config: Config, asked: Quantization) -> Words:
    """Why a profile cannot use these weights, and what to do; empty where it can."""
    found = described(config)
    if not found:
        return ""
    said = config["quantization_config"]
    own = _by_bitsandbytes(said) if isinstance(said, dict) else None
    if own is None:
        return Said(
            "the weights are quantised already, by {found}; Yiwen quantises by itself: take the "
            "model as it was before (usually the name without {found})",
            found=found,
        )
    if words(own) == words(asked):
        return ""
    return Said(
        "the weights are quantised already, in {found}, and the profile says {asked}; set {keys}, "
        "or take the model as it was before",
        found=found,
        asked=words(asked),
        keys=_keys(own),
    )


def _keys(own: Quantization) -> str:
    keys = f'quantization.method = "{own.method}"'
    if quantization_methods.get(own).is_four_bit:
        keys += f" quantization.double = {str(own.double).lower()}"
    return keys


def _by_bitsandbytes(said: dict[str, Any]) -> Quantization | None:
    """The same as a profile would say it; None for other libraries."""
    if said.get("quant_method") not in ("bitsandbytes", None):
        return None
    if said.get("load_in_8bit") is True or said.get("_load_in_8bit") is True:
        return Quantization("int8")
    if said.get("load_in_4bit") is not True and said.get("_load_in_4bit") is not True:
        return None
    method = said.get("bnb_4bit_quant_type", "fp4")
    known = quantization_methods.QUANTIZATION_METHODS.get(method)
    if known is None or not known.is_four_bit:
        return None
    return Quantization(method, double=said.get("bnb_4bit_use_double_quant") is True)
