"""Opens the files of a run's folder, a queue or an experiment: regular files, and nothing else.

Whoever can write into the folder may have put a link to another file there, a pipe that nobody
writes to, or a device. None of these is opened, neither to be read nor to be written.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import IO

from engine.language.said import Said

MOST = 1 << 30
"""Bytes that are read of one file at most."""
_NEVER = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY


def descriptor(path: Path, flags: int, *, within: Path | None = None) -> int:
    """Open a regular file. Raises OSError, in words, where something else is.

    `within` is the folder that the path must not lead out of, by a link or by `..`.
    """
    name: str | Path = path
    folder = None
    if within is not None:
        folder, name = _folder(path, within)
    try:
        return _regular(name, flags, folder, path)
    finally:
        if folder is not None:
            os.close(folder)


def opened(path: Path, *, within: Path | None = None) -> IO[bytes]:
    """For reading. Raises OSError."""
    return os.fdopen(descriptor(path, os.O_RDONLY, within=within), "rb")


def appended(path: Path) -> IO[bytes]:
    """For adding at the end, made if it is not there. Raises OSError."""
    return os.fdopen(descriptor(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "ab")


def content(path: Path, *, within: Path | None = None, most: int = MOST) -> bytes:
    """All bytes of a file, if they are not more than `most`. Raises OSError."""
    with opened(path, within=within) as file:
        found = file.read(most + 1)
    if len(found) > most:
        raise OSError(errno.EFBIG, Said("is larger than {most:,} bytes", most=most), str(path))
    return found


def text(path: Path, *, most: int = 64 << 20) -> str:
    """A whole file as UTF-8. Raises OSError or UnicodeDecodeError."""
    return content(path, most=most).decode("utf-8")


def is_name(text: str) -> bool:
    """Can it name a run, and nothing outside of the folder of runs?"""
    return bool(text) and "/" not in text and "\0" not in text and not text.startswith(".")


def is_own_folder(path: Path) -> bool:
    """Is there a folder, and not a link to one?"""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def clear(path: Path) -> None:
    """Make room for something new: of a link the link goes, not what it leads to."""
    import shutil

    if path.is_symlink():
        path.unlink()
    else:
        shutil.rmtree(path, ignore_errors=True)


def make_folder(path: Path) -> None:
    """Make a folder if it is not there. Raises OSError where a link leads elsewhere."""
    path.mkdir(exist_ok=True)
    if not is_own_folder(path):
        raise _no_file(path, Said("is a link, and leads elsewhere"))


def _regular(name: str | Path, flags: int, folder: int | None, path: Path) -> int:
    try:
        handle = os.open(name, flags | _NEVER, 0o666, dir_fd=folder)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _no_file(path, Said("is a link, which is not followed")) from None
        if error.errno in (errno.ENXIO, errno.EISDIR):
            raise _no_file(path, Said("is no regular file")) from None
        raise
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise _no_file(path, Said("is no regular file"))
    os.set_blocking(handle, True)
    return handle


def _folder(path: Path, within: Path) -> tuple[int, str]:
    """The folder of a path, walked to from `within` without following any link; its last name."""
    *above, name = _parts(path, within)
    handle = os.open(within, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    for part in above:
        try:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            below = os.open(part, flags, dir_fd=handle)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                raise _no_file(path, Said("lies behind a link, which is not followed")) from None
            raise
        finally:
            os.close(handle)
        handle = below
    return handle, name


def _parts(path: Path, within: Path) -> tuple[str, ...]:
    parts = path.relative_to(within).parts if path.is_relative_to(within) else ()
    if not parts or ".." in parts:
        raise _no_file(path, Said("lies outside of {folder}", folder=within))
    return parts


def _no_file(path: Path, why: Said) -> OSError:
    return OSError(errno.EINVAL, why, str(path))
