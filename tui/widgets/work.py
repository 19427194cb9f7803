"""Work that a widget does beside its keys, and that ends quietly when its widget is gone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from textual._context import NoActiveAppError
from textual.app import ScreenStackError
from textual.css.query import NoMatches
from textual.dom import DOMNode, NoScreen
from textual.widget import MountError
from textual.worker import Worker

from tui.internals import is_leaving

Given = ParamSpec("Given")
Owner = TypeVar("Owner", bound=DOMNode)
Result = TypeVar("Result")

_GONE = (MountError, NoActiveAppError, NoMatches, NoScreen, ScreenStackError)
"""What Textual raises where a widget is asked for that is no longer there."""


def work(
    *, group: str = "default", exclusive: bool = False
) -> Callable[
    [Callable[Concatenate[Owner, Given], Coroutine[Any, Any, Result]]],
    Callable[Concatenate[Owner, Given], Worker[Result | None]],
]:
    """Textual's `work` for coroutines, to be used instead of it.

    Textual takes the children of a widget away before it ends the widget's work. What comes back
    from a thread in between finds nobody to show it to, which is no error.
    """

    def wrap(
        method: Callable[Concatenate[Owner, Given], Coroutine[Any, Any, Result]],
    ) -> Callable[Concatenate[Owner, Given], Worker[Result | None]]:
        @wraps(method)
        def begin(
            owner: Owner, /, *given: Given.args, **named: Given.kwargs
        ) -> Worker[Result | None]:
            async def todo() -> Result | None:
                return await while_there(owner, method(owner, *given, **named))

            return owner.run_worker(todo, method.__name__, group=group, exclusive=exclusive)

        return begin

    return wrap


async def while_there(owner: DOMNode, todo: Awaitable[Result]) -> Result | None:
    """Do it; that its widgets are not found counts for nothing once the owner leaves."""
    try:
        return await todo
    except _GONE:
        if not is_leaving(owner):
            raise
        return None
