"""Screens are made of parts: none is a class that was cut into files."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest
from textual.screen import Screen

from tui import screens

PREFIX = f"{screens.__name__}."
OF_PARTS = ("evaluate", "runs", "train", "translate")


@pytest.mark.parametrize("name", OF_PARTS)
def test_no_screen_has_a_superclass_among_the_files_of_its_folder(name: str) -> None:
    folder = importlib.import_module(PREFIX + name)
    modules = [module.name for module in pkgutil.iter_modules(folder.__path__)]
    kinds = [
        kind
        for module in modules
        for kind in vars(importlib.import_module(f"{PREFIX}{name}.{module}")).values()
        if isinstance(kind, type)
        and issubclass(kind, Screen)
        and kind.__module__.startswith(PREFIX)
    ]
    assert kinds
    assert [
        f"{kind.__qualname__}({above.__qualname__})"
        for kind in kinds
        for above in kind.__mro__[1:]
        if above.__module__.startswith(PREFIX)
    ] == []


@pytest.mark.parametrize("name", OF_PARTS)
def test_no_screen_leaves_something_to_another_file_of_its_class(name: str) -> None:
    folder = importlib.import_module(PREFIX + name)
    sources = [path for place in folder.__path__ for path in Path(place).glob("*.py")]
    assert sources
    assert [p.name for p in sources if "NotImplementedError" in p.read_text("utf-8")] == []
