"""Opens files: regular ones, so many bytes at most, and nothing else, whoever put them there.

A name may lead to a pipe that nobody writes to, to a socket, or to a device without an end. None of
these is opened, neither to be read nor to be written. Whoever can write into the folder of a run, a
queue or an experiment may also have put a link to another file there: those are not followed.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import IO

from engine.language.said import Said

MOST = 1 << 30
"""Bytes that are read at once of one file at most."""
ANY = 1 << 62
"""For files that are read block by block."""
_NEVER = os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
"""Without waiting: to open a pipe would else wait for who is at its other end."""


def descriptor(
    path: Path, flags: int, *, within: Path | None = None, follow: bool = False, mode: int = 0o666
) -> int:
    """Open a regular file. Raises OSError, in words, where something else is.

    `within` is the folder that the path must not lead out of, by a link or by `..`; `follow` is for
    paths that the user himself named, `mode` for a file that is made.
    """
    name: str | Path = path
    folder = None
    if within is not None:
        folder, name = _folder(path, within)
    try:
        return _regular(name, flags | (0 if follow else os.O_NOFOLLOW), mode, folder, path)
    finally:
        if folder is not None:
            os.close(folder)


def opened(
    path: Path, *, within: Path | None = None, most: int = ANY, follow: bool = False
) -> IO[bytes]:
    """For reading, if it is no larger than `most` bytes. Raises OSError."""
    handle = descriptor(path, os.O_RDONLY, within=within, follow=follow)
    if os.fstat(handle).st_size > most:
        os.close(handle)
        raise _too_large(path, most)
    return os.fdopen(handle, "rb")


def appended(path: Path) -> IO[bytes]:
    """For adding at the end, made if it is not there. Raises OSError."""
    return os.fdopen(descriptor(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "ab")


def ends_with_newline(path: Path, *, follow: bool = False) -> bool:
    """Is its last line whole? An empty file's is. Raises OSError."""
    with opened(path, follow=follow) as file:
        if file.seek(0, os.SEEK_END) == 0:
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def content(
    path: Path, *, within: Path | None = None, most: int = MOST, follow: bool = False
) -> bytes:
    """All bytes of a file, if they are not more than `most`. Raises OSError."""
    with opened(path, within=within, most=most, follow=follow) as file:
        found = file.read(os.fstat(file.fileno()).st_size + 1)
        found += file.read(most + 1 - len(found)) if found else b""
    if len(found) > most:  # it has grown meanwhile, or is one of those that tell no size
        raise _too_large(path, most)
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

    if path.is_symlink() or path.is_file():
        path.unlink()
    else:
        shutil.rmtree(path, ignore_errors=True)


def _regular(name: str | Path, flags: int, mode: int, folder: int | None, path: Path) -> int:
    try:
        handle = os.open(name, flags | _NEVER, mode, dir_fd=folder)
    except ValueError:  # a zero byte, half a character
        raise _no_file(path, Said("no file can have such a name")) from None
    except OSError as error:
        if error.errno == errno.ELOOP and flags & os.O_NOFOLLOW:
            raise _no_file(path, Said("is a link, which is not followed")) from None
        if error.errno == errno.ENXIO:  # a socket, or a pipe to be written
            raise _no_file(path, _NO_FILE) from None
        if error.errno == errno.EISDIR:
            raise _no_file(path, _FOLDER) from None
        raise
    kind = os.fstat(handle).st_mode
    if not stat.S_ISREG(kind):
        os.close(handle)
        raise _no_file(path, _FOLDER if stat.S_ISDIR(kind) else _NO_FILE)
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


_NO_FILE = Said("it is a pipe, a socket or a device; put a file in its place")
_FOLDER = Said("it is a folder; put a file in its place")


def _no_file(path: Path, why: Said) -> OSError:
    return OSError(errno.EINVAL, why, str(path))


def _too_large(path: Path, most: int) -> OSError:
    said = Said("it is larger than {most:,} bytes, the most that is read; put a smaller one there")
    return OSError(errno.EFBIG, said.filled(most=most), str(path))
