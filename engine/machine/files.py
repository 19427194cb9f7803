"""Files written whole, and told apart from what they were before."""

from __future__ import annotations

import os
from pathlib import Path

from engine.language.errors import UserError, cannot_write
from engine.machine.paths import _keep_mode, in_full


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old content or all of the new, never a part.

    Who may read it: as before, or as the umask says where there was none.
    """
    temporary = path.with_name(f".{path.name}.{os.urandom(6).hex()}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            _keep_mode(path, handle)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def trace_of(path: Path) -> tuple[int, int]:
    """Size and time of the last change: another pair after a file was written, or is gone."""
    try:
        status = path.stat()
    except OSError:
        return (0, 0)
    return (status.st_size, status.st_mtime_ns)


def save(path: str, content: str, *, replace: bool = False) -> Path:
    """Write a file that was asked for by its path. Raises UserError."""
    target = in_full(path)
    if not target.parent.is_dir():
        raise UserError("{folder}: no such folder", folder=target.parent)
    if target.is_dir():
        raise UserError("{target}: is a folder; name a file in it", target=target)
    if target.exists() and not replace:
        raise UserError("{target}: is there already; name another file", target=target)
    try:
        write_atomically(target, content.encode())
    except OSError as error:
        raise UserError(cannot_write(target, error)) from None
    return target
