"""The one translator that the workbench keeps loaded: asked in threads, heard by messages."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import msgspec
from textual.message import Message

from engine.language.errors import UserError
from engine.language.plain_text import message_of
from engine.language.texts import _
from engine.profile.schema import Profile
from engine.run import words as wording
from engine.run.device import Device
from engine.run.events import Phase
from engine.translate.client import Translator, TranslatorEnded
from engine.translate.protocol import Done
from tui.run.model_choice import OpenModel, base_of
from tui.screens.translate.request import Request, Turn

_PATIENCE = 0.05  # seconds between attempts to end a process that may just be starting


@dataclass
class Loading(Message):
    """The model is being loaded for an answer."""

    number: int
    phase: Phase

    @property
    def words(self) -> str:
        """What it is busy with."""
        what = self.phase.name.removeprefix("loading the model")
        share = f" {self.phase.done}/{self.phase.of}" if self.phase.of else ""
        words = _("loading the model … {what}{share}")
        return words.format(what=wording.phase_name(what), share=share).rstrip()


@dataclass
class AnswerGrew(Message):
    """An answer so far: a later message holds all that an earlier one did."""

    number: int
    place: int
    """Among the answers of the exchange."""
    text: str

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, AnswerGrew) and (message.number, message.place) == (
            self.number,
            self.place,
        )


@dataclass
class AnswerEnded(Message):
    """An answer is complete, was cut short or cancelled."""

    number: int
    place: int
    done: Done


@dataclass
class AnswerFailed(Message):
    """There will be no (more) answer."""

    number: int
    place: int
    reason: str


@dataclass
class ReferenceScored(Message):
    """A model has said how probable it finds the reference."""

    number: int
    place: int
    perplexity: float


@dataclass
class RequestEnded(Message):
    """Every model has had its turn."""

    number: int


class KeptTranslator:
    """Answers one request at a time; the process stays while the base model does.

    `answer`, `cancel`, `let_go` and `shut` block: call them from threads.
    """

    def __init__(self, post: Callable[[Message], object]) -> None:
        self._tell = post
        self._translator: Translator | None = None
        self._request: Request | None = None
        self._shut = False

    @property
    def device(self) -> Device | None:
        """What the loaded model runs on; None if none is loaded."""
        return None if self._translator is None else self._translator.device

    def holds(self, profile: Profile) -> bool:
        """Is this profile's base model loaded?"""
        kept = self._translator
        return kept is not None and bool(kept.device) and base_of(kept.profile) == base_of(profile)

    def answer(self, request: Request) -> None:
        """Answer, in messages. An error is one of them: the next request finds all in order."""
        self._request = request
        for place, turn in enumerate(request.turns, request.first):
            self._take(request, place, turn)
        if request.condemned:
            self.let_go()
        request.ended.set()
        self._post(RequestEnded(request.number))

    def _take(self, request: Request, place: int, turn: Turn) -> None:
        """One model's turn."""
        try:
            self._try(request, place, turn)
        except Exception as error:
            if request.loading or not _survived(error):
                self.let_go()
            request.loading = False
            if request.cancelled.is_set():
                self._post(AnswerEnded(request.number, place, _cancelled()))
            else:
                self._post(AnswerFailed(request.number, place, message_of(error)))

    def _try(self, request: Request, place: int, turn: Turn) -> None:
        model = turn.choice.open()
        kept = self.holds(model.profile)
        try:
            self._serve(request, place, turn, model)
        except UserError as error:
            if not kept or turn.text or request.cancelled.is_set() or _survived(error):
                raise
            self.let_go()  # it had died while idle
            self._serve(request, place, turn, model)

    def _serve(self, request: Request, place: int, turn: Turn, model: OpenModel) -> None:
        """Load what is needed, translate, and score the reference if there is one."""
        turn.instruction = request.question.instruction(model.builder)
        translator = self._translator_for(model.profile)
        self._load(translator, request)
        if not request.only_scores:
            self._generate(translator, request, place, turn, model)
        # A model's opinion of the reference is the same however its answers are sampled.
        if request.reference and not turn.temperature and not request.cancelled.is_set():
            encoded = model.builder.encode(turn.instruction, request.reference)
            value = translator.perplexity(encoded, adapter=model.adapter)
            self._post(ReferenceScored(request.number, place, value))

    def _generate(
        self, translator: Translator, request: Request, place: int, turn: Turn, model: OpenModel
    ) -> None:
        number, told = request.number, False
        ids = model.builder.prompt_ids(turn.instruction)
        if request.cancelled.is_set():
            self._post(AnswerEnded(number, place, _cancelled()))
            return
        self._post(AnswerGrew(number, place, ""))
        generation = model.profile.generation
        if turn.temperature:
            generation = msgspec.structs.replace(generation, temperature=turn.temperature)
        for piece in translator.generate(
            ids,
            model.builder.stop_ids,
            adapter=model.adapter,
            seed=turn.seed or number,
            generation=generation,
        ):
            turn.text += piece
            self._post(AnswerGrew(number, place, turn.text))
            if request.cancelled.is_set() and not told:
                translator.cancel()  # the first one may have come before there was anything to end
                told = True
        assert translator.last is not None
        self._post(AnswerEnded(number, place, translator.last))

    def _translator_for(self, profile: Profile) -> Translator:
        """The translator at hand if it holds this base model, else a new one."""
        kept = self._translator
        if kept is not None and base_of(kept.profile) != base_of(profile):
            self.let_go()
        if self._translator is None:
            self._translator = Translator(profile)
        self._translator.profile = profile  # says how to generate, too
        return self._translator

    def _load(self, translator: Translator, request: Request) -> None:
        request.loading = not translator.device
        if self._shut or request.cancelled.is_set():
            raise UserError(_("cancelled"))
        if request.loading:
            self._post(Loading(request.number, Phase(name="")))
        for phase in translator.load():
            self._post(Loading(request.number, phase))
        request.loading = False

    def cancel(self, request: Request) -> None:
        """End an answer. A second time, or while the model is loading, the process is ended too."""
        again = request.cancelled.is_set()
        request.cancelled.set()
        if again or request.loading:
            self._end(request)
            return
        translator = self._translator
        if translator is not None:
            with suppress(UserError, OSError):
                translator.cancel()

    def let_go(self) -> None:
        """End the process and so free its memory."""
        translator, self._translator = self._translator, None
        if translator is not None:
            translator.close()

    def shut(self) -> None:
        """End everything, for good."""
        self._shut = True
        if self._request is not None:
            self._request.cancelled.set()
            self._end(self._request)
        self.let_go()

    def _post(self, message: Message) -> None:
        if not self._shut:
            self._tell(message)

    def _end(self, request: Request) -> None:
        """Close the process under an answer, again should it only be starting."""
        request.condemned = True
        while not request.ended.wait(_PATIENCE):
            translator = self._translator
            if translator is not None:
                translator.close(patience=0)


def _survived(error: Exception) -> bool:
    """Is the process still there, having only refused a request?"""
    return isinstance(error, UserError) and not isinstance(error, TranslatorEnded)


def _cancelled() -> Done:
    return Done(request=0, reason="cancelled", tokens=0, seconds=0.0)
