"""Leaving by a key that is pressed by mistake easily: a question where something would be lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from engine.language.texts import _, plural
from tui import internals
from tui.widgets.dialogs import Confirm

if TYPE_CHECKING:
    from tui.app import YiwenApp


@runtime_checkable
class Holding(Protocol):
    """A screen that may hold something which is nowhere else."""

    def would_be_lost(self) -> Sequence[str]:
        """A sentence for each thing that leaving would lose."""


async def confirm_and_leave(app: YiwenApp) -> None:
    """Leave, unless the user would rather keep what lives only as long as the workbench."""
    lost = "\n".join(_lost_with(app))
    if not lost or await app.push_screen_wait(Confirm(_("Leave Yiwen?"), lost, yes=_("Leave"))):
        await app.action_quit()


def _lost_with(app: YiwenApp) -> Iterator[str]:
    if count := len(app.trash):
        yield plural(
            "{count} deleted run can be brought back only until then.",
            "{count} deleted runs can be brought back only until then.",
            count,
        ).format(count=count)
    for stack in internals.stacks(app):
        for screen in stack[:1]:
            if isinstance(screen, Holding):
                yield from screen.would_be_lost()
