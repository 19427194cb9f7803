"""Simplified and Traditional characters: conversion by OpenCC, and what is only Simplified."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Literal

from engine.language.errors import UserError

Convert = Callable[[str], str]
Conversion = Literal["s2t", "s2tw", "t2s", "t2tw", "tw2t"]
"""OpenCC's names: s Simplified, t Traditional, tw Traditional as Taiwan writes it."""

_IDEOGRAPHS = ((0x3400, 0xA000), (0x20000, 0x32000))
_LEVEL_2 = b"\xc9\x40"
"""Where Big5's less frequent characters begin."""
_TRADITIONAL_TOO = frozenset("万党厘据昵熏种膻蜡跖适")
"""Simplified forms that are words of their own: 万俟 and 党 are names, 拮据, 盜跖, 八蜡."""


@lru_cache(maxsize=8)
def converter(name: Conversion) -> Convert:
    """A conversion by OpenCC, phrase by phrase. Raises UserError where it is not installed."""
    try:
        import opencc  # only for what looks at the two scripts
    except ImportError:
        raise UserError(
            "Simplified and Traditional are told apart by OpenCC: pip install opencc"
        ) from None
    convert: Convert = opencc.OpenCC(name).convert
    return convert


def simplified_characters(text: str) -> str:
    """The characters of a text that only Simplified Chinese has, each as often as it stands there.

    A form that Traditional Chinese has too, as a word of its own (后 里 云 干), is not one.
    """
    known = _simplified_only()
    return "".join(char for char in text if char in known)


@lru_cache(maxsize=1)
def _simplified_only() -> frozenset[str]:
    """What OpenCC changes into Traditional but not into Simplified, and Big5 hardly knows."""
    everything = [chr(code) for first, end in _IDEOGRAPHS for code in range(first, end)]
    lines = "\n".join(everything)  # one to a line, so that no two are read as a phrase
    traditional = converter("s2t")(lines).split("\n")
    simplified = converter("t2s")(lines).split("\n")
    found = {
        char
        for char, in_traditional, in_simplified in zip(everything, traditional, simplified)
        if char != in_traditional and char == in_simplified and not _is_common_traditional(char)
    }
    return frozenset(found - _TRADITIONAL_TOO)


def _is_common_traditional(char: str) -> bool:
    try:
        return char.encode("big5") < _LEVEL_2
    except UnicodeEncodeError:
        return False
