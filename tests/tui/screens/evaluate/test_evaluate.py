"""The Evaluate screen: what can be chosen, starting, following, and reading results."""

from __future__ import annotations

import hashlib
import json
import math
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from desk import show_evaluation
from fake_workers import FakeWorkers
from looking import HOSTILE, seen, wait_for
from samples import TEST_FILE, held_by_a_process, make_run, pair, score, step, tiny, write_pairs
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Digits, Input
from weight_writing import write_adapter

from engine.data import dataset
from engine.queue import scheduler
from engine.run import notes, waiting_list
from engine.run.events import Evaluated, Event, EventLog, Failed, Finished, Phase, Started, Warned
from engine.run.folder import Run
from engine.run.notes import Notes
from engine.run.settings import DataFile
from engine.scores import result_lines
from tui.app import YiwenApp
from tui.run import calling
from tui.run.queue_dialog import QueueDialog
from tui.screens.evaluate.sample_table import SampleTable
from tui.screens.evaluate.sample_view import SampleDialog
from tui.screens.evaluate.screen import EvaluateScreen

SIZE = (80, 24)
SMALL = (60, 16)
WIDE = (160, 40)
DEFINITION = {"metric": "mean over samples of exp(…)", "base": "nf4 double", "prompt": "9a3f"}


def sample(number: int, perplexity: float | None, **fields: Any) -> dict[str, Any]:
    """A line of a per-sample file."""
    made = pair(number)
    return {
        "id": made.id,
        "direction": "to_modern",
        "perplexity": perplexity,
        "nll": 1.0,
        "tokens": 31,
        "instruction": made.instruction,
        "reference": made.output,
        "output": f"譯文{number}",
        **fields,
    }


SAMPLES = [sample(1, 5.0), sample(2, 900.0), sample(3, 60.0)]


def evaluation(
    app: YiwenApp,
    day: int = 1,
    strategy: str = "zero-shot",
    perplexity: float = 16.62,
    lines: list[Any] | None = None,
    end: Event | None = None,
    **settings: Any,
) -> Run:
    """A run that scored the test file, with its samples."""
    both = {"to_modern": score(perplexity - 3), "to_classical": score(perplexity + 3)}
    run = make_run(
        app.runs_root,
        Started(at=1000.0),
        Evaluated(part="test", score=score(perplexity), directions=both,
                  file="evaluations/test.jsonl", definition=DEFINITION),
        end or Finished(score=score(perplexity), file="evaluations/test.jsonl"),
        run_id=f"202601{day:02}-120000-tiny-{strategy}",
        job="train" if strategy == "qlora" else "evaluate",
        strategy=strategy,
        **settings,
    )  # fmt: skip
    write_samples(run, SAMPLES if lines is None else lines)
    return run


def write_samples(run: Run, lines: list[Any]) -> None:
    run.evaluations_path.mkdir(exist_ok=True)
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    (run.evaluations_path / "test.jsonl").write_text("\n".join(texts) + "\n", "utf-8")


def give_adapter(run: Run, *checkpoints: str) -> None:
    write_adapter(run.adapter_path)
    for name in checkpoints:
        (run.checkpoints_path / name).mkdir(parents=True)


async def open_evaluate(pilot: Pilot[None], expected: str = "scores 84 pairs") -> EvaluateScreen:
    await pilot.press("f2")
    await wait_for(pilot, expected)
    screen = pilot.app.screen
    assert isinstance(screen, EvaluateScreen)
    return screen


def listed(screen: EvaluateScreen) -> list[str]:
    table = screen.query_one(SampleTable)
    return table.column("id")


# Choosing


