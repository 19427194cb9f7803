"""The shim does what it says: real processes, told by the environment what is to fail."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import shim
from shim import EVER, Fault

pytestmark = pytest.mark.skipif(bool(shim.why_not()), reason=shim.why_not())

WRITES = """
import os, sys
for name in "abc":
    try:
        handle = os.open(f"{sys.argv[1]}/{name}", os.O_WRONLY | os.O_CREAT)
        print(name, os.write(handle, bytes(10)))
    except OSError as error:
        print(name, error.strerror)
"""
FULL = """
import os, sys
def write(name, count):
    try:
        handle = os.open(f"{sys.argv[1]}/{name}", os.O_WRONLY | os.O_CREAT)
        print(name, os.write(handle, bytes(count)))
    except OSError as error:
        print(name, error.strerror)
write("reserve", 50)
write("large", 100)
os.unlink(f"{sys.argv[1]}/reserve")
write("small", 20)
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shim.build(tmp_path_factory.mktemp("shim"))


Run = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def run(library: Path, tmp_path: Path) -> Run:
    """Runs a script on a folder under a fault; its status and its lines."""

    def run(script: str, fault: Fault, below: Path = tmp_path) -> tuple[int, list[str]]:
        done = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path)],
            env={**os.environ, "LD_PRELOAD": str(library), **fault.environment(below)},
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout.splitlines()

    return run


def test_the_nth_call_fails_and_no_other(run: Run) -> None:
    full = os.strerror(errno.ENOSPC)
    assert run(WRITES, Fault(2, "write", error=errno.ENOSPC))[1] == ["a 10", f"b {full}", "c 10"]
    assert run(WRITES, Fault(1, "open", error=errno.EMFILE))[1][0] == f"a {os.strerror(24)}"


def test_all_calls_from_one_on_fail(run: Run) -> None:
    broken = os.strerror(errno.EIO)
    said = run(WRITES, Fault(2, "write", times=EVER))[1]
    assert said == ["a 10", f"b {broken}", f"c {broken}"]


def test_calls_elsewhere_and_of_other_kinds_do_not_count(run: Run, tmp_path: Path) -> None:
    whole = ["a 10", "b 10", "c 10"]
    assert run(WRITES, Fault(1, times=EVER), tmp_path / "elsewhere")[1] == whole
    assert run(WRITES, Fault(1, "rename", times=EVER))[1] == whole
    assert run(WRITES, Fault(99))[1] == whole


def test_a_process_dies_at_a_call_or_in_the_middle_of_it(run: Run, tmp_path: Path) -> None:
    assert run(WRITES, Fault(1, "write", how="kill"))[0] == -9
    assert (tmp_path / "a").stat().st_size == 0
    assert run(WRITES, Fault(1, "write", how="torn"))[0] == -9
    assert (tmp_path / "a").stat().st_size == 5


def test_a_write_may_take_only_half(run: Run) -> None:
    assert run(WRITES, Fault(2, "write", how="short"))[1] == ["a 10", "b 5", "c 10"]


def test_on_a_full_disk_what_is_removed_makes_room(run: Run) -> None:
    full = os.strerror(errno.ENOSPC)
    fault = Fault(2, "write", times=EVER, error=errno.ENOSPC, how="full")
    assert run(FULL, fault)[1] == ["reserve 50", f"large {full}", "small 20"]


FILES = """
import ctypes, shutil, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
import torch
from safetensors.torch import save_file
from engine.machine.files import write_atomically
from engine.run.events import EventLog, Phase
folder = Path(sys.argv[1])
save_file({"a": torch.zeros(1000)}, str(folder / "a"))
write_atomically(folder / "b", bytes(1000))
EventLog(folder / "c").append(Phase(name="x"))
shutil.copyfile(folder / "b", folder / "d")
(folder / "e").mkdir()
(folder / "d").chmod(0o600)
(folder / "d").unlink()
shim = ctypes.CDLL(None)
shim.yiwen_fault_counted.restype = ctypes.c_long
print(shim.yiwen_fault_counted())
"""
SEEN = (
    "open,openat,creat,write,pwrite64,writev,sendfile,copy_file_range,rename,renameat,renameat2,"
    "link,linkat,unlink,unlinkat,rmdir,mkdir,mkdirat,fsync,fdatasync,ftruncate,chmod,fchmod,"
    "fchmodat,fallocate"
)
"""System calls, as the kernel calls them."""


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not here to count the calls")
def test_what_the_kernel_sees_is_what_is_counted(library: Path, tmp_path: Path) -> None:
    """Of files as workers write them, by Python, by Rust and by copying."""
    target, seen = tmp_path / "target", tmp_path / "seen"
    target.mkdir()
    armed = {"LD_PRELOAD": str(library), **Fault(99).environment(target)}
    command = ["strace", "-f", "-y", "-e", f"trace={SEEN}", "-o", str(seen)]
    command += [part for name, value in armed.items() for part in ("-E", f"{name}={value}")]
    command += [sys.executable, "-c", FILES, str(target), str(shim.SOURCE.parents[2])]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = [line for line in seen.read_text().splitlines() if f"{target}/" in line]
    # safetensors renames its temporary file by a call of its own, past the C library.
    lines = [line for line in lines if "renameat(" not in line]
    assert len(lines) > 15
    assert int(done.stdout) == len(lines), lines
