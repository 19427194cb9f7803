"""Makes the README's picture: opens the workbench on a real run and writes what it shows as SVG.

python docs/screenshot.py RUNS_FOLDER RUN > docs/train.svg
"""

from __future__ import annotations

import asyncio
import re
import sys

from engine import runs_folder
from engine.paths import runs_root
from tui.app import YiwenApp


async def main(folder: str, key: str) -> None:
    """Print the Train screen with one run."""
    root = runs_root(folder)
    app = YiwenApp(root)
    async with app.run_test(size=(120, 32)) as pilot:
        await pilot.pause(1)
        app.watch_run(runs_folder.find(root, key))
        await pilot.pause(2)
        picture = app.export_screenshot(title="yiwen")
    # Textual asks a font server for its font; any monospaced one that the reader has will do.
    picture = re.sub(r"@font-face \{.*?\}", "", picture, flags=re.S)
    print(picture.replace("Fira Code", "ui-monospace, Fira Code"))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