async def test_the_setup_says_what_will_be_scored(app: YiwenApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        screen = await open_evaluate(pilot)
        assert screen.scoring.strategy_name == "zero-shot"
        text = seen(app)
        assert "p profile tiny" in text
        assert "r run none" in text
        assert "42 文→白" in text


async def test_qlora_is_offered_only_with_a_run(app: YiwenApp) -> None:
    run = evaluation(app, strategy="qlora")
    give_adapter(run, "step-000060")
    async with app.run_test(size=SIZE) as pilot:
        screen = await open_evaluate(pilot)
        await pilot.press("z")
        text = await wait_for(pilot, "type to filter")
        assert "QLoRA" not in text
        await pilot.press("escape", "r")
        await wait_for(pilot, f"{run.id}  ppl 16.62")
        await pilot.press("enter")
        await wait_for(pilot, lambda: screen.scoring.run == run)
        assert screen.scoring.strategy_name == "qlora"
        await wait_for(pilot, "z strategy qlora")
        await pilot.press("c")
        await wait_for(pilot, f"Which state of {run.id}")
        await pilot.press(*"000060", "enter")
        await wait_for(pilot, lambda: screen.scoring.checkpoint == "step-000060")
        await pilot.press("p", "enter")
        await wait_for(pilot, lambda: screen.scoring.run is None)
        assert screen.scoring.strategy_name == "zero-shot"


async def test_runs_are_offered_by_the_names_that_they_were_given(app: YiwenApp) -> None:
    run = evaluation(app, strategy="qlora")
    give_adapter(run)
    notes.change(run.folder, lambda _: Notes("best", ("final",)))
    async with app.run_test(size=SIZE) as pilot:
        await open_evaluate(pilot)
        await pilot.press("r")
        await wait_for(pilot, f"{run.id}  ppl 16.62  best #final")
        await pilot.press("escape", "o")
        await wait_for(pilot, "16.62  qlora                    best #final")


async def test_a_score_of_what_was_learnt_is_warned_of(app: YiwenApp) -> None:
    learnt = DataFile(str(TEST_FILE), hashlib.sha256(TEST_FILE.read_bytes()).hexdigest(), 84)
    run = evaluation(app, strategy="qlora", data={"train": learnt, "test": learnt})
    give_adapter(run)
    scored = evaluation(app, 2, data={"test": learnt})
    EventLog(scored.events_path).append(Warned(message="84 of 84 pairs were learnt"))
    async with app.run_test(size=SIZE) as pilot:
        await open_evaluate(pilot)
        await pilot.press("r")
        await wait_for(pilot, f"{run.id}  ppl 16.62")
        await pilot.press("enter")
        await wait_for(pilot, "! 84 of 84 pairs share a sentence with what")
        await show_evaluation(pilot, scored)
        await wait_for(pilot, "! 84 of 84 pairs were learnt")


async def test_few_shot_takes_a_number_of_examples(app: YiwenApp, workers: FakeWorkers) -> None:
    workers.options = ("--steps", "1", "--seconds", "0")
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        screen = await open_evaluate(pilot)
        for key in ("E", "W", "N"):
            await pilot.press(key)
            await wait_for(pilot, "Only few-shot shows examples: choose it with z.")
            app.clear_notifications()
            await wait_for(pilot, lambda: "Only few-shot" not in seen(app))
        await pilot.press("c")
        await wait_for(pilot, "A state is that of a run: choose one with r.")
        assert app.screen is screen
        await pilot.press("z")
        await wait_for(pilot, "type to filter")
        await pilot.press(*"few", "enter")
        await wait_for(pilot, "E examples 4")
        await pilot.press("E")
        await wait_for(pilot, "Examples in the prompt")
        await pilot.press("8", "enter")
        await wait_for(pilot, "E examples 8")
        await pilot.press("N")
        await wait_for(pilot, "Seed of the draw")
        await pilot.press("7", "enter")
        await wait_for(pilot, "E examples 8 seed 7")
        await pilot.press("W")
        await wait_for(pilot, "How examples are chosen")
        await pilot.press(*"nearest", "down", "enter")
        await wait_for(pilot, "E examples 8 nearest")
        assert screen.scoring.request(app.runs_root).overrides == {
            "few_shot.examples": "8", "few_shot.choose": "nearest", "few_shot.direction": "same",
        }  # fmt: skip
        await pilot.press("N")  # nothing is drawn
        await pilot.pause(0.2)
        assert app.screen is screen
        await pilot.press("W")
        await wait_for(pilot, "as in the profile")
        await pilot.press(*"as in", "enter")
        await wait_for(pilot, "E examples 8 seed 7")
        await pilot.press("s")
        await wait_for(pilot, lambda: workers.started)
        settings = workers.started[0].settings
        assert settings.strategy == "few-shot"
        assert len(settings.examples) == 8
        assert settings.profile.few_shot.seed == 7


async def test_an_evaluation_waits_in_the_queue(
    app: YiwenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "ensure", lambda root: False)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await open_evaluate(pilot)
        await pilot.press("A")
        await wait_for(pilot, "is in the queue;")
        (entry,) = waiting_list.read(app.runs_root)
        assert Run(app.runs_root / entry.run).settings.job == "evaluate"
        await pilot.press("Q")
        await wait_for(pilot, lambda: isinstance(app.screen, QueueDialog))
        await wait_for(pilot, entry.run)


async def test_another_test_file_is_read_and_counted(app: YiwenApp, tmp_path: Path) -> None:
    file = write_pairs(tmp_path / "two.json", [pair(1), pair(2, classical=True)])
    async with app.run_test(size=SIZE) as pilot:
        screen = await open_evaluate(pilot)
        screen._set_up(screen.scoring.with_test(str(file)))
        await wait_for(pilot, "scores 2 pairs (1 文→白, 1 白→文)")
        assert "f test two.json, 2 pairs" in seen(app)


async def test_what_is_wrong_with_a_file_is_said_line_by_line(
    app: YiwenApp, tmp_path: Path, workers: FakeWorkers
) -> None:
    bad = msgspec.to_builtins(pair(1)) | {"output": ""}
    worse = {"id": HOSTILE, "instruction": "x"}
    file = write_pairs(tmp_path / "bad.json", [bad, worse, pair(3)])
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        screen = await open_evaluate(pilot)
        screen._set_up(screen.scoring.with_test(str(file)))
        text = await wait_for(pilot, "✗ ")
        assert "record 1: output: empty" in text
        assert "record 2: output: missing" in text
        await pilot.press("s")
        await wait_for(pilot, lambda: "record 2: output: missing" in "".join(app._errors))
        assert "That did not work" not in seen(app), "the card says it already"
        assert not workers.started
        assert not list(app.runs_root.iterdir())


# Running


async def test_an_evaluation_is_started_once_and_followed_to_its_end(
    app: YiwenApp, workers: FakeWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(calling, "send", lambda _, codes: sent.append(codes))
    workers.options = ("--steps", "2", "--seconds", "1")
    async with app.run_test(size=SIZE) as pilot:
        screen = await open_evaluate(pilot)
        for key in ("s", "s", "enter"):  # faster than the first can be acted upon
            app.post_message(Key(key, None))
        await wait_for(pilot, "✓ finished", 30)
        assert len(workers.started) == 1
        assert workers.started[0].settings.job == "evaluate"
        await wait_for(pilot, lambda: screen.view.has_result)
        assert screen.query_one(Digits).value == "12.27"
        (codes,) = sent
        assert codes.startswith("\a")
        assert "finished" in codes


async def test_progress_tells_phase_count_and_time_left(app: YiwenApp) -> None:
    run = make_run(app.runs_root, Started(), job="evaluate", strategy="zero-shot")
    log = EventLog(run.events_path)
    log.append(Phase(at=1000.0, name="scoring test file", done=0, of=80))
    log.append(Phase(at=1010.0, name="scoring test file", done=20, of=80))
    with held_by_a_process(run):
        async with app.run_test(size=SIZE) as pilot:
            app.navigation.evaluate(run)
            text = await wait_for(pilot, "00:30 left")
            assert "scoring test file" in text
            assert "20/80" in text
            assert "● running" in text
            log.append(Phase(at=1020.0, name="scoring test file", done=60, of=80))
            spent = r"60/80  75%  00:\d\d  00:06 left"  # by no clock of 1970
            await wait_for(pilot, lambda: re.search(spent, seen(app)))


async def test_stopping_asks_and_stops(app: YiwenApp, workers: FakeWorkers) -> None:
    workers.options = ("--steps", "1000", "--seconds", "60")
    async with app.run_test(size=SIZE) as pilot:
        await open_evaluate(pilot)
        assert "s Score o Open" in seen(app)
        await pilot.press("s")
        await wait_for(pilot, "● running")
        await wait_for(pilot, "x Stop o Open")
        assert "s Score" not in seen(app)
        await pilot.press("x")
        await wait_for(pilot, "Stop 2")
        await pilot.press("y")
        await wait_for(pilot, "■ stopped")
        await wait_for(pilot, "s Score o Open")
        assert not workers.started[0].alive()


async def test_a_failure_is_told_with_its_hint(app: YiwenApp) -> None:
    run = make_run(
        app.runs_root,
        Started(),
        Failed(type="X", message=f"no memory {HOSTILE}", hint="lower [red]tokens_per_pass[/red]"),
        job="evaluate",
        strategy="zero-shot",
    )
    async with app.run_test(size=SIZE) as pilot:
        app.navigation.evaluate(run)
        text = await wait_for(pilot, "The run failed.")
        assert "no memory [/nope] [red]x[/]" in text
        assert "lower [red]tokens_per_pass[/red]" in text
        assert "\x1b" not in text


# Results


@pytest.mark.parametrize("size", [SIZE, SMALL, WIDE])
async def test_a_result_shows_number_directions_and_definition(
    app: YiwenApp, size: tuple[int, int]
) -> None:
    run = evaluation(app)
    async with app.run_test(size=size) as pilot:
        screen = await show_evaluation(pilot, run)
        assert screen.query_one(Digits).value == "16.62"
        text = seen(app)
        for expected in ("9.50", "84", "2,000", "13.62", "19.62", "文→白", "白→文", "metric: mean"):
            assert expected in text
        assert "p2" in text  # the samples have room, too


async def test_samples_come_worst_first_and_can_be_turned_round(app: YiwenApp) -> None:
    lines = [*SAMPLES, sample(4, None), sample(5, None, tokens=0)]  # infinite; not scored
    run = evaluation(app, lines=lines)
    async with app.run_test(size=SIZE) as pilot:
        screen = await show_evaluation(pilot, run)
        assert listed(screen) == ["p4", "p2", "p3", "p1", "p5"]
        table = screen.query_one(SampleTable)
        assert table.column("ppl") == ["∞", "900.00", "60.00", "5.00", "–"]
        await pilot.press("B")
        assert listed(screen) == ["p1", "p3", "p2", "p4", "p5"]
        await wait_for(pilot, "▴ ppl")


async def test_the_highlighted_sample_stands_in_full_beside_the_list(app: YiwenApp) -> None:
    long = "天地玄黃宇宙洪荒" * 30
    lines = [sample(1, 5.0, output=long, reference="尾"), sample(2, 9.0, output=None)]
    run = evaluation(app, lines=lines)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await show_evaluation(pilot, run)
        assert "not translated" in seen(app)
        await pilot.press("down")
        text = await wait_for(pilot, "p1  文→白  ppl 5.00, 31 tokens")
        beside = "".join(line[61:].strip(" ▏▎") for line in text.splitlines())
        assert beside.count("宇宙洪荒") >= 25  # wrapped, not cut
        selected = screen.query_one(SampleTable).selected
        assert selected is not None
        assert selected.sample.id == "p1"


async def test_enter_shows_a_sample_over_a_small_screen(app: YiwenApp) -> None:
    run = evaluation(app)
    async with app.run_test(size=SMALL) as pilot:
        await show_evaluation(pilot, run)
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.screen, SampleDialog))
        text = await wait_for(pilot, "譯文2")
        assert "第2句" in text
        assert "答2" in text
        await pilot.press("escape")
        await wait_for(pilot, lambda: isinstance(app.screen, EvaluateScreen))


