"""One process shows the screens in one language, then in the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_workers import FakeWorkers
from looking import wait_for
from samples import make_run, step

from engine.language import texts
from engine.run.events import Started
from tui.app import YiwenApp

SAID = {
    "en": (" s Start ", "What will happen", "Start the run that is set up", "status", "strategy"),
    "zh-TW": (" s 開始 ", "執行前概覽", "啟動設定好的任務", "狀態", "策略"),
}
"""A key, the card, what explains a key, and headings of columns."""


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    yield
    texts.speak("en")


async def test_one_process_speaks_both_languages(root: Path, workers: FakeWorkers) -> None:
    make_run(root, Started(steps=9), step(1))
    for language, (key, card, explained, *headings) in SAID.items():
        texts.speak(language)
        app = YiwenApp(root)
        async with app.run_test(size=(120, 40)) as pilot:
            await wait_for(pilot, card)
            await wait_for(pilot, key)
            await pilot.press("question_mark")
            await wait_for(pilot, explained)
            await pilot.press("escape", "f4")
            for heading in headings:
                await wait_for(pilot, heading)
