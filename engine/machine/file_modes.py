"""Who may read what was written: what the user's umask says, whatever a library thinks."""

from __future__ import annotations

from pathlib import Path


def as_usual(folder: Path) -> None:
    """Let the files of a folder that was just made be read by those who may enter it.

    safetensors writes files that only their owner can read. The folder's own mode has the umask
    in it, which cannot be asked for without changing it for all threads.
    """
    mode = folder.stat().st_mode & 0o666
    for path in folder.iterdir():
        if path.is_file() and not path.is_symlink():
            path.chmod(mode)
