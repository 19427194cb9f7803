"""The runs that wait: what each waits for, their order, and copies with one setting changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.language.errors import UserError
from engine.language.figures import size
from engine.language.plain_text import message_of, one_line, plain
from engine.language.texts import _, marked
from engine.machine.hardware import Probe
from engine.profile import overrides as profile_overrides
from engine.queue import queueing, scheduler
from engine.queue.scheduler import Waiting
from engine.run import waiting_list
from engine.run.folder import Run
from tui.widgets.ask import Ask
from tui.widgets.cells import padded
from tui.widgets.dialogs import Confirm
from tui.widgets.work import work

_POLL = 2.0


class QueueDialog(ModalScreen[None]):
    """Reads the queue again every two seconds; repaints what has changed."""

    AUTO_FOCUS = "OptionList"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("minus", "move(-1)", "Earlier", id="queue.earlier", key_display="-",
                tooltip="Let the run start before the one above it"),
        Binding("plus", "move(1)", "Later", id="queue.later", key_display="+",
                tooltip="Let the run below it start first"),
        Binding("c", "copy", "Copy", id="queue.copy",
                tooltip="Put in a run like this one with one setting changed"),
        Binding("d", "differences", "Differences", id="queue.differences",
                tooltip="How each run differs from its profile, and from the one before"),
        Binding("x,delete", "remove", "Remove", id="queue.remove",
                tooltip="Take the run out; nothing was done in it yet"),
        Binding("escape,q", "dismiss(None)", "Close", id="queue.close",
                tooltip="Close the queue"),
    ]  # fmt: skip
    DEFAULT_CSS = """
    QueueDialog {
        OptionList { height: auto; max-height: 16; border: none; padding: 0;
                     background: transparent; text-wrap: nowrap; text-overflow: ellipsis; }
        .error { height: auto; max-height: 5; }
        .hint { margin-top: 1; }
    }
    QueueDialog.-short OptionList { max-height: 7; }
    """
    NONE: ClassVar[str] = marked("Nothing waits. On Train and Evaluate, A puts in what is set up.")

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._root = root
        self._probe = Probe()
        self._waiting: list[Waiting] = []
        self._shown: list[str] | None = None

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -broad") as dialog:
            dialog.border_title = Content(_("Queue"))
            choices = OptionList(markup=False, compact=True)
            choices.auto_links = False
            yield choices
            yield Static(_("Reading …"), id="state", markup=False)
            yield Static("", classes="error", markup=False)
            yield Static(
                _("- earlier  + later  c changed copy  d differences  x remove  esc close"),
                classes="hint",
                markup=False,
            )

    def on_mount(self) -> None:
        """Read now and again and again."""
        self._read()
        self.set_interval(_POLL, self._read)

    @work(exclusive=True, group="read")
    async def _read(self) -> None:
        await self._refresh()

    async def _refresh(self) -> None:
        try:
            self._waiting = await asyncio.to_thread(self._look)
        except UserError as error:
            self._say(error)
            return
        self._show()

    def _look(self) -> list[Waiting]:
        scheduler.ensure(self._root)
        return scheduler.look(self._root, self._probe)

    def _show(self) -> None:
        lines = _lines(self._waiting)
        if lines != self._shown:
            choices = self.query_one(OptionList)
            at = choices.highlighted or 0
            choices.set_options([Option(Content(line)) for line in lines])
            if lines:
                choices.highlighted = min(at, len(lines) - 1)
            state = self.query_one("#state", Static)
            state.display = not lines
            state.update(_(self.NONE))
            self._shown = lines

    @property
    def _chosen(self) -> Waiting | None:
        at = self.query_one(OptionList).highlighted
        return self._waiting[at] if at is not None and at < len(self._waiting) else None

    @work(exclusive=True, group="change")
    async def action_move(self, step: int) -> None:
        """Let a run start sooner or later."""
        chosen = self._chosen
        if chosen is None:
            return
        place = self._waiting.index(chosen) + step
        if await self._do(lambda: waiting_list.move(self._root, chosen.run.id, place)):
            choices = self.query_one(OptionList)
            choices.highlighted = min(max(0, place), max(0, choices.option_count - 1))

    @work(exclusive=True, group="change")
    async def action_remove(self) -> None:
        """Take a run out, after a question."""
        chosen = self._chosen
        if chosen is None:
            return
        question = _("Remove {run} from the queue?").format(run=one_line(chosen.run.id))
        details = _("It has not begun; its folder goes too.")
        confirm = Confirm(question, details, yes=_("Remove"))
        if await self.app.push_screen_wait(confirm):
            await self._do(lambda: queueing.withdraw(chosen.run))

    def action_differences(self) -> None:
        """Show what the runs are about."""
        from tui.widgets.queue_differences import QueueDifferences

        if self._waiting:
            self.app.push_screen(QueueDifferences([waiting.run for waiting in self._waiting]))

    @work(exclusive=True, group="change")
    async def action_copy(self) -> None:
        """Ask for the change, and put the copy at the end."""
        chosen = self._chosen
        if chosen is None:
            return

        async def enqueue(typed: str) -> Run:
            key, equals, value = (part.strip() for part in typed.partition("="))
            if not equals:
                raise UserError(_("{typed}: expected section.key = value").format(typed=typed))
            change = {key: value}
            try:
                return await asyncio.to_thread(
                    lambda: queueing.enqueue(queueing.again(chosen.run, change))
                )
            except UserError as error:
                raise UserError(profile_overrides.without_option(str(error), change)) from None

        details = _("{run}\nType one setting, e.g. training.learning_rate = 5e-4")
        details = details.format(run=one_line(chosen.run.id))
        if await self.app.push_screen_wait(
            Ask(_("A run like this one, but for"), enqueue, details)
        ):
            self._say("")
            await self._refresh()

    async def _do(self, change: Callable[[], object]) -> bool:
        """Change the queue in a thread, show it anew, and say what went wrong."""
        try:
            await asyncio.to_thread(change)
        except Exception as error:  # whatever a broken file makes a library raise
            self._say(error)
            return False
        self._say("")
        await self._refresh()
        return True

    def _say(self, error: Exception | str) -> None:
        self.query_one(".error", Static).update(Content(plain(message_of(error))))


def _lines(all_waiting: Sequence[Waiting]) -> list[str]:
    """Two lines a run, in columns: what it is and needs, and what it waits for."""
    runs = [one_line(waiting.run.id) for waiting in all_waiting]
    needs = [_needs(waiting) for waiting in all_waiting]
    first, second = (max(map(cell_len, column), default=0) for column in (runs, needs))
    reasons = [one_line(one.place.reason or _("starts in a moment")) for one in all_waiting]
    return [
        f"{number:>2}  {padded(run, first)}  {padded(need, second)}  {_changes(waiting)}".rstrip()
        + f"\n    {reason}"
        for number, (waiting, run, need, reason) in enumerate(
            zip(all_waiting, runs, needs, reasons), 1
        )
    ]


def _needs(waiting: Waiting) -> str:
    memory = size(waiting.entry.memory) if waiting.entry.memory else "?"
    return _("needs {memory}").format(memory=memory)


def _changes(waiting: Waiting) -> str:
    overrides = waiting.run.settings.overrides
    return "  ".join(one_line(f"{key}={value}") for key, value in overrides.items())
