"""What the command palette offers: every action of every screen, taken from their keys."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from textual.actions import parse
from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.screen import Screen

from engine.language.texts import _
from tui.screen_names import SCREENS
from tui.widgets.key_words import explained
from tui.widgets.work import while_there

if TYPE_CHECKING:
    from tui.app import YiwenApp

TO_BE_SEEN = frozenset(["start", "enqueue", "probe", "resume", "send", "clear"])
"""Actions that begin or clear away at once what their screen shows; who is elsewhere must see it
first. All others are harmless, or ask."""
_PATIENCE, _POLL = 3.0, 0.1
"""Seconds in which a screen that was just opened finds out what there is to act on."""


def commands(app: YiwenApp, screen: Screen[Any]) -> Iterator[SystemCommand]:
    """Those of the screen in view and of the application first; others are found by searching."""
    for active in screen.active_bindings.values():
        binding = active.binding
        if binding.tooltip and isinstance(active.node, App | Screen) and active.enabled:
            run = partial(app.run_action, binding.action, active.node)
            key = app.get_key_display(binding)
            yield SystemCommand(
                f"{_(binding.description)} ({key})", explained(binding.tooltip), run
            )
    for mode, name in SCREENS.items():
        if mode != app.current_mode:
            yield from _of_another_screen(app, mode, _(name))
    yield SystemCommand(_("Theme"), _("Change the colours"), app.action_change_theme)
    yield SystemCommand(
        _("Screenshot"),
        _("Save this screen as an SVG file"),
        lambda: app.set_timer(0.1, app.deliver_screenshot),
    )


def _of_another_screen(app: YiwenApp, mode: str, name: str) -> Iterator[SystemCommand]:
    """What the keys of a screen do that need not be loaded yet."""
    keys = import_module(f"tui.screens.{mode}.keys")
    offered: set[str] = set()
    for binding in [*keys.KEYS, *getattr(keys, "CHART_KEYS", ())]:
        assert isinstance(binding, Binding)
        is_new = binding.action not in offered and not binding.action.startswith("app.")
        if binding.tooltip and is_new:
            offered.add(binding.action)
            yield SystemCommand(
                _("{action} ({screen}, {key})").format(
                    action=_(binding.description), screen=name, key=app.get_key_display(binding)
                ),
                _("{screen}: {what}").format(screen=name, what=explained(binding.tooltip)),
                partial(_begin, app, mode, binding),
                discover=False,
            )


def _begin(app: YiwenApp, mode: str, binding: Binding) -> None:
    app.run_worker(while_there(app, _go_and_do(app, mode, binding)))


async def _go_and_do(app: YiwenApp, mode: str, binding: Binding) -> None:
    """Open a screen and do something there, as soon as it can be done; or say which key does it."""
    await app.switch_mode(mode)
    screen = app.get_screen_stack(mode)[0]
    _namespace, name, parameters = parse(binding.action)
    for _attempt in range(round(_PATIENCE / _POLL)):
        if screen.is_mounted and screen.check_action(name, parameters):
            if name in TO_BE_SEEN:
                said = _("Press {key} to go on: {what}")
                key = app.get_key_display(binding)
                app.notify(
                    said.format(key=key, what=explained(binding.tooltip)), markup=False, timeout=8
                )
            else:
                await app.run_action(binding.action, screen)
            return
        await asyncio.sleep(_POLL)
    app.notify(_("There is nothing to do that with now."), timeout=4)
