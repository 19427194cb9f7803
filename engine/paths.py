"""Where things lie: profiles, the runs folder; and how a file is written whole."""

from __future__ import annotations

import os
from pathlib import Path

BUILTIN_PROFILES = Path(__file__).resolve().parent.parent / "profiles"


def profile_folders() -> list[Path]:
    """Folders that hold profiles, the first that has a name wins: local, personal, built in."""
    folders = [Path.cwd() / "profiles", config_folder() / "profiles", BUILTIN_PROFILES]
    return [folder for i, folder in enumerate(folders) if folder not in folders[:i]]


def config_folder() -> Path:
    """Where the user keeps profiles and settings of his own."""
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return config / "yiwen"


def settings_file() -> Path:
    """Where the user's own settings are looked for."""
    return config_folder() / "settings.toml"


def state_folder() -> Path:
    """Where the program keeps what it remembers of a user between sessions."""
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return state / "yiwen"


def runs_root(chosen: str | Path | None = None) -> Path:
    """The folder of all runs: the one chosen, else `$YIWEN_RUNS`, else `./runs`."""
    return Path(chosen or os.environ.get("YIWEN_RUNS") or "runs").expanduser().resolve()


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old content or all of the new, never a part."""
    import tempfile  # here, for it takes longer to load than a page of help to print

    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def trace_of(path: Path) -> tuple[int, int]:
    """Size and time of the last change: another pair after a file was written, or is gone."""
    try:
        status = path.stat()
    except OSError:
        return (0, 0)
    return (status.st_size, status.st_mtime_ns)
