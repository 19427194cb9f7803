"""What is asked of the translator now, and how the translator stands."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from functools import partial

from engine.language.errors import UserError
from engine.language.figures import clock
from engine.language.texts import _, marked
from engine.profile.schema import Profile
from engine.run.words import device_name
from engine.start import model_room
from engine.start.model_room import Room
from tui.run.model_choice import ModelChoice
from tui.screens.translate.conversation import Conversation
from tui.screens.translate.request import Request
from tui.screens.translate.translator import KeptTranslator
from tui.widgets.dialogs import Confirm
from tui.widgets.parts import Part, ScreenOfParts, in_worker

_BUSY = marked("An answer is on its way; esc stops it.")
_EMPTY = marked("○ not loaded")


class Asking(Part):
    """Has the translator; loads its model with the first request."""

    def __init__(
        self, screen: ScreenOfParts, conversation: Conversation, changed: Callable[[], None]
    ) -> None:
        super().__init__(screen)
        self._conversation, self._changed = conversation, changed
        self.kept = KeptTranslator(screen.post_message)
        self.request: Request | None = None
        """What is being answered now."""
        self.state = _(_EMPTY)
        self._loads = False
        """Is the model being loaded?"""
        self._loading_since = 0.0

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is something to cancel only while an answer is on its way."""
        return self.request is not None

    # The request

    def ask(self, request: Request) -> None:
        """Put a request to the translator."""
        self.attend(request)
        if self.kept.device:
            self._in_thread(partial(self.kept.answer, request))
        else:
            self._load_and_ask(request)

    @in_worker("ask")
    async def _load_and_ask(self, request: Request) -> None:
        """Load the model first, unless memory is short and the user would rather not."""
        room = await asyncio.to_thread(_room_for, request.turns[0].choice)
        if room is not None and not room.is_enough and not request.cancelled.is_set():
            title = _("Load the model all the same?")
            question = Confirm(title, str(room.sentence), yes=_("Load"))
            if not await self.yiwen.push_screen_wait(question):
                request.cancelled.set()
        self._in_thread(partial(self.kept.answer, request))

    def attend(self, request: Request | None) -> None:
        """An answer is on its way, or no more."""
        self.request = request
        self.screen.refresh_bindings()
        self.stand(_("● asking") if request else self._ready)

    def action_cancel(self) -> None:
        """Stop the answer."""
        if self.request is not None:
            note = _("cancelling …  esc again ends the model too")
            self._conversation.note(self.request.number, note)
            self._in_thread(partial(self.kept.cancel, self.request))

    def say_busy(self) -> None:
        """Say that nothing else can be asked before the answer is there."""
        self.screen.notify(_(_BUSY), timeout=3)

    # The translator

    def let_go(self) -> None:
        """Free the memory that the model takes."""
        self._in_thread(self.kept.let_go)
        self.stand(_(_EMPTY))

    def shut(self) -> None:
        """End the translator, and keep nobody waiting for it."""
        self._in_thread(self.kept.shut)

    def _in_thread(self, call: Callable[[], None]) -> None:
        """Not in a Textual worker: leaving would wait for it, and a model may load for minutes."""
        threading.Thread(target=call, daemon=True).start()

    # How it stands

    def begin_loading(self) -> None:
        """The model is being loaded from now on."""
        if not self._loads:
            self._loads, self._loading_since = True, time.monotonic()
        self.tell_loading()

    def tell_loading(self) -> None:
        """For how long one has waited."""
        if self._loads:
            elapsed = clock(time.monotonic() - self._loading_since)
            self.stand(_("● loading {elapsed}").format(elapsed=elapsed))
            self._loads = True

    def tell_growth(self) -> None:
        """An answer grows."""
        self.stand(_("● translating · {device}").format(device=device_name(self.kept.device)))

    def stand_by(self, profile: Profile) -> None:
        """Nothing is asked; is the model of this profile there?"""
        self.stand(self._ready if self.kept.holds(profile) else _(_EMPTY))

    def stand(self, state: str) -> None:
        """Say how the translator stands."""
        self._loads = False
        if state != self.state:
            self.state = state
            self._changed()

    @property
    def _ready(self) -> str:
        device = self.kept.device
        return _("✓ ready · {device}").format(device=device_name(device)) if device else _(_EMPTY)


def _room_for(choice: ModelChoice) -> Room | None:
    try:
        return model_room.find(choice.open().profile)
    except (UserError, OSError):
        return None  # what is wrong with it is said when it is opened to answer
