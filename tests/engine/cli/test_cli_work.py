"""The commands that start, follow and end runs: real processes, but a script for a worker."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

import pytest
from commands import as_json, run_command
from other_machines import leave_worker
from samples import ENDED, TEST_FILE, make_run, write_pairs
from stand_in import FAILS, FINISHES, WAITS, write_worker
from terminal import SOURCE, Terminal
from weight_writing import write_adapter

from engine.cli import main
from engine.cli.run import report_trouble
from engine.machine import lock
from engine.run import events, runs_folder
from engine.run.summary import Status

PYTHON = sys.executable


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The worker is a script that finishes at once."""
    path = tmp_path / "worker"
    monkeypatch.setattr(sys, "executable", write_worker(path, FINISHES))
    return path


@pytest.mark.usefixtures("worker")
def test_a_run_is_trained_and_its_result_printed(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run_command(capsys, "train", "tiny", "--set", "training.epochs=1")
    assert status == 0
    assert err.startswith("run ")
    assert "12.50" in out
    settings = runs_folder.find(Path.cwd() / "runs", "latest").settings
    assert (settings.job, settings.profile.training.epochs) == ("train", 1.0)


@pytest.mark.usefixtures("worker")
def test_a_result_as_json_has_the_keys_that_programs_rely_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    result = as_json(capsys, "evaluate", "tiny", "--strategy", "few-shot", "--examples", "2")
    found = runs_folder.find(Path.cwd() / "runs", result["run"])
    assert len(found.settings.examples) == 2
    assert result == {
        "run": found.id, "status": "finished", "strategy": "few-shot", "perplexity": 12.5,
        "perplexity_corpus": 9.5, "perplexity_repaired": None, "samples": 84, "tokens": 2000,
        "bleu": None, "chrf": None, "judged": None, "chosen_on_test": False, "definition": {},
    }  # fmt: skip


@pytest.mark.usefixtures("worker")
def test_files_are_taken_from_where_the_user_stands(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.json").write_bytes(TEST_FILE.read_bytes())
    result = as_json(capsys, "evaluate", "tiny", "--test", "mine.json", "--no-outputs")
    settings = runs_folder.find(Path.cwd() / "runs", result["run"]).settings
    assert settings.data["test"].path == str(Path.cwd() / "mine.json")
    assert not settings.profile.evaluation.outputs


@pytest.mark.usefixtures("worker")
def test_a_detached_run_prints_its_id_only(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run_command(capsys, "train", "tiny", "--detach")
    assert (status, err) == (0, "")
    assert main(["watch", out.strip()]) == 0


def test_a_run_that_fails_says_why_and_how_to_go_on_with_exit_status_1(
    capsys: pytest.CaptureFixture[str], worker: Path
) -> None:
    write_worker(worker, FAILS)
    status, out, err = run_command(capsys, "train", "tiny")
    run = runs_folder.find(Path.cwd() / "runs", "latest")
    assert (status, out) == (1, "")
    assert err.splitlines()[-4:] == [
        f"run {run.id}: failed",
        "out of memory",
        "lower it",
        f"yiwen resume {run.id} begins it anew: it has no checkpoint yet",
    ]
    (run.checkpoints_path / "step-000001").mkdir(parents=True)
    assert report_trouble(run, run.summary()) == 1
    assert "goes on from the last checkpoint" in capsys.readouterr().err


def test_a_run_whose_worker_dies_says_where_the_log_is(
    capsys: pytest.CaptureFixture[str], worker: Path
) -> None:
    write_worker(worker, "os.kill(os.getpid(), 9)")
    status, _, err = run_command(capsys, "evaluate", "tiny")
    run = runs_folder.find(Path.cwd() / "runs", "latest")
    assert status == 1
    assert f"its worker is gone; the log is {run.log_path}" in err


@pytest.mark.usefixtures("worker")
def test_a_resumed_run_is_followed_past_its_old_end(
    capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    run = make_run(root, events.Started(steps=9), events.Stopped(step=3))
    result = as_json(capsys, "resume", run.id)
    assert (result["run"], result["status"]) == (run.id, "finished")
    assert not run.alive()


@pytest.mark.usefixtures("worker")
def test_a_run_of_a_machine_that_cannot_be_seen_is_taken_over_when_somebody_says_so(
    capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    run = make_run(root, events.Started(steps=9))
    leave_worker(run, host="old-name")
    for command in ("resume", "stop"):
        status, _, err = run_command(capsys, command, run.id)
        assert status == 2
        assert "was started on old-name, which cannot be seen from here" in err
        assert f"`yiwen resume {run.id} --take-over`" in err
    assert run.summary().status is Status.RUNNING
    assert as_json(capsys, "resume", run.id, "--take-over")["status"] == "finished"
    assert not run.alive()


def test_at_a_terminal_it_is_asked_whether_the_worker_is_gone(root: Path, worker: Path) -> None:
    run = make_run(root, events.Started(steps=9))
    leave_worker(run, host="old-name")
    words = ["resume", run.id, "--runs", str(root)]
    program = (
        f"import sys; sys.executable = {str(worker)!r}\n"
        f"from engine.cli import main; sys.exit(main({words!r}))"
    )
    for answer, status in (("n", Status.RUNNING), ("y", Status.FINISHED)):
        with Terminal([PYTHON, "-c", program], folder=SOURCE) as terminal:
            terminal.wait_for("[y/N]")
            terminal.send(f"{answer}\r")
            terminal.wait()
        assert run.summary().status is status


def test_a_finished_run_is_not_resumed(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    run = make_run(root, *ENDED)
    status, _, err = run_command(capsys, "resume", run.id)
    assert (status, err) == (2, f"yiwen: run {run.id} is finished; there is nothing to resume\n")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["resume"], "is running; `yiwen watch"),
        (["delete", "--yes"], "is running; stop it first"),
    ],
)
def test_a_run_at_work_is_left_alone(
    capsys: pytest.CaptureFixture[str], root: Path, command: list[str], said: str
) -> None:
    run = make_run(root, events.Started())
    held = lock.acquire(run.folder)
    status, _, err = run_command(capsys, *command, run.id)
    assert status == 2
    assert said in err
    held.close()


def test_a_run_is_stopped_and_what_it_came_to_is_watched(
    capsys: pytest.CaptureFixture[str], worker: Path
) -> None:
    write_worker(worker, WAITS)
    main(["train", "tiny", "--detach"])
    run_id = capsys.readouterr().out.strip()
    told = Path("runs", run_id, "told.json")
    while not told.exists():
        assert runs_folder.find(Path("runs"), run_id).alive()
    status, out, _ = run_command(capsys, "stop", run_id)
    assert (status, out) == (0, f"{run_id}: finishes its step, saves and stops\n")
    status, _, err = run_command(capsys, "watch", run_id)
    assert (status, err.splitlines()[-2]) == (0, f"run {run_id}: stopped")


def test_a_run_that_is_not_running_cannot_be_stopped(
    capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    run = make_run(root, *ENDED)
    assert run_command(capsys, "stop", run.id)[::2] == (2, f"yiwen: run {run.id} is not running\n")


def test_predictions_are_written_as_the_course_wants_them(
    capsys: pytest.CaptureFixture[str], worker: Path
) -> None:
    empty = {"direction": "to_modern", "perplexity": None, "nll": None, "tokens": 0}
    rows = [empty | {"id": "a", "output": "答"}, empty | {"id": "b", "output": None}]
    lines = "\n".join(json.dumps(row) for row in rows)
    write_worker(
        worker,
        f"""
(folder / "evaluations").mkdir()
(folder / "evaluations" / "predictions.jsonl").write_text({lines!r})
emit("finished", file="evaluations/predictions.jsonl")
""",
    )
    write_pairs(Path("ask.json"), [{"id": i, "instruction": "翻譯成現代文：\n其"} for i in "ab"])
    shown = as_json(capsys, "predict", "tiny", "ask.json", "-o", "out.json")
    assert shown["items"] == 2
    assert json.loads(Path("out.json").read_text("utf-8")) == [
        {"id": "a", "output": "答"},
        {"id": "b", "output": ""},
    ]


@pytest.mark.usefixtures("worker")
def test_the_demo_runs_the_three_strategies_and_compares_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = as_json(capsys, "demo")
    assert [row["strategy"] for row in rows] == ["zero-shot", "few-shot", "qlora"]
    assert all(row["perplexity"] == 12.5 for row in rows)


def test_an_adapter_of_a_run_is_scored_by_a_run_that_names_it(
    capsys: pytest.CaptureFixture[str], root: Path, worker: Path
) -> None:
    trained = make_run(root, *ENDED)
    write_adapter(trained.adapter_path)
    assert worker.exists()
    result = as_json(capsys, "evaluate", trained.id)
    settings = runs_folder.find(root, result["run"]).settings
    assert (settings.job, settings.adapter_run) == ("evaluate", trained.id)
    again = as_json(capsys, "evaluate", result["run"])
    assert runs_folder.find(root, again["run"]).settings.adapter_run == trained.id


@pytest.mark.usefixtures("worker")
def test_a_run_whose_worker_is_leaving_is_waited_for_in_words(
    capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    run = make_run(root, events.Started(steps=9), events.Stopped(step=3))
    leaving = threading.Timer(0.5, lock.acquire(run.folder).close)
    leaving.start()
    status, _, err = run_command(capsys, "resume", run.id)
    assert status == 0
    assert err.startswith(f"{run.id}: waiting for its worker to leave …\n")
