"""A dialog that closes once what it is for has been done; what goes wrong is said in it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from engine.language.plain_text import message_of, plain
from tui.widgets.work import work

Result = TypeVar("Result")
Attempt = Callable[[str], Awaitable[Result | None]]
"""Does something with what was typed; None: not done, but nothing to say of it either."""


class TryingDialog(ModalScreen[Result | None]):
    """Nothing that was typed is lost to a mistake. Subclasses have a Static of class `error`."""

    DEFAULT_CSS = """
    TryingDialog .error { display: none; height: auto; max-height: 6; }
    TryingDialog.-wrong .error { display: block; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._is_trying = False

    def attempt(self, do: Callable[[], Awaitable[Result | None]]) -> None:
        """Do it, once at a time, and close with what came of it."""
        if not self._is_trying:
            self._is_trying = True
            self._complain("")
            self._attempt(do)

    @work()
    async def _attempt(self, do: Callable[[], Awaitable[Result | None]]) -> None:
        try:
            result = await do()
        except Exception as error:  # whatever a broken file makes a library raise
            self._complain(message_of(error))
        else:
            if result is not None:
                self.dismiss(result)
        self._is_trying = False

    def _complain(self, trouble: str) -> None:
        self.set_class(bool(trouble), "-wrong")
        self.query_one(".error", Static).update(Content(plain(trouble)))
