"""What a screen that sets runs up does with the queue: puts one in, and shows those that wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual.binding import Binding, BindingType

from engine.language.plain_text import one_line
from engine.language.texts import _
from engine.queue import queueing
from engine.start.request import Request
from tui.widgets.parts import Part, ScreenOfParts, in_worker


def queue_keys(screen: str) -> list[BindingType]:
    """The keys, with ids of that screen."""
    return [
        Binding("A", "enqueue", _("Add to queue"), id=f"{screen}.enqueue", show=False,
                key_display="A",
                tooltip=_("Let the run wait until a GPU, or the processor, is free")),
        Binding("Q", "queue", _("Queue"), id=f"{screen}.queue", show=False, key_display="Q",
                tooltip=_("The runs that wait: their order, and what they wait for")),
    ]  # fmt: skip


class Queue(Part):
    """Puts in what the screen asks for, and shows those that wait."""

    def __init__(
        self,
        screen: ScreenOfParts,
        asked_for: Callable[[], Request],
        look_around: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(screen)
        self._asked_for = asked_for
        self._look_around = look_around
        """Brings what is said of other runs up to date."""

    @in_worker("queue")
    async def action_queue(self) -> None:
        """Show the runs that wait."""
        from tui.run.queue_dialog import QueueDialog

        await self.yiwen.push_screen_wait(QueueDialog(self.yiwen.runs_root))
        self._look_around()

    @in_worker("enqueue")
    async def action_enqueue(self) -> None:
        """Make the run, and let it wait for its turn."""
        try:
            run = await asyncio.to_thread(queueing.enqueue, self._asked_for())
        except Exception as error:  # whatever a broken file makes a library raise
            self.yiwen.fail(error)
            return
        said = _("{run} is in the queue; Q shows it.").format(run=one_line(run.id))
        self.yiwen.notify(said, markup=False)
        self._look_around()
