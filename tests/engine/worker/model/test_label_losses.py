"""Label losses: packed, padded or alone, by any architecture, what the plain model says."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from peft import LoraConfig, PeftModel, get_peft_model
from torch import Tensor, nn
from transformers import (
    AutoModelForCausalLM,
    CohereConfig,
    GraniteConfig,
    LlamaConfig,
    MistralConfig,
    PretrainedConfig,
    PreTrainedModel,
    Qwen3Config,
)

from engine.data.dataset import Pair
from engine.prompts.builder import Encoded, PromptBuilder
from engine.worker.batching.batches import Pass, plan_passes
from engine.worker.model.plain import PlainModel

SIZES = {
    "vocab_size": 96,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
    "initializer_range": 0.3,  # large, so that what a token sees shows in its loss
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
QWEN3_WINDOWS = {"use_sliding_window": True, "sliding_window": 5, "max_window_layers": 1}
ARCHITECTURES: dict[str, Callable[[], PretrainedConfig]] = {
    "llama": lambda: LlamaConfig(**SIZES),
    "qwen3": lambda: Qwen3Config(**SIZES, head_dim=8),
    "qwen3, both kinds of layers": lambda: Qwen3Config(**SIZES, **QWEN3_WINDOWS, head_dim=8),
    "mistral, window 5": lambda: MistralConfig(**SIZES, sliding_window=5),
}
EXTRA_SCALE: dict[str, Callable[[], PretrainedConfig]] = {
    "cohere": lambda: CohereConfig(**SIZES, logit_scale=0.25),
    "granite": lambda: GraniteConfig(**SIZES, logits_scaling=4.0),
}


def _random_model(config: PretrainedConfig, attention: str) -> PeftModel:
    """A model of random weights under a LoRA adapter of random weights."""
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config, attn_implementation=attention)
    lora = LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM")
    tuned = get_peft_model(model.float(), lora)
    for name, parameter in tuned.named_parameters():
        if "lora_B" in name:
            nn.init.normal_(parameter, std=0.2)
    return tuned.eval()


def _documents(count: int = 9, vocabulary: int = 96) -> list[Encoded]:
    draw = torch.Generator().manual_seed(1)
    documents = []
    for number in range(count):
        length = 6 + 3 * number
        ids = torch.randint(3, vocabulary, (length,), generator=draw).tolist()
        documents.append(Encoded("", ids, [int(at > length // 3) for at in range(length)]))
    return documents


def _one_by_one(model: nn.Module, documents: list[Encoded]) -> list[Tensor]:
    """The definition: each document alone through the model, cross-entropy at its scored tokens."""
    losses = []
    for document in documents:
        logits = model(input_ids=torch.tensor([document.ids]), use_cache=False).logits[0, :-1]
        each = F.cross_entropy(logits.float(), torch.tensor(document.ids[1:]), reduction="none")
        losses.append(each[torch.tensor(document.scored[1:], dtype=torch.bool)])
    return losses


def _batched(model: nn.Module, documents: list[Encoded], row_tokens: int) -> list[Tensor]:
    passes = plan_passes(documents, row_tokens=row_tokens, tokens_per_pass=400, pad_id=0)
    assert any((part.documents < 0).any() for part in passes)  # there is padding
    assert row_tokens == 0 or len(passes[0].documents[0].unique()) > 1  # and company
    computed = PlainModel(model)
    found: dict[int, Tensor] = {}
    for part in passes:
        losses = computed.losses(part)
        found |= {int(i): losses[part.samples == i] for i in part.samples.unique()}
    return [found[item] for item in range(len(documents))]


def _gradients(model: nn.Module, losses: list[Tensor]) -> dict[str, Tensor]:
    model.zero_grad()
    torch.cat(losses).sum().backward()
    found = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    return found


def _same(model: nn.Module, losses: list[Tensor], expected: list[Tensor]) -> None:
    """The same losses of every sample, and the same gradient of every adapter matrix."""
    for found, right in zip(losses, expected, strict=True):
        torch.testing.assert_close(found, right, rtol=1e-4, atol=1e-5)
    gradients, right_gradients = _gradients(model, losses), _gradients(model, expected)
    assert gradients.keys() == right_gradients.keys()
    assert any("lora_A" in name for name in gradients)
    for name, right in right_gradients.items():
        assert (gradients[name] - right).norm() <= 1e-4 * right.norm(), name


@pytest.mark.parametrize("row_tokens", [0, 70], ids=["unpacked", "packed"])
@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_batches_equal_documents_alone(name: str, attention: str, row_tokens: int) -> None:
    model = _random_model(ARCHITECTURES[name](), attention)
    documents = _documents()
    _same(model, _batched(model, documents, row_tokens), _one_by_one(model, documents))


@pytest.mark.parametrize("row_tokens", [0, 140], ids=["unpacked", "packed"])
def test_batches_of_the_embedded_model_equal_documents_alone(
    tuned: PeftModel, builder: PromptBuilder, pairs: list[Pair], row_tokens: int
) -> None:
    documents = [builder.encode(pair.instruction, pair.output) for pair in pairs[:8]]
    shortest_two = sorted(len(document.ids) for document in documents)[:2]
    assert row_tokens == 0 or sum(shortest_two) <= row_tokens
    passes = plan_passes(documents, row_tokens=row_tokens, tokens_per_pass=400, pad_id=0)
    assert any((part.documents < 0).any() for part in passes)
    computed = PlainModel(tuned)
    found: dict[int, Tensor] = {}
    for part in passes:
        losses = computed.losses(part)
        found |= {int(i): losses[part.samples == i] for i in part.samples.unique()}
    _same(tuned, [found[i] for i in range(8)], _one_by_one(tuned, documents))


def test_a_window_that_all_documents_exceed_shows() -> None:
    """Without this the window cases above would prove nothing."""
    documents = _documents()
    wide, narrow = (
        _random_model(MistralConfig(**SIZES, sliding_window=window), "eager")
        for window in (None, 5)
    )
    wide.load_state_dict(narrow.state_dict())
    difference = _one_by_one(wide, documents)[-1] - _one_by_one(narrow, documents)[-1]
    assert difference.abs().max() > 0.01


def test_losses_are_the_plain_models_logits_through_cross_entropy(
    base: PreTrainedModel, builder: PromptBuilder, pairs: list[Pair]
) -> None:
    documents = [builder.encode(pair.instruction, pair.output) for pair in pairs]
    computed = PlainModel(base)
    assert computed._short_cut
    for document in documents[:6]:
        (alone,) = plan_passes([document], row_tokens=0, tokens_per_pass=4096, pad_id=0)
        with torch.no_grad():
            found, (right,) = computed.losses(alone), _one_by_one(base, [document])
        assert found.dtype == torch.float32
        torch.testing.assert_close(found, right, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("row_tokens", [0, 70], ids=["unpacked", "packed"])
@pytest.mark.parametrize("name", EXTRA_SCALE)
def test_models_that_scale_their_logits_are_asked_for_all_of_them(
    name: str, row_tokens: int
) -> None:
    model = _random_model(EXTRA_SCALE[name](), "eager")
    assert not PlainModel(model)._short_cut
    documents = _documents()
    _same(model, _batched(model, documents, row_tokens), _one_by_one(model, documents))


def test_asking_leaves_the_model_in_its_mode(tuned: PeftModel) -> None:
    tuned.train()
    PlainModel(tuned)
    assert tuned.training
    tuned.eval()
    PlainModel(tuned)
    assert not tuned.training


def test_a_pass_moves_whole() -> None:
    (part,) = plan_passes(_documents(2), row_tokens=0, tokens_per_pass=99, pad_id=0)
    moved = part.to(torch.device("meta"))
    tensors = [value for value in vars(moved).values() if isinstance(value, Tensor)]
    assert len(tensors) == 6
    assert all(tensor.device.type == "meta" for tensor in tensors)
    assert isinstance(moved, Pass)
    assert moved.tokens == part.tokens
