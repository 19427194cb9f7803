"""The table of all runs: complete, tolerant of broken folders, and right after every change."""

from __future__ import annotations

import math
import shutil
import tracemalloc
from pathlib import Path

import pytest
from samples import ENDED, held_by_a_process, judged, make_run, score, step, tiny

from engine.cli.result import describe_result
from engine.profile import files
from engine.run import events
from engine.run.events import EventLog
from engine.run.settings import PEEKED
from engine.run.summary import Status
from engine.table.catalog import Catalog, Row, finite

ROW_BYTES = 1_200


def statuses(catalog: Catalog) -> list[Status]:
    return [row.summary.status for row in catalog.rows()]


def test_three_hundred_runs_are_listed_newest_first(root: Path) -> None:
    first = make_run(root, events.Started(), step(1), events.Finished(), run_id="20260101-000000-a")
    for number in range(1, 300):
        shutil.copytree(first.folder, root / f"20260101-{number:06d}-a")
    rows = Catalog(root).rows()
    assert [row.run.id for row in rows] == [f"20260101-{n:06d}-a" for n in range(299, -1, -1)]
    assert {row.summary.status for row in rows} == {Status.FINISHED}


def test_a_limit_keeps_the_newest(root: Path) -> None:
    for day in (1, 2, 3):
        make_run(root, run_id=f"2026010{day}-120000-a")
    assert [row.run.id[7] for row in Catalog(root).rows(2)] == ["3", "2"]


def test_folders_that_cannot_be_read_are_left_out_and_told(root: Path) -> None:
    good = make_run(root, run_id="20260101-120000-good")
    (make_run(root, run_id="20260102-120000-a").folder / "run.toml").write_text("x = ?")
    make_run(root, run_id="20260103-120000-a").events_path.mkdir()
    (root / "20260104-120000-a").mkdir()
    catalog = Catalog(root)
    assert [row.run for row in catalog.rows()] == [good]
    # A folder without run.toml is no run.
    unreadable, broken = (trouble.reason for trouble in catalog.troubles)
    assert str(unreadable).startswith(f"{root}/20260103-120000-a/events.jsonl: cannot be read: ")
    assert str(broken).startswith(f"{root}/20260102-120000-a/run.toml: cannot be read: ")
    assert "line 1" in broken


def test_a_missing_folder_has_no_rows(root: Path) -> None:
    assert Catalog(root / "no").rows() == []


def test_a_row_follows_its_run_from_start_to_end_and_again(root: Path) -> None:
    run = make_run(root)
    catalog = Catalog(root)
    assert statuses(catalog) == [Status.INTERRUPTED]
    with held_by_a_process(run) as process:
        assert statuses(catalog) == [Status.STARTING]
        log = EventLog(run.events_path)
        log.append(events.Started())
        assert statuses(catalog) == [Status.RUNNING]
        log.append(events.Stopped())
        assert statuses(catalog) == [Status.STOPPED]
        log.append(events.Phase(name="loading"))
        assert statuses(catalog) == [Status.STARTING]
        process.kill()
        process.wait()
        assert statuses(catalog) == [Status.INTERRUPTED]


def test_a_deleted_run_leaves_the_table(root: Path) -> None:
    run = make_run(root, events.Finished())
    catalog = Catalog(root)
    assert len(catalog.rows()) == 1
    shutil.rmtree(run.folder)
    assert catalog.rows() == []


def test_an_ended_run_made_anew_under_the_same_name_is_read_anew(root: Path) -> None:
    catalog = Catalog(root)
    make_run(root, events.Finished(score=score(1.0)), run_id="20260105-120000-a")
    assert catalog.rows()[0].as_dict()["perplexity"] == 1.0
    shutil.rmtree(root / "20260105-120000-a")
    make_run(root, events.Finished(score=score(22.0)), run_id="20260105-120000-a")
    assert catalog.rows()[0].as_dict()["perplexity"] == 22.0


def test_a_row_for_programs_holds_no_number_that_json_lacks(root: Path) -> None:
    make_run(root, events.Started(), events.Finished(score=score(math.nan, math.inf)))
    row = Catalog(root).rows()[0].as_dict()
    assert row["perplexity"] is None
    assert row["perplexity_corpus"] is None
    assert row["loss"] is None


def test_only_finite_numbers_are_finite() -> None:
    given = [1.0, -1.0, 0.0, math.nan, math.inf, -math.inf]
    assert [finite(number) for number in given] == [1.0, -1.0, 0.0, None, None, None]


def test_a_score_of_a_checkpoint_chosen_on_the_test_file_is_marked(root: Path) -> None:
    def row_of(run_id: str, choose_by: str, strategy: str) -> Row:
        profile = files.override(tiny(), {"evaluation.choose_by": choose_by})
        run = make_run(root, *ENDED, run_id=run_id, profile=profile, strategy=strategy)
        return Row(run, run.settings, run.summary())

    honest = row_of("20260101-120001-a", "validation", "qlora")
    peeked = row_of("20260101-120002-b", "test", "qlora")
    untrained = row_of("20260101-120003-c", "test", "zero-shot")
    assert [row.perplexity_text for row in (honest, peeked, untrained)] == [
        "12.50",
        "12.50*",
        "12.50",
    ]
    assert [row.as_dict()["chosen_on_test"] for row in (honest, peeked)] == [False, True]
    assert "12.50 " in (said := describe_result(honest.run, honest.summary))
    assert str(PEEKED) not in said
    assert "12.50*" in (said := describe_result(peeked.run, peeked.summary))
    assert str(PEEKED) in said


def test_old_runs_are_looked_at_when_the_folder_changes_or_now_and_then(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Catalog, "FRESH", 1)
    old = make_run(root, *ENDED, run_id="20260101-120000-old")
    make_run(root, *ENDED, run_id="20260102-120000-new")
    catalog = Catalog(root)
    catalog.rows()
    catalog.rows()  # file times are coarse: the folder may seem to change once more
    EventLog(old.events_path).append(events.Failed(type="X", message="no"))
    assert catalog.rows()[1].summary.status is Status.FINISHED
    catalog.forget(old.id)
    assert catalog.rows()[1].summary.status is Status.FAILED
    EventLog(old.events_path).append(events.Stopped())
    monkeypatch.setattr(Catalog, "SWEEP_SECONDS", 0.0)
    assert catalog.rows()[1].summary.status is Status.STOPPED


def test_a_row_of_a_scored_run_takes_little_memory(root: Path) -> None:
    words = {"metric": "the mean over samples of exp(mean nats of output tokens)", "base": "nf4"}
    scored = events.Evaluated(
        part="test",
        score=score(),
        directions={"to_modern": score(), "to_classical": score()},
        definition=words,
        file="evaluations/test.jsonl",
    )
    for number in range(200):
        end = events.Finished(score=score())
        made = (events.Started(), step(1), scored, judged(), end)
        make_run(root, *made, run_id=f"20260101-{number:06d}-a")
    catalog = Catalog(root)
    catalog.rows(50)  # what runs share, and what is imported
    tracemalloc.start()
    try:
        rows = catalog.rows()
        held, _peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(rows) == 200
    print(f"{held / 150:,.0f} bytes a row")
    assert held / 150 <= ROW_BYTES


def test_runs_share_what_they_have_in_common(root: Path) -> None:
    for day in (1, 2):
        make_run(root, *ENDED, run_id=f"2026010{day}-120000-a")
    one, other = Catalog(root).rows()
    assert one.settings.profile is other.settings.profile
