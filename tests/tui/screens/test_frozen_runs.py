"""Run folders of earlier versions on the Runs and the Train screen, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import frozen_runs
import pytest
from frozen_runs import FAILED, FINISHED, INTERRUPTED, STOPPED, TRANSLATED, WARNED
from looking import seen, wait_for

from engine.language import texts
from engine.run.folder import Run
from tui.app import YiwenApp
from tui.screens.runs.run_table import RunTable
from tui.screens.runs.screen import RunsScreen

SIZE = (160, 48)
STATUSES = {
    "en": {
        FINISHED: "✓ finished",
        FAILED: "✗ failed",
        TRANSLATED: "✓ finished",
        STOPPED: "■ stopped",
        INTERRUPTED: "◌ interrupted",
        WARNED: "✓ finished",
    },
    "zh-TW": {
        FINISHED: "✓ 完成",
        FAILED: "✗ 失敗",
        TRANSLATED: "✓ 完成",
        STOPPED: "■ 已停止",
        INTERRUPTED: "◌ 中斷",
        WARNED: "✓ 完成",
    },
}
SAID = {FAILED: "無法載入", WARNED: "的訓練資料有共同的句子"}
"""By their workers, in Chinese: it stands as it was said."""


@pytest.fixture(params=list(STATUSES))
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    texts.speak(request.param)
    yield request.param
    texts.speak("en")


@pytest.fixture(autouse=True)
def _thawed(root: Path) -> None:
    frozen_runs.thaw(root)


async def test_the_runs_screen_lists_and_describes_each(app: YiwenApp, language: str) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("f4")
        await wait_for(pilot, lambda: isinstance(app.screen, RunsScreen))
        table = app.screen.query_one(RunTable)
        await wait_for(pilot, lambda: table.row_count == len(frozen_runs.ALL))
        for name in table.keys:
            await wait_for(pilot, f"│ {name} ")
            assert seen(app).count(STATUSES[language][name]) > 1
            assert SAID.get(name, "") in seen(app)
            await pilot.press("down")


@pytest.mark.parametrize("name", frozen_runs.ALL)
async def test_the_train_screen_shows_each(
    app: YiwenApp, root: Path, name: str, language: str
) -> None:
    async with app.run_test(size=SIZE) as pilot:
        app.navigation.watch(Run(root / name))
        await wait_for(pilot, STATUSES[language][name])
        await wait_for(pilot, SAID.get(name, ""))
