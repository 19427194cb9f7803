"""Translates a file: the model's own answer to every instruction, many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from engine.language.said import Said
from engine.profile.schema import Profile
from engine.prompts.builder import PromptBuilder
from engine.worker.model.computed import Computed
from engine.worker.process import out_of_memory
from engine.worker.process.out_of_memory import DoesNotFit
from engine.worker.process.reporter import Reporter


@dataclass(frozen=True)
class Answer:
    """What the model made of an instruction."""

    text: str
    """Without special tokens."""
    cut: bool = False
    """As long as allowed, and not ended by the model."""
    special: tuple[str, ...] = ()
    """The special tokens left out of the text."""

    @classmethod
    def of(cls, ids: list[int], builder: PromptBuilder, max_new_tokens: int) -> Answer:
        """Of the ids before the stop token."""
        tokenizer = builder.tokenizer
        special = tuple(tokenizer.token(one) for one in ids if one in tokenizer.special_ids)
        return cls(tokenizer.decode(ids).strip(), len(ids) >= max_new_tokens, special)


def translate_all(
    computed: Computed,
    builder: PromptBuilder,
    instructions: Sequence[str],
    profile: Profile,
    reporter: Reporter,
    name: str = "translating",
    ids: Sequence[str] = (),
) -> list[Answer]:
    """The model's answer to each instruction, in order. Raises StopRequested.

    Where memory runs out it goes on with fewer at once. Raises DoesNotFit naming an item, by its
    id where `ids` are given, for which there is no room even alone.
    """
    computed.model.eval()
    prompts = [builder.prompt_ids(instruction) for instruction in instructions]
    outputs = [Answer("")] * len(prompts)
    # Similar lengths together: less padding, and rows that end at about the same time.
    left = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    rows = profile.generation.batch_size
    torch.manual_seed(profile.training.seed)
    while left:
        reporter.phase(name, len(prompts) - len(left), len(prompts))
        batch = left[:rows]
        try:
            answers = computed.generate(
                [prompts[i] for i in batch],
                builder.stop_ids,
                profile.generation,
                builder.tokenizer.pad_id,
                stop_requested=reporter.stop_requested,
            )
        except Exception as error:
            if not out_of_memory.happened(error):
                raise
            rows = len(batch) // 2
            if not rows:
                item = ids[batch[0]] if ids else str(batch[0] + 1)
                raise DoesNotFit(item, len(prompts[batch[0]]), error) from error
            answers = []
        if not answers:
            torch.cuda.empty_cache()  # after the handler, for the exception holds on to tensors
            reporter.warn(
                Said(
                    "out of memory while translating; going on with {rows} items at once", rows=rows
                ),
                Said("generation.batch_size = {rows} begins with that", rows=rows),
            )
            continue
        reporter.check_stop()
        for place, answer in zip(batch, answers, strict=True):
            outputs[place] = Answer.of(answer, builder, profile.generation.max_new_tokens)
        left = left[len(batch) :]
    reporter.phase(name, len(prompts), len(prompts))
    return outputs