async def test_hostile_samples_are_shown_as_they_stand(app: YiwenApp) -> None:
    lines = [
        sample(1, 9.0, id=HOSTILE, output=HOSTILE, reference=HOSTILE, direction=HOSTILE,
               instruction=f"翻譯成文言文：\n{HOSTILE}"),
        "not json",
        '{"id": 7, "perplexity": []}',
        sample(2, 5.0),
    ]  # fmt: skip
    run = evaluation(app, lines=lines)
    async with app.run_test(size=WIDE) as pilot:
        screen = await show_evaluation(pilot, run)
        text = seen(app)
        assert text.count("[/nope] [red]x[/]") >= 4
        assert "\x1b" not in text
        assert len(listed(screen)) == 2
        assert "2 lines of the file are no samples" in text
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.screen, SampleDialog))
        assert "\x1b" not in seen(app)


async def test_outputs_that_arrive_later_are_shown_without_moving_the_cursor(app: YiwenApp) -> None:
    run = evaluation(app, end=Phase(name="translating", done=0, of=3),
                     lines=[{**line, "output": None} for line in SAMPLES])  # fmt: skip
    with held_by_a_process(run) as worker:
        async with app.run_test(size=SIZE) as pilot:
            screen = await show_evaluation(pilot, run)
            await pilot.press("down")
            await wait_for(pilot, "not translated")
            write_samples(run, SAMPLES)
            EventLog(run.events_path).append(Finished(file="evaluations/test.jsonl"))
            worker.kill()
            await wait_for(pilot, "譯文3")
            assert screen.query_one(SampleTable).cursor_row == 1


