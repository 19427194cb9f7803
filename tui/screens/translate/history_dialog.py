"""What was translated before, in former sessions too: found by words, brought back, written."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from engine.data.directions import LABELS
from engine.language.plain_text import one_line
from engine.language.said import labelled
from engine.language.texts import _
from engine.translate import history
from engine.translate.history import Exchange
from tui.screens.translate.exports import write_accepted
from tui.widgets.list_dialog import ListDialog
from tui.widgets.plain_static import PlainStatic
from tui.widgets.work import work

if TYPE_CHECKING:
    from tui.app import YiwenApp

_SHOWN = 200


class HistoryDialog(ListDialog["Exchange | None"]):
    """Closes with the exchange whose text is to be translated again."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back", id="history.back",
                tooltip="Choose nothing"),
        Binding("tab", "mark", "Mark", id="history.mark", priority=True,
                tooltip="Mark the highlighted one, to write it"),
        Binding("ctrl+s", "write", "Write", id="history.write", priority=True,
                tooltip="Write the marked translations, else all accepted ones, as a data file"),
        Binding("ctrl+y", "copy", "Copy", id="history.copy", priority=True,
                tooltip="Send the highlighted answers to the clipboard of your own machine"),
    ]  # fmt: skip
    MARKING = "mark"
    DEFAULT_CSS = """
    HistoryDialog {
        OptionList { height: 1fr; text-wrap: nowrap; text-overflow: ellipsis; }
        #whole { height: 6; margin-top: 1; }
        .hint { height: 1; }
    }
    HistoryDialog.-short #whole { height: 3; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._all: Sequence[Exchange] = ()
        self._shown: Sequence[Exchange] = ()
        self._marked: list[str] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -whole") as dialog:
            dialog.border_title = Content(_("Translated before"))
            field = Input(placeholder=_("type to find"), compact=True)
            field.cursor_blink = False
            yield field
            choices = OptionList(markup=False, compact=True)
            choices.can_focus = False
            choices.auto_links = False
            yield choices
            yield PlainStatic(id="whole")
            hint = _("enter bring back  tab mark  ctrl+s write  esc back")
            yield Static(hint, classes="hint", markup=False)

    @work()
    async def on_mount(self) -> None:
        """Read the file."""
        self._all = await asyncio.to_thread(history.read)
        self._fill(self.query_one(Input).value)

    @on(Input.Changed)
    def _find(self, event: Input.Changed) -> None:
        self._fill(event.value)

    def _fill(self, words: str, highlighted: int = 0) -> None:
        self._shown = history.find(self._all, words)[:_SHOWN]
        choices = self.query_one(OptionList)
        choices.set_options([Option(self._line(one)) for one in self._shown])
        if self._shown:
            choices.highlighted = min(highlighted, len(self._shown) - 1)
        self._show_whole()

    def _line(self, exchange: Exchange) -> Content:
        mark = "[x] " if exchange.id in self._marked else "✓   " if exchange.accepted else "    "
        day = exchange.at[5:16].replace("T", " ")
        direction = LABELS.get(exchange.direction, "")  # type: ignore[call-overload]
        return Content(f"{mark}{day}  {direction}  {one_line(exchange.text)[:200]}")

    @property
    def _highlighted(self) -> Exchange | None:
        at = self.query_one(OptionList).highlighted
        return self._shown[at] if at is not None and at < len(self._shown) else None

    @on(OptionList.OptionHighlighted)
    def _show_whole(self) -> None:
        place, exchange = self.query_one("#whole", PlainStatic), self._highlighted
        if exchange is None:
            found = _("Nothing is found by these words.")
            nothing = found if self._all else _("Nothing yet.")
            place.say(Content.styled(nothing, "$text-muted"))
            return
        lines = [
            Content.assemble(
                (str(labelled(one_line(answer.model), "")), "$text-muted"), one_line(answer.output)
            )
            for answer in exchange.answers
        ]
        if exchange.accepted:
            lines.insert(0, Content.styled(f"✓ {one_line(exchange.accepted)}", "$text-success"))
        place.say(Content("\n").join(lines))

    def action_mark(self) -> None:
        """Mark, and go on to the next."""
        exchange, at = self._highlighted, self.query_one(OptionList).highlighted
        if exchange is not None and at is not None:
            known = exchange.id in self._marked
            (self._marked.remove if known else self._marked.append)(exchange.id)
            self._fill(self.query_one(Input).value, at + 1)

    def action_copy(self) -> None:
        """Send what was answered to the clipboard."""
        if exchange := self._highlighted:
            answers = (answer.output for answer in exchange.answers)
            self.app.copy_to_clipboard(exchange.accepted or "\n\n".join(answers))
            self.notify(_("Sent to the clipboard."), timeout=3)

    @work(exclusive=True, group="write")
    async def action_write(self) -> None:
        """Write the marked, else all accepted."""
        chosen = [one for one in self._all if one.id in self._marked] or self._all
        await write_accepted(cast("YiwenApp", self.app), chosen)

    @on(Input.Submitted)
    @on(OptionList.OptionSelected)
    def _choose(self) -> None:
        if exchange := self._highlighted:
            self.dismiss(exchange)
