"""How far a file lock reaches, by the file system: do other machines see it?

Network file systems keep locks on their server, or leave them to each machine, as it was mounted.
Where that cannot be told, they are taken for each machine's own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_SHARED = ("nfs", "nfs4", "ceph")
"""File systems whose server keeps the locks …"""
_OWN = ("nolock", "local_lock=all", "local_lock=flock")
"""… unless they were mounted so."""
_NUMBERED = (*_SHARED, "ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "tmpfs", "overlay")
"""Those on which a file has one number, on whatever machine, as long as it is there."""


@dataclass(frozen=True)
class Mount:
    """A file system, as this machine has mounted it."""

    point: str = ""
    kind: str = ""
    options: tuple[str, ...] = ()

    @property
    def shares_locks(self) -> bool:
        """Would a lock that is held on another machine be seen here?"""
        return self.kind in _SHARED and not any(option in _OWN for option in self.options)

    @property
    def numbers_files(self) -> bool:
        """Is a file with another number another file, for sure?"""
        return self.kind in _NUMBERED


def mount_of(folder: Path) -> Mount:
    """Where a folder lies; a mount of no kind where the system does not say."""
    try:
        place = str(folder.resolve())
        lines = Path("/proc/self/mountinfo").read_text(errors="replace").splitlines()
    except OSError:
        return Mount()
    found = Mount()
    for mount in map(_read, lines):  # a later one lies over an earlier one
        inside = place == mount.point or place.startswith(mount.point.rstrip("/") + "/")
        if mount.kind and inside and len(mount.point) >= len(found.point):
            found = mount
    return found


def _read(line: str) -> Mount:
    before, _, after = line.partition(" - ")
    place, kinds = before.split()[4:5], after.split()
    if not place or not kinds:
        return Mount()
    point = re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), place[0])
    return Mount(point, kinds[0], tuple(kinds[-1].split(",")))