# Item by item


def against(app: YiwenApp) -> tuple[Run, Run]:
    """Two runs on the same items, of which the second does worse on p1 and better on p2."""
    lines = [sample(1, 9.0, output="別譯"), sample(2, 100.0), sample(3, 60.0)]
    one, other = evaluation(app, 1), evaluation(app, 2, "few-shot", 50.0, lines=lines)
    return one, other


async def test_another_run_stands_beside_and_the_greatest_change_comes_first(app: YiwenApp) -> None:
    one, other = against(app)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await show_evaluation(pilot, one)
        await pilot.press("v")
        await wait_for(pilot, "Set against")
        await pilot.press(*"few", "enter")
        await wait_for(pilot, f"change: perplexity less that of {other.id}")
        assert listed(screen) == ["p2", "p3", "p1"]
        assert screen.query_one(SampleTable).column("change") == ["+800.00", "+0.00", "-4.00"]
        await pilot.press("B")
        text = await wait_for(pilot, "別譯")
        assert f"output of {one.id}" in text
        assert f"output of {other.id}  ppl 9.00" in text
        await pilot.press("v")
        await wait_for(pilot, "Set against")
        await pilot.press(*"none", "enter")
        await wait_for(pilot, lambda: "change" not in screen.query_one(SampleTable).columns)


