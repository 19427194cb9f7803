"""Work beside the keys ends quietly when its widget is taken away, and fails loudly before."""

from __future__ import annotations

import ast
import asyncio
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Static
from textual.worker import WorkerFailed

import tui
from tui.widgets.parts import Part, ScreenOfParts, in_worker
from tui.widgets.work import work


class Last(Static):
    """Holds its screen while that is taken away, until the screen's work has come back."""

    async def on_unmount(self) -> None:
        screen = self.screen
        assert isinstance(screen, Slow | SlowParts)
        screen.may_go_on.set()
        await screen.has_looked.wait()


async def _look(screen: Slow | SlowParts) -> None:
    """Wait, as for a thread, and look for a widget that is not there."""
    try:
        await screen.may_go_on.wait()
        screen.query_one("#gone")
    finally:
        screen.has_looked.set()


class Slow(ModalScreen[None]):
    """A dialog with work of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.may_go_on, self.has_looked = asyncio.Event(), asyncio.Event()

    def compose(self) -> ComposeResult:
        yield Last()

    @work()
    async def on_mount(self) -> None:
        await _look(self)


class SlowPart(Part):
    """Has the work of its screen."""

    @in_worker("look")
    async def look(self) -> None:
        assert isinstance(self.screen, SlowParts)
        await _look(self.screen)


class SlowParts(ScreenOfParts):
    """A screen whose part has work."""

    def __init__(self) -> None:
        super().__init__()
        self.may_go_on, self.has_looked = asyncio.Event(), asyncio.Event()

    def compose(self) -> ComposeResult:
        yield Last()

    def on_mount(self) -> None:
        SlowPart(self).look()


SCREENS = pytest.mark.parametrize("kind", [Slow, SlowParts])


@SCREENS
async def test_it_ends_quietly_when_its_screen_is_closed(kind: type[Slow | SlowParts]) -> None:
    app: App[None] = App()
    async with app.run_test() as pilot:
        screen = kind()
        await app.push_screen(screen)
        await app.pop_screen()
        await pilot.pause()
        assert screen.has_looked.is_set()


@SCREENS
async def test_it_ends_quietly_when_the_app_is_closed(kind: type[Slow | SlowParts]) -> None:
    app: App[None] = App()
    async with app.run_test():
        screen = kind()
        await app.push_screen(screen)
    assert screen.has_looked.is_set()


@SCREENS
async def test_it_fails_loudly_while_its_screen_is_there(kind: type[Slow | SlowParts]) -> None:
    async def let_it_look() -> None:
        app: App[None] = App()
        async with app.run_test():
            screen = kind()
            await app.push_screen(screen)
            screen.may_go_on.set()
            await screen.has_looked.wait()

    with pytest.raises(WorkerFailed, match="gone"):
        await let_it_look()


def test_the_workbench_has_no_other_work() -> None:
    """Textual's own `work` is for threads alone; whatever else is awaited stops with its widget."""
    others = []
    for path in Path(tui.__file__).parent.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == "textual":
                names = {alias.name: alias.asname for alias in node.names}
                if names.get("work", "in_thread") != "in_thread":
                    others.append(f"{path.name}:{node.lineno}")
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "run_worker":
                said = ast.unparse(node)
                if "while_there" not in said and "thread=True" not in said:
                    others.append(f"{path.name}:{node.lineno}")
    assert sorted(one.partition(":")[0] for one in others) == ["parts.py", "work.py"]
