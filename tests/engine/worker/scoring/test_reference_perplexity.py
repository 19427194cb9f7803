"""Perplexity, against the definition of the course's ppl.py written anew here."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from statistics import fmean

import bitsandbytes as bnb
import pytest
import torch
from peft import PeftModel
from torch import nn
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig, PreTrainedModel

from engine.data import dataset
from engine.data.dataset import Pair
from engine.language.errors import DataError
from engine.profile import files
from engine.profile.schema import Profile
from engine.prompts import few_shot
from engine.prompts.builder import PromptBuilder
from engine.prompts.few_shot import Examples
from engine.run import prompt_builder
from engine.scores import perplexity
from engine.worker.model.adapters import load_adapter
from engine.worker.model.loading import load_base
from engine.worker.model.plain import PlainModel
from engine.worker.process.reporter import Reporter
from engine.worker.scoring import evaluate
from engine.worker.scoring.evaluate import Scored

GetPrompt = Callable[[str], str]


def turn(role: str, text: str) -> str:
    return f"<start_of_turn>{role}\n{text}<end_of_turn>\n"


def zero_shot_prompt(instruction: str) -> str:
    return turn("user", instruction) + "<start_of_turn>model\n"


def few_shot_prompt(examples: list[Pair]) -> GetPrompt:
    shown = "".join(
        turn("user", pair.instruction) + turn("model", pair.output) for pair in examples
    )
    return lambda instruction: shown + zero_shot_prompt(instruction)


def reference(
    model: nn.Module, folder: str, pairs: list[Pair], get_prompt: GetPrompt, max_length: int = 2048
) -> list[float]:
    """Perplexity of each sample: one at a time, nothing padded, as the course's script goes."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    found = []
    for pair in pairs:
        prompt = tokenizer(get_prompt(pair.instruction), add_special_tokens=False).input_ids
        output = tokenizer(pair.output, add_special_tokens=False).input_ids
        ids = [tokenizer.bos_token_id, *prompt, *output, tokenizer.eos_token_id]
        mask = [0] * (1 + len(prompt)) + [1] * (len(output) + 1)
        row, scored = torch.tensor([ids[:max_length]]), torch.tensor(mask[1:max_length])
        with torch.no_grad():
            logits = model(row, attention_mask=torch.ones_like(row)).logits[0, :-1].float()
        # The script hands over [1, V, T] instead: the same but for torch's kernel for that layout,
        # which on a CPU adds V numbers up so that 1.5e-5 is lost. Sums in float64, for the same
        # reason.
        each = nn.CrossEntropyLoss(reduction="none")(logits, row[0, 1:]).double()
        found.append(torch.exp((each * scored).sum() / scored.sum()).item())
    return found


@pytest.fixture(scope="module")
def own_model(profile: Profile) -> PreTrainedModel:
    """The model as the course loads it, by transformers alone."""
    quantization = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.float32,
    )
    model = AutoModelForCausalLM.from_pretrained(
        profile.model.path,
        dtype=torch.float32,
        quantization_config=quantization,
        attn_implementation="eager",
    )
    for module in model.modules():  # its packed form for new CPUs rounds the constants
        if isinstance(module, bnb.nn.Linear4bit):
            module.support_avx512bf16_for_cpu = False
    return model.eval()


@pytest.fixture(scope="module")
def items(profile: Profile) -> list[Pair]:
    """All of the sample's test items."""
    return dataset.read(profile.data.test).pairs


@pytest.fixture(scope="module")
def examples(profile: Profile, items: list[Pair]) -> list[Pair]:
    return few_shot.pool(profile.few_shot, dataset.read(profile.data.train).pairs, items)


def score(
    model: PreTrainedModel | PeftModel,
    profile: Profile,
    pairs: list[Pair],
    examples: list[Pair] | None = None,
    **evaluation: int,
) -> list[float]:
    """Perplexity of each sample, the product's way."""
    overrides = {f"evaluation.{key}": str(value) for key, value in evaluation.items()}
    profile = files.override(profile, overrides)
    builder = prompt_builder.builder_for(profile, examples or [])
    file = Scored.prepare(pairs, builder, profile.evaluation.max_tokens)
    results = evaluate.score(
        PlainModel(model), file, profile, Reporter(lambda event: None), "test", pad_id=0
    )
    assert [result.id for result in results] == [pair.id for pair in pairs]
    total = perplexity.combine(results)
    values = [float(result.perplexity or math.nan) for result in results]
    assert total.perplexity == pytest.approx(sum(values) / len(values), rel=1e-12)
    return values


def assert_equal_at_any_batch(
    model: PreTrainedModel | PeftModel,
    profile: Profile,
    items: list[Pair],
    right: list[float],
    examples: list[Pair] | None = None,
) -> None:
    """Every item, alone in a pass and among others.

    float32 rounds passes of other shapes apart, and, on a machine that others use, two of the same
    shape: of 84 items one was once 1.9e-6 off alone, where 2.4e-7 is usual.
    """
    alone = score(model, profile, items, examples, tokens_per_pass=1)
    together = score(model, profile, items, examples)
    for measured in (alone, together):
        assert measured == pytest.approx(right, rel=5e-6)
        assert fmean(measured) == pytest.approx(fmean(right), rel=1e-6)
    assert max(right) > 2 * min(right)  # samples that differ, or the order would not matter


