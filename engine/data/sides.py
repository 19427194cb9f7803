"""The two sentences of a pair, without what asks for or announces them."""

from __future__ import annotations

import re
from typing import Literal

from engine.data.dataset import Pair

Side = Literal["source", "output"]
SIDES: tuple[Side, Side] = ("source", "output")

_PREFIX = re.compile(r"^\s*((?:答案|譯文|翻譯|輸出|译文|翻译|输出|答)[：:])\s*")


def answer_prefix(output: str) -> str:
    """What announces an answer, such as `答案：`, or nothing."""
    found = _PREFIX.match(output)
    return found[1] if found else ""


def sentence(pair: Pair, side: Side) -> str:
    """One side of a pair."""
    return pair.source_text if side == "source" else _PREFIX.sub("", pair.output)
