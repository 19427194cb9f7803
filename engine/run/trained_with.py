"""What an adapter was trained with, kept beside its weights; and how what it is used with differs.

An adapter under another prompt or another base than its own still gives a number, and a wrong one:
whoever uses it asks here, and says what is different.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
from msgspec import Struct

from engine.language.errors import UserError, reason_of
from engine.language.plain_text import one_line
from engine.language.said import Joined, Said, Words
from engine.machine import manifest, reading, regular_files
from engine.models import hub
from engine.profile.schema import Profile, Prompt, Quantization
from engine.prompts.builder import PromptBuilder

_FILE = "trained_with.json"
_LOOKED_AT = 1 << 20
"""Bytes at both ends of a file of weights that tell it from others; reading all takes minutes."""


class TrainedWith(Struct, frozen=True):
    """Base and prompt of an adapter's training."""

    model: str
    """Path or hub id."""
    weights: str
    """Fingerprint of the base's files."""
    quantization: Quantization
    prompt: Prompt
    digest: str
    """Of the prompt and what ends an answer, as `PromptBuilder.digest`."""


def describe(profile: Profile, builder: PromptBuilder) -> TrainedWith:
    """What a profile trains, or uses, an adapter with."""
    return TrainedWith(
        model=profile.model.path,
        weights=fingerprint(builder.tokenizer.folder),
        quantization=profile.quantization,
        prompt=profile.prompt,
        digest=builder.digest,
    )


def fingerprint(folder: Path) -> str:
    """Twelve hex digits that name a model folder's configuration and weights."""
    digest = hashlib.sha256()
    for path in (folder / name for name in ("config.json", *hub.weight_files(folder))):
        if not path.is_file():
            continue
        size = path.stat().st_size
        digest.update(f"{path.name} {size}\0".encode())
        with reading.open_regular(path, reading.ANY) as file:
            digest.update(file.read(_LOOKED_AT))
            if size > 2 * _LOOKED_AT:
                file.seek(-_LOOKED_AT, 2)
                digest.update(file.read())
    return digest.hexdigest()[:12]


def write(folder: Path, facts: TrainedWith) -> None:
    """Keep the facts in an adapter's folder."""
    (folder / _FILE).write_bytes(msgspec.json.format(msgspec.json.encode(facts)) + b"\n")


def read(folder: Path) -> TrainedWith | None:
    """The facts of an adapter's folder, None if it has none. Raises UserError."""
    manifest.check(folder, (_FILE,))
    try:
        return reading.json_of(
            regular_files.content(folder / _FILE, most=reading.SMALL), TrainedWith
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise UserError(
            "{path}: cannot be read: {error}", path=folder / _FILE, error=reason_of(error)
        ) from None


def differences(folder: Path, profile: Profile, builder: PromptBuilder) -> list[Words]:
    """What is different from the training of an adapter, a sentence each; nothing if all agrees.

    Raises UserError if what is kept of the training cannot be read.
    """
    then = read(folder)
    if then is None:
        return []
    now = describe(profile, builder)
    found: list[Words] = []
    if then.weights != now.weights:
        where = (
            ""
            if then.model == now.model
            else Said(", {then}, not {now}", then=then.model, now=now.model)
        )
        found.append(Said("the adapter was trained on another base model{where}", where=where))
    if then.quantization != now.quantization:
        found.append(
            Said(
                "the adapter was trained on a base in {then}, not {now}",
                then=_in_words(then.quantization),
                now=_in_words(now.quantization),
            )
        )
    if then.digest != now.digest:
        keys = [
            Said(
                "prompt.{key} was {before}, is {after}",
                key=key,
                before=_short(before),
                after=_short(after),
            )
            for key in Prompt.__struct_fields__
            if (before := getattr(then.prompt, key)) != (after := getattr(now.prompt, key))
        ]
        why = Joined("; ", keys) or Said("its special tokens are others")
        found.append(Said("the adapter was trained with another prompt: {why}", why=why))
    return found


def _in_words(quantization: Quantization) -> Words:
    if quantization.method == "none":
        return Said("full precision")
    return quantization.method + (" double" if quantization.double else "")


def _short(value: object) -> str:
    text = one_line(repr(value))
    return text if len(text) <= 60 else text[:59] + "…"
