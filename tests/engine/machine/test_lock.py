"""The lock: held for the life of a worker, free at once after it, whoever asks."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from samples import held_by_a_process, make_run

from engine.language.errors import RunError
from engine.machine import lock


@pytest.fixture
def folder(root: Path) -> Path:
    return make_run(root).folder


def test_a_folder_without_a_lock_file_is_not_held(folder: Path) -> None:
    assert not lock.is_held(folder)
    assert lock.holder(folder) is None


def test_a_lock_is_held_until_its_descriptor_is_closed(folder: Path) -> None:
    held = lock.acquire(folder)
    assert lock.is_held(folder)
    held.close()
    assert not lock.is_held(folder)


def test_asking_does_not_take_the_lock(folder: Path) -> None:
    lock.acquire(folder).close()
    assert not lock.is_held(folder)
    lock.acquire(folder, wait=0.0).close()


def test_a_lock_that_a_process_holds_is_refused_with_the_name_of_the_run(folder: Path) -> None:
    held = lock.acquire(folder)
    with pytest.raises(RunError, match=f"run {folder.name} has a worker already"):
        lock.acquire(folder, wait=0.05)
    held.close()


def test_a_lock_is_free_once_its_process_was_killed(root: Path) -> None:
    run = make_run(root)
    with held_by_a_process(run) as process:
        assert lock.is_held(run.folder)
        process.kill()
        process.wait()
        assert not lock.is_held(run.folder)
        lock.acquire(run.folder, wait=0.0).close()


def test_a_copy_of_the_descriptor_keeps_the_lock(folder: Path) -> None:
    held = lock.acquire(folder)
    copy = os.dup(held.handle)
    held.close()
    assert lock.is_held(folder)
    os.close(copy)
    assert not lock.is_held(folder)


def test_an_adopted_lock_stays_held_and_is_not_passed_on(folder: Path) -> None:
    held = lock.acquire(folder)
    os.set_inheritable(held.handle, True)
    adopted = lock.adopt(folder, held.passed)
    assert lock.is_held(folder)
    assert not os.get_inheritable(held.handle)
    adopted.close()
    assert not lock.is_held(folder)


def test_the_holder_is_read_back_as_signed(folder: Path) -> None:
    held = lock.acquire(folder)
    held.sign(os.getpid())
    found = lock.holder(folder)
    assert found is not None
    assert (found.pid, found.host) == (os.getpid(), socket.gethostname())
    held.close()


def test_a_signature_that_is_torn_names_nobody(folder: Path) -> None:
    (folder / "worker.lock").write_text('{"pid": 12')
    assert lock.holder(folder) is None


def test_a_lock_file_that_may_only_be_read_tells_whether_it_is_held(folder: Path) -> None:
    held = lock.acquire(folder)
    (folder / "worker.lock").chmod(0o444)
    assert lock.is_held(folder)
    held.close()
    assert not lock.is_held(folder)
