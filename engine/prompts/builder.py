"""The one place where a pair becomes text, text becomes token ids, and it is said which are scored.

Training, evaluation, translation and the screens all come here, so they cannot drift apart. The
form is that of the course's ppl.py: `[bos] + prompt + output + [eos]`, prompt and output tokenised
apart, output and eos scored.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from engine.data.dataset import Pair
from engine.data.directions import Direction
from engine.language.errors import UserError
from engine.language.said import labelled
from engine.models.tokenizer import Tokenizer
from engine.profile.schema import FewShot, Prompt
from engine.prompts.few_shot import Examples

_AT_ONCE = 1000
"""Pairs that are encoded in one call: on all processors."""


class Encoded(Struct, frozen=True):
    """What the model sees of one pair."""

    text: str
    ids: list[int]
    scored: list[int]
    """1 for each id whose probability counts, else 0; as long as `ids`."""
    id: str = ""
    """Of the pair, where it has one."""

    @property
    def scored_count(self) -> int:
        """Number of scored tokens."""
        return sum(self.scored)

    def cut(self, most: int) -> Encoded:
        """Cut to a number of tokens from the right, as the course's script does."""
        return Encoded(self.text, self.ids[:most], self.scored[:most], self.id)


class PromptBuilder:
    """Builds prompts by a profile's form, with few-shot examples or none.

    Raises UserError if the profile names a token that the tokenizer lacks.
    """

    def __init__(
        self, prompt: Prompt, tokenizer: Tokenizer, examples: Examples | None = None
    ) -> None:
        self.prompt = prompt
        self.tokenizer = tokenizer
        self.examples = examples or Examples(FewShot(), ())
        self.stop_ids = frozenset(
            [tokenizer.eos_id, *(self._token_id("stop", token) for token in prompt.stop)]
        )
        self.bos_token, self.bos_id = self._bos()
        self._template = (self.examples.pairs and prompt.few_shot_template) or prompt.template
        self._same_for_all = None if self.examples.vary else self._shown(self.examples.pairs)

    def _shown(self, examples: Sequence[Pair]) -> str:
        """Examples as they stand in a prompt."""
        return "".join(
            _fill(
                self.prompt.example,
                instruction=self._trimmed(pair.instruction),
                output=self._trimmed(pair.output),
                number=str(number),
            )
            for number, pair in enumerate(examples, 1)
        )

    def _bos(self) -> tuple[str, int | None]:
        """The token before every prompt, or none."""
        if self.prompt.bos == "own":
            return self.tokenizer.bos_token or "", self.tokenizer.bos_id
        if self.prompt.bos == "none":
            return "", None
        return self.prompt.bos, self._token_id("bos", self.prompt.bos)

    def _token_id(self, key: str, token: str) -> int:
        """The id of a token that a profile names. Raises UserError, which names the key."""
        try:
            return self.tokenizer.token_id(token)
        except UserError as error:
            raise UserError(labelled(f"prompt.{key}", error)) from None

    def _trimmed(self, text: str) -> str:
        return text.strip() if self.prompt.trim else text

    def text(self, instruction: str) -> str:
        """The prompt's text, bos not included: the course's `get_prompt`."""
        if self._same_for_all is not None:
            return self._text(instruction, self._same_for_all)
        return self._text(instruction, self._shown(self.examples.before(instruction)))

    def _text(self, instruction: str, examples: str) -> str:
        return _fill(
            self._template,
            system=self.prompt.system,
            examples=examples,
            instruction=self._trimmed(instruction),
        )

    def instruction(self, text: str, direction: Direction) -> str:
        """A bare sentence as an instruction."""
        into_classical = direction == "to_classical"
        form = self.prompt.to_classical if into_classical else self.prompt.to_modern
        return _fill(form, text=text)

    def prompt_ids(self, instruction: str) -> list[int]:
        """Ids that the answer follows: bos (where there is one) and the prompt."""
        return self._ids(self.text(instruction))

    def _ids(self, text: str) -> list[int]:
        bos = [] if self.bos_id is None else [self.bos_id]
        return bos + self.tokenizer.encode(text)

    def examples_that_fit(self, instruction: str, tokens: int) -> int:
        """How many of an item's examples leave room for an answer in so many tokens."""
        examples = self.examples.before(instruction)
        for count in range(len(examples), 0, -1):
            text = self._text(instruction, self._shown(examples[-count:]))
            if len(self.tokenizer.encode(text)) + 1 < tokens:
                return count
        return 0

    def encode(self, instruction: str, output: str | None = None) -> Encoded:
        """A prompt, with its answer if there is one."""
        tokenizer = self.tokenizer
        shown = self.text(instruction)
        prompt = self._ids(shown)
        answer = [] if output is None else [*tokenizer.encode(output), tokenizer.eos_id]
        text = self.bos_token + shown
        if output is not None:
            text += output + (tokenizer.eos_token or "")
        return Encoded(text, prompt + answer, [0] * len(prompt) + [1] * len(answer))

    def encode_all(self, pairs: Sequence[Pair]) -> Iterator[Encoded]:
        """Pairs with their answers, one after the other, encoded many at once."""
        bos = [] if self.bos_id is None else [self.bos_id]
        eos, eos_token = [self.tokenizer.eos_id], self.tokenizer.eos_token or ""
        for start in range(0, len(pairs), _AT_ONCE):
            block = pairs[start : start + _AT_ONCE]
            shown = [self.text(pair.instruction) for pair in block]
            prompts = self.tokenizer.encode_all(shown)
            answers = self.tokenizer.encode_all([pair.output for pair in block])
            for pair, text, prompt, answer in zip(block, shown, prompts, answers):
                ids = bos + prompt + answer + eos
                scored = [0] * (len(bos) + len(prompt)) + [1] * (len(answer) + 1)
                whole = self.bos_token + text + pair.output + eos_token
                yield Encoded(whole, ids, scored, pair.id)

    @property
    def digest(self) -> str:
        """Twelve hex digits that name this form of prompt, examples included."""
        ends = [*self.prompt.stop, self.tokenizer.eos_token or "", *["trim"] * self.prompt.trim]
        if self.examples.vary:
            ends.append(self.examples.fingerprint)
        probe = "\x00".join([self.bos_token, self.text("\x00"), *ends])
        return hashlib.sha256(probe.encode()).hexdigest()[:12]


def _fill(form: str, **parts: str) -> str:
    """Put the parts in place in one pass: a `{name}` inside a part is left as it is."""
    pattern = re.compile("|".join(re.escape("{" + name + "}") for name in parts))
    return pattern.sub(lambda match: parts[match.group()[1:-1]], form)
