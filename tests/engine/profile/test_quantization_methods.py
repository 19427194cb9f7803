"""Quantisation: the same methods in the schema and among the facts; nobody keeps a second list."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import get_args, get_type_hints

import msgspec
import pytest

import engine
from engine.language.errors import UserError
from engine.profile import quantization_methods
from engine.profile.quantization_methods import QUANTIZATION_METHODS
from engine.profile.schema import Quantization

DECLARED = {"quantization_methods.py", "schema.py"}
NAMES = QUANTIZATION_METHODS.keys() - {"none"}


def test_every_method_of_the_schema_has_facts_and_no_other() -> None:
    assert get_args(get_type_hints(Quantization)["method"]) == tuple(QUANTIZATION_METHODS)


def test_an_unknown_method_is_an_error() -> None:
    unknown = msgspec.structs.replace(Quantization(), method="int3")
    with pytest.raises(UserError, match="quantization.method: found 'int3', expected none, nf4"):
        quantization_methods.get(unknown)


@pytest.mark.parametrize(
    ("method", "double", "bits"),
    [
        ("none", True, 16),
        ("int8", True, 8),
        ("nf4", False, 4.5),  # QLoRA, section 3: 0.5 bits of constants a weight …
        ("nf4", True, 4.127),  # … and 0.127 where those are quantised too
        ("fp4", True, 4.127),
    ],
)
def test_a_weight_takes_what_the_paper_says(method: str, double: bool, bits: float) -> None:
    found = QUANTIZATION_METHODS[method].weight_bytes(2, double=double)
    assert found * 8 == pytest.approx(bits, abs=5e-4)


def test_nobody_decides_by_the_names_of_methods() -> None:
    """A fifth method that somebody forgot would fall through there without a word."""
    comparing = [
        f"{path.name}:{node.lineno}"
        for path in Path(engine.__file__).parent.rglob("*.py")
        if path.name not in DECLARED
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Compare) and NAMES & set(_texts(node))
    ]
    assert comparing == []


def _texts(node: ast.AST) -> list[object]:
    return [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
