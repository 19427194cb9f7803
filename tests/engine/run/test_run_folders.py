"""Run folders: made whole, found by name, read back as written, told apart when broken."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from samples import TEST_FILE, held_by_a_process, make_run, pair, step, tiny

from engine.data import dataset
from engine.language.errors import RunError
from engine.machine import lock
from engine.run import events, runs_folder
from engine.run.folder import Run
from engine.run.summary import Status


def create(root: Path, strategy: str = "qlora") -> Run:
    data = {"test": dataset.read(TEST_FILE)}
    return runs_folder.create(root, job="train", strategy=strategy, profile=tiny(), data=data)  # type: ignore[arg-type]


def checkpoint(run: Run, *names: str) -> None:
    for name in names:
        (run.checkpoints_path / name).mkdir(parents=True)


def test_a_new_run_reads_back_as_it_was_made(root: Path) -> None:
    run = runs_folder.create(
        root,
        job="evaluate",
        strategy="few-shot",
        profile=tiny(),
        data={"test": dataset.read(TEST_FILE)},
        overrides={"few_shot.seed": "1"},
        examples=[pair(1)],
    )
    found = Run(run.folder).settings
    assert found.profile == tiny()
    assert found.data["test"].sha256 == dataset.read(TEST_FILE).sha256
    assert found.data["test"].pairs == 84
    assert (found.id, found.job, found.strategy) == (run.id, "evaluate", "few-shot")
    assert (found.overrides, found.examples) == ({"few_shot.seed": "1"}, [pair(1)])
    assert "python" in found.versions


def test_runs_made_in_the_same_second_get_folders_of_their_own(root: Path) -> None:
    made = [create(root).id for _ in range(3)]
    assert len(set(made)) == 3
    assert [run.id for run in runs_folder.list_all(root)] == made[::-1]


def test_a_runs_folder_that_is_missing_is_made(tmp_path: Path) -> None:
    assert create(tmp_path / "a" / "b").folder.parent == tmp_path / "a" / "b"


def test_a_place_that_cannot_hold_runs_is_named_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        RunError, match=r"file/runs: cannot hold runs: .*; choose another with --runs"
    ):
        create(tmp_path / "file" / "runs")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_runs_folder_is_named_with_a_way_out(root: Path) -> None:
    root.chmod(0o555)
    with pytest.raises(RunError, match="cannot hold runs: Permission denied; choose another"):
        create(root)


def test_a_run_that_was_made_and_never_started_is_interrupted(root: Path) -> None:
    assert make_run(root).summary().status is Status.INTERRUPTED


def test_a_run_is_starting_until_its_worker_says_that_it_has_started(root: Path) -> None:
    run = make_run(root)
    with held_by_a_process(run):
        assert run.summary().status is Status.STARTING
        events.EventLog(run.events_path).append(events.Started())
        assert run.summary().status is Status.RUNNING


def test_a_run_whose_worker_was_killed_is_interrupted_at_once(root: Path) -> None:
    run = make_run(root, events.Started(), step(1))
    with held_by_a_process(run) as process:
        assert run.summary().status is Status.RUNNING
        process.kill()
        process.wait()
        assert run.summary().status is Status.INTERRUPTED


def test_a_finished_run_stays_finished_while_its_worker_leaves(root: Path) -> None:
    run = make_run(root, events.Started(), events.Finished())
    held = lock.acquire(run.folder)
    assert run.summary().status is Status.FINISHED
    held.close()


def test_runs_are_listed_from_the_newest_to_the_oldest(root: Path) -> None:
    ids = [f"2026010{day}-120000-{name}" for day, name in ((2, "a"), (3, "a"), (1, "z"))]
    ids += ["20260102-120000-a-2", "20260102-120000-a-10"]
    for run_id in ids:
        make_run(root, run_id=run_id)
    assert [run.id[7:] for run in runs_folder.list_all(root)] == [
        "3-120000-a",
        "2-120000-a-10",
        "2-120000-a-2",
        "2-120000-a",
        "1-120000-z",
    ]


def test_a_folder_of_another_name_is_as_old_as_its_run(root: Path) -> None:
    make_run(root, run_id="20260103-120000-new", created="2026-01-03T12:00:00+08:00")
    make_run(root, run_id="the best one", created="2026-01-02T12:00:00+08:00")
    make_run(root, run_id="20260101-120000-old", created="2026-01-01T12:00:00+08:00")
    names = ["20260103-120000-new", "the best one", "20260101-120000-old"]
    assert [run.id for run in runs_folder.list_all(root)] == names
    (root / "zzz, no run").mkdir()
    assert [run.id for run in runs_folder.list_folders(root)] == [*names, "zzz, no run"]
    assert runs_folder.find(root, "latest").id == "20260103-120000-new"


def test_what_is_no_run_is_not_listed(root: Path) -> None:
    make_run(root)
    (root / "notes").mkdir()
    (root / "README.md").touch()
    assert len(runs_folder.list_all(root)) == 1


def test_a_folder_that_is_not_there_has_no_runs(root: Path) -> None:
    assert runs_folder.list_all(root / "no") == []


@pytest.fixture
def three(root: Path) -> Path:
    for run_id in (
        "20260101-120000-a-qlora",
        "20260102-120000-a-qlora-2",
        "20260102-120000-a-qlora",
    ):
        make_run(root, run_id=run_id)
    return root


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("20260102-120000-a-qlora", "20260102-120000-a-qlora"),
        ("20260101", "20260101-120000-a-qlora"),
        ("qlora-2", "20260102-120000-a-qlora-2"),
        ("latest", "20260102-120000-a-qlora-2"),
        ("runs/20260101-120000-a-qlora", "20260101-120000-a-qlora"),
    ],
)
def test_a_run_is_found_by_id_by_a_part_of_it_by_path_or_as_the_latest(
    three: Path, key: str, found: str
) -> None:
    assert runs_folder.find(three, key).id == found


def test_a_part_of_several_ids_is_refused_with_those_it_fits(three: Path) -> None:
    with pytest.raises(RunError) as caught:
        runs_folder.find(three, "20260102")
    assert str(caught.value) == (
        "'20260102' fits 2 runs: 20260102-120000-a-qlora-2, 20260102-120000-a-qlora"
    )


@pytest.mark.parametrize("key", ["nothing", "", "no/such/path"])
def test_a_run_that_is_not_there_is_named_with_the_way_to_list_them(three: Path, key: str) -> None:
    with pytest.raises(RunError, match=f"no run '{key}' in .*; `yiwen runs` lists them"):
        runs_folder.find(three, key)


def test_there_is_no_latest_of_no_runs(root: Path) -> None:
    with pytest.raises(RunError, match="no run 'latest'"):
        runs_folder.find(root, "latest")


def test_the_newest_active_run_is_the_first_with_a_worker(three: Path) -> None:
    listed = runs_folder.list_all(three)
    assert runs_folder.newest_active(listed) is None
    held = lock.acquire(listed[1].folder)
    assert runs_folder.newest_active(listed) == listed[1]
    held.close()


def test_a_deleted_run_is_gone(root: Path) -> None:
    run = make_run(root, step(1))
    runs_folder.delete(run)
    assert list(root.iterdir()) == []


def test_a_run_at_work_is_not_deleted(root: Path) -> None:
    run = make_run(root)
    held = lock.acquire(run.folder)
    with pytest.raises(RunError, match=f"run {run.id} is running; stop it first"):
        runs_folder.delete(run)
    assert (run.folder / "run.toml").is_file()
    held.close()


@pytest.mark.parametrize("content", [b"x = ", b"id = 1", b"\xff"])
def test_a_broken_run_toml_is_named(root: Path, content: bytes) -> None:
    run = make_run(root)
    (run.folder / "run.toml").write_bytes(content)
    with pytest.raises(RunError, match=r"run\.toml: cannot be read"):
        _ = run.settings


def test_a_folder_without_run_toml_is_no_run(root: Path) -> None:
    with pytest.raises(RunError, match=r"is not a run folder \(it has no run\.toml\)"):
        _ = Run(root).settings


def test_events_that_cannot_be_read_are_named(root: Path) -> None:
    run = make_run(root)
    run.events_path.mkdir()
    with pytest.raises(RunError, match=r"events\.jsonl: cannot be read"):
        run.summary()


def test_the_result_of_a_run_is_its_adapter_folder(root: Path) -> None:
    run = make_run(root)
    checkpoint(run, "step-000005")
    run.adapter_path.mkdir()
    (run.adapter_path / "adapter_config.json").touch()
    assert run.adapter_folder() == run.adapter_path


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", "step-000010"),
        ("last", "step-000010"),
        ("best", "step-000005"),
        ("5", "step-000005"),
        ("step-000005", "step-000005"),
    ],
)
def test_a_checkpoint_is_found_by_name_by_step_as_the_best_or_as_the_last(
    root: Path, asked: str, found: str
) -> None:
    run = make_run(root, events.Saved(step=5, checkpoint="step-000005", best=True))
    checkpoint(run, "step-000010", "step-000005")
    assert run.adapter_folder(asked).name == found


@pytest.mark.parametrize("asked", ["7", "nonsense", "../adapter"])
def test_a_checkpoint_that_is_not_there_is_named_with_those_that_are(
    root: Path, asked: str
) -> None:
    run = make_run(root)
    checkpoint(run, "step-000010")
    with pytest.raises(RunError, match="no checkpoint '.*'; there are: step-000010"):
        run.adapter_folder(asked)


def test_a_run_without_checkpoints_says_so(root: Path) -> None:
    with pytest.raises(RunError, match="there are: none yet"):
        make_run(root).adapter_folder("last")


def test_the_size_of_a_run_counts_all_its_files(root: Path) -> None:
    run = make_run(root)
    before = run.size()
    run.evaluations_path.mkdir()
    (run.evaluations_path / "a.jsonl").write_bytes(b"x" * 1000)
    assert run.size() == before + 1000


def test_checkpoints_are_told_in_the_order_of_their_steps(root: Path) -> None:
    run = create(root)
    checkpoint(run, "step-1000000", "step-000020", "step-999000", "step-000003")
    assert run.checkpoints() == ["step-000003", "step-000020", "step-999000", "step-1000000"]
