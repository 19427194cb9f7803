"""What translator and client say to each other: JSON lines over a pipe, ids in, ids out."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from engine.profile.schema import Generation, Profile
from engine.run.device import Device
from engine.run.events import Phase


class Message(Struct, kw_only=True, tag_field="kind", tag=str.lower):
    """One line, either way."""


class Load(Message):
    """Client: load this profile's base model (instead of another, if one is loaded)."""

    profile: Profile


class Generate(Message):
    """Client: continue these ids until a stop id, with an adapter (a folder) or none."""

    request: int
    ids: list[int]
    stop: list[int]
    generation: Generation
    adapter: str = ""
    seed: int = 0


class Score(Message):
    """Client: how probable are the scored ones of these ids, with an adapter or none?"""

    request: int
    ids: list[int]
    scored: list[int]
    """1 for each id that counts, else 0."""
    adapter: str = ""


class Cancel(Message):
    """Client: end the generation under way."""


class Ready(Message):
    """Worker: the model is loaded."""

    device: Device


class Tokens(Message):
    """Worker: new ids, stop ids left out."""

    request: int
    ids: list[int]


class Done(Message):
    """Worker: a generation ended, for a reason: stop, length, cancelled."""

    request: int
    reason: str
    tokens: int
    seconds: float


class Scored(Message):
    """Worker: the sum over the scored ids of their negative log-likelihood."""

    request: int
    nll: float | None
    """Nats; None where it is no finite number."""
    tokens: int


class Trouble(Message):
    """Worker: a request could not be served; it waits for the next one."""

    message: Any
    """Packed, like the hint: see engine.language.said."""
    hint: Any = ""


ToWorker = Load | Generate | Score | Cancel
FromWorker = Ready | Tokens | Done | Scored | Trouble | Phase
to_worker: msgspec.json.Decoder[ToWorker] = msgspec.json.Decoder(ToWorker)
from_worker: msgspec.json.Decoder[FromWorker] = msgspec.json.Decoder(FromWorker)


def encode(message: Struct) -> bytes:
    """One line."""
    return msgspec.json.encode(message) + b"\n"
