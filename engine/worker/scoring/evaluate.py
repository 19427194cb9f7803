"""Scores a file: the perplexity of every sample, and how it is defined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite, nan
from pathlib import Path

import msgspec
import torch
from torch import Tensor

from engine.data.dataset import Pair
from engine.language.errors import DataError
from engine.language.said import Said, Words
from engine.machine.files import make_folder, write_atomically
from engine.profile.schema import Profile
from engine.prompts.builder import Encoded, PromptBuilder
from engine.run.words import some_items
from engine.scores import perplexity
from engine.scores.result_lines import SampleResult
from engine.worker.batching.batches import Pass
from engine.worker.batching.passes import PassSize, items_of
from engine.worker.model.computed import Computed
from engine.worker.process import out_of_memory
from engine.worker.process.failures import RunFailed
from engine.worker.process.out_of_memory import DoesNotFit
from engine.worker.process.reporter import Reporter


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
                    "item {id}: its prompt alone has {tokens} tokens and leaves no room for "
                    "the answer in evaluation.max_tokens = {max_tokens}{remedy}",
                    id=pair.id,
                    tokens=len(whole.ids) - whole.scored_count,
                    max_tokens=max_tokens,
                    remedy=_remedy(builder, pair.instruction, max_tokens),
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


def _remedy(builder: PromptBuilder, instruction: str, max_tokens: int) -> Words:
    if not builder.examples.count:
        return ""
    fit = builder.examples_that_fit(instruction, max_tokens)
    return Said.counted(
        "; of its {count} example {fit} would fit: few_shot.examples",
        "; of its {count} examples {fit} would fit: few_shot.examples",
        builder.examples.count,
        fit=fit,
    )


@torch.inference_mode()
def score(
    computed: Computed,
    file: Scored,
    profile: Profile,
    reporter: Reporter,
    name: str,
    pad_id: int,
    size: PassSize | None = None,
) -> list[SampleResult]:
    """Perplexity of each sample, in the file's order. Raises StopRequested.

    Where memory runs out it goes on in smaller passes, which `size` remembers for the next file.
    Raises DoesNotFit naming an item for which there is no room even alone.
    """
    computed.model.eval()
    size = size or PassSize(profile.evaluation.tokens_per_pass)
    # Sums in float64: thousands of float32 values added up would lose the fifth digit.
    nll = torch.zeros(len(file.pairs), dtype=torch.float64)
    done: set[int] = set()
    while left := [i for i in range(len(file.pairs)) if i not in done]:
        encoded, places = [file.encoded[i] for i in left], torch.tensor(left)
        passes = computed.passes(encoded, profile.training.row_tokens, size.tokens, pad_id)
        batch: Pass | None = None
        try:
            for batch in passes:
                reporter.check_stop()
                reporter.phase(f"scoring {name}", len(done), len(file.pairs))
                samples = places[batch.samples]
                nll.index_add_(0, samples, computed.losses(batch).double().cpu())
                done.update(samples.tolist())
            break
        except Exception as error:
            if batch is None or not out_of_memory.happened(error):
                raise
            if not size.halve(batch):
                place = left[items_of(batch)[0]]
                tokens = len(file.encoded[place].ids)
                raise DoesNotFit(file.pairs[place].id, tokens, error) from error
        torch.cuda.empty_cache()  # after the handler, for the exception holds on to tensors
        reporter.warn(
            Said(
                "out of memory while scoring; going on with passes of at most {tokens} tokens, "
                "the result unchanged",
                tokens=size.tokens,
            ),
            Said("evaluation.tokens_per_pass = {tokens} begins with that", tokens=size.tokens),
        )
    _score_apart(computed, file, nll, pad_id)
    reporter.phase(f"scoring {name}", len(file.pairs), len(file.pairs))
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
            has_number=pair.has_number,
        )
        for pair, encoded, examples, total in zip(
            file.pairs, file.encoded, file.examples, nll.tolist(), strict=True
        )
    ]


def _score_apart(computed: Computed, file: Scored, nll: Tensor, pad_id: int) -> None:
    """Score items again, each alone, that only shared a row with one whose numbers are not finite.

    What is masked out is multiplied by 0, and nan stays nan. Where most are, it is the model.
    """
    bad = (~nll.isfinite()).nonzero().flatten().tolist()
    if len(bad) > len(file.pairs) / 2:
        return
    for item in bad:
        (alone,) = computed.passes([file.encoded[item]], 0, len(file.encoded[item].ids), pad_id)
        nll[item] = computed.losses(alone).double().sum().cpu()


def nonfinite(results: Sequence[SampleResult], part: str, step: int) -> RunFailed:
    """What is wrong with the perplexity of a file that is nan or infinite."""
    bad = [one.id for one in results if not isfinite(one.perplexity or nan)]
    return RunFailed(
        Said.counted(
            "step {step}: the perplexity of the {part} file is {value}, for that of {count} item "
            "is not finite: {items}",
            "step {step}: the perplexity of the {part} file is {value}, for that of {count} items "
            "is not finite: {items}",
            len(bad),
            step=step,
            part=part,
            value=perplexity.combine(results).perplexity,
            items=some_items(bad),
        ),
        Said("set model.dtype = float32; after training, lower training.learning_rate"),
    )


def write_results(path: Path, results: Sequence[SampleResult]) -> None:
    """Per-sample results as JSON Lines, replaced whole."""
    make_folder(path.parent)
    encoder = msgspec.json.Encoder()
    write_atomically(path, encoder.encode_lines(list(results)))


def definition(
    profile: Profile, builder: PromptBuilder, computed: Computed, scored: int
) -> dict[str, Words]:
    """What was measured and how, to stand beside the number; `scored` is the number of tokens."""
    quantization, few_shot = profile.quantization, profile.few_shot
    base = quantization.method + (" double" if quantization.double else "")
    if computed.products_in != computed.dtype:
        base += f", products in {str(computed.products_in).removeprefix('torch.')}"
    examples = str(builder.examples.count)
    if builder.examples.count:
        seed = f" (seed {few_shot.seed})" if few_shot.choose == "random" else ""
        examples += f" {few_shot.choose}{seed}, {few_shot.direction} direction"
    end = builder.tokenizer.eos_token
    return {
        "metric": Said(
            "macro, the mean over samples of exp(mean nats of output tokens and {end})", end=end
        ),
        "corpus": Said("exp(mean nats over all {count} such tokens)", count=f"{scored:,}"),
        "base": Said("unquantised") if quantization.method == "none" else base,
        "computed in": str(computed.dtype).removeprefix("torch."),
        "logits": Said("{dtype} before log-softmax", dtype="float32"),
        "engine": computed.engine,
        "attention": computed.attention,
        "prompt": builder.digest,
        "examples": examples,
        "cut at": Said("{count} tokens", count=profile.evaluation.max_tokens),
    }
