"""What a run was made with: versions of the packages, commit of the source tree."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that a result depends on."""
    # Here, for it brings a reader of e-mail along, and only the start of a run needs it.
    from importlib.metadata import PackageNotFoundError, version

    packages = ("yiwen", "torch", "transformers", "peft", "bitsandbytes", "accelerate")
    found = {"python": platform.python_version(), "platform": sys.platform}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def git_state() -> str:
    """Commit of the source tree this runs from, with `+changes` if it was edited; else empty."""
    source = Path(__file__).resolve().parents[2]
    if not (source / ".git").exists():
        return ""
    # Without optional locks: a look at the state must not disturb a commit under way.
    command = ["git", "--no-optional-locks", "-C", str(source)]
    command += ["describe", "--always", "--dirty=+changes", "--abbrev=12"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=5).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""
