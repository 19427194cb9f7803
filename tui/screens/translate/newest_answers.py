"""What can be done with the newest answers: score a reference, sample others, accept, keep."""

from __future__ import annotations

import asyncio

from engine.language.errors import UserError
from engine.language.texts import _, marked
from engine.translate import history
from tui.screens.translate.asking import Asking
from tui.screens.translate.conversation import Conversation
from tui.screens.translate.exchange import Exchange
from tui.screens.translate.exports import write_accepted
from tui.screens.translate.history_dialog import HistoryDialog
from tui.screens.translate.prompt_box import PromptBox
from tui.screens.translate.request import Request, Turn
from tui.screens.translate.text_dialog import TextDialog
from tui.widgets.parts import Part, ScreenOfParts, in_worker
from tui.widgets.picker import Picker

_NO_ANSWER = marked("No answer yet: type a text, and enter.")
_SAMPLES = {
    "3 0.7": marked("3 samples at temperature 0.7"),
    "3 1.0": marked("3 samples at temperature 1.0, freer"),
    "6 0.7": marked("6 samples at temperature 0.7"),
    "1 0.7": marked("1 sample at temperature 0.7"),
}


class NewestAnswers(Part):
    """Has the keys that act on answers."""

    def __init__(
        self, screen: ScreenOfParts, conversation: Conversation, box: PromptBox, asking: Asking
    ) -> None:
        super().__init__(screen)
        self._conversation, self._box, self._asking = conversation, box, asking

    def _ready_exchange(self) -> Exchange | None:
        """The newest exchange, unless it is still being answered; says so if there is none."""
        exchange = self._conversation.last
        if self._asking.request is not None:
            self._asking.say_busy()
            return None
        if exchange is None:
            self.screen.notify(_(_NO_ANSWER), timeout=3)
        return exchange

    def action_copy(self) -> None:
        """Copy the last answer; no terminal says whether it arrived."""
        answer = self._conversation.last_answer
        if answer:
            self.yiwen.copy_to_clipboard(answer)
        said = _("Sent to the clipboard.") if answer else _("No answer yet.")
        self.screen.notify(said, timeout=3)

    @in_worker("dialog")
    async def action_reference(self) -> None:
        """Ask for a reference, and what each model thinks of it."""
        exchange = self._ready_exchange()
        if exchange is None:
            return
        hint = _("A translation that you hold for right. enter score   ctrl+j new line   esc back")
        dialog = TextDialog(_("Reference"), [("", exchange.reference)], hint)
        reference = await self.yiwen.push_screen_wait(dialog)
        if reference and self._asking.request is None:
            exchange.refer(reference)
            request = Request(exchange.number, exchange.question, exchange.turns)
            request.reference, request.only_scores = reference, True
            self._asking.ask(request)

    @in_worker("dialog")
    async def action_alternatives(self) -> None:
        """Sample other answers of one of the models."""
        exchange = self._ready_exchange()
        if exchange is None:
            return
        models = {turn.choice.label: turn.choice for turn in exchange.turns}
        label: str | None = next(iter(models))
        if len(models) > 1:
            options = [(name, name) for name in models]
            label = await self.yiwen.push_screen_wait(Picker(_("Other answers of"), options))
        dialog = Picker(_("Other answers"), [(key, _(words)) for key, words in _SAMPLES.items()])
        chosen = await self.yiwen.push_screen_wait(dialog) if label else None
        if not label or not chosen or self._asking.request is not None:
            return
        count, temperature = chosen.split()
        first = len(exchange.turns)
        turns = [
            Turn(models[label], 1000 * exchange.number + first + at, float(temperature))
            for at in range(int(count))
        ]
        exchange.add(turns)
        self._asking.ask(Request(exchange.number, exchange.question, turns, first))

    @in_worker("dialog")
    async def action_accept(self) -> None:
        """Accept one of the answers, edited or not."""
        exchange = self._ready_exchange()
        if exchange is None:
            return
        proposals = [(one.label, one.text.strip()) for one in exchange.answers if one.text.strip()]
        if exchange.accepted:
            proposals.insert(0, (_("accepted"), exchange.accepted))
        elif exchange.reference:
            proposals.append((_("reference"), exchange.reference))
        hint = _("Edit it if you like. enter accept   ctrl+j new line   esc back")
        dialog = TextDialog(_("Accept a translation"), proposals or [("", "")], hint)
        accepted = await self.yiwen.push_screen_wait(dialog)
        if accepted:
            exchange.accept(accepted)
            self.keep(exchange)
            self.screen.notify(_("Accepted; ctrl+s writes it to a data file."), timeout=3)

    @in_worker("dialog")
    async def action_write(self) -> None:
        """Write what was accepted in this session, else ever."""
        session = [one.kept for one in self._conversation.exchanges if one.accepted]
        await write_accepted(self.yiwen, session or await asyncio.to_thread(history.read))

    @in_worker("dialog")
    async def action_history(self) -> None:
        """Find a former text and bring it back."""
        exchange = await self.yiwen.push_screen_wait(HistoryDialog())
        if exchange is not None:
            self._box.text = exchange.text
            self._box.focus()

    def keep(self, exchange: Exchange) -> None:
        """Write an exchange down for later sessions."""
        self._keep(exchange.kept)

    @in_worker("keep", exclusive=False)
    async def _keep(self, kept: history.Exchange) -> None:
        try:
            await asyncio.to_thread(history.keep, kept)
        except UserError as error:
            self.yiwen.fail(error)
