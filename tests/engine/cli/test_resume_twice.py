"""Two `yiwen resume` at once start one worker, whatever the file system thinks of locks."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import other_machines
import pytest
import starting_line
from samples import make_run
from stand_in import write_worker

from engine.run.events import Started
from engine.run.tail import Tail
from engine.start import launch

SOURCE = Path(__file__).resolve().parents[3]
PYTHON = sys.executable
AT_ONCE = 3
_RESUME = """
import sys
from engine.cli import main
sys.executable = sys.argv[1]
print("ready", flush=True)
sys.stdin.readline()
sys.exit(main(sys.argv[2:]))
"""
_WORKS = 'emit("started", device="cpu")\nsignal.pause()'


@pytest.mark.parametrize(
    "flock", [None, errno.ENOLCK, errno.EINVAL, errno.EIO, errno.EBADF, other_machines.NOTHING]
)
def test_of_several_at_once_one_starts_a_worker(
    root: Path, tmp_path: Path, flock: int | None
) -> None:
    environment = other_machines.environment(other_machines.library(tmp_path), flock=flock)
    worker = write_worker(tmp_path / "worker", _WORKS)
    for number in range(3):
        run = make_run(root, Started(steps=9), run_id=f"run-{number}")
        command = [PYTHON, "-c", _RESUME, worker, "resume", run.id, "--detach", "--runs", str(root)]
        programs = [
            subprocess.Popen(command, **starting_line.PIPES, cwd=SOURCE, env=environment)
            for _ in range(AT_ONCE)
        ]
        starting_line.begin(programs)
        said = [program.communicate(timeout=60) for program in programs]
        assert sorted(program.returncode for program in programs) == [0, 2, 2], said
        assert run.alive()
        tail, begun = Tail(run.events_path), 0
        while begun < 2:  # the one from before, and the one worker
            begun += len(tail.read())
        launch.request_stop(run, force=True)
        while run.alive():
            continue
        assert not tail.read()
