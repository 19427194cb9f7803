"""The client of a translator: a worker that keeps one base model loaded and streams answers.

Its life is the pipe's life: when the client goes, however it goes, the worker goes too. All methods
block; a screen calls them from a thread, and `cancel` from any other.
"""

from __future__ import annotations

import contextlib
import math
import subprocess
import tempfile
from collections.abc import Iterator
from typing import IO

from engine.language.errors import UserError
from engine.language.said import Said, lines, unpack
from engine.machine import reading
from engine.machine.hardware import Probe
from engine.machine.processes import kernel_kills, python
from engine.models import tokenizer
from engine.profile.schema import Generation, Profile
from engine.prompts.builder import Encoded
from engine.run import gpu_choice
from engine.run.device import Device
from engine.run.events import Phase
from engine.scores import perplexity
from engine.translate import protocol
from engine.translate.protocol import Done


class TranslatorEnded(UserError):
    """The worker process is gone; a new translator may do better."""


class Translator:
    """Translates with one base model, bare or under any of its adapters."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.device: Device | None = None
        """What the loaded model computes on; None if none is loaded."""
        self.tokenizer = tokenizer.load(profile.model.path, profile.model.revision)
        self.last: Done | None = None
        """How the latest generation ended: reason, tokens, seconds."""
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None
        self._request = 0
        self._kills: int | None = None

    def load(self) -> Iterator[Phase]:
        """Start the worker and load the model; yields what it is busy with. Raises UserError."""
        if self.device:
            return
        self.close()
        gpu = gpu_choice.take(Probe().gpus())
        self._kills = kernel_kills.count()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as the worker
        # A session of its own: Ctrl-C at the terminal cancels the answer, not the model.
        self._process = python.spawn(
            "engine.worker",
            "translate",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            gpu=gpu.uuid if gpu else "",
        )
        self._send(protocol.Load(profile=self.profile))
        for message in self._receive():
            if isinstance(message, Phase):
                yield message
            elif isinstance(message, protocol.Ready):
                self.device = message.device
                return

    def generate(
        self,
        ids: list[int],
        stop: frozenset[int],
        *,
        adapter: str = "",
        seed: int = 0,
        generation: Generation | None = None,
    ) -> Iterator[str]:
        """Stream the answer to a prompt, piece by piece; `last` then says how it ended.

        `adapter` is a folder in PEFT's format, empty for the base model; `generation` takes the
        place of the profile's. Raises UserError.
        """
        for _phase in self.load():
            pass
        self._request += 1
        self._send(
            protocol.Generate(
                request=self._request,
                ids=ids,
                stop=sorted(stop),
                generation=generation or self.profile.generation,
                adapter=adapter,
                seed=seed,
            )
        )
        got: list[int] = []
        shown = ""
        for message in self._receive():
            if isinstance(message, protocol.Tokens) and message.request == self._request:
                got += message.ids
                text = self.tokenizer.decode(got).rstrip("\ufffd")  # half a character: wait
                if len(text) > len(shown):
                    yield text[len(shown) :]
                    shown = text
            elif isinstance(message, Done) and message.request == self._request:
                self.last = message
                return

    def perplexity(self, encoded: Encoded, *, adapter: str = "") -> float:
        """The perplexity of an answer after its prompt, as evaluations define it.

        Raises UserError, also when the prompt leaves no room for an answer.
        """
        cut = encoded.cut(self.profile.evaluation.max_tokens)
        if not cut.scored_count:
            raise UserError(
                "the prompt alone has {tokens} tokens and leaves no room for the answer in "
                "evaluation.max_tokens = {max_tokens}",
                tokens=len(encoded.ids) - encoded.scored_count,
                max_tokens=self.profile.evaluation.max_tokens,
            )
        for _phase in self.load():
            pass
        self._request += 1
        asked = protocol.Score(
            request=self._request, ids=cut.ids, scored=cut.scored, adapter=adapter
        )
        self._send(asked)
        for message in self._receive():
            if isinstance(message, protocol.Scored) and message.request == self._request:
                nll = math.nan if message.nll is None else message.nll
                return perplexity.of_sample(nll, message.tokens)
        raise TranslatorEnded(self._last_words())

    def cancel(self) -> None:
        """End the generation under way; what has come stays."""
        self._send(protocol.Cancel())

    def close(self, patience: float = 2.0) -> None:
        """Let the worker go; one that is still there after `patience` seconds is killed."""
        process, self._process = self._process, None
        self.device = None
        if process is None:
            return
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _send(self, message: protocol.Message) -> None:
        process = self._process
        if process is None:
            return
        assert process.stdin is not None
        try:
            process.stdin.write(protocol.encode(message))
            process.stdin.flush()
        except (BrokenPipeError, ValueError):
            raise TranslatorEnded(self._last_words()) from None

    def _receive(self) -> Iterator[protocol.Message | Phase]:
        process = self._process
        if process is None:
            raise TranslatorEnded("the translator was closed")
        assert process.stdout is not None
        for line in process.stdout:
            try:
                message = reading.json_line(line, protocol.from_worker)
            except ValueError:
                continue  # a library printed something
            if isinstance(message, protocol.Trouble):
                raise UserError(lines(unpack(message.message), unpack(message.hint)))
            yield message
        self.device = None
        raise TranslatorEnded(self._last_words())

    def _last_words(self) -> Said:
        """What the worker said on standard error before it died, or who ended it."""
        lines: list[str] = []
        if self._log is not None:
            self._log.seek(0)
            lines = self._log.read().decode(errors="replace").strip().splitlines()
        said = Said(
            "the translator ended: {words}", words=lines[-1] if lines else Said("no reason given")
        )
        if self._process is None:
            return said
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=2.0)
        return kernel_kills.last_words(self._process.returncode, self._kills, said)
