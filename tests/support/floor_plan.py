"""Reads a tree of packages without running it: who imports whom, and what nothing there uses."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

CALLED_FROM_OUTSIDE = re.compile(
    r"(action|compute|on|render|validate|visit|watch)_\w+|[a-z]+_[A-Z]\w+|main|__\w+__"
)
"""Functions and methods that Textual, ast and http.server find by their names, or a process."""


class FloorPlan:
    """The packages of a folder, by the names of their modules.

    What is `known_by_type` may be imported from below it for types alone: an application knows its
    screens, and they what they are shown in.
    """

    def __init__(
        self, root: Path, packages: Iterable[str], known_by_type: Iterable[str] = ()
    ) -> None:
        paths = [path for package in packages for path in (root / package).rglob("*.py")]
        self.root, self.known_by_type = root, set(known_by_type)
        self.trees = {
            self._name(path): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(paths)
        }
        self.folders = {self._name(path) for path in paths if path.name == "__init__.py"}
        self.imports = {
            name: set(self._imported(tree)) - {name} for name, tree in self.trees.items()
        }

    def _name(self, path: Path) -> str:
        parts = path.relative_to(self.root).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def _imported(self, tree: ast.Module) -> Iterator[str]:
        """Modules of the tree that a module imports, now or later, be it for types alone."""
        checks = [node for node in ast.walk(tree) if isinstance(node, ast.If)]
        types = [node for node in checks if ast.unparse(node.test) == "TYPE_CHECKING"]
        for_types = {id(inner) for node in types for one in node.body for inner in ast.walk(one)}
        for node in ast.walk(tree):
            for name in self._named(node):
                if id(node) not in for_types or name not in self.known_by_type:
                    yield name

    def _named(self, node: ast.AST) -> Iterator[str]:
        """Modules of the tree that an import names."""
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in self.trees)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield from [name for name in (whole, node.module) if name in self.trees][:1]

    def loose(self, package: str) -> list[str]:
        """Modules of a package that lie in none of its folders."""
        beside = [name for name in self.trees if name.rpartition(".")[0] == package]
        return [name for name in beside if name not in self.folders]

    def circles(self) -> list[list[str]]:
        """Folders that stand on each other; a loose module of a package stands for itself."""
        arrows: dict[str, set[str]] = defaultdict(set)
        for module, imported in self.imports.items():
            for other in imported:
                if self._folder(module) != self._folder(other):
                    arrows[self._folder(module)].add(self._folder(other))
        return list(_circles(arrows))

    def _folder(self, module: str) -> str:
        parent = module.rpartition(".")[0]
        return module if module in self.folders or "." not in parent else parent

    def idle_modules(self, begun: Iterable[str]) -> list[str]:
        """Modules that no other imports, nor any process begins with."""
        used = set(begun).union(*self.imports.values())
        return [name for name in self.trees if name not in used | self.folders]

    def plain_strings(self) -> set[str]:
        """Texts of a word or so, by which code finds other code."""
        nodes = [node for tree in self.trees.values() for node in ast.walk(tree)]
        texts = [node.value for node in nodes if isinstance(node, ast.Constant)]
        return {text for text in texts if isinstance(text, str) and not re.search(r"\s", text)}

    def idle_functions(self, begun: Iterable[str] = ()) -> list[str]:
        """Public functions, classes and methods that nothing but themselves names."""
        named = set(begun)
        words = Counter(word for text in self.plain_strings() for word in re.findall(r"\w+", text))
        for tree in self.trees.values():
            words.update(_names(tree))
        return [
            f"{module}.{place}"
            for module, tree in self.trees.items()
            for place, node in _public(tree)
            if words[node.name] == Counter(_names(node))[node.name]
            and node.name not in named
            and not CALLED_FROM_OUTSIDE.fullmatch(node.name)
            and not any(ast.unparse(one).startswith("on(") for one in node.decorator_list)
        ]


def _public(
    tree: ast.Module | ast.ClassDef,
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]]:
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    for node in tree.body:
        if isinstance(node, kinds) and not node.name.startswith("_"):
            yield node.name, node
            if isinstance(node, ast.ClassDef):
                yield from ((f"{node.name}.{place}", inner) for place, inner in _public(node))


def _names(tree: ast.AST) -> Iterator[str]:
    """Every name that is spoken of; to define something does not speak of it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names)


def _circles(arrows: dict[str, set[str]]) -> Iterator[list[str]]:
    """Each circle that a walk from below comes back on, as its folders in order."""
    done: set[str] = set()
    trail: list[str] = []

    def visit(node: str) -> Iterator[list[str]]:
        trail.append(node)
        for other in sorted(arrows.get(node, ())):
            if other in trail:
                yield [*trail[trail.index(other) :], other]
            elif other not in done:
                yield from visit(other)
        done.add(trail.pop())

    for node in sorted(arrows):
        if node not in done:
            yield from visit(node)
