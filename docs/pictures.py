"""Makes pictures of every screen: both languages, both sizes, dark and light, from the workbench.

python docs/pictures.py [FOLDER]                  every scene of the tests
python docs/pictures.py --of RUNS RUN             those of the README, of a real run and its folder
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support"), str(ROOT / "docs")]

from cell_svg import draw  # noqa: E402
from rich.color import ColorSystem  # noqa: E402
from textual._compositor import LayoutUpdate  # noqa: E402
from textual.app import App  # noqa: E402
from textual.pilot import Pilot  # noqa: E402

LANGUAGES = ("en", "zh-TW")
SIZES = ((80, 24), (160, 48))
README_SIZE = (112, 30)
THEMES = {"dark": "textual-dark", "light": "textual-light"}


def main() -> None:
    """Each language in a process of its own: the workbench has one for life."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "pictures")
    parser.add_argument("--language", choices=LANGUAGES)
    parser.add_argument("--only", default="", help="scenes whose names hold this")
    parser.add_argument("--of", nargs=2, metavar=("RUNS", "RUN"))
    arguments = parser.parse_args()
    if arguments.of:
        asyncio.run(_readme(*arguments.of))
        return
    arguments.folder.mkdir(parents=True, exist_ok=True)
    if arguments.language:
        asyncio.run(_all(arguments.folder.resolve(), arguments.language, arguments.only))
        return
    for language in LANGUAGES:
        command = [sys.executable, __file__, str(arguments.folder), "--language", language]
        environment = {**os.environ, "YIWEN_LANGUAGE": language}
        subprocess.run([*command, "--only", arguments.only], env=environment, check=True)
    print(f"{len(list(arguments.folder.glob('*.svg')))} pictures in {arguments.folder}")


async def _all(folder: Path, language: str, only: str) -> None:
    from scenes import SCENES

    for name in SCENES:
        for columns, rows in SIZES if only in name else ():
            for look, picture in (await _pictures(name, (columns, rows))).items():
                file = folder / f"{name}-{columns}x{rows}-{language}-{look}.svg"
                file.write_text(picture, "utf-8")


async def _pictures(name: str, size: tuple[int, int]) -> dict[str, str]:
    """A scene, dark and light."""
    import pytest
    from scenes import SCENES
    from stage import Stage, freeze

    with pytest.MonkeyPatch.context() as world, tempfile.TemporaryDirectory() as place:
        for variable in ("STATE", "CONFIG", "DATA"):
            world.setenv(f"XDG_{variable}_HOME", f"{place}/{variable}")
        stage = Stage(freeze(world, Path(place, "work")))
        made = {}
        async with stage.app.run_test(size=size) as stage.pilot:
            await SCENES[name](stage)
            for look, theme in THEMES.items():
                stage.app.theme = theme
                await stage.rest()
                made[look] = picture_of(stage.app)
        stage.leave()
        world.chdir(ROOT)
    return made


async def _readme(folder: str, key: str) -> None:
    """A trained run and all runs, as they lie in a folder; in Chinese, how a run is set up."""
    from engine.machine.paths import runs_root
    from engine.run import runs_folder
    from tui.app import YiwenApp

    root = runs_root(folder)
    run = runs_folder.find(root, key)
    app = YiwenApp(root, charset="braille")
    async with app.run_test(size=README_SIZE) as pilot:
        await pilot.pause(1)
        if os.environ.get("YIWEN_LANGUAGE", "en") != "en":
            await _keep(app, pilot, "setup", "dark")
            return
        app.navigation.watch(run)
        await _keep(app, pilot, "train", "dark")
        await pilot.press("f4")
        await _keep(app, pilot, "runs", "light")


async def _keep(app: App[None], pilot: Pilot[None], name: str, look: str) -> None:
    app.theme = THEMES[look]
    await pilot.pause(3)
    (ROOT / "docs" / f"{name}.svg").write_text(picture_of(app), "utf-8")


def picture_of(app: App[None]) -> str:
    """What an application shows now, a dialog over its screen too."""
    app.console._color_system = ColorSystem.TRUECOLOR
    app.screen.refresh()
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    assert isinstance(update, LayoutUpdate)
    lines = [[segment for strip in line for segment in strip] for line in update.strips]
    ground = app.current_theme.background or app.theme_variables["background"]
    return draw(lines, app.size.width, ground=ground.lower())


if __name__ == "__main__":
    main()
