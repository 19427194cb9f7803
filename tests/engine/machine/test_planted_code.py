"""No process of ours runs code that lies where data is: real code, planted for real processes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from planted import Planted, environments
from samples import ENDED, make_run

from engine.machine import lock
from engine.machine.processes import python, search_path
from engine.queue import scheduler
from engine.run import waiting_list
from engine.run.folder import Run
from engine.run.waiting_list import Entry, folder_of

SOURCE = Path(__file__).resolve().parents[3]
PLACES = ("runs", "run", "here", "temporary")


@pytest.fixture
def run(root: Path) -> Run:
    return make_run(root, *ENDED)


@pytest.fixture
def planted(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Planted:
    """Code in the run's folder, in the runs folder, in $TMPDIR, and where one stands."""
    made = Planted(tmp_path / "witness")
    folders = [run.folder, run.root, tmp_path / "temporary", tmp_path / "here"]
    for folder in folders:
        made.plant(folder)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.chdir(tmp_path / "here")
    return made


def _environments(run: Run) -> list[dict[str, str]]:
    beside = run.root.parent
    return environments(run.folder, run.root, beside / "temporary", beside / "here")


def _use(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    for name in ("PYTHONPATH", "PYTHONSAFEPATH"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


def test_the_planted_code_would_run_if_it_were_let(planted: Planted) -> None:
    subprocess.run([sys.executable, "-m", "engine.start.notice"], capture_output=True, check=False)
    assert planted.run


def test_a_process_of_ours_imports_none_of_it(
    planted: Planted, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for environment in _environments(run):
        _use(monkeypatch, environment)
        done = python.spawn("engine.start.notice", str(run.folder), stdout=-1, stderr=-1)
        _, said = done.communicate(timeout=60)
        assert (done.returncode, planted.run) == (0, []), (environment, said.decode())
        missed = str(run.root) in environment["PYTHONPATH"].split(os.pathsep)
        assert (b"nothing is imported from it" in said) or not missed


def test_the_scheduler_imports_none_of_it(
    planted: Planted, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", str(run.root), str(run.folder)]))
    waiting_list.add(run.root, Entry(run.id))  # it has begun already, so it is only taken out
    monkeypatch.chdir(run.root)
    assert scheduler.ensure(run.root)
    lock.wait_until_free(folder_of(run.root))
    assert planted.run == []
    assert waiting_list.read(run.root) == []


@pytest.mark.parametrize("version", ["3.10", "3.11", "3.12", "3.13", "3.14"])
def test_every_python_that_is_here_imports_none_of_it(
    planted: Planted, run: Run, version: str
) -> None:
    program = shutil.which(f"python{version}") or "false"
    ask = [program, "-c", "import sys; print(sys.executable)"]
    found = subprocess.run(ask, cwd="/", capture_output=True, text=True)
    if found.returncode:  # a shim may name one that is not chosen
        pytest.skip(f"no python{version} here")
    command = [found.stdout.strip(), *python.command("engine.machine.paths")[1:]]
    for environment in _environments(run):
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        given = {**kept, **environment}
        done = subprocess.run(command, env=given | _sound(given), capture_output=True, check=False)
        assert (done.returncode, planted.run) == (0, []), (environment, done.stderr.decode())


def _sound(environment: dict[str, str]) -> dict[str, str]:
    return {"PYTHONPATH": os.pathsep.join(search_path.sound(environment["PYTHONPATH"]))}


def test_the_command_itself_imports_nothing_from_where_one_stands(
    planted: Planted, run: Run, tmp_path: Path
) -> None:
    script = tmp_path / "bin" / "yiwen"
    script.parent.mkdir()
    script.write_text("import sys\nfrom tui.__main__ import main\nsys.exit(main())\n")
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    for command in ([str(script)], ["-m", "tui"]):
        for folder in (run.folder, run.root, tmp_path / "here"):
            if command[0] == "-m":  # Python itself looks there for `tui`, and for what runs it
                _remove(folder, "tui", "runpy", "typing_extensions")
            done = subprocess.run(
                [sys.executable, *command, "runs", "--runs", str(run.root)],
                cwd=folder,
                env=kept,
                capture_output=True,
                text=True,
                check=False,
            )
            assert (done.returncode, planted.run) == (0, []), done.stderr
            assert run.id[:15] in done.stdout


def _remove(folder: Path, *names: str) -> None:
    for name in names:
        shutil.rmtree(folder / name)


def test_a_folder_of_packages_can_be_used_and_comes_behind_pythons_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = tmp_path / "site"
    good.mkdir()
    (good / "json.py").write_text("raise SystemExit(78)\n")
    (good / "engine.py").write_text("raise SystemExit(79)\n")
    told = "import engine, json, sys; print(engine.__file__, json.__file__, sys.argv)"
    (good / "a_package_of_the_user.py").write_text(told)
    monkeypatch.setenv("PYTHONPATH", f"{good}:{good}/none::.:relative")
    process = python.spawn("a_package_of_the_user", "word", stdout=-1, stderr=-1)
    said, trouble = process.communicate(timeout=60)
    assert process.returncode == 0, trouble.decode()
    engine_file, json_file, argv = said.decode().split(" ", 2)
    assert Path(engine_file).parent == SOURCE / "engine"
    assert not json_file.startswith(str(tmp_path))
    assert argv.strip().endswith("'word']")


@pytest.mark.parametrize("mode", [0o777, 0o757, 0o1777])
def test_a_folder_that_others_can_write_is_no_place_for_code(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    assert search_path.is_sound(str(folder))
    folder.chmod(mode)
    assert not search_path.is_sound(str(folder))
    within = folder / "within"
    within.mkdir()
    assert search_path.is_sound(str(within)) == bool(mode & 0o1000)  # a sticky one keeps its names


def test_compiled_code_is_kept_where_only_its_user_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR", raising=False)
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    monkeypatch.setenv("TRITON_CACHE_DIR", str(shared))
    found = python.environment()
    assert found["TRITON_CACHE_DIR"].startswith(str(tmp_path / "cache"))
    assert found["TORCHINDUCTOR_CACHE_DIR"].startswith(str(tmp_path / "cache"))
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path / "mine"))
    assert python.environment()["TRITON_CACHE_DIR"] == str(tmp_path / "mine")


def test_no_other_place_starts_a_python() -> None:
    starts = re.compile(
        r"sys\.executable|Popen\(|subprocess\.(run|call|check_\w+)\(|os\.(exec|spawn|system|popen)|shell=True|multiprocessing"
    )  # noqa: E501
    found = {
        str(path.relative_to(SOURCE))
        for folder in ("engine", "tui")
        for path in (SOURCE / folder).rglob("*.py")
        if starts.search(path.read_text("utf-8"))
    }
    assert found == {
        "engine/machine/processes/python.py",
        "engine/course/check.py",  # what is handed in, in a folder of its own
        "engine/start/notice.py",  # the user's own command
        "engine/machine/provenance.py",  # git
    }
