"""Locks where the file system has none, or each machine its own; and machines that are gone."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import other_machines
import pytest
from other_machines import NOTHING
from samples import make_run

from engine.language.errors import RunError
from engine.machine import lock
from engine.machine.lock import State

SOURCE = Path(__file__).resolve().parents[3]
REFUSALS = [errno.ENOLCK, errno.EINVAL, errno.EIO, errno.EBADF, errno.ENOSYS, NOTHING]
_RACER = """
import sys
from pathlib import Path
from engine.language.errors import RunError
from engine.machine import lock

held = None
for line in sys.stdin:
    word, _, path = line.strip().partition(" ")
    if word == "look":
        print(lock.look(Path(path)).value, flush=True)
    elif word == "leave":
        held.close()
        print("left", flush=True)
    else:
        try:
            held = lock.acquire(Path(path), wait=0.0)
            print("won", flush=True)
        except RunError as error:
            print("refused:", str(error).replace(chr(10), " "), flush=True)
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return other_machines.library(tmp_path_factory.mktemp("library"))


class Racer:
    """A process that takes locks, looks at them and lets them go as it is told."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _RACER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=SOURCE,
            env=environment,
        )

    def ask(self, word: str, folder: Path) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{word} {folder}\n")
        self.process.stdin.flush()

    def answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def told(self, word: str, folder: Path) -> str:
        self.ask(word, folder)
        return self.answer()

    def kill(self) -> None:
        """Dead and not yet reaped: what looks must not take a zombie for a worker."""
        self.process.kill()
        os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT)


@contextmanager
def racers(environments: Sequence[dict[str, str]]) -> Iterator[list[Racer]]:
    with ExitStack() as stack:
        found = []
        for environment in environments:
            racer = Racer(environment)
            stack.callback(racer.process.communicate)
            stack.callback(racer.process.kill)
            found.append(racer)
        yield found


@pytest.mark.parametrize("flock", [None, *REFUSALS])
def test_of_many_at_once_one_takes_the_lock(root: Path, library: Path, flock: int | None) -> None:
    environment = other_machines.environment(library, flock=flock)
    with racers([environment] * 4) as found:
        for number in range(40):
            folder = root / str(number)
            folder.mkdir()
            for again in range(2):  # a lock that nobody has taken yet, and one that was left
                for racer in found:
                    racer.ask("take", folder)
                answers = [racer.answer() for racer in found]
                assert sum(answer == "won" for answer in answers) == 1, (number, again, answers)
                assert all("has a worker already" in said for said in answers if said != "won")
                assert {racer.told("look", folder) for racer in found} == {"held"}
                assert found[answers.index("won")].told("leave", folder) == "left"
                assert found[0].told("look", folder) == "free"


@pytest.mark.parametrize("flock", [None, *REFUSALS])
def test_the_lock_of_a_dead_process_is_free_whatever_the_file_system_says(
    root: Path, library: Path, flock: int | None
) -> None:
    with racers([other_machines.environment(library, flock=flock)] * 2) as (first, second):
        assert first.told("take", root) == "won"
        first.kill()
        assert second.told("look", root) == "free"
        assert second.told("take", root) == "won"


def elsewhere(library: Path, flock: int | None, file_system: str = "ext4") -> dict[str, str]:
    return other_machines.environment(
        library, flock=flock, host="far", boot="another", file_system=file_system
    )


def here(library: Path, flock: int | None, file_system: str = "ext4") -> dict[str, str]:
    return other_machines.environment(library, flock=flock, file_system=file_system)


@pytest.mark.parametrize("flock", REFUSALS)
@pytest.mark.parametrize("file_system", ["ext4", "nfs4", "fuse.sshfs"])
def test_a_worker_on_another_machine_is_never_taken_for_dead(
    root: Path, library: Path, flock: int, file_system: str
) -> None:
    environments = [elsewhere(library, flock, file_system), here(library, flock, file_system)]
    if file_system == "nfs4" and flock == NOTHING:
        pytest.skip("a server that says it locks, and does not")
    with racers(environments) as (far, near):
        assert far.told("take", root) == "won"
        assert far.told("look", root) == "held"
        assert near.told("look", root) == "unseen"
        assert "was locked on far, which cannot be seen from here" in near.told("take", root)


def test_where_locks_are_shared_a_dead_worker_of_another_machine_is_seen(
    root: Path, library: Path
) -> None:
    with racers([elsewhere(library, None, "nfs4"), here(library, None, "nfs4")]) as (far, near):
        assert far.told("take", root) == "won"
        assert near.told("look", root) == "held"
        far.kill()
        assert near.told("look", root) == "free"
        assert near.told("take", root) == "won"


def test_a_machine_that_was_started_anew_has_no_workers_of_before(
    root: Path, library: Path
) -> None:
    before = other_machines.environment(library, flock=errno.ENOLCK, boot="before")
    after = other_machines.environment(library, flock=errno.ENOLCK, boot="after")
    with racers([before, after]) as (first, second):
        assert first.told("take", root) == "won"
        assert second.told("look", root) == "free"


def test_on_a_machine_with_a_new_name_somebody_has_to_say_that_the_worker_is_gone(
    root: Path, library: Path
) -> None:
    run = make_run(root)
    before = other_machines.environment(library, boot="before", host="old-name")
    with racers([before]) as (first,):
        assert first.told("take", run.folder) == "won"
        with pytest.raises(RunError, match="is not held elsewhere"):
            lock.dismiss(run.folder)  # here the file system itself holds it
        first.kill()
    gone = lock.unseen(run.folder)
    assert gone is not None
    assert gone.host == "old-name"
    assert run.alive()
    with pytest.raises(RunError, match="was locked on old-name, which cannot be seen from here"):
        lock.acquire(run.folder)
    lock.dismiss(run.folder)
    assert lock.look(run.folder) is State.FREE
    lock.acquire(run.folder).close()


def test_nobody_holds_a_copy(root: Path, library: Path, tmp_path: Path) -> None:
    import shutil

    before = other_machines.environment(library, boot="before", host="old-name")
    with racers([before]) as (first,):
        assert first.told("take", root) == "won"
        first.kill()
    assert lock.look(root) is State.UNSEEN
    assert lock.look(shutil.copytree(root, tmp_path / "copy")) is State.FREE


def test_a_renamed_machine_knows_its_workers(root: Path, library: Path) -> None:
    named = other_machines.environment(library, flock=errno.ENOLCK, host="new-name")
    unnamed = other_machines.environment(library, flock=errno.ENOLCK)
    with racers([unnamed, named]) as (first, second):
        assert first.told("take", root) == "won"
        assert second.told("look", root) == "held"
        first.kill()
        assert second.told("look", root) == "free"


@pytest.mark.parametrize("mode", [0o755, 0o775, 0o777])
def test_only_they_can_open_the_lock_who_may_write_in_the_folder(
    folder_of: Path, mode: int
) -> None:
    folder_of.chmod(mode)
    before = os.umask(0)
    try:
        lock.acquire(folder_of).close()
    finally:
        os.umask(before)
    allowed = 0o600 | mode & 0o022 | (mode & 0o022) << 1
    assert (folder_of / "worker.lock").stat().st_mode & 0o777 == allowed


@pytest.fixture
def folder_of(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    return folder


_HOLDS_TO_READ = """
import fcntl, os, sys
os.setuid(54321)
try:
    file = open(sys.argv[1])
    fcntl.flock(file, fcntl.LOCK_EX)
except OSError as error:
    print(error.strerror, flush=True)
else:
    print("held", flush=True)
sys.stdin.read()
"""
_LOOKS = """
import os, sys
from pathlib import Path
from engine.machine import lock
import psutil
os.setuid(54321)
print(lock.look(Path(sys.argv[1])).value)
"""


@pytest.fixture
def seen_by_all() -> Iterator[Path]:
    """What pytest makes is its user's alone."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_who_may_only_read_cannot_hold_the_lock_and_can_see_who_does(seen_by_all: Path) -> None:
    folder = seen_by_all
    (folder / "worker.lock").write_text("")  # as older versions made it
    (folder / "worker.lock").chmod(0o644)
    lock.acquire(folder).close()
    command = [sys.executable, "-IS", "-c", _HOLDS_TO_READ, str(folder / "worker.lock")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "Permission denied\n"
        assert seen_by_another(folder) == "free"
        with lock.acquire(folder, wait=0.0):
            assert seen_by_another(folder) == "held"
        reader.communicate()


def seen_by_another(folder: Path) -> str:
    command = [sys.executable, "-c", _LOOKS, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=SOURCE, check=True)
    return done.stdout.strip()
