"""The fast engine's losses and gradients are the plain one's: every family, layout, ingredient."""

from __future__ import annotations

import math

import pytest
import torch
from peft import PeftModel
from small_decoders import (
    DECODERS,
    assert_same,
    documents,
    losses_and_gradients,
    random_decoder,
)
from transformers import MistralConfig, PretrainedConfig

from engine.data.dataset import Pair
from engine.profile.schema import Profile
from engine.prompts.builder import PromptBuilder
from engine.worker.batching.batches import plan_passes
from engine.worker.fast.ingredients import Ingredients
from engine.worker.fast.model import FastModel
from engine.worker.fast.parts.architecture import Unsupported, read_decoder
from engine.worker.fast.parts.dropout import Dropout
from engine.worker.fast.reference.attention import FlexAttention
from engine.worker.model.plain import PlainModel
from engine.worker.scoring import evaluate

INGREDIENTS = {
    "all kept": Ingredients(),
    "dequantised at use, recomputed": Ingredients(cached_weights=False, checkpointing=True),
}


@pytest.mark.parametrize("ingredients", INGREDIENTS)
@pytest.mark.parametrize("name", DECODERS)
def test_losses_and_gradients_equal_the_plain_paths(name: str, ingredients: str) -> None:
    model, items = random_decoder(DECODERS[name]()), documents()
    alone = plan_passes(items, row_tokens=0, tokens_per_pass=60, pad_id=0)
    right = losses_and_gradients(model, PlainModel(model), alone)
    fast = FastModel(model, INGREDIENTS[ingredients])
    in_rows = plan_passes(items, row_tokens=70, tokens_per_pass=300, pad_id=0)
    for passes in (fast.passes(items, 0, 1000, 0), fast.passes(items, 0, 80, 0), in_rows):
        assert_same(losses_and_gradients(model, fast, passes), right)


@pytest.mark.parametrize("name", ["gemma2", "llama", "qwen3"])
def test_a_prefix_is_shared_where_no_window_forbids_it(name: str) -> None:
    fast = FastModel(random_decoder(DECODERS[name]()), Ingredients())
    assert [batch.shared for batch in fast.passes(documents(), 0, 1000, 0)] == [10]


def test_documents_beyond_the_window_share_nothing() -> None:
    model = random_decoder(DECODERS["gemma2, narrow window"]())
    fast = FastModel(model, Ingredients())
    assert [batch.shared for batch in fast.passes(documents(), 0, 1000, 0)] == [0]


def test_some_linears_may_have_no_adapter() -> None:
    model = random_decoder(DECODERS["llama"](), targets=["q_proj", "v_proj", "up_proj"])
    items = documents()
    passes = plan_passes(items, row_tokens=70, tokens_per_pass=300, pad_id=0)
    right = losses_and_gradients(model, PlainModel(model), passes)
    assert_same(losses_and_gradients(model, FastModel(model, Ingredients()), passes), right)


def test_the_embedded_model_in_four_bits(
    tuned: PeftModel, builder: PromptBuilder, pairs: list[Pair]
) -> None:
    items = [builder.encode(pair.instruction, pair.output) for pair in pairs[:4]]
    alone = plan_passes(items, row_tokens=0, tokens_per_pass=1, pad_id=0)
    right = losses_and_gradients(tuned, PlainModel(tuned), alone)
    fast = FastModel(tuned, Ingredients())
    assert_same(losses_and_gradients(tuned, fast, fast.passes(items, 0, 1000, 0)), right)


def test_a_number_of_the_fast_path_has_its_definition(
    tuned: PeftModel, profile: Profile, builder: PromptBuilder
) -> None:
    said = evaluate.definition(profile, builder, FastModel(tuned, Ingredients()), 9)
    assert said["base"] == "nf4 double"
    assert said["computed in"] == "float32"