async def test_samples_are_found_marked_and_written(app: YiwenApp, tmp_path: Path) -> None:
    run = evaluation(app)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        screen = await show_evaluation(pilot, run)
        await pilot.press("slash", *"p3")
        await wait_for(pilot, lambda: listed(screen) == ["p3"])
        await pilot.press("enter", "space")
        await wait_for(pilot, "1 marked")
        await pilot.press("escape")
        await wait_for(pilot, lambda: len(listed(screen)) == 3)
        await pilot.press("w")
        await wait_for(pilot, "1 item.")
        app.screen.query_one(Input).value = str(tmp_path / "kept.json")
        await pilot.press("enter")
        await wait_for(pilot, lambda: (tmp_path / "kept.json").exists())
        (kept,) = json.loads((tmp_path / "kept.json").read_text("utf-8"))
        assert (kept["id"], kept["runs"][run.id]["output"]) == ("p3", "譯文3")
        await pilot.press("escape")
        await wait_for(pilot, lambda: not screen.query_one(SampleTable).marked)


UUID = "fb7d211-978f-41c8-a3ab-e51d9df06280"
"""Behind a digit: ids as the course's files have them."""


def faulty(app: YiwenApp) -> Run:
    """An evaluation with long ids and sources, some of the outputs faulty."""
    long = "學而時習之不亦說乎" * 9
    return evaluation(app, lines=[
        sample(1, 5.0, id=f"1{UUID}", faults={"copied": "the source", "english": "the"}),
        sample(2, 900.0, id=f"2{UUID}", direction="to_classical", instruction=long),
        sample(3, 60.0, id=f"3{UUID}", direction="to_classical", faults={"copied": "the source"}),
    ])  # fmt: skip


@pytest.mark.parametrize("size", [SMALL, SIZE, WIDE])
async def test_with_long_ids_what_matters_stays_on_the_screen(
    app: YiwenApp, size: tuple[int, int]
) -> None:
    async with app.run_test(size=size) as pilot:
        screen = await show_evaluation(pilot, faulty(app))
        table = screen.query_one(SampleTable)
        assert {"ppl", "faults", "source"} <= set(table.columns)
        taken = sum(heading.width + table.GAP for heading in table.headings) - table.GAP
        assert taken < table.size.width
        assert table.column("id") == ["2fb7d211", "3fb7d211", "1fb7d211"]
        assert "copy" in seen(app)


async def test_faults_and_directions_are_sorted_and_filtered_by_keys(app: YiwenApp) -> None:
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        screen = await show_evaluation(pilot, faulty(app))
        await pilot.press("b")
        await wait_for(pilot, "By faults")
        assert [one[0] for one in listed(screen)] == ["1", "3", "2"]
        await pilot.press("exclamation_mark")
        await wait_for(pilot, "2 of 3 samples: !")
        await pilot.press("D")
        await wait_for(pilot, "1 of 3 samples: ! 文→白")
        await pilot.press("D")
        await wait_for(pilot, "1 of 3 samples: ! 白→文")
        assert [one[0] for one in listed(screen)] == ["3"]
        await pilot.press("exclamation_mark", "D")
        await wait_for(pilot, lambda: len(listed(screen)) == 3)


