"""The list of all runs, for threads that may overlap on a slow file system."""

from __future__ import annotations

import threading
from pathlib import Path

from engine.catalog import Catalog, Row


class Listing:
    """A catalog that one thread at a time reads."""

    def __init__(self, root: Path) -> None:
        self._catalog = Catalog(root)
        self._lock = threading.Lock()

    def rows(self, limit: int | None = None) -> list[Row]:
        """The newest runs first. Blocks; call it from a thread."""
        with self._lock:
            return self._catalog.rows(limit)
