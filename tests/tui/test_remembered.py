"""What the workbench remembers between sessions."""

from __future__ import annotations

import threading

from tui import remembered


def test_threads_that_keep_different_things_lose_none() -> None:
    def keep(name: str) -> None:
        for number in range(60):
            remembered.keep_desk(**{name: f"{name}-{number}"})

    threads = [threading.Thread(target=keep, args=(name,)) for name in ("watched", "strategy")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (remembered.desk().watched, remembered.desk().strategy) == ("watched-59", "strategy-59")
