"""What is to go wrong with which system call, and the library that makes it so (`shim.c`)."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_name("shim.c")
EVER = 1 << 60
"""As many times as there are."""


@dataclass(frozen=True)
class Fault:
    """The n-th of certain calls below a folder, and as many after it as `times` says."""

    number: int = 0
    """Counted from 1; 0 for none."""
    calls: str = "any"
    """Names with commas between: open, create, write, fsync, rename, mkdir, …: see `shim.c`."""
    times: int = 1
    error: int = errno.EIO
    how: str = "fail"
    """fail, full, short, kill or torn: see `shim.c`."""

    def __str__(self) -> str:
        ever = " and all after it" if self.times == EVER else ""
        name = errno.errorcode[self.error] if self.how in ("fail", "full") else self.how
        return f"call {self.number} of {self.calls}{ever}: {name}"

    def environment(self, root: Path) -> dict[str, str]:
        """Variables that arm a process as it starts."""
        return {
            "YIWEN_FAULT_ROOT": str(root),
            "YIWEN_FAULT_CALL": self.calls,
            "YIWEN_FAULT_NUMBER": str(self.number),
            "YIWEN_FAULT_TIMES": str(self.times),
            "YIWEN_FAULT_ERRNO": str(self.error),
            "YIWEN_FAULT_HOW": self.how,
        }


def why_not() -> str:
    """Why faults cannot be injected here; empty where they can."""
    if os.uname().sysname != "Linux":
        return "faults are injected by LD_PRELOAD, on Linux"
    return "" if _compiler() else "no C compiler is here to build the shim with"


def build(folder: Path) -> Path:
    """Compile the shim into a folder."""
    library = folder / "shim.so"
    compiler = _compiler()
    assert compiler
    options = ["-shared", "-fPIC", "-O1", "-U_FORTIFY_SOURCE", "-Wall", "-Wextra"]
    subprocess.run([compiler, *options, "-o", library, SOURCE, "-ldl"], check=True)
    return library


def _compiler() -> str | None:
    return shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
