"""Memory before the start: held against models whose sizes and needs were measured."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import msgspec
import pytest
from samples import MODEL, tiny

from engine.fast.memory import Use
from engine.language.errors import UserError
from engine.models import model_shape
from engine.models.model_shape import Linear, ModelShape
from engine.profile.schema import Lora, Model, Profile, Training
from engine.prompts.builder import Encoded
from engine.prompts.token_counts import TokenCounts
from engine.start import fast_estimate, memory_estimate
from engine.start.largest_pass import Load

GIB = 1 << 30
GEMMA_2_2B = {
    "model_type": "gemma2", "hidden_size": 2304, "intermediate_size": 9216, "head_dim": 256,
    "num_hidden_layers": 26, "num_attention_heads": 8, "num_key_value_heads": 4,
    "vocab_size": 256000, "tie_word_embeddings": True, "final_logit_softcapping": 30.0,
}  # fmt: skip
LLAMA_3_8B = {
    "model_type": "llama",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
    "tie_word_embeddings": False,
}


def shape_of(tmp_path: Path, config: object) -> ModelShape:
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((MODEL / name).read_bytes())
    (tmp_path / "config.json").write_text(json.dumps(config), "utf-8")
    return model_shape.read(Model(path=str(tmp_path)))


def changed(**sections: object) -> Profile:
    return msgspec.structs.replace(tiny(), **sections)


@pytest.mark.parametrize(
    ("config", "all_parameters", "linear", "adapter"),
    [(GEMMA_2_2B, 2.614e9, 2.024e9, 10.4e6), (LLAMA_3_8B, 8.030e9, 6.979e9, 21.0e6)],
)
def test_known_models_have_their_known_sizes(
    tmp_path: Path, config: object, all_parameters: float, linear: float, adapter: float
) -> None:
    shape = shape_of(tmp_path, config)
    assert shape.parameters == pytest.approx(all_parameters, rel=1e-3)
    assert sum(one.parameters for one in shape.linears) == pytest.approx(linear, rel=1e-3)
    eight = changed(lora=Lora(rank=8))
    assert memory_estimate.adapter_parameters(eight, shape) == pytest.approx(adapter, rel=5e-3)


def test_the_embedded_model_is_read_from_its_weights() -> None:
    shape = model_shape.read(tiny().model)
    config = json.loads((MODEL / "config.json").read_text())
    assert shape.parameters == 7_938_304
    assert len(shape.linears) == 7 * 8
    assert shape.rest - config["vocab_size"] * config["hidden_size"] < 10_000  # norms


def test_weights_and_headers_agree_on_the_embedded_model(tmp_path: Path) -> None:
    config = json.loads((MODEL / "config.json").read_text())
    assert shape_of(tmp_path, config).parameters == model_shape.read(tiny().model).parameters


def test_plain_training_of_gemma_needs_what_was_measured(tmp_path: Path) -> None:
    shape = shape_of(tmp_path, GEMMA_2_2B)
    profile = changed(lora=Lora(rank=8))
    for tokens, measured in ((2730, 20.0), (1024, 9.4)):
        load = Load(tokens, round(tokens * 0.3), 256)
        found = memory_estimate.estimate(profile, shape, training=load, scoring=None, on_gpu=True)
        counted_by_torch = found.total - memory_estimate.GPU_RUNTIME
        assert counted_by_torch / GIB == pytest.approx(measured, rel=0.05)
        assert found.parts["weights"] / GIB == pytest.approx(1.0, abs=0.05)
        assert found.parts["embedding"] / GIB == pytest.approx(1.1, abs=0.01)


def test_what_saves_memory_is_seen_to_save_it(tmp_path: Path) -> None:
    shape = shape_of(tmp_path, GEMMA_2_2B)

    def need(profile: Profile) -> memory_estimate.MemoryEstimate:
        load = Load(2048, 600, 256)
        return memory_estimate.estimate(profile, shape, training=load, scoring=None, on_gpu=True)

    plain, training = need(tiny()), tiny().training
    checkpointed = changed(training=msgspec.structs.replace(training, gradient_checkpointing=True))
    assert need(checkpointed).parts["activations"] < plain.parts["activations"] / 5
    small = changed(training=msgspec.structs.replace(training, optimizer="adamw_8bit"))
    assert need(small).parts["optimizer"] < plain.parts["optimizer"] / 3
    whole = changed(quantization=msgspec.structs.replace(tiny().quantization, method="none"))
    assert need(whole).parts["weights"] > 3.8 * plain.parts["weights"]
    sdpa = changed(model=msgspec.structs.replace(tiny().model, attention="sdpa"))
    assert need(sdpa).parts["activations"] < plain.parts["activations"]
    two = changed(lora=Lora(target_modules=("q_proj", "v_proj")))
    assert need(two).parts["adapter"] < plain.parts["adapter"] / 4


def test_an_evaluation_needs_no_optimizer(tmp_path: Path) -> None:
    shape = shape_of(tmp_path, GEMMA_2_2B)
    load = Load(4096, 1200, 300)
    found = memory_estimate.estimate(tiny(), shape, training=None, scoring=load, on_gpu=True)
    assert "optimizer" not in found.parts
    assert found.parts["logits"] > found.parts["activations"]


def test_a_model_without_config_is_said(tmp_path: Path) -> None:
    shape_of(tmp_path, LLAMA_3_8B)
    (tmp_path / "config.json").unlink()
    with pytest.raises(UserError, match=r"config\.json: no such file"):
        model_shape.read(Model(path=str(tmp_path)))
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UserError, match="does not tell the model's size"):
        model_shape.read(Model(path=str(tmp_path)))


@pytest.mark.parametrize("length", [0, 1 << 40])
def test_broken_weights_leave_what_the_config_says(tmp_path: Path, length: int) -> None:
    (tmp_path / "model.safetensors").write_bytes(struct.pack("<Q", length) + b"{")
    assert shape_of(tmp_path, LLAMA_3_8B).parameters == pytest.approx(8.03e9, rel=1e-3)


def batch(tokens: int, scored: int, shared: int) -> list[Encoded]:
    """32 items that come to so many tokens once what they begin with is laid out once."""
    own = [(tokens - shared + number) // 32 for number in range(32)]
    answers = [(scored + number) // 32 for number in range(32)]
    return [
        Encoded(
            "",
            [*range(shared), *(9000 + number for _ in range(length))],
            [0] * (shared + length - answer) + [1] * answer,
        )
        for number, (length, answer) in enumerate(zip(own, answers))
    ]


@pytest.mark.parametrize(
    ("config", "tokens", "scored", "shared", "measured"),
    [
        (GEMMA_2_2B, 2248, 941, 35, 19.8),
        (GEMMA_2_2B, 3333, 941, 0, 28.0),
        (LLAMA_3_8B, 2746, 1109, 47, 51.1),
        (LLAMA_3_8B, 4203, 1109, 0, 74.2),
    ],
)
def test_the_fast_path_needs_what_was_measured(
    tmp_path: Path, config: object, tokens: int, scored: int, shared: int, measured: float
) -> None:
    shape, items = shape_of(tmp_path, config), batch(tokens, scored, shared)
    assert TokenCounts.of(items).shared_prefix == shared
    profile = changed(lora=Lora(rank=8), training=Training(batch_size=32))
    found = fast_estimate.estimate(profile, shape, items, [], round(79.1 * GIB))
    assert found.use == Use(cached_weights=True, graphs=True)
    held = found.total - memory_estimate.GPU_RUNTIME
    assert held / GIB == pytest.approx(measured, rel=0.07)
    assert found.least < found.total / 3


def test_the_fast_path_on_a_small_card_fills_it_and_no_more(tmp_path: Path) -> None:
    shape, items = shape_of(tmp_path, GEMMA_2_2B), batch(2248, 941, 35)
    training = Training(batch_size=32, optimizer="adamw_8bit", gradient_checkpointing=True)
    found = {}
    for gib in (6, 16, 80):
        model = msgspec.structs.replace(tiny().model, gpu_memory=float(gib))
        profile = changed(lora=Lora(rank=8), training=training, model=model)
        found[gib] = fast_estimate.estimate(profile, shape, items, [], 80 * GIB)
        assert found[gib].total - memory_estimate.GPU_RUNTIME < gib * GIB
        assert found[gib].least == found[6].least < 4 * GIB
    assert [one.use for one in found.values()] == [
        Use(checkpointing=True),
        Use(cached_weights=True, checkpointing=True),
        Use(cached_weights=True, graphs=True),
    ]
    whole = Training(batch_size=32, optimizer="adamw_8bit")
    profile = msgspec.structs.replace(profile, training=whole, model=Model(path="", gpu_memory=6.0))
    found[6] = fast_estimate.estimate(profile, shape, items, [], 80 * GIB)
    held = found[6].total - memory_estimate.GPU_RUNTIME
    assert held / GIB == pytest.approx(5.9, rel=0.1)
    full = fast_estimate.estimate(profile, shape, items, [], GIB)
    assert full.total == full.least > GIB


def test_scoring_by_the_fast_path_needs_no_optimizer(tmp_path: Path) -> None:
    shape, items = shape_of(tmp_path, GEMMA_2_2B), batch(20_000, 6_000, 35)
    found = fast_estimate.estimate(tiny(), shape, [], items, 80 * GIB)
    assert "optimizer" not in found.parts
    one = fast_estimate.estimate(tiny(), shape, [], items[:1], 80 * GIB)
    assert found.parts["activations"] > 10 * one.parts["activations"]


SMALL = ModelShape(
    layers=3, hidden=8, intermediate=20, heads=2, kv_heads=1, head_dim=4, vocabulary=50, norms=2,
    linears=(*[Linear("q_proj", 8, 6)] * 3, *[Linear("down_proj", 10, 20)] * 3), rest=400,
)  # fmt: skip
"""Of numbers that are told apart in a product."""
LOAD = Load(tokens=64, scored=30, row=16)


def by_the_formula(width: int, *, copies: int) -> tuple[int, int]:
    """Bytes that one layer of SMALL keeps of a token, and those of the logits, as the page says."""
    norms, mlp = 2 * 4 * 8, 3 * width * 20
    adapter = (4 * 6 + 4 * 5) + (4 * 20 + 4 * 5)
    attention = width * 4 * 3 * 2 + (2 * width + 4) * 2 * 16
    return norms + mlp + adapter + attention, 30 * 50 * (width + 4 * copies)


def of_small(**sections: object) -> Profile:
    """Adapters of rank 5 on all its layers, eager attention."""
    model = msgspec.structs.replace(tiny().model, attention="eager", dtype="auto")
    return changed(**{"lora": Lora(rank=5), "model": model, **sections})


def need(
    profile: Profile,
    shape: ModelShape = SMALL,
    *,
    training: Load | None = None,
    scoring: Load | None = None,
    on_gpu: bool = True,
) -> memory_estimate.MemoryEstimate:
    return memory_estimate.estimate(
        profile, shape, training=training, scoring=scoring, on_gpu=on_gpu
    )


@pytest.mark.parametrize(("caps", "copies"), [(False, 4), (True, 5)])
def test_training_takes_what_the_formula_says(caps: bool, copies: int) -> None:
    shape = msgspec.structs.replace(SMALL, caps_logits=caps)
    layer, logits = by_the_formula(2, copies=copies)
    training = msgspec.structs.replace(
        tiny().training, optimizer="adamw", gradient_checkpointing=False
    )
    parts = need(of_small(training=training), shape, training=LOAD).parts
    adapted = 3 * 5 * ((8 + 6) + (10 + 20))
    assert (parts["adapter"], parts["gradients"]) == (4 * adapted, 4 * adapted)
    assert parts["optimizer"] == 8 * adapted
    assert (parts["activations"], parts["logits"]) == (64 * 3 * layer, logits)
    assert parts["embedding"] == 400 * 2
    saved = msgspec.structs.replace(training, gradient_checkpointing=True)
    parts = need(of_small(training=saved), shape, training=LOAD).parts
    assert parts["activations"] == 64 * (3 * 2 * 8 + layer)


@pytest.mark.parametrize(("caps", "copies"), [(False, 2), (True, 3)])
def test_scoring_takes_one_layer_and_fewer_copies(caps: bool, copies: int) -> None:
    shape = msgspec.structs.replace(SMALL, caps_logits=caps)
    layer, logits = by_the_formula(2, copies=copies)
    parts = need(of_small(), shape, scoring=LOAD).parts
    assert (parts["activations"], parts["logits"]) == (64 * layer, logits)


def test_the_larger_of_training_and_scoring_counts() -> None:
    large = Load(tokens=6400, scored=3000, row=16)
    both = need(of_small(), training=LOAD, scoring=large)
    assert both.parts["logits"] == need(of_small(), scoring=large).parts["logits"]
    other = need(of_small(), training=large, scoring=LOAD)
    assert other.parts["logits"] == need(of_small(), training=large).parts["logits"]
    neither = need(of_small())
    assert (neither.parts["activations"], neither.parts["logits"]) == (0, 0)


def test_adafactor_keeps_rows_and_columns_of_the_adapted_layers_alone() -> None:
    training = msgspec.structs.replace(tiny().training, optimizer="adafactor")
    lora = Lora(rank=5, target_modules=("q_proj",))
    parts = need(of_small(training=training, lora=lora), training=LOAD).parts
    assert parts["optimizer"] == 4 * 3 * ((6 + 5) + (5 + 8))
    assert parts["adapter"] == 4 * 3 * 5 * (6 + 8)


@pytest.mark.parametrize(
    ("dtype", "on_gpu", "width"),
    [("auto", True, 2), ("auto", False, 4), ("float32", True, 4), ("bfloat16", False, 2)],
)
def test_a_number_takes_what_its_type_does(dtype: str, on_gpu: bool, width: int) -> None:
    model = msgspec.structs.replace(tiny().model, attention="eager", dtype=dtype)
    found = need(of_small(model=model), scoring=LOAD, on_gpu=on_gpu)
    layer, logits = by_the_formula(width, copies=2)
    assert found.parts["embedding"] == 400 * width
    assert (found.parts["activations"], found.parts["logits"]) == (64 * layer, logits)


def test_a_process_takes_half_a_gigabyte_of_a_card_and_nine_tenths_of_main_memory() -> None:
    assert need(of_small()).parts["runtime"] == 500 * 2**20
    assert need(of_small(), on_gpu=False).parts["runtime"] == 900 * 2**20


def test_all_that_the_plain_path_needs_it_cannot_do_without() -> None:
    found = need(of_small(), scoring=LOAD)
    assert found.least == found.total == sum(found.parts.values())
    assert memory_estimate.MemoryEstimate({}).least == 0


def test_a_model_of_a_single_layer_is_counted_whole() -> None:
    one = msgspec.structs.replace(SMALL, layers=1, linears=(SMALL.linears[0], SMALL.linears[3]))
    layer, _logits = by_the_formula(2, copies=2)
    assert need(of_small(), one, scoring=LOAD).parts["activations"] == 64 * layer
