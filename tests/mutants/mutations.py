"""Small changes that a module's tests must notice: a comparison, a sign, a constant, a condition.

A change is known by what it says, not by where it stands: `points_from: step - 1 → step + 1`.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_OTHER: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.USub: ast.UAdd,
}  # fmt: skip
_OTHER_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any", "ceil": "floor"}
_SAID_TWICE = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot, ast.In, ast.NotIn)
"""A condition of one of these is turned round by the comparison's own change."""
_NOT_COMPUTED = {"annotation", "returns", "decorator_list"}


@dataclass(frozen=True)
class Mutation:
    """One small change to a module."""

    key: str
    """The function it is in, what stands there, and what instead."""
    source: str
    """The whole module with it."""


@dataclass(frozen=True)
class _Swap:
    """A field of a node that gets another value."""

    node: ast.AST
    field: str
    value: Any
    shown: ast.AST | None = None
    """What says the change, where it is more than the value itself."""


def mutations(source: str) -> list[Mutation]:
    """Every small change to a module, in the order in which it reads."""
    tree = ast.parse(source)
    seen: Counter[str] = Counter()
    return [_mutation(tree, place, swap, seen) for place, swap in _walk(tree, "")]


def _mutation(tree: ast.Module, place: str, swap: _Swap, seen: Counter[str]) -> Mutation:
    was = getattr(swap.node, swap.field)
    before = ast.unparse(swap.shown or was)
    setattr(swap.node, swap.field, swap.value)
    key = f"{place}: {before} → {ast.unparse(swap.shown or swap.value)}"
    source = ast.unparse(tree)
    setattr(swap.node, swap.field, was)
    seen[key] += 1
    return Mutation(f"{key} ({seen[key]})" if seen[key] > 1 else key, source)


def _walk(node: ast.AST, place: str) -> Iterator[tuple[str, _Swap]]:
    """What can be changed below a node, with the name of the function or class around it."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        place = f"{place}.{node.name}".lstrip(".")
    yield from ((place, swap) for swap in _swaps(node))
    for field, value in ast.iter_fields(node):
        if field in _NOT_COMPUTED or (isinstance(node, ast.ClassDef) and field == "keywords"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.Constant):
                yield from ((place, swap) for swap in _constants(node, child))
            elif isinstance(child, ast.AST):
                yield from _walk(child, place)


def _swaps(node: ast.AST) -> Iterator[_Swap]:
    match node:
        case ast.Compare(ops=ops):
            for at, op in enumerate(ops):
                yield _Swap(node, "ops", [*ops[:at], _OTHER[type(op)](), *ops[at + 1 :]], node)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield _Swap(node, "operand", _not(operand), node)
        case ast.BinOp(op=op) | ast.AugAssign(op=op) | ast.BoolOp(op=op) | ast.UnaryOp(op=op):
            if type(op) in _OTHER:
                yield _Swap(node, "op", _OTHER[type(op)](), node)
        case ast.Call(func=ast.Name(id=name) as called) if name in _OTHER_NAMES:
            yield _Swap(called, "id", _OTHER_NAMES[name], node)
        case ast.Call(func=ast.Attribute(attr=name) as called) if name in _OTHER_NAMES:
            yield _Swap(called, "attr", _OTHER_NAMES[name], node)
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
            if not _is_turned_already(test):
                yield _Swap(node, "test", _not(test))
        case ast.comprehension(ifs=ifs):
            for at, test in enumerate(ifs):
                if not _is_turned_already(test):
                    yield _Swap(node, "ifs", [*ifs[:at], _not(test), *ifs[at + 1 :]], node)


def _constants(node: ast.AST, child: ast.Constant) -> Iterator[_Swap]:
    """A number becomes the next one, true becomes false: said with what stands around it."""
    if isinstance(child.value, bool):
        yield _Swap(child, "value", not child.value, node)
    elif isinstance(child.value, (int, float)):
        yield _Swap(child, "value", child.value + 1, node)


def _not(test: ast.expr) -> ast.UnaryOp:
    return ast.UnaryOp(ast.Not(), test)


def _is_turned_already(test: ast.expr) -> bool:
    """Does a change to the condition itself turn it round?"""
    match test:
        case ast.Compare(ops=[op]):
            return isinstance(op, _SAID_TWICE)
        case ast.UnaryOp(op=ast.Not()):
            return True
    return False
