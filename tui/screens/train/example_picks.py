"""Few-shot examples picked by hand: which, in which order, and what a prompt becomes by them."""

from __future__ import annotations

from functools import cached_property

import msgspec

from engine.data.dataset import Pair
from engine.language.errors import UserError
from engine.language.texts import _
from engine.prompts.builder import PromptBuilder
from engine.prompts.few_shot import Examples
from engine.run.prompt_builder import require_place_for_examples
from engine.start.preflight import Preflight


class Picks:
    """Pairs of the training file, in the order in which they were picked."""

    def __init__(self, found: Preflight) -> None:
        self._found = found
        settings = found.profile.few_shot
        self._before = settings.ids if settings.choose == "ids" else ()
        self.ids: list[str] = list(self._before)

    @property
    def are_changed(self) -> bool:
        return tuple(self.ids) != self._before

    def place_of(self, pair: Pair) -> int:
        """The pair's place among the examples, counted from 1; 0 if it is none of them."""
        return self.ids.index(pair.id) + 1 if pair.id in self.ids else 0

    def toggle(self, pair: Pair) -> None:
        """Take a pair as the last example, or give it up. Raises UserError if it may not be one."""
        if pair.id in self.ids:
            self.ids.remove(pair.id)
        elif {pair.source_text, pair.output} & self._scored:
            raise UserError(
                _("pair {id} also stands in the file that is scored; pick another").format(
                    id=pair.id
                )
            )
        else:
            self.ids.append(pair.id)

    @cached_property
    def _scored(self) -> set[str]:
        """The sentences that are scored: to show them would be to give the answer away."""
        return {
            text
            for pair in self._found.data["test"].pairs
            for text in (pair.source_text, pair.output)
            if text
        }

    def builder(self) -> PromptBuilder:
        """Of prompts with these examples; as the run would have them where none is picked.

        Raises UserError where the profile's template has no place for them.
        """
        if not self.ids:
            return self._found.builder
        require_place_for_examples(self._found.profile)
        known = {pair.id: pair for pair in self._found.data["train"].pairs}
        settings = msgspec.structs.replace(
            self._found.profile.few_shot, choose="ids", ids=tuple(self.ids)
        )
        shown = [known[name] for name in self.ids if name in known]
        tokenizer = self._found.builder.tokenizer
        return PromptBuilder(self._found.profile.prompt, tokenizer, Examples(settings, shown))