def test_flex_attention_is_the_masked_one() -> None:
    model, items = random_decoder(DECODERS["gemma2"]()), documents(4)
    fast = FastModel(model, Ingredients())
    (batch,) = fast.passes(items, 0, 1000, 0)
    with torch.no_grad():
        right = fast.losses(batch)
        fast.fast.attention = FlexAttention(fast.fast.shape, compiled=False)
        torch.testing.assert_close(fast.losses(batch), right, rtol=1e-4, atol=1e-4)


def test_dropout_is_on_in_training_alone_and_drops_its_share() -> None:
    model = random_decoder(DECODERS["llama"](), dropout=0.5)
    fast = FastModel(model, Ingredients())
    (batch,) = fast.passes(documents(), 0, 1000, 0)
    with torch.no_grad():
        evaluated = fast.losses(batch)
        assert torch.equal(fast.losses(batch), evaluated)
        model.train()
        torch.manual_seed(3)
        trained = fast.losses(batch)
        assert (trained - evaluated).abs().max() > 0.1
        torch.manual_seed(3)
        assert torch.equal(fast.losses(batch), trained)
    kept = Dropout(0.3, torch.tensor([5]), salt=7).kept(400, 300).float()
    assert kept.mean() == pytest.approx(0.7, abs=0.01)
    assert kept.mean(0).std() < 0.05  # no column is favoured
    alike = torch.corrcoef(kept) - torch.eye(400)
    assert alike.abs().max() < 0.4  # and no row is another's
    half = Dropout(0.3, torch.tensor([5]), salt=7).apply(torch.ones(400, 300).bfloat16())
    assert torch.equal(half, (kept / 0.7).bfloat16())  # and of the inputs' own type
    other = Dropout(0.3, torch.tensor([5]), salt=8).kept(400, 300).float()
    assert (kept * other).mean() == pytest.approx(0.49, abs=0.01)


def test_the_gradient_goes_through_the_dropped_inputs() -> None:
    """Against the losses' own differences: a kernel that drew two masks would not agree."""
    model = random_decoder(DECODERS["llama"](), dropout=0.3).train()
    fast = FastModel(model, Ingredients())
    (batch,) = fast.passes(documents(4), 0, 1000, 0)
    parameter = next(p for n, p in model.named_parameters() if "2.self_attn.q_proj.lora_A" in n)

    def loss(shift: float) -> torch.Tensor:
        torch.manual_seed(3)
        with torch.no_grad():
            parameter.add_(shift * direction)
        found = fast.losses(batch).double().sum()
        with torch.no_grad():
            parameter.sub_(shift * direction)
        return found

    direction = torch.randn_like(parameter)
    loss(0.0).backward()
    assert parameter.grad is not None
    slope = float((parameter.grad * direction).sum())
    measured = float((loss(3e-3) - loss(-3e-3)).detach()) / 6e-3
    assert measured == pytest.approx(slope, rel=0.02)
    assert not math.isclose(slope, 0.0, abs_tol=1e-3)


@pytest.mark.parametrize(
    ("config", "why"),
    [
        (MistralConfig(num_hidden_layers=1, hidden_size=64, vocab_size=32), "mistral"),
        (DECODERS["llama"](), "bias"),
    ],
)
def test_what_it_does_not_know_it_refuses(config: PretrainedConfig, why: str) -> None:
    if why == "bias":
        config.attention_bias = True
    with pytest.raises(Unsupported, match=why):
        read_decoder(random_decoder(config))


@pytest.mark.parametrize("name", ["gemma2", "llama"])
def test_two_decoders_of_an_unquantised_model_hold_its_weights_once(name: str) -> None:
    """As translators of several adapters do, and what scores beside them."""
    model = random_decoder(DECODERS[name]())
    first, second = (FastModel(model, Ingredients(cached_weights=False)) for _ in range(2))
    for one, other in zip(first.fast.weights, second.fast.weights):
        for weight, again in zip(one, other):
            assert weight.tensor().data_ptr() == again.tensor().data_ptr()
            assert torch.equal(weight.tensor(), again.tensor())
            read = torch.empty_like(again.tensor())
            again.write_to(read)
            assert torch.equal(read, again.tensor())
