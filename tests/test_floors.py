"""The floor plan holds: folders stand on folders below them, and nothing stands about unused."""

from __future__ import annotations

from pathlib import Path

import pytest
from floor_plan import FloorPlan

ROOT = Path(__file__).resolve().parent.parent
STARTED = {
    "engine.worker.__main__",
    "engine.start.notice",
    "engine.queue.scheduler",
    "engine.machine.processes.start",
    "tui.__main__",
    # Scripts that the course's grader runs.
    "engine.worker.handin.grade",
    "engine.worker.handin.predict",
}
"""Modules that a process begins with."""
OVERRIDDEN = {
    # Textual's.
    "can_replace",
    "get_content_height",
    "get_css_variables",
    "get_line_filters",
    "get_system_commands",
    "search_themes",
    # argparse's.
    "add_usage",
    "format_help",
    "parse_known_args",
    "start_section",
}
"""Methods that a library calls, by the library."""


@pytest.fixture(scope="module")
def plan() -> FloorPlan:
    return FloorPlan(ROOT, ("engine", "tui"), known_by_type={"tui.app"})


def test_no_module_lies_loose_in_the_engine(plan: FloorPlan) -> None:
    assert plan.loose("engine") == []


def test_no_folder_stands_in_a_circle(plan: FloorPlan) -> None:
    assert plan.circles() == []


def test_every_module_is_imported_or_begins_something(plan: FloorPlan) -> None:
    """Commands are named `module:function`; screens lie where their names say."""
    commands = [text.split(":")[0] for text in plan.plain_strings() if ":" in text]
    named = {f"engine.cli.{name}" for name in commands}
    named |= {f"engine.cli.data.{name}" for name in commands}
    named |= {f"tui.screens.{mode}.screen" for mode in plan.plain_strings()}
    assert plan.idle_modules(STARTED | named) == []


def test_no_function_is_there_for_tests_alone(plan: FloorPlan) -> None:
    screens = {f"{mode.capitalize()}Screen" for mode in plan.plain_strings()}
    assert plan.idle_functions(OVERRIDDEN | screens) == []


def test_all_that_is_said_to_be_overridden_or_started_is_there(plan: FloorPlan) -> None:
    assert set(plan.trees) >= STARTED
    idle = plan.idle_functions()
    assert {name for name in OVERRIDDEN if any(one.endswith(f".{name}") for one in idle)} == (
        OVERRIDDEN
    )


def planted(root: Path, **files: str) -> FloorPlan:
    """A package `house`, its modules named `folder__module`."""
    for name, text in files.items():
        file = root.joinpath("house", *name.split("__")).with_suffix(".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        for folder in [file.parent, *file.parent.parents]:
            if folder.is_relative_to(root / "house"):
                (folder / "__init__.py").touch()
        file.write_text(text, encoding="utf-8")
    return FloorPlan(root, ("house",), known_by_type={"house.door"})


def test_a_loose_module_is_found(tmp_path: Path) -> None:
    plan = planted(tmp_path, attic__box="", ladder="")
    assert plan.loose("house") == ["house.ladder"]


@pytest.mark.parametrize(
    "line", ["from house.cellar.stairs import down", "import house.cellar.stairs"]
)
@pytest.mark.parametrize("where", ["{}", "def later():\n    {}", "if TYPE_CHECKING:\n    {}"])
def test_a_circle_is_found_however_it_is_imported(tmp_path: Path, line: str, where: str) -> None:
    back = "from house.attic import box"
    plan = planted(tmp_path, attic__box=where.format(line), cellar__stairs=back)
    assert plan.circles() == [["house.attic", "house.cellar", "house.attic"]]


def test_a_circle_through_subfolders_and_loose_modules_is_found(tmp_path: Path) -> None:
    plan = planted(
        tmp_path,
        attic__north__box="from house.attic.south import trunk",
        attic__south__trunk="from house import ladder",
        ladder="from house.attic.north.box import lid",
    )
    circle = ["house.attic.north", "house.attic.south", "house.ladder", "house.attic.north"]
    assert plan.circles() == [circle]


def test_what_all_know_by_its_type_makes_a_circle_only_when_it_is_imported(tmp_path: Path) -> None:
    line = "from house.door import Door"
    door = "from house.attic import box"
    typed = planted(tmp_path / "1", attic__box=f"if TYPE_CHECKING:\n    {line}", door=door)
    assert typed.circles() == []
    assert planted(tmp_path / "2", attic__box=line, door=door).circles()


def test_a_module_that_nobody_imports_is_found(tmp_path: Path) -> None:
    plan = planted(
        tmp_path, door="from house.attic.box import lid", attic__box="", attic__dust="", bell=""
    )
    assert plan.idle_modules({"house.door"}) == ["house.attic.dust", "house.bell"]


IDLE = """
def used(): ...
def idle(): ...
def again(): return again()
def _private(): ...
def on_click(): ...
@on(Click)
def clicked(): ...
class Box:
    def open(self): ...
    def shut(self): '''Nobody calls `shut`. But open.'''
    async def lock(self): ...
class Lid: ...
"""


def test_functions_methods_and_classes_that_nobody_names_are_found(tmp_path: Path) -> None:
    uses = "from house.attic.box import Box, used\nBox().open()\ncommand = 'box:lock'"
    plan = planted(tmp_path, attic__box=IDLE, door=uses)
    idle = ["idle", "again", "Box.shut", "Lid"]
    assert plan.idle_functions() == [f"house.attic.box.{name}" for name in idle]
    assert plan.idle_functions({"shut", "Lid"}) == [f"house.attic.box.{name}" for name in idle[:2]]
