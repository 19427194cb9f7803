"""`make mutants` finds the small changes of a module, and tells those that its tests notice."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from living import LIVING, OWN_TESTS
from mutations import mutations

ROOT = Path(__file__).resolve().parent.parent
SOURCE = """
def price(age: int = 0, member: bool = False) -> float:
    if not member and age >= 18:
        return 1.5 * age
    return max(-age, 2)
class Box:
    size: int = 3
    def fits(self, ones):
        return [one for one in ones if one]
"""
CHANGES = [
    "price: age: int=0, member: bool=False → age: int=1, member: bool=False",
    "price: age: int=0, member: bool=False → age: int=0, member: bool=True",
    "price: not member and age >= 18 → not (not member and age >= 18)",
    "price: not member and age >= 18 → not member or age >= 18",
    "price: not member → not not member",
    "price: age >= 18 → age > 18",
    "price: age >= 18 → age >= 19",
    "price: 1.5 * age → 1.5 / age",
    "price: 1.5 * age → 2.5 * age",
    "price: max(-age, 2) → min(-age, 2)",
    "price: -age → +age",
    "price: max(-age, 2) → max(-age, 3)",
    "Box: size: int = 3 → size: int = 4",
    "Box.fits:  for one in ones if one →  for one in ones if not one",
]


def test_every_comparison_sign_constant_and_condition_is_changed_once() -> None:
    found = mutations(SOURCE)
    assert [one.key for one in found] == CHANGES
    plain = ast.unparse(ast.parse(SOURCE))
    assert len({one.source for one in found} | {plain}) == len(CHANGES) + 1


def test_two_changes_that_read_alike_have_names_of_their_own() -> None:
    assert [one.key for one in mutations("a = -b, -b")] == [": -b → +b", ": -b → +b (2)"]


TRIAL = """
import sys, time
from pathlib import Path

sys.path.insert(0, sys.argv[1])
from lanes import Lane
from mutations import mutations

folder, source = map(Path, sys.argv[2:])
lane, tests = Lane(folder, source), ("tests/test_door.py",)
if said := lane.pass_unchanged(tests):
    sys.exit(said)
for change in mutations((source / "engine/door.py").read_text()):
    lane.start("engine/door.py", change.source, tests, 60)
    while (passed := lane.ended()) is None:
        time.sleep(0.01)
    print("alive" if passed else "noticed", change.key)
if said := lane.pass_unchanged(tests):
    sys.exit(said)
"""


def test_a_change_that_no_test_notices_is_alive_and_the_source_is_left_alone(
    tmp_path: Path,
) -> None:
    source = tmp_path / "source"
    door, test = source / "engine" / "door.py", source / "tests" / "test_door.py"
    for file in (door, test):
        file.parent.mkdir(parents=True)
    (source / "engine" / "__init__.py").touch()
    (source / "pyproject.toml").write_text("[tool.pytest.ini_options]\n", "utf-8")
    door.write_text("def is_open(hour):\n    return hour > 8\n", "utf-8")
    test.write_text(
        "from engine.door import is_open\n\ndef test():\n    assert is_open(9)\n", "utf-8"
    )
    before = {file: file.read_bytes() for file in source.rglob("*") if file.is_file()}
    trial = [sys.executable, "-c", TRIAL, str(ROOT / "tests" / "mutants")]
    done = subprocess.run(
        [*trial, str(tmp_path / "lane"), str(source)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "alive is_open: hour > 8 → hour >= 8",
        "noticed is_open: hour > 8 → hour > 9",
    ]
    assert {file: file.read_bytes() for file in source.rglob("*") if file.is_file()} == before


@pytest.mark.parametrize("module", OWN_TESTS)
def test_what_is_explained_are_changes_that_there_are(module: str) -> None:
    known = {change.key for change in mutations((ROOT / module).read_text("utf-8"))}
    assert set(LIVING.get(module, {})) <= known
    assert all((ROOT / test).is_file() for test in OWN_TESTS[module])


def test_only_modules_that_are_tried_are_explained() -> None:
    assert set(LIVING) <= set(OWN_TESTS)
