"""One process says the same thing in the language of whoever asks: alarm, card, notice, refusal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from samples import judged, make_run, pair, score, step, tiny

from engine.language import texts
from engine.language.errors import UserError
from engine.language.said import Words
from engine.machine.hardware import Gpu, GpuProcess, Probe
from engine.machine.words import describe_gpu, describe_process
from engine.prompts.strategies import QLORA
from engine.queue.placement import find_place
from engine.report import hyperparameters, results
from engine.run import folder, runs_folder
from engine.run.alarms import Alarms
from engine.run.events import Evaluated, Finished, Started
from engine.run.settings import PEEKED, DataFile
from engine.start import card, notice, preflight
from engine.start.request import Request, resolve_gpu
from engine.table import differences, side_by_side
from engine.table.catalog import Row
from engine.table.columns import COLUMNS

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


def _three_runs(root: Path) -> list[Row]:
    """Two that differ in their seeds, one of them worse in the end, and one that did not train."""
    files = {part: DataFile(f"/x/{part}.json", "a" * 64, 84) for part in ("train", "test")}
    profile = tiny()
    other_seed = replace(profile, training=replace(profile.training, seed=7))
    result = (judged(22.0), Finished(score=score()))
    untuned = Evaluated(part="test", score=score(9.0), step=0)
    made = [
        make_run(root, *result, run_id="one", data=files),
        make_run(root, untuned, *result, run_id="two", data=files, profile=other_seed),
        make_run(root, *result, run_id="three", data=files, strategy="few-shot", job="evaluate",
                 examples=[pair(1)]),
    ]  # fmt: skip
    return [Row(run, run.settings, run.summary()) for run in made]


def _tables(rows: list[Row]) -> dict[str, object]:
    """All that is told of runs side by side."""
    of_all = results.read(rows)
    scores, settings = side_by_side.scores(rows), side_by_side.settings(rows)
    return {
        "results": (of_all.header, of_all.groups, results.pair_lines(of_all)),
        "hyper-parameters": [hyperparameters.of_run(row) for row in rows],
        "scores": (scores.title, scores.header, scores.lines),
        "settings": (settings.title, settings.header, settings.lines),
        "differences": [(one.key, one.values) for one in differences.between(rows)],
        "cautions": side_by_side.cautions(rows),
        "columns": [[one.label, one.title] for one in COLUMNS.values()],
        "cells": [[one.text(row) for one in COLUMNS.values()] for row in rows],
    }


def _shown(made: object) -> object:
    """The same as its reader sees it."""
    return list(map(_shown, made)) if isinstance(made, list | tuple) else str(made)


def test_a_table_reads_alike_whatever_the_language_it_was_made_in(root: Path) -> None:
    rows = _three_runs(root)
    texts.speak("en")
    made_in_english = _tables(rows)
    texts.speak("zh-TW")
    made_in_chinese = _tables(rows)
    for name, made in made_in_english.items():
        assert _shown(made) == _shown(made_in_chinese[name]), name
    texts.speak("en")
    assert not CHINESE.search(str(_shown(made_in_chinese["hyper-parameters"])))