def test_zero_shot_is_the_courses_number(
    base: PreTrainedModel, own_model: PreTrainedModel, profile: Profile, items: list[Pair]
) -> None:
    right = reference(own_model, profile.model.path, items, zero_shot_prompt)
    assert_equal_at_any_batch(base, profile, items, right)


def test_few_shot_is_the_courses_number(
    base: PreTrainedModel,
    own_model: PreTrainedModel,
    profile: Profile,
    items: list[Pair],
    examples: list[Pair],
) -> None:
    assert len(examples) == 4
    right = reference(own_model, profile.model.path, items, few_shot_prompt(examples))
    assert_equal_at_any_batch(base, profile, items, right, examples)


def test_examples_of_each_items_own_score_the_courses_number(
    base: PreTrainedModel, own_model: PreTrainedModel, profile: Profile, pairs: list[Pair]
) -> None:
    nearest = files.override(profile, {"few_shot.choose": "nearest", "few_shot.examples": "2"})
    pool = few_shot.pool(nearest.few_shot, dataset.read(profile.data.train).pairs, pairs)
    shown = Examples(nearest.few_shot, pool)
    right = [
        reference(
            own_model,
            profile.model.path,
            [pair],
            few_shot_prompt(list(shown.before(pair.instruction))),
        )[0]
        for pair in pairs
    ]
    assert score(base, nearest, pairs, pool) == pytest.approx(right, rel=2e-6)


def test_an_adapter_saved_by_peft_scores_the_courses_number(
    profile: Profile, items: list[Pair], adapters: list[Path], base: PreTrainedModel
) -> None:
    ours = load_adapter(load_base(profile, torch.device("cpu"), print), adapters[0], "default")
    bare = AutoModelForCausalLM.from_pretrained(
        profile.model.path,
        dtype=torch.float32,
        quantization_config=base.config.quantization_config,
        attn_implementation="eager",
    )
    for module in bare.modules():
        if isinstance(module, bnb.nn.Linear4bit):
            module.support_avx512bf16_for_cpu = False
    theirs = PeftModel.from_pretrained(bare, str(adapters[0])).eval()
    right = reference(theirs, profile.model.path, items, zero_shot_prompt)
    assert_equal_at_any_batch(ours, profile, items, right)
    assert right[:8] != pytest.approx(score(base, profile, items[:8]), rel=0.05)


def test_the_size_of_a_pass_does_not_show(
    base: PreTrainedModel, profile: Profile, pairs: list[Pair]
) -> None:
    alone = score(base, profile, pairs, tokens_per_pass=1)
    together = score(base, profile, pairs, tokens_per_pass=100_000)
    assert together == pytest.approx(alone, rel=1e-5)


def test_what_is_too_long_is_cut_from_the_right(
    base: PreTrainedModel,
    own_model: PreTrainedModel,
    profile: Profile,
    pairs: list[Pair],
    builder: PromptBuilder,
) -> None:
    longest = max(pairs, key=lambda pair: len(pair.output))
    prompt = len(builder.prompt_ids(longest.instruction))
    whole = len(builder.encode(longest.instruction, longest.output).ids)
    for limit in (whole - 1, prompt + 5, prompt + 1):
        right = reference(own_model, profile.model.path, [longest], zero_shot_prompt, limit)
        assert score(base, profile, [longest], max_tokens=limit) == pytest.approx(right, rel=1e-5)
    cut = Scored.prepare([longest], builder, prompt + 5).encoded[0]
    assert cut.scored_count == 5
    assert len(cut.ids) == prompt + 5


def test_a_prompt_that_leaves_no_room_is_named(pairs: list[Pair], builder: PromptBuilder) -> None:
    first = pairs[3]
    room = max(len(builder.prompt_ids(pair.instruction)) for pair in pairs[:3]) + 1
    prompt = len(builder.prompt_ids(first.instruction))
    Scored.prepare([first], builder, prompt + 1)
    with pytest.raises(DataError, match=rf"item {first.id}: .* {prompt} tokens .*= {prompt}\b"):
        Scored.prepare([first], builder, prompt)
    assert len(Scored.prepare(pairs[:3], builder, room).encoded) == 3


def test_too_many_examples_are_said_with_how_many_fit(
    profile: Profile, pairs: list[Pair], examples: list[Pair]
) -> None:
    made = prompt_builder.builder_for(profile, examples)
    alone = len(prompt_builder.builder_for(profile, []).prompt_ids(pairs[0].instruction))
    with_last = len(
        prompt_builder.builder_for(profile, examples[-1:]).prompt_ids(pairs[0].instruction)
    )
    for room, fit in ((with_last + 1, 1), (alone + 1, 0)):
        with pytest.raises(DataError, match=f"of its 4 examples {fit} would fit"):
            Scored.prepare(pairs[:1], made, room)


def test_the_definition_stands_beside_the_number(
    base: PreTrainedModel, profile: Profile, builder: PromptBuilder
) -> None:
    said = evaluate.definition(profile, builder, PlainModel(base), 1234)
    assert said["base"] == "nf4 double"
    assert "1,234" in said["corpus"]
    assert said["attention"] == "eager"
    assert said["computed in"] == "float32"
    assert said["cut at"] == "1024 tokens"
    assert "<eos>" in said["metric"]
    assert said["prompt"] == builder.digest
