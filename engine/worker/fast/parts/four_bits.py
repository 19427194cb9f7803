"""Weights in 4 bits as bitsandbytes stores them, and how a kernel looks up what a code means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import bitsandbytes as bnb
import torch
from torch import Tensor, nn

from engine.language.said import Said
from engine.worker.fast.parts.architecture import Unsupported

BLOCK = 64
"""Weights that share a scale."""


@dataclass(frozen=True)
class FourBits:
    """A matrix [N, K]."""

    codes: Tensor
    """[N·K / 2] uint8; the first of two weights is in the high half."""
    scales: Tensor
    """[N·K / 64] float32."""
    lookup: str
    """What a code means (see `lookup_of`)."""


def put_together(linears: Sequence[nn.Module]) -> FourBits:
    """The weights of several linears under one another. Raises Unsupported.

    The linears' own codes become views of what is returned, so it costs only the scales' memory.
    """
    codes, scales, tables = [], [], []
    for linear in linears:
        if not isinstance(linear, bnb.nn.Linear4bit):
            raise Unsupported("not a 4-bit layer")
        state = linear.weight.quant_state
        if state.blocksize != BLOCK or linear.in_features % BLOCK:
            raise Unsupported(
                Said("4-bit blocks of {size} in {inputs} inputs"),
                size=state.blocksize,
                inputs=linear.in_features,
            )
        codes.append(linear.weight.data.view(-1))
        absmax = state.absmax
        if state.nested:
            absmax = bnb.functional.dequantize_blockwise(absmax, state.state2) + state.offset
        scales.append(absmax.float())
        tables.append(lookup_of(state.code))
    if len(set(tables)) > 1:
        raise Unsupported("4-bit codes of different meanings")
    together = torch.cat(codes)
    for linear, part in zip(linears, together.split([len(part) for part in codes])):
        linear.weight.data = part.view_as(linear.weight.data)
    return FourBits(together, torch.cat(scales), tables[0])


def lookup_of(table: Tensor) -> str:
    """PTX that turns four bytes of two codes into eight float32, by a table of 16 values.

    A table in memory costs a load for each weight, more than the memory of the weights themselves.
    Here it is four registers for the high bytes of the values in bfloat16, and four for the low
    ones: `prmt` picks four of eight bytes by the low three bits of four codes, the highest bit
    picks between the halves of the table. Operands: $0-$3 the values of the high codes, $4-$7 of
    the low codes, $8 the four bytes.
    """
    values = (table.to(torch.bfloat16).view(torch.int16).int() & 0xFFFF).tolist()

    def word(byte: int, first: int) -> int:
        return sum((values[first + i] >> 8 * byte & 0xFF) << 8 * i for i in range(4))

    # prmt.b32 d, a, b, s: byte i of d is the byte of the eight of (a, b), a's lowest first, that
    # digit i of s names by its low three bits; with its highest bit set, that byte's sign eight
    # times over. A code less its highest bit (0x77777777) picks a byte from each half of the table,
    # and that bit, spread (`side`), chooses between the two: lop3 0xCA is side ? high : low.
    lines = [".reg .b32 pick, above, side, low_half, high_half, high, low, pair;"]
    lines += [f".reg .b32 h{i}, l{i};" for i in range(4)]
    for i in range(4):
        lines += [f"mov.b32 h{i}, {word(1, 4 * i)};", f"mov.b32 l{i}, {word(0, 4 * i)};"]
    lines += ["and.b32 pick, $8, 0x77777777;", "shl.b32 above, $8, 4;"]
    # Each half of the word holds four codes: low, high, low, high. A byte's sign is the highest
    # bit of its high code; in `above`, shifted by 4, that of its low one. 0xD9C8 takes the signs of
    # byte 0 of `above` and of the word, then those of byte 1; 0xFBEA those of bytes 2 and 3.
    for half, signs in enumerate(("0xD9C8", "0xFBEA")):
        lines += ["shr.b32 pick, pick, 16;"] if half else []
        lines += [f"prmt.b32 side, above, $8, {signs};"]
        for name, register in (("high", "h"), ("low", "l")):
            lines += [
                f"prmt.b32 low_half, {register}0, {register}1, pick;",
                f"prmt.b32 high_half, {register}2, {register}3, pick;",
                f"lop3.b32 {name}, side, high_half, low_half, 0xCA;",
            ]
        # Low and high bytes join to two bfloat16 a register: 0x7351 those of the high codes, 0x6240
        # of the low ones. Shifted, or masked, each is the float32 of the same value.
        for order, first in (("0x7351", 2 * half), ("0x6240", 4 + 2 * half)):
            lines += [
                f"prmt.b32 pair, low, high, {order};",
                f"shl.b32 ${first}, pair, 16;",
                f"and.b32 ${first + 1}, pair, 0xFFFF0000;",
            ]
    return "{\n" + "\n".join(lines) + "\n}"
