"""What a screen that sets runs up does with the queue: puts one in, and shows those that wait."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from textual import work
from textual.binding import Binding, BindingType
from textual.screen import Screen

from engine.language.plain_text import one_line
from engine.language.texts import _
from engine.queue import queueing
from engine.start.request import Request

if TYPE_CHECKING:
    from tui.app import YiwenApp


def queue_keys(screen: str) -> list[BindingType]:
    """The keys, with ids of that screen."""
    return [
        Binding("A", "enqueue", _("Add to queue"), id=f"{screen}.enqueue", show=False,
                key_display="A",
                tooltip=_("Let the run wait until a GPU, or the processor, is free")),
        Binding("Q", "queue", _("Queue"), id=f"{screen}.queue", show=False, key_display="Q",
                tooltip=_("The runs that wait: their order, and what they wait for")),
    ]  # fmt: skip


class QueueActions(Screen[None]):
    """The part of a screen that puts what is set up in the queue."""

    @property
    def yiwen(self) -> YiwenApp:
        return cast("YiwenApp", self.app)

    def asked_for(self) -> Request:
        """What is set up."""
        raise NotImplementedError

    def look_around(self) -> None:
        """Bring what is said of other runs up to date."""

    @work(exclusive=True, group="queue")
    async def action_queue(self) -> None:
        """Show the runs that wait."""
        from tui.run.queue_dialog import QueueDialog

        await self.app.push_screen_wait(QueueDialog(self.yiwen.runs_root))
        self.look_around()

    @work(exclusive=True, group="enqueue")
    async def action_enqueue(self) -> None:
        """Make the run, and let it wait for its turn."""
        try:
            run = await asyncio.to_thread(queueing.enqueue, self.asked_for())
        except Exception as error:  # whatever a broken file makes a library raise
            self.yiwen.fail(error)
            return
        said = _("{run} is in the queue; Q shows it.").format(run=one_line(run.id))
        self.notify(said, markup=False)
        self.look_around()
