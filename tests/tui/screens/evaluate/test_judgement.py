"""BLEU, chrF, intervals and faults on the screens; runs from before there were any."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from desk import show_evaluation
from looking import HOSTILE, seen, wait_for
from samples import judged, make_run, pair, score, tiny

from engine.data.directions import DIRECTIONS
from engine.profile import files
from engine.profile.schema import Profile
from engine.run.events import Evaluated, Event, Finished, Started
from engine.run.folder import Run
from engine.run.judgement import FAULTS, Fault
from engine.run.settings import PEEKED
from tui.app import YiwenApp
from tui.run import results
from tui.screens.evaluate.judgement_dialog import JudgementDialog
from tui.screens.runs.run_table import RunTable

FILE = "evaluations/test.jsonl"
SIZES = [(60, 16), (80, 24), (100, 30), (160, 40)]


def run_of(
    app: YiwenApp,
    *said: Event,
    strategy: str = "zero-shot",
    profile: Profile | None = None,
    **sample: Any,
) -> Run:
    """A run with one sample, and what was said of it."""
    made = pair(1)
    run = make_run(
        app.runs_root,
        Started(at=1000.0),
        Evaluated(part="test", score=score(), directions=dict.fromkeys(DIRECTIONS, score()),
                  file=FILE, definition={"metric": "mean"}),
        *said,
        Finished(at=1100.0, score=score(), file=FILE),
        run_id=f"20260101-120000-tiny-{strategy}", job="evaluate", strategy=strategy,
        profile=profile,
    )  # fmt: skip
    line = {
        "id": "p1",
        "direction": "to_modern",
        "perplexity": 12.5,
        "tokens": 9,
        "instruction": made.instruction,
        "reference": made.output,
        "output": "譯文",
        **sample,
    }
    run.evaluations_path.mkdir()
    (run.folder / FILE).write_bytes(msgspec.json.encode(line) + b"\n")
    return run


@pytest.mark.parametrize("size", SIZES)
async def test_a_judged_result_shows_bleu_chrf_and_what_the_source_would_score(
    app: YiwenApp, size: tuple[int, int]
) -> None:
    run = run_of(app, judged())
    async with app.run_test(size=size) as pilot:
        await show_evaluation(pilot, run)
        lines = [line.split() for line in seen(app).splitlines()]
        (of_all,) = (line for line in lines if "all" in line)
        assert "22.0" in of_all
        assert "20.5" in of_all
        (copied,) = (line for line in lines if "source" in line and "8.5" in line)
        assert copied[copied.index("copy") :] == ["copy", "the", "source", "8.5", "11.5"]
        assert copied[0] == "10.00–15.00"  # under the big number: its interval
        if size[0] >= 80:
            assert "! 84 outputs: 2 untranslated copies (2.4 %, p3)" in seen(app)
        if size[0] >= 160:
            assert {"8.25", "84", "2,000", "10.00–15.00"} <= set(of_all)
        assert "p1" in seen(app)


async def test_a_result_without_judgement_shows_counts_in_its_place(app: YiwenApp) -> None:
    run = run_of(app)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await show_evaluation(pilot, run)
        text = seen(app)
        assert "BLEU" not in text
        assert "2,000" in text
        await pilot.press("d")
        await wait_for(pilot, "for its perplexity only")
        await pilot.press("escape")
        assert screen.view.panel.result is not None
        assert screen.view.panel.result.judged is None


async def test_outputs_without_fault_are_said_to_be_so(app: YiwenApp) -> None:
    clean = msgspec.structs.replace(judged().judgement, faults={kind: Fault(0) for kind in FAULTS})
    run = run_of(app, judged(judgement=clean))
    async with app.run_test(size=(160, 40)) as pilot:
        await show_evaluation(pilot, run)
        assert "none of 84 outputs empty, cut off at max_new_tokens, with" in seen(app)


async def test_a_faulty_sample_is_marked_and_its_fault_told(app: YiwenApp) -> None:
    run = run_of(app, judged(), faults={"simplified": "这"}, chrf=12.34, repaired="修好了")
    async with app.run_test(size=(120, 40)) as pilot:
        await show_evaluation(pilot, run)
        text = seen(app)
        assert "Simplified  文→白  p1" in text
        assert "output  chrF 12.3" in text
        assert "! with Simplified characters: 这" in text
        assert "reference, repaired" in text
        assert "修好了" in text


async def test_details_hold_every_interval_an_example_of_each_fault_and_the_signatures(
    app: YiwenApp,
) -> None:
    run = run_of(app, judged())
    async with app.run_test(size=(100, 60)) as pilot:
        await show_evaluation(pilot, run)
        await pilot.press("d")
        text = await wait_for(pilot, "faults  of 84 outputs")
        for expected in (
            "perplexity, median       8.25",
            "BLEU                    22.00   20.00–24.00",
            "chrF of the source      11.50   9.50–13.50",
            "2   2.4 % untranslated copies",
            "p3: the source",
            "子曰",
            "BLEU: nrefs:1|tok:zh",
            "metric: mean",
        ):
            assert expected in text
        await pilot.press("escape")
        await wait_for(pilot, lambda: not isinstance(app.screen, JudgementDialog))


async def test_hostile_judgements_are_shown_as_they_stand(app: YiwenApp) -> None:
    faults = {"copied": Fault(1, HOSTILE, HOSTILE, HOSTILE), HOSTILE: Fault(1, "p1", "x")}
    part = msgspec.structs.replace(judged().judgement, faults=faults)
    said = judged(judgement=part, directions={HOSTILE: part}, definition={HOSTILE: HOSTILE})
    run = run_of(app, said, faults={HOSTILE: HOSTILE})
    async with app.run_test(size=(160, 48)) as pilot:
        await show_evaluation(pilot, run)
        assert "[/nope] [red]x[/]" in seen(app)
        assert "\x1b" not in seen(app)
        await pilot.press("d")
        await wait_for(pilot, lambda: isinstance(app.screen, JudgementDialog))
        assert "\x1b" not in await wait_for(pilot, "faults  of 84")
        await pilot.press("escape", "f4")
        assert "\x1b" not in await wait_for(pilot, "source    8.50, copied as it is")


async def test_strategies_stand_side_by_side_with_bleu_where_there_is_room(app: YiwenApp) -> None:
    shown = run_of(app, judged())
    run_of(app, judged(bleu=30.0), strategy="few-shot")
    async with app.run_test(size=(160, 40)) as pilot:
        await show_evaluation(pilot, shown)
        text = await wait_for(pilot, "few-shot")
        (line,) = (line.split() for line in text.splitlines() if "few-shot" in line)
        assert line[-5:] == ["few-shot", "12.50", "×1.00", "30.0", "20.5"]
        await pilot.resize_terminal(80, 24)
        await wait_for(pilot, lambda: "30.0" not in seen(app))
        assert "×1.00" in seen(app)


async def test_the_list_of_runs_has_bleu_where_there_is_room_and_details_tell_more(
    app: YiwenApp,
) -> None:
    run_of(app, judged())
    make_run(app.runs_root, Started(at=1.0), Finished(at=2.0, score=score()), run_id="20250101-old")
    async with app.run_test(size=(200, 48)) as pilot:
        await pilot.press("f4")
        text = await wait_for(pilot, "source    8.50, copied as it is")
        for expected in (
            "12.50 (10.00–15.00)",
            "BLEU        22.00 (20.00–24.00)",
            "! 2 untranslated copies (2.4 %)",
            "BLEU: nrefs:1|tok:zh",
        ):
            assert expected in text
        table = app.screen.query_one(RunTable)
        assert [cell.strip() for cell in table.column("bleu")] == ["22.0", ""]
        assert [cell.strip() for cell in table.column("chrf")] == ["20.5", ""]


async def test_details_of_a_run_without_outputs_say_what_the_source_would_score(
    app: YiwenApp,
) -> None:
    of_all = judged().judgement
    untranslated = msgspec.structs.replace(of_all, bleu=None, chrf=None, outputs=0, faults={})
    run_of(app, judged(judgement=untranslated))
    async with app.run_test(size=(200, 48)) as pilot:
        await pilot.press("f4")
        await wait_for(pilot, "BLEU        –, the source copied 8.50")
        assert "chrF        –, the source copied 11.50" in seen(app)


def test_a_judgement_belongs_to_the_evaluation_before_it(app: YiwenApp) -> None:
    again = Evaluated(part="test", score=score(), file=FILE)
    run = run_of(app, judged(), judged(part="validation", bleu=1.0), strategy="a")
    found = results.read(run)
    assert found is not None
    assert found.judged == run.summary().judged
    assert found.judged is not None
    assert found.judged.judgement.bleu == judged().judgement.bleu
    later = results.read(run_of(app, judged(), again, strategy="b"))
    assert later is not None
    assert later.judged is None


@pytest.mark.parametrize("size", SIZES[1:])
async def test_a_checkpoint_chosen_on_the_test_file_is_marked_and_explained(
    app: YiwenApp, size: tuple[int, int]
) -> None:
    profile = files.override(tiny(), {"evaluation.choose_by": "test"})
    second = Evaluated(part="repaired", score=score(7.5))
    run = run_of(app, second, judged(), strategy="qlora", profile=profile)
    async with app.run_test(size=size) as pilot:
        await show_evaluation(pilot, run)
        assert "perplexity*" in seen(app)
        assert seen(app).count("12.50*") == 4, "all, both directions, the strategy"
        assert str(PEEKED)[:60] in seen(app)
        (repaired,) = (line.split() for line in seen(app).splitlines() if "fixed" in line)
        assert "7.50*" in repaired
