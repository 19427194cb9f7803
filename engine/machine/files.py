"""Files and folders written whole, and on the disk when that is said.

What is written lies aside until it is on the disk: first its content, then its name. So a reader,
and whoever comes after the power has failed, finds the old or all of the new, never a part.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from engine.language.errors import UserError, cannot_write
from engine.language.said import Said
from engine.machine import regular_files
from engine.machine.paths import _keep_mode, in_full

_CANNOT_SYNC = (errno.EINVAL, errno.EBADF, errno.EOPNOTSUPP, errno.ENOSYS, errno.EACCES)
"""Of folders: file systems that keep names in order by themselves, or one that may not be read."""


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file, whole and on the disk when this returns.

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
    sync_names(path.parent)


def make_folder(path: Path) -> None:
    """Make a folder if it is not there. Raises OSError where a link leads elsewhere."""
    try:
        path.mkdir()
    except FileExistsError:
        if path.is_symlink():
            said = Said("is a link, and leads elsewhere")
            raise OSError(errno.EINVAL, said, str(path)) from None
        if not path.is_dir():
            raise
    else:
        sync_names(path.parent)


def put_in_place(part: Path, target: Path) -> None:
    """Give a folder that was written aside its name, once all of it is on the disk.

    One that has the name already is removed only then; `take_back` brings it back where this is cut
    short between the two.
    """
    sync_folder(part)
    before = _aside(target)
    regular_files.clear(before)
    if os.path.lexists(target):
        os.replace(target, before)
    os.replace(part, target)
    sync_names(target.parent)
    regular_files.clear(before)


def take_back(target: Path) -> None:
    """Make good where `put_in_place` was cut short. Call it where nobody else writes."""
    before = _aside(target)
    if not os.path.lexists(before):
        return
    if os.path.lexists(target):
        regular_files.clear(before)
    else:
        os.replace(before, target)


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.before")


def sync_folder(folder: Path) -> None:
    """See that a folder is on the disk: its files first, then their names."""
    for path, _folders, files in os.walk(folder, topdown=False):
        for name in files:
            if not os.path.islink(os.path.join(path, name)):
                _sync(Path(path, name))
        sync_names(Path(path))


def sync_names(folder: Path) -> None:
    """See that the names in a folder are on the disk, as far as its file system can do that."""
    try:
        _sync(folder)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


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
