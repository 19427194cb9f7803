"""File systems and machines that are not here, for processes that are started so.

A small library that is loaded before all others answers in the kernel's place: `flock` fails with
an error or locks nothing, the machine has another name, another file is opened.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import msgspec
import pytest

from engine.machine.holders import Holder
from engine.machine.identity import Identity
from engine.run.folder import Run

NOTHING = 0
"""A `flock` that fails with this succeeds, and locks nothing."""
_SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int flock(int handle, int how) {
    const char *fails = getenv("FLOCK_FAILS");
    if (fails) {
        errno = atoi(fails);
        return errno ? -1 : 0;
    }
    return ((int (*)(int, int))dlsym(RTLD_NEXT, "flock"))(handle, how);
}

int gethostname(char *name, size_t room) {
    const char *is = getenv("HOST_IS");
    if (!is)
        return ((int (*)(char *, size_t))dlsym(RTLD_NEXT, "gethostname"))(name, room);
    strncpy(name, is, room);
    return 0;
}

static const char *placed(const char *path) {
    const char *boot = getenv("BOOT_IS_IN"), *mounts = getenv("MOUNTS_ARE_IN");
    if (boot && !strcmp(path, "/proc/sys/kernel/random/boot_id"))
        return boot;
    if (mounts && !strcmp(path, "/proc/self/mountinfo"))
        return mounts;
    return path;
}

#define OPENS(name) \
    int name(const char *path, int flags, ...) { \
        va_list more; \
        va_start(more, flags); \
        mode_t mode = va_arg(more, mode_t); \
        va_end(more); \
        int (*real)(const char *, int, mode_t) = dlsym(RTLD_NEXT, #name); \
        return real(placed(path), flags, mode); \
    }
OPENS(open)
OPENS(open64)
"""


def leave_worker(run: Run, host: str = "far") -> None:
    """What a worker on another machine, of which nothing can be seen here, has left in a run."""
    file = run.folder / "worker.lock"
    file.touch()
    process = Identity(7, 1, "another", "pid:[1]")
    holder = Holder(7, host, time.time(), process=process, inode=file.stat().st_ino, has_lock=True)
    (run.folder / "worker-1.json").write_bytes(msgspec.json.encode(holder))


def library(folder: Path) -> Path:
    """The library, compiled into a folder; skips the test where that cannot be done."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    source, built = folder / "other.c", folder / "other.so"
    source.write_text(_SOURCE)
    command = [compiler, "-shared", "-fPIC", "-o", str(built), str(source), "-ldl"]
    subprocess.run(command, check=True, capture_output=True)
    return built


def environment(
    built: Path,
    *,
    flock: int | None = None,
    host: str = "",
    boot: str = "",
    file_system: str = "",
) -> dict[str, str]:
    """For a process that is to see this; `flock` is the error that it fails with."""
    found = {**os.environ, "LD_PRELOAD": str(built)}
    if flock is not None:
        found["FLOCK_FAILS"] = str(flock)
    if host:
        found["HOST_IS"] = host
    if boot:
        file = built.with_name(f"boot-{boot}")
        file.write_text(f"{boot}\n")
        found["BOOT_IS_IN"] = str(file)
    if file_system:
        mounts = built.with_name(f"mounts-{file_system}")
        mounts.write_text(f"1 0 0:1 / / rw - {file_system} server:/runs rw\n")
        found["MOUNTS_ARE_IN"] = str(mounts)
    return found
