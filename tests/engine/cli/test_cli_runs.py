"""The commands that show runs: what they print for people and for programs."""

from __future__ import annotations

import gettext
import math
import re
from pathlib import Path

import pytest
from commands import as_json, run_command
from samples import ENDED, TEST_FILE, judged, make_run, score

from engine.language import texts
from engine.language.plain_text import width
from engine.run import events
from engine.run.folder import Run
from engine.run.settings import DataFile

ROW = {
    "id", "status", "job", "profile", "strategy", "created", "perplexity", "perplexity_corpus",
    "bleu", "chrf", "loss", "steps", "seconds", "adapter_run", "name", "tags", "note",
    "chosen_on_test", "chosen_by", "perplexity_validation", "perplexity_untuned",
    "worse_than_untuned", "steps_skipped",
}  # fmt: skip


def test_an_empty_list_says_how_to_make_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run_command(capsys, "runs")
    assert status == 0
    assert out == f"No runs in {Path.cwd() / 'runs'} yet: `yiwen train tiny` makes one.\n"


def test_an_empty_list_as_json_is_an_empty_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert as_json(capsys, "runs") == []


def test_runs_as_json_have_the_keys_that_programs_rely_on(
    capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    make_run(root, *ENDED)
    make_run(root, run_id="20260102-120000-tiny-zero-shot", strategy="zero-shot", job="evaluate")
    newest, oldest = as_json(capsys, "runs")
    assert set(newest) == set(oldest) == ROW
    assert (newest["status"], newest["perplexity"]) == ("interrupted", None)
    assert oldest == {
        "id": "20260101-120000-tiny-qlora", "status": "finished", "job": "train",
        "profile": "tiny", "strategy": "qlora", "created": "2026-01-01T12:00:00+08:00",
        "perplexity": 12.5, "perplexity_corpus": 9.5, "loss": 2.0, "steps": 9, "steps_skipped": 0,
        "bleu": None, "chrf": None, "seconds": 100.0, "adapter_run": None,
        "name": "", "tags": [], "note": "", "chosen_on_test": False,
        "chosen_by": "last", "perplexity_validation": None, "perplexity_untuned": None,
        "worse_than_untuned": False,
    }  # fmt: skip


def test_a_run_that_made_the_model_worse_says_so(
    capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    scored = [
        events.Evaluated(part=part, score=score(value), step=step)
        for step, part, value in (
            (0, "validation", 44.0),
            (0, "test", 40.0),
            (9, "validation", 50.5),
            (9, "test", 45.0),
        )
    ]
    file = DataFile(str(TEST_FILE), "0" * 64, 84)
    run = make_run(
        root,
        events.Started(steps=9),
        *scored,
        events.Saved(step=9, checkpoint="step-9", best=True),
        events.Finished(steps=9),
        data={"test": file, "validation": file},
    )
    _, out, _ = run_command(capsys, "runs")
    assert "finished, worse" in out
    assert "50.50" in out
    _, out, _ = run_command(capsys, "show", run.id)
    assert "! worse than the untuned model, which scored 40.00" in out
    assert "validation perplexity 50.50; checkpoint chosen by validation" in out
    row = as_json(capsys, "show", run.id)
    assert (row["perplexity_validation"], row["perplexity_untuned"]) == (50.5, 40.0)
    assert (row["worse_than_untuned"], row["chosen_by"]) == (True, "validation")


def test_runs_are_listed_with_status_in_words_and_result(
    capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    make_run(root, *ENDED)
    _, out, _ = run_command(capsys, "runs")
    assert out.splitlines()[2].split()[:6] == [
        "20260101-120000-tiny-qlora",
        "✓",
        "finished",
        "qlora",
        "12.50",
        "2.000",
    ]


def test_a_limit_lists_the_newest_only(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    for day in (1, 2, 3):
        make_run(root, run_id=f"2026010{day}-120000-a")
    assert len(as_json(capsys, "runs", "--limit", "2")) == 2


def test_a_run_that_cannot_be_read_is_told_beside_the_others(
    capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    make_run(root, *ENDED)
    (make_run(root, run_id="20260102-120000-a").folder / "run.toml").write_text("x =")
    for query in ((), ("nothing",)):
        _, _, complaints = run_command(capsys, "runs", *query)
        assert f"! {root}/20260102-120000-a/run.toml: cannot be read: " in complaints


def test_a_run_is_shown_with_settings_result_and_checkpoints(
    capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    best = events.Saved(step=9, checkpoint="step-000009", best=True)
    run = make_run(root, *ENDED[:2], best, ENDED[2], overrides={"training.epochs": "1"})
    (run.checkpoints_path / "step-000009").mkdir(parents=True)
    status, out, _ = run_command(capsys, "show", "latest")
    assert status == 0
    for part in (
        "✓ finished",
        "training.epochs = 1",
        "step-000009 (best)",
        "12.50",
        str(TEST_FILE),
    ):
        assert part in out
    shown = as_json(capsys, "show", "latest")
    more = {"checkpoints", "folder", "settings", "judged", "definition", "perplexity_repaired"}
    assert set(shown) == ROW | more | {"unread_lines"}
    assert shown["judged"] is None
    assert shown["checkpoints"] == ["step-000009"]


def test_a_message_of_a_worker_cannot_steer_the_terminal(
    capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    make_run(root, events.Failed(type="E", message="a\x1b[2Jb", hint="c\rd"))
    _, out, _ = run_command(capsys, "show", "latest")
    assert "ab cd" in out
    assert "\x1b" not in out


def test_what_was_judged_is_shown_with_intervals_faults_and_definitions(
    capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    scored(root, 1, 12.5, said=(judged(),))
    _, out, _ = run_command(capsys, "show", "latest")
    lines = [line.split() for line in out.splitlines()]
    assert ["all", "12.50", "10.00–15.00", "8.25", "9.50", "9.00–10.00", "84", "2000"] in lines
    assert ["all", "22.00", "20.00–24.00", "20.50", "18.50–22.50"] in lines
    copied = ["copy", "the", "source", "8.50", "6.50–10.50", "11.50", "9.50–13.50"]
    assert copied in lines
    assert "! 2 of 84 outputs (2.4 %) untranslated copies, e.g. p3: the source: 子曰" in out
    assert "none: empty, cut off at max_new_tokens, with endless repetition, with thinking" in out
    assert "BLEU: nrefs:1|tok:zh; intervals: 95 %" in out
    shown = as_json(capsys, "show", "latest")
    assert (shown["bleu"], shown["chrf"]) == (22.0, 20.5)
    assert shown["judged"]["judgement"]["bleu"] == {"value": 22.0, "low": 20.0, "high": 24.0}
    assert shown["judged"]["judgement"]["faults"]["copied"]["count"] == 2


def test_translations_without_a_score_are_shown_too(
    capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    make_run(root, events.Started(), judged(), events.Finished(), job="predict")
    _, out, _ = run_command(capsys, "show", "latest")
    assert "copy the source" in out
    assert "no score" not in out


def test_a_comparison_has_a_row_of_the_source_for_each_file(
    capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    scored(root, 1, 10.0, "a", said=(judged(),))
    scored(root, 2, 20.0, "a")
    _, out, _ = run_command(capsys, "compare")
    rows = [line.split() for line in out.splitlines()[2:]]
    assert [row[-3:-1] for row in rows[:2]] == [["22.00", "20.50"], ["–", "–"]]
    assert rows[2] == ["–", "copy", "the", "source", *"–––––", "8.50", "11.50"]
    assert "counted alike" not in out
    scored(root, 3, 30.0, "b", said=(judged(definition={"BLEU": "nrefs:var|tok:zh"}),))
    _, out, _ = run_command(capsys, "compare")
    assert out.count("copy the source") == 2
    assert "! BLEU or chrF were not counted alike" in out


def scored(
    root: Path, day: int, perplexity: float, sha256: str = "0", said: tuple[events.Event, ...] = ()
) -> Run:
    result = score(perplexity)
    return make_run(
        root,
        events.Started(),
        events.Evaluated(part="test", score=result, directions={"to_modern": result}),
        *said,
        events.Finished(score=result),
        run_id=f"2026010{day}-120000-tiny-zero-shot",
        data={"test": DataFile("t.json", sha256, 84)},
    )


def test_runs_are_compared_from_the_best_on_those_without_a_number_last(
    capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    for day, perplexity in ((1, math.nan), (2, 20.0), (3, math.inf), (4, 10.0)):
        scored(root, day, perplexity)
    make_run(root, run_id="20260105-120000-unscored")
    rows = as_json(capsys, "compare")
    assert [row["perplexity"] for row in rows] == [10.0, 20.0, None, None]
    assert set(rows[0]) == ROW | {"directions", "test", "judged"}
    _, out, _ = run_command(capsys, "compare")
    assert [line.split()[3] for line in out.splitlines()[2:]] == ["1.00×", "2.00×", "–", "–"]


def test_runs_scored_on_different_files_are_compared_with_a_warning(
    capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    first, second = scored(root, 1, 10.0, "a"), scored(root, 2, 20.0, "b")
    _, out, _ = run_command(capsys, "compare", first.id, second.id)
    assert "! These runs were scored on 2 different test files." in out
    _, out, _ = run_command(capsys, "compare", first.id)
    assert "!" not in out


def test_comparing_nothing_says_so(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    make_run(root)
    status, _, err = run_command(capsys, "compare")
    assert (status, err) == (2, f"yiwen: no run with a result in {root}\n")


def test_the_facts_of_a_run_line_up_in_chinese_too(
    capsys: pytest.CaptureFixture[str], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(root, *ENDED)
    chinese = gettext.translation("yiwen", texts.LOCALES, ["zh_TW"])
    monkeypatch.setattr(texts, "_chosen", chinese)
    _, out, _ = run_command(capsys, "show", run.id)
    labels = [found[1] for line in out.splitlines() if (found := re.match(r"  (\S+ +)", line))]
    assert labels[0].rstrip() == "設定檔"
    assert {width(label) for label in labels} == {12}
