"""Starts every Python process of ours: the one place that words its command and environment.

Such a process imports from where this program's own code lies and from what is installed, wherever
it is started from: see `start.py`. It stands in the root folder, which holds no data, and where no
relative path leads anywhere.
"""

from __future__ import annotations

import os
import site
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from engine.machine.processes import search_path

START = Path(__file__).resolve().with_name("start.py")
FOLDER = "/"
"""Where our processes stand."""
WORKER_ENVIRONMENT = {
    # Idle OpenMP threads must not spin: with one other busy process on two cores that costs a
    # factor of 10, sleeping costs a tenth.
    "OMP_WAIT_POLICY": "PASSIVE",
    # glibc returns large buffers to the system after each use, and gets them back page by page:
    # up to half of a training step on the CPU.
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "4000000000",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "PYTHONUNBUFFERED": "1",
    # CUDA counts the fastest GPU first; nvidia-smi, and so everybody, by PCI address.
    "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
}
_CODE_CACHES = ("TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR", "TORCH_EXTENSIONS_DIR")
"""Folders that compiled code is loaded from; by default they are in the user's home."""
_IN_TMP = "TORCHINDUCTOR_CACHE_DIR"
"""But this one, which is in everybody's /tmp, by a name that can be guessed."""


def command(module: str, *arguments: str) -> list[str]:
    """The command line that runs a module of ours."""
    options = ["-E", "-u", "-X", f"utf8={sys.flags.utf8_mode}"]
    if not site.ENABLE_USER_SITE:
        options.append("-s")
    if sys.dont_write_bytecode:
        options.append("-B")
    return [sys.executable, *options, str(START), module, *arguments]


def environment(gpu: str = "") -> dict[str, str]:
    """The user's, with what is known to matter set unless he did, and no way to others' code."""
    found = {**WORKER_ENVIRONMENT, **os.environ, "PYTHONSAFEPATH": "1"}
    asked = found.get("PYTHONPATH", "")
    found["PYTHONPATH"] = os.pathsep.join(search_path.sound(asked))
    found["YIWEN_LEFT_OUT"] = os.pathsep.join(search_path.unsound(asked))
    for name in _CODE_CACHES:
        if name in found or name == _IN_TMP:
            found[name] = _code_cache(name, found.get(name, ""))
    return {**found, "CUDA_VISIBLE_DEVICES": gpu} if gpu else found


def spawn(
    module: str,
    *arguments: str,
    stdin: int | IO[bytes] = subprocess.DEVNULL,
    stdout: int | IO[bytes] | None,
    stderr: int | IO[bytes] | None,
    gpu: str = "",
    pass_fds: Sequence[int] = (),
    session: bool = True,
) -> subprocess.Popen[bytes]:
    """Run a module of ours as a process; `gpu` is the UUID of the one that it sees.

    Without it that is left to CUDA. Raises OSError.
    """
    process = subprocess.Popen(
        command(module, *arguments),
        cwd=FOLDER,
        env=environment(gpu),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        start_new_session=session,
        pass_fds=pass_fds,
    )
    # Who ended is a zombie until somebody asks for it: most of ours nobody waits for.
    threading.Thread(target=process.wait, daemon=True).start()
    return process


def _code_cache(name: str, wished: str) -> str:
    """The folder that the user names, if it is his alone; else one in his cache or his home."""
    own = [Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache"), Path("~/.cache")]
    places = [wished, *(str(cache.expanduser() / "yiwen" / name.lower()) for cache in own)]
    for place in filter(None, places):
        try:
            os.makedirs(place, mode=0o700, exist_ok=True)
            if search_path.is_own(os.path.realpath(place)):
                return place
        except OSError:
            continue
    return places[-1]
