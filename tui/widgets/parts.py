"""A screen made of parts, each of which answers the keys for what it is about."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

from textual.actions import parse
from textual.binding import Binding
from textual.screen import Screen
from textual.widget import Widget
from textual.worker import Worker

from tui.widgets.work import while_there

if TYPE_CHECKING:
    from tui.app import YiwenApp

Given = ParamSpec("Given")
OwnPart = TypeVar("OwnPart", bound="Part")


class ScreenOfParts(Screen[None]):
    """Its keys call actions of its widgets and other parts; what none of them has, its own."""

    def __init__(self) -> None:
        super().__init__()
        self._answering: dict[str, Part | Widget] = {}
        """By action: the part that has it."""

    @property
    def yiwen(self) -> YiwenApp:
        return cast("YiwenApp", self.app)

    def give_keys_to(self, *parts: Part | Widget) -> None:
        """Let each key call the first of these parts that has its action."""
        for binding in self.BINDINGS:
            assert isinstance(binding, Binding)
            destination, name, _ = parse(binding.action)
            part = next((one for one in parts if hasattr(one, f"action_{name}")), None)
            if part is not None and not destination:
                self._answering[name] = part
                setattr(self, f"action_{name}", getattr(part, f"action_{name}"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What can be done now, as the part knows that has the action."""
        if not self.is_mounted or action not in self._answering:
            return True
        return self._answering[action].check_action(action, parameters)


class Part:
    """Has the actions of some of a screen's keys, and no place on the screen."""

    def __init__(self, screen: ScreenOfParts) -> None:
        self.screen = screen
        self.yiwen = screen.yiwen

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Can it be done now? As of a widget: None greys the key out, False takes it away."""
        return True


def in_worker(
    group: str, *, exclusive: bool = True
) -> Callable[
    [Callable[Concatenate[OwnPart, Given], Coroutine[Any, Any, None]]],
    Callable[Concatenate[OwnPart, Given], Worker[None]],
]:
    """Textual's `work` for a part: the screen has the worker; a new one ends those of its group."""

    def wrap(
        method: Callable[Concatenate[OwnPart, Given], Coroutine[Any, Any, None]],
    ) -> Callable[Concatenate[OwnPart, Given], Worker[None]]:
        @wraps(method)
        def begin(part: OwnPart, /, *given: Given.args, **named: Given.kwargs) -> Worker[None]:
            async def todo() -> None:
                await while_there(part.screen, method(part, *given, **named))

            return part.screen.run_worker(todo, group=group, exclusive=exclusive)

        return begin

    return wrap
