"""One process says the same thing in the language of whoever asks: alarm, card, notice, refusal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from samples import make_run, score, step

from engine.language import texts
from engine.language.errors import UserError
from engine.language.said import Words
from engine.machine.hardware import Gpu, GpuProcess, Probe
from engine.machine.words import describe_gpu, describe_process
from engine.prompts.strategies import QLORA
from engine.queue.placement import find_place
from engine.run import folder, runs_folder
from engine.run.alarms import Alarms
from engine.run.events import Finished, Started
from engine.run.settings import PEEKED
from engine.start import card, notice, preflight
from engine.start.request import Request, resolve_gpu

CHINESE = re.compile("[\u4e00-\u9fff]")
GPU = Gpu("GPU-a", 0, "H200", total=80, used=70, free=10)


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    """Leave the language as it was found."""
    yield
    texts.speak("en")


def _refused(attempt: object) -> UserError:
    with pytest.raises(UserError) as caught:
        attempt()  # type: ignore[operator]
    return caught.value


def _said(root: Path) -> dict[str, Words | UserError]:
    """One of each kind, made once."""
    alarms = Alarms()
    alarms.extend([Started(steps=9), *(step(number, 9, loss=0.0) for number in range(1, 9))])
    (alarm,) = alarms.find()
    run = make_run(root, Started(), Finished(score=score(12.5)))
    found = preflight.look_ahead(Request(root, QLORA.name, "tiny"), Probe())
    lines = card.card(found)
    return {
        "alarm": alarm.said,
        "card label": lines[0].label,
        "card text": next(line.text for line in lines if line.label == "Training"),
        "notice": notice.sentence(run, run.summary()),
        "queue": find_place(90, "", [GPU], [], any_active=False).reason,
        "gpu": describe_gpu(GPU),
        "process": describe_process(GpuProcess(7)),
        "peeked": PEEKED,
        "no such run": _refused(lambda: runs_folder.find(root, "nobody")),
        "no such checkpoint": _refused(lambda: run.adapter_folder("7")),
        "no such gpu": _refused(lambda: resolve_gpu("17")),
        "no run folder": _refused(lambda: folder.Run(root / "x").settings),
    }


def test_what_is_said_is_worded_when_it_is_shown(tmp_path: Path) -> None:
    made = _said(tmp_path)
    for name, words in made.items():
        texts.speak("en")
        english = str(words)
        texts.speak("zh-TW")
        chinese = str(words)
        assert not CHINESE.search(english.replace("文→白", "").replace("白→文", "")), name
        assert CHINESE.search(chinese), name
