"""Scores a file: the perplexity of every sample, and the model's own outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import torch

from engine import perplexity
from engine.dataset import Pair
from engine.errors import DataError
from engine.language import _, plural
from engine.paths import write_atomically
from engine.perplexity import SampleResult
from engine.profiles import Profile
from engine.prompts import Encoded, PromptBuilder
from engine.worker.paths import Losses
from engine.worker.reporter import Reporter


@dataclass(frozen=True)
class Scored:
    """A data file ready to be scored again and again."""

    pairs: list[Pair]
    encoded: list[Encoded]
    examples: list[list[str]]
    """Ids of the few-shot examples before each item, where they differ; else empty lists."""
    cut: int
    """Items whose answer does not fit whole, and is scored in part."""

    @classmethod
    def prepare(cls, pairs: list[Pair], builder: PromptBuilder, max_tokens: int) -> Scored:
        """Encode a file and cut it to `max_tokens` from the right, as the course's script does.

        Raises DataError naming an item of which nothing would be left to score.
        """
        encoded, examples, cut_answers = [], [], 0
        vary = builder.examples.vary
        for pair in pairs:
            whole = builder.encode(pair.instruction, pair.output)
            cut = whole.cut(max_tokens)
            if not cut.scored_count:
                raise DataError(
                    _(
                        "item {id}: its prompt alone has {tokens} tokens and leaves no room for "
                        "the answer in evaluation.max_tokens = {max_tokens}{remedy}"
                    ).format(
                        id=pair.id,
                        tokens=len(whole.ids) - whole.scored_count,
                        max_tokens=max_tokens,
                        remedy=_remedy(builder, pair.instruction, max_tokens),
                    )
                )
            encoded.append(cut)
            cut_answers += len(cut.ids) < len(whole.ids)
            shown = builder.examples.before(pair.instruction) if vary else ()
            examples.append([example.id for example in shown])
        return cls(pairs, encoded, examples, cut_answers)

    def only(self, places: Sequence[int]) -> Scored:
        """Some of the items."""
        return replace(
            self,
            pairs=[self.pairs[i] for i in places],
            encoded=[self.encoded[i] for i in places],
            examples=[self.examples[i] for i in places],
        )


def _remedy(builder: PromptBuilder, instruction: str, max_tokens: int) -> str:
    if not builder.examples.count:
        return ""
    fit = builder.examples_that_fit(instruction, max_tokens)
    return plural(
        "; of its {count} example {fit} would fit: few_shot.examples",
        "; of its {count} examples {fit} would fit: few_shot.examples",
        builder.examples.count,
    ).format(count=builder.examples.count, fit=fit)


@torch.inference_mode()
def score(
    losses: Losses, file: Scored, profile: Profile, reporter: Reporter, name: str, pad_id: int
) -> list[SampleResult]:
    """Perplexity of each sample, in the file's order. Raises StopRequested."""
    losses.model.eval()
    passes = losses.passes(
        file.encoded, profile.training.row_tokens, profile.evaluation.tokens_per_pass, pad_id
    )
    # Sums in float64: thousands of float32 values added up would lose the fifth digit.
    nll = torch.zeros(len(file.pairs), dtype=torch.float64)
    done = 0
    for batch in passes:
        reporter.check_stop()
        reporter.phase(f"scoring {name}", done, len(file.pairs))
        nll.index_add_(0, batch.samples, losses(batch).double().cpu())
        done += len(set(batch.samples.tolist()))
    reporter.phase(f"scoring {name}", done, len(file.pairs))
    return [
        SampleResult(
            id=pair.id,
            direction=pair.direction,
            perplexity=perplexity.of_sample(total, encoded.scored_count),
            nll=total,
            tokens=encoded.scored_count,
            instruction=pair.instruction,
            reference=pair.output,
            examples=examples,
            repaired=pair.repaired,
        )
        for pair, encoded, examples, total in zip(
            file.pairs, file.encoded, file.examples, nll.tolist(), strict=True
        )
    ]


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
    losses: Losses,
    builder: PromptBuilder,
    instructions: Sequence[str],
    profile: Profile,
    reporter: Reporter,
    name: str = "translating",
) -> list[Answer]:
    """The model's answer to each instruction, in order. Raises StopRequested."""
    losses.model.eval()
    prompts = [builder.prompt_ids(instruction) for instruction in instructions]
    outputs = [Answer("")] * len(prompts)
    # Similar lengths together: less padding, and rows that end at about the same time.
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    size = profile.generation.batch_size
    torch.manual_seed(profile.training.seed)
    for start in range(0, len(order), size):
        reporter.phase(name, start, len(order))
        batch = order[start : start + size]
        answers = losses.generate(
            [prompts[i] for i in batch],
            builder.stop_ids,
            profile.generation,
            builder.tokenizer.pad_id,
            stop_requested=reporter.stop_requested,
        )
        reporter.check_stop()
        for item, ids in zip(batch, answers, strict=True):
            outputs[item] = Answer.of(ids, builder, profile.generation.max_new_tokens)
    reporter.phase(name, len(order), len(order))
    return outputs


def write_results(path: Path, results: Sequence[SampleResult]) -> None:
    """Per-sample results as JSON Lines, replaced whole."""
    path.parent.mkdir(exist_ok=True)
    encoder = msgspec.json.Encoder()
    write_atomically(path, encoder.encode_lines(list(results)))


def definition(
    profile: Profile, builder: PromptBuilder, losses: Losses, scored: int
) -> dict[str, str]:
    """What was measured and how, to stand beside the number; `scored` is the number of tokens."""
    quantization, few_shot = profile.quantization, profile.few_shot
    base = quantization.method + (" double" if quantization.double else "")
    if losses.products_in != losses.dtype:
        base += f", products in {str(losses.products_in).removeprefix('torch.')}"
    examples = str(builder.examples.count)
    if builder.examples.count:
        seed = f" (seed {few_shot.seed})" if few_shot.choose == "random" else ""
        examples += f" {few_shot.choose}{seed}, {few_shot.direction} direction"
    end = builder.tokenizer.eos_token
    return {
        "metric": f"macro, the mean over samples of exp(mean nats of output tokens and {end})",
        "corpus": f"exp(mean nats over all {scored:,} such tokens)",
        "base": "unquantised" if quantization.method == "none" else base,
        "computed in": str(losses.dtype).removeprefix("torch."),
        "logits": "float32 before log-softmax",
        "path": losses.path,
        "attention": losses.attention,
        "prompt": builder.digest,
        "examples": examples,
        "cut at": f"{profile.evaluation.max_tokens} tokens",
    }
