"""Where things lie: profiles, the runs folder; and how a file is written whole."""

from __future__ import annotations

import os
import stat
from pathlib import Path

BUILTIN_PROFILES = Path(__file__).resolve().parents[2] / "profiles"


def profile_folders() -> list[Path]:
    """Folders that hold profiles, the first that has a name wins: local, personal, built in."""
    folders = [Path.cwd() / "profiles", config_folder() / "profiles", BUILTIN_PROFILES]
    return [folder for i, folder in enumerate(folders) if folder not in folders[:i]]


def home() -> Path:
    """The user's own folder; one that is not there where the system knows of none."""
    return Path(os.path.expanduser("~"))


def config_folder() -> Path:
    """Where the user keeps profiles and settings of his own."""
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home() / ".config")
    return config / "yiwen"


def settings_file() -> Path:
    """Where the user's own settings are looked for."""
    return config_folder() / "settings.toml"


def state_folder() -> Path:
    """Where the program keeps what it remembers of a user between sessions."""
    state = Path(os.environ.get("XDG_STATE_HOME") or home() / ".local" / "state")
    return state / "yiwen"


def cache_folder() -> Path:
    """Where what can be computed again is kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "yiwen"


def in_full(named: str | Path) -> Path:
    """A path that a user named, from the root on, links followed as far as they lead anywhere."""
    named = os.path.expanduser(named)
    try:
        return Path(os.path.realpath(named))
    except ValueError:  # it holds what no name can; who opens it says so
        return Path(os.path.abspath(named))


def runs_root(chosen: str | Path | None = None) -> Path:
    """The folder of all runs: the one chosen, else `$YIWEN_RUNS`, else `./runs`."""
    return in_full(chosen or os.environ.get("YIWEN_RUNS") or "runs")


def _keep_mode(path: Path, handle: int) -> None:
    try:
        there = os.lstat(path)
    except OSError:
        return
    if stat.S_ISREG(there.st_mode):
        os.fchmod(handle, there.st_mode & 0o777)


def short_path(path: str, room: int = 1000) -> str:
    """A path (or two, parallel) as one would type it; where room is short, its end counts."""
    from engine.language.file_names import split  # here, for `--help` loads this module too

    text = ",".join(_short(Path(part)) for part in split(path))
    return text if len(text) <= room else "…" + text[1 - room :]


def _short(path: Path) -> str:
    for folder, sign in ((Path.cwd(), ""), (home(), "~/")):
        if path.is_relative_to(folder):
            return sign + str(path.relative_to(folder))
    return str(path)
