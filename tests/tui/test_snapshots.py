"""What every screen shows in every main state, size and language, as files that people can review.

A picture that differs fails with a diff. If it is the better one, `make snapshots` takes it, or
`YIWEN_ACCEPT=1` before the pytest command for the tests chosen there.
"""

from __future__ import annotations

import difflib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from looking import seen
from scenes import SCENES
from stage import Stage
from whole_words import closing_heads, cut

from engine.machine.paths import BUILTIN_PROFILES

FOLDER = Path(__file__).with_name("snapshots")
LANGUAGES = ("en", "zh-TW")
LANGUAGE = os.environ["YIWEN_LANGUAGE"]
"""Of this process; the interface has one for life."""
SIZES = ((80, 24), (160, 48))
ACCEPT = "YIWEN_ACCEPT"


def _file(name: str, size: tuple[int, int], language: str) -> Path:
    return FOLDER / f"{name}-{size[0]}x{size[1]}-{language}.txt"


@pytest.mark.parametrize("language", [LANGUAGE])
@pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)
@pytest.mark.parametrize("name", SCENES)
async def test_a_screen_looks_as_it_did(
    stage: Stage, name: str, size: tuple[int, int], language: str
) -> None:
    async with stage.app.run_test(size=size) as pilot:
        stage.pilot = pilot
        await SCENES[name](stage)
        await stage.rest()
        shown = "".join(line.rstrip() + "\n" for line in seen(stage.app).splitlines())
        stumbles = cut(stage.app) + closing_heads(shown)
    assert not stumbles, "\n".join(stumbles)
    for path in (stage.root.parent, BUILTIN_PROFILES):
        assert str(path) not in shown, "a path of this machine"
    _compare(_file(name, size, language), shown)


def _compare(file: Path, shown: str) -> None:
    kept = file.read_text("utf-8") if file.exists() else ""
    if shown == kept:
        return
    if os.environ.get(ACCEPT):
        FOLDER.mkdir(exist_ok=True)
        file.write_text(shown, "utf-8")
        return
    there = f"tests/tui/snapshots/{file.name}"
    diff = difflib.unified_diff(
        kept.splitlines(), shown.splitlines(), there, "shown now", lineterm=""
    )
    how = f"To take what is shown now: make snapshots, or {ACCEPT}=1 before pytest; then review it."
    pytest.fail("\n".join([*diff, "", how]), pytrace=False)


@pytest.mark.skipif(LANGUAGE != "en", reason="started by the English tests")
def test_the_screens_look_as_they_did_in_chinese() -> None:
    played = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            "-k",
            "zh-TW",
            __file__,
        ],
        env={**os.environ, "YIWEN_TEST_LANGUAGE": "zh-TW"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert played.returncode == 0, played.stdout + played.stderr


def test_every_picture_has_its_scene() -> None:
    wanted = {
        _file(name, size, lang).name for name in SCENES for size in SIZES for lang in LANGUAGES
    }
    kept = {file.name for file in FOLDER.glob("*.txt")}
    assert kept <= wanted, "delete the others: nothing is compared with them"
