"""Telling that a run has ended: words, terminal codes, and the user's command in every case."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest
from looking import HOSTILE
from planted import Planted
from samples import ENDED, held_by_a_process, make_run, score
from stand_in import write_worker

from engine.machine.user_settings import Notify
from engine.run.events import EventLog, Failed, Finished, Started, Stopped
from engine.run.folder import Run
from engine.start import launch, notice

TELL = """printf '%s|%s|%s|%s|%s' "$YIWEN_RUN" "$YIWEN_STATUS" "$YIWEN_PERPLEXITY" \
"$YIWEN_STRATEGY" "$YIWEN_MESSAGE" > "$0/new"; mv "$0/new" "$0/told.txt\""""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the user's settings, with a command in them."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    folder = tmp_path / "yiwen"
    folder.mkdir()
    command = f"['sh', '-c', '''{TELL}''', '$YIWEN_FOLDER']"
    (folder / "settings.toml").write_text(f"[notify]\ncommand = {command}\n", "utf-8")
    return folder


def _told(run: Run, seconds: float = 20.0) -> list[str]:
    deadline = time.monotonic() + seconds
    path = run.folder / "told.txt"
    while not path.exists():
        assert time.monotonic() < deadline, "the command was not run"
        time.sleep(0.02)
    return path.read_text("utf-8").split("|")


def test_the_end_in_one_line(root: Path) -> None:
    for number, (end, expected) in enumerate(
        [
            (Finished(score=score(16.62)), "finished, test perplexity 16.62"),
            (Finished(), "finished"),
            (Stopped(step=3), "was stopped"),
            (Failed(type="x", message=f"no memory\n{HOSTILE}"), "failed: no memory [/nope] [red]x"),
        ]
    ):
        run = make_run(root, Started(), end, run_id=f"run-{number}")
        text = str(notice.sentence(run, run.summary()))
        assert text.startswith(f"Yiwen: run run-{number} {expected}")
        assert "\x1b" not in text
        assert "\n" not in text


def test_codes_for_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    assert notice.terminal_codes("done", Notify()) == "\a\x1b]9;done\x1b\\"
    assert notice.terminal_codes("done", Notify(osc9=False)) == "\a"
    assert notice.terminal_codes("done", Notify(bell=False, osc9=False)) == ""
    hostile = notice.terminal_codes(HOSTILE, Notify(bell=False))
    assert hostile.count("\x1b") == 2
    assert "\a" not in hostile
    monkeypatch.setenv("TMUX", "/tmp/tmux-0/default,1,0")
    passed = notice.terminal_codes("done", Notify(bell=False))
    assert passed == "\x1bPtmux;\x1b\x1b]9;done\x1b\x1b\\\x1b\\"


def test_the_command_runs_when_the_worker_has_let_go(root: Path, config: Path) -> None:
    run = make_run(root, *ENDED)
    with held_by_a_process(run) as worker:
        notice.attend(run)
        time.sleep(0.5)
        assert not (run.folder / "told.txt").exists()
        worker.kill()
        assert _told(run) == [
            run.id,
            "finished",
            "12.5000",
            "qlora",
            f"Yiwen: run {run.id} finished, test perplexity 12.50",
        ]


def test_a_killed_worker_is_told_too(root: Path, config: Path) -> None:
    run = make_run(root, Started(steps=9))
    with held_by_a_process(run) as worker:
        notice.attend(run)
        worker.kill()
        name, status, perplexity, *_ = _told(run)
    assert (name, status, perplexity) == (run.id, "interrupted", "")


def test_a_command_that_fails_says_so_in_the_folder_of_the_run(root: Path, config: Path) -> None:
    (config / "settings.toml").write_text("[notify]\ncommand = 'nonesuch-program'\n", "utf-8")
    run = make_run(root, *ENDED)
    notice.attend(run)
    deadline = time.monotonic() + 20
    log = run.folder / "notice.log"
    while "No such file or directory: 'nonesuch-program'" not in (
        log.read_text("utf-8") if log.exists() else ""
    ):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_without_a_command_no_process_is_started(root: Path) -> None:
    run = make_run(root, *ENDED)
    notice.attend(run)
    assert not (run.folder / "notice.log").exists()


def test_the_launcher_starts_it_while_the_run_is_held(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", write_worker(tmp_path / "worker"))
    attended: list[bool] = []
    monkeypatch.setattr(notice, "attend", lambda run: attended.append(run.alive()))
    run = make_run(root)
    launch.start(run)
    assert attended == [True]
    launch.request_stop(run, force=True)


def test_a_resumed_run_is_not_locked_out_by_the_one_that_waits(root: Path, config: Path) -> None:
    run = make_run(root, Started(steps=9))
    with held_by_a_process(run) as worker:
        notice.attend(run)
        worker.kill()
        _told(run)
    with held_by_a_process(run):
        assert run.alive()
    log = EventLog(run.events_path)
    log.append(Finished())
    assert not run.alive()
    assert os.path.exists(run.folder / "told.txt")


def test_a_run_says_nothing_that_a_shell_obeys(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    witness = tmp_path / "witness"
    name = 'x"; touch witness; echo "$(touch witness)`touch witness`'
    hostile = f"$(touch {witness}); touch {witness}\n`touch {witness}`"
    run = make_run(root, Started(), Failed(type="x", message=hostile), run_id=name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for command in (
        "echo $YIWEN_RUN ${YIWEN_MESSAGE}",
        ["echo", "$YIWEN_RUN", "$YIWEN_MESSAGE"],
        ["sh", "-c", 'echo "$YIWEN_RUN" "$YIWEN_MESSAGE"'],
    ):
        assert notice.run_command(command, run, run.summary()) == 0
    assert not witness.exists()
    assert list(home.iterdir()) == []


def test_a_line_for_a_shell_is_refused_with_the_remedy() -> None:
    for line in ("a | b", "a > file", "a; b", "a && b", "(a)"):
        with pytest.raises(ValueError, match=r'none runs it; write command = \["sh", "-c"'):
            notice.words_of(line)
    assert notice.words_of("mail -s 'a; b' me@example.org") == [
        "mail",
        "-s",
        "a; b",
        "me@example.org",
    ]


def test_the_command_stands_in_the_users_home_and_not_where_data_is(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(root, *ENDED)
    planted = Planted(tmp_path / "witness")
    planted.plant(run.folder)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    code = "import json, os; open('told', 'w').write(os.environ['YIWEN_RUN'])"
    assert notice.run_command([sys.executable, "-c", code], run, run.summary()) == 0
    assert (home / "told").read_text() == run.id
    assert planted.run == []


def test_a_command_that_others_could_have_written_is_not_run(root: Path, config: Path) -> None:
    run = make_run(root, *ENDED)
    log = run.folder / "notice.log"
    for place in (config / "settings.toml", config):
        place.chmod(0o777)
        notice.attend(run)
        deadline = time.monotonic() + 20
        while "others can change it" not in (log.read_text("utf-8") if log.exists() else ""):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        place.chmod(0o755)
        log.unlink()
    assert not (run.folder / "told.txt").exists()
    notice.attend(run)
    assert _told(run)[0] == run.id