async def test_a_file_of_another_suffix_is_refused_in_words(app: YiwenApp, tmp_path: Path) -> None:
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await show_evaluation(pilot, evaluation(app))
        await pilot.press("w")
        await wait_for(pilot, "Write items")
        app.screen.query_one(Input).value = str(tmp_path / "kept.doc")
        await pilot.press("enter")
        await wait_for(pilot, "expected .json or .md")


# Side by side


async def test_strategies_on_the_same_file_and_model_are_compared(app: YiwenApp) -> None:
    other_model = msgspec.structs.replace(
        tiny(), model=msgspec.structs.replace(tiny().model, path="/elsewhere")
    )
    other_file = {"test": DataFile(str(TEST_FILE), "1" * 64, 84)}
    shown = evaluation(app, 1, "zero-shot", 80.0)
    evaluation(app, 2, "zero-shot", 70.0)
    evaluation(app, 3, "few-shot", 60.0)
    evaluation(app, 4, "few-shot", 66.0)
    evaluation(app, 5, "few-shot", 1.0, profile=other_model)
    evaluation(app, 6, "qlora", 20.0)
    evaluation(app, 7, "qlora", 2.0, data=other_file)
    async with app.run_test(size=(100, 30)) as pilot:
        await show_evaluation(pilot, shown)
        text = await wait_for(pilot, "strategy")
        found = [line.split()[-3:] for line in text.splitlines()[4:8]]
        assert found[1] == ["qlora", "20.00", "×0.25"]
        assert found[2] == ["few-shot", "60.00", "×0.75"]
        assert found[3] == ["▸", "zero-shot", "80.00"]  # the run shown, though another is better


async def test_the_comparison_stands_there_before_the_start(app: YiwenApp) -> None:
    sha256 = dataset.read(TEST_FILE).sha256
    evaluation(app, 1, "few-shot", 61.5, data={"test": DataFile(str(TEST_FILE), sha256, 84)})
    async with app.run_test(size=SIZE) as pilot:
        await open_evaluate(pilot)
        assert "few-shot   61.50" in seen(app)


async def test_a_former_evaluation_is_opened_from_a_list(app: YiwenApp) -> None:
    run = evaluation(app, strategy="few-shot", overrides={"few_shot.examples": "6"})
    make_run(app.runs_root, Started(steps=2), step(1, 2), run_id="20260102-120000-no")
    async with app.run_test(size=SIZE) as pilot:
        screen = await open_evaluate(pilot)
        await pilot.press("o")
        text = await wait_for(pilot, f"16.62  few-shot 4               {run.id}")
        assert "20260102-120000-no" not in text
        await pilot.press("enter")
        await wait_for(pilot, lambda: screen.view.has_result)
        assert screen.scoring.examples == 6
        assert screen.scoring.strategy_name == "few-shot"
        assert run.id in seen(app).splitlines()[0]


async def test_a_trained_run_is_set_up_and_its_own_result_shown(app: YiwenApp) -> None:
    run = evaluation(app, strategy="qlora")
    give_adapter(run)
    async with app.run_test(size=SIZE) as pilot:
        screen = await show_evaluation(pilot, run)
        assert screen.scoring.run == run
        assert screen.query_one(Digits).value == "16.62"
        await pilot.press("z")
        await wait_for(pilot, "QLoRA")


async def test_a_run_whose_profile_is_gone_is_still_readable(app: YiwenApp) -> None:
    profile = msgspec.structs.replace(tiny(), name="deleted-long-ago")
    run = evaluation(app, profile=profile)
    async with app.run_test(size=SIZE) as pilot:
        await show_evaluation(pilot, run)
        assert "f test test.json, 84 pairs" in seen(app)


async def test_another_choice_leaves_the_result(app: YiwenApp) -> None:
    run = evaluation(app)
    async with app.run_test(size=SIZE) as pilot:
        screen = await show_evaluation(pilot, run)
        await pilot.press("z")
        await wait_for(pilot, "type to filter")
        await pilot.press(*"few", "enter")
        await wait_for(pilot, "s scores 84 pairs")
        assert not screen.view.has_result
        assert screen.shown is None


def test_infinity_and_nan_survive_the_file(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text(json.dumps(sample(1, None)) + "\n" + json.dumps(sample(2, None, tokens=0)))
    values = [one.value for one in result_lines.read(file, tmp_path).results]
    assert values[0] == math.inf
    assert math.isnan(values[1])
