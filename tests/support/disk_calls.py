"""What a piece of work asks of the disk: told call by call, or cut short by SIGKILL before each.

The work is done in a forked child, seen by Python's own audit hooks. These know nothing of fsync,
so that is led through here, and then done.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import NoReturn

_CALLS = {
    "open": "open",
    "os.rename": "rename",
    "os.remove": "remove",
    "os.mkdir": "mkdir",
    "os.rmdir": "rmdir",
    "os.chmod": "chmod",
    "os.truncate": "truncate",
}


def told(work: Callable[[], object], root: Path) -> list[str]:
    """The calls below a folder, in order: `fsync a/b`, `rename a/.b.part a/b`."""
    reader, writer = os.pipe()

    def tell(call: str) -> None:
        os.write(writer, f"{call}\n".encode())

    child = _forked(work, root, tell)
    os.close(writer)
    with os.fdopen(reader) as lines:
        found = lines.read().splitlines()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    return found


def killed_before_each(work: Callable[[], object], root: Path) -> Iterator[int]:
    """Do the work anew, killed before its first call, its second, until it comes through.

    Whoever iterates looks at what each has left, and puts all back for the next.
    """
    for number in count(1):
        left = number

        def strike(_call: str) -> None:
            nonlocal left
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

        code = os.waitstatus_to_exitcode(os.waitpid(_forked(work, root, strike), 0)[1])
        assert code in (0, -signal.SIGKILL)
        yield number
        if code == 0:
            return


def _forked(work: Callable[[], object], root: Path, seen: Callable[[str], None]) -> int:
    child = os.fork()
    if not child:
        _do(work, root, seen)
    return child


def _do(work: Callable[[], object], root: Path, seen: Callable[[str], None]) -> NoReturn:
    try:
        _lead_through(root, seen)
        work()
    except BaseException:  # a child must not go on as a second pytest
        sys.excepthook(*sys.exc_info())
        os._exit(3)
    os._exit(0)


def _lead_through(root: Path, seen: Callable[[str], None]) -> None:
    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if name := _CALLS.get(event):
            paths = _paths(event, arguments)
            if any(path.startswith(str(root)) for path in paths):
                below = (path.removeprefix(f"{root}/") for path in paths if "/" in path)
                seen(" ".join([name, *below]))

    really = os.fsync

    def fsync(handle: int) -> None:
        path = os.readlink(f"/proc/self/fd/{handle}")
        if path.startswith(str(root)):
            seen(f"fsync {path.removeprefix(f'{root}/')}")
        really(handle)

    os.fsync = fsync
    sys.addaudithook(hook)


def _paths(event: str, arguments: tuple[object, ...]) -> list[str]:
    """What a call is about; of a folder that is cleared, files are named from that folder on."""
    paths = [str(a) for a in arguments[:2] if isinstance(a, str | os.PathLike)]
    if event in ("os.remove", "os.rmdir") and arguments[1] != -1:
        return [os.path.join(os.readlink(f"/proc/self/fd/{arguments[1]}"), *paths)]
    return paths
