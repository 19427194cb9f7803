"""A small disk of its own, in main memory: it can be filled up as a real one can."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """Mount one of such a size (`2m`) at a new folder; skips the test where that is forbidden."""
    if os.uname().sysname != "Linux" or not shutil.which("mount"):
        pytest.skip("a small disk is mounted as a tmpfs, on Linux")
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(folder: Path, *, leave: int = 0) -> Path:
    """Write a file that takes all room but so many bytes."""
    path = folder / "filler"
    with path.open("wb", buffering=0) as file:
        while (left := shutil.disk_usage(folder).free - leave) > 0:
            try:
                file.write(bytes(min(left, 1 << 16)))
            except OSError:
                break
    return path
