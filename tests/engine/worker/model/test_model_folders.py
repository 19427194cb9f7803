"""What only loading can tell of model folders and adapters, by the real commands and workers."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import torch
from commands import run_command
from likenesses import LLAMA
from random_models import write_model
from safetensors.torch import load_file, save_file
from samples import MODEL
from transformers import AutoModelForCausalLM, BitsAndBytesConfig, PreTrainedModel
from weight_writing import configure, copy_model

from engine.data.dataset import Pair
from engine.language.errors import UserError
from engine.models import adapter_check
from engine.profile import files
from engine.profile.schema import Profile
from engine.prompts.builder import PromptBuilder
from engine.worker.batching.batches import plan_passes
from engine.worker.model import scanned
from engine.worker.model.adapters import add_adapter, load_adapter
from engine.worker.model.computed import choose_engine
from engine.worker.model.loading import load_base
from engine.worker.model.plain import PlainModel

pytestmark = pytest.mark.usefixtures("without_gpu")
CPU = torch.device("cpu")
Tensors = dict[str, torch.Tensor]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy_model(tmp_path / "model")


def on(folder: Path, **settings: str) -> Profile:
    given = {"model.path": str(folder), **{k.replace("__", "."): v for k, v in settings.items()}}
    return files.load("tiny", given)


def silent(message: str, hint: str) -> None:
    raise AssertionError(f"unexpected warning: {message}")


def change(folder: Path, changed: Callable[[Tensors], Tensors | None]) -> None:
    """Write the weights anew, changed in place or otherwise."""
    path = folder / "model.safetensors"
    found = load_file(path)
    save_file(changed(found) or found, path, {"format": "pt"})


def losses_of(model: PreTrainedModel, builder: PromptBuilder, pairs: list[Pair]) -> torch.Tensor:
    encoded = [builder.encode(pair.instruction, pair.output) for pair in pairs[:2]]
    (batch,) = plan_passes(encoded, row_tokens=0, tokens_per_pass=4096, pad_id=0)
    with torch.no_grad():
        return PlainModel(model).losses(batch)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["model.norm.weight", "model.layers.2.mlp.up_proj.weight"])
def test_what_is_no_number_is_found_before_quantising_hides_it(
    folder: Path, name: str, value: float
) -> None:
    def spoil(tensors: Tensors) -> None:
        tensors[name].view(-1)[5] = value

    change(folder, spoil)
    with pytest.raises(UserError, match=f"{name} holds what is no number, or infinite; get the"):
        load_base(on(folder), CPU, silent)


def test_a_run_on_such_a_model_fails_with_one_sentence(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "model.norm.weight"
    change(folder, lambda tensors: tensors | {name: tensors[name] * math.nan})
    root = tmp_path / "runs"
    root.mkdir()
    status, _, said = run_command(
        capsys, "evaluate", "tiny", "--set", f"model.path={folder}", "--no-outputs",
        "--runs", str(root),
    )  # fmt: skip
    assert status == 1
    assert "model.norm.weight holds what is no number" in said
    status, _, said = run_command(
        capsys, "translate", "tiny", "學而時習之", "--set", f"model.path={folder}"
    )
    assert status == 2
    assert "model.norm.weight holds what is no number" in said


def test_an_adapter_that_lies_beside_a_base_is_not_applied(
    folder: Path, adapters: list[Path], builder: PromptBuilder, pairs: list[Pair]
) -> None:
    right = losses_of(load_base(on(folder), CPU, silent), builder, pairs)
    for name in (adapter_check.CONFIG, adapter_check.WEIGHTS):
        shutil.copy(adapters[0] / name, folder)
    said: list[str] = []
    model = load_base(on(folder), CPU, lambda message, hint: said.append(message))
    assert torch.equal(losses_of(model, builder, pairs), right)
    assert said == [f"{folder}: an adapter lies beside the model; it is not applied (evaluate or "
                    "translate the run that trained it)"]  # fmt: skip
    tuned = load_adapter(model, adapters[1], "default")
    assert not torch.equal(losses_of(tuned, builder, pairs), right)


@pytest.fixture(scope="module")
def in_fp4(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded model, quantised and saved so."""
    folder = copy_model(tmp_path_factory.mktemp("fp4"))
    four = BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="fp4", bnb_4bit_compute_dtype=torch.bfloat16
    )
    model = AutoModelForCausalLM.from_pretrained(
        MODEL, quantization_config=four, device_map={"": "cpu"}
    )
    model.save_pretrained(folder)
    return folder


def test_a_base_that_is_quantised_already_is_used_as_what_it_is(
    in_fp4: Path, builder: PromptBuilder, pairs: list[Pair]
) -> None:
    with pytest.raises(UserError, match="in fp4, and the profile says nf4 double; set quantizat"):
        load_base(on(in_fp4), CPU, silent)
    own = {"quantization__method": "fp4", "quantization__double": "false"}
    found = PlainModel(load_base(on(in_fp4, **own), CPU, silent))
    assert (found.dtype, found.products_in) == (torch.float32, torch.float32)
    right = losses_of(load_base(on(MODEL, **own), CPU, silent), builder, pairs)
    torch.testing.assert_close(losses_of(found.model, builder, pairs), right, rtol=0.02, atol=0.02)


def test_a_base_that_is_quantised_already_lacks_no_part(in_fp4: Path, tmp_path: Path) -> None:
    shutil.copytree(in_fp4, tmp_path / "in_fp4")
    name = "model.layers.1.mlp.up_proj.weight"

    def spoil(tensors: Tensors) -> Tensors:
        return {key: tensor for key, tensor in tensors.items() if not key.startswith(name)}

    change(tmp_path / "in_fp4", spoil)
    with pytest.raises(UserError, match=f"{name} is missing"):
        load_base(on(tmp_path / "in_fp4", quantization__method="fp4", quantization__double="false"),
                  CPU, silent)  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"hidden_activation": "relu"}, "does not know the activation relu"),
        ({"rope_parameters": {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 1e4}},
         "does not know rotary embeddings of type dynamic"),
        ({"attention_dropout": 0.5}, "knows no dropout of attention"),
    ],
)  # fmt: skip
def test_the_fast_engine_steps_aside_for_what_it_would_leave_out(
    keys: dict[str, object], why: str, folder: Path
) -> None:
    """Translating on a processor too, which our decoder does for the plain engine."""
    configure(folder, **keys)
    computed = choose_engine(load_base(on(folder), CPU, silent), on(folder))
    assert computed.engine == "plain (no GPU)"
    assert computed.translator is None
    from engine.models import model_shape

    reason = model_shape.read(on(folder).model).why_not_fast
    assert str(reason).endswith(why)


def test_a_setting_that_a_family_does_not_have_changes_nothing(tmp_path: Path) -> None:
    """transformers keeps such keys and computes without them."""
    folder = write_model("llama", LLAMA, tmp_path / "llama")
    ids = torch.arange(4, 60)[None]
    profile = files.load(
        "llama-3-taiwan-8b", {"model.path": str(folder), "quantization.method": "none"}
    )
    right = PlainModel(load_base(profile, CPU, silent))
    configure(folder, final_logit_softcapping=0.01, sliding_window=3, query_pre_attn_scalar=1)
    found = PlainModel(load_base(profile, CPU, silent))
    builder_free = plan_of(ids)
    with torch.no_grad():
        assert torch.equal(found.losses(builder_free), right.losses(builder_free))
        assert torch.equal(found.model(ids).logits, right.model(ids).logits)
    made = choose_engine(found.model, profile)
    assert made.generate([ids[0].tolist()], frozenset({1}), short(profile), 0) == (
        choose_engine(right.model, profile).generate(
            [ids[0].tolist()], frozenset({1}), short(profile), 0
        )
    )


def short(profile: Profile):  # type: ignore[no-untyped-def]
    return msgspec.structs.replace(profile.generation, max_new_tokens=6)


def plan_of(ids: torch.Tensor):  # type: ignore[no-untyped-def]
    from engine.prompts.builder import Encoded

    encoded = Encoded("", ids[0].tolist(), [0] * 30 + [1] * (ids.shape[1] - 30))
    (batch,) = plan_passes([encoded], row_tokens=0, tokens_per_pass=4096, pad_id=0)
    return batch


@pytest.mark.parametrize("lacks", ["model.norm.weight", "model.layers.1.self_attn.q_proj.weight"])
def test_families_that_are_not_known_are_checked_by_what_loading_tells(
    lacks: str, tmp_path: Path
) -> None:
    folder = write_model("mistral", LLAMA, tmp_path / "mistral")
    profile = files.load("llama-3-taiwan-8b", {"model.path": str(folder)})
    load_base(profile, CPU, silent)
    file = next(path for path in folder.glob("*.safetensors") if lacks in load_file(path))
    tensors = load_file(file)
    changed = {
        "missing": {name: one for name, one in tensors.items() if name != lacks},
        "left over": {**tensors, "model.layers.1.self_attn.q_proj.bias": torch.zeros(64)},
        "needs to be": {**tensors, lacks: torch.zeros(3, 3)},
    }
    for words, content in changed.items():
        save_file(content, file, {"format": "pt"})
        with pytest.raises(UserError, match=f"{folder}: .*{words}"):
            load_base(profile, CPU, silent)


ADAPTER_FAULTS: dict[str, tuple[Callable[[Tensors], Tensors], dict[str, object], str]] = {
    "other prefix": (
        lambda found: {name.replace("model.model.", "model.model.language_model."): tensor
                       for name, tensor in found.items()},
        {}, "layers that the base model does not have: 56 of 56, first language_model.model",
    ),
    "a B missing": (
        lambda found: {k: v for k, v in found.items() if "3.mlp.up_proj.lora_B" not in k},
        {}, r"layers\.3\.mlp\.up_proj has lora_A and no lora_B",
    ),
    "a layer missing": (
        lambda found: {k: v for k, v in found.items() if "3.mlp.up_proj" not in k},
        {}, "names 'up_proj'; such layers without matrices: 1",
    ),
    "transposed": (
        lambda found: {k: v.T.contiguous() if "1.mlp.down_proj.lora_B" in k else v
                       for k, v in found.items()},
        {}, r"down_proj has A of 16 × 768 and B of 16 × 256, which does not fit a layer",
    ),
    "another rank": (lambda found: found, {"r": 4}, "is of rank 16, and adapter_config.json says"),
    "no rank": (lambda found: found, {"r": 0}, "r is 0; needed is a rank above 0"),
    "no scaling": (lambda found: found, {"lora_alpha": "x"}, "lora_alpha is 'x'; needed is a num"),
    "another kind": (lambda found: found, {"peft_type": "IA3"}, "peft_type is 'IA3', and Yiwen"),
    "targets elsewhere": (
        lambda found: found, {"target_modules": ["c_attn"]}, "and the base has no such layer",
    ),
    "more beside": (
        lambda found: {**found, "base_model.model.lm_head.weight": torch.zeros(6400, 256)},
        {}, "holds more than LoRA matrices: base_model.model.lm_head.weight",
    ),
    "integers": (
        lambda found: {k: v.to(torch.int32) for k, v in found.items()}, {}, "is stored as I32",
    ),
    "nothing": (lambda found: {"a": torch.zeros(1)}, {}, "holds no LoRA matrices"),
    "no number": (
        lambda found: {k: v * math.nan if "1.mlp.down_proj.lora_B" in k else v
                       for k, v in found.items()},
        {}, "lora_B.weight holds what is no number, or infinite",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ADAPTER_FAULTS)
def test_an_adapter_with_a_fault_is_refused_and_leaves_the_base_alone(
    name: str, adapters: list[Path], tmp_path: Path, profile: Profile
) -> None:
    spoil, keys, words = ADAPTER_FAULTS[name]
    folder = tmp_path / "adapter"
    shutil.copytree(adapters[0], folder)
    file, config = folder / adapter_check.WEIGHTS, folder / adapter_check.CONFIG
    save_file(spoil(load_file(file)), file)
    config.write_text(json.dumps({**json.loads(config.read_text("utf-8")), **keys}))
    model = load_base(profile, CPU, silent)
    with pytest.raises(UserError, match=words) as told:
        load_adapter(model, folder, "default")
    assert str(told.value).count("\n") == 0
    assert load_adapter(model, adapters[1], "default", silent).active_adapter == "default"


@pytest.mark.parametrize("size", [0, 7, 5000])
def test_an_adapter_that_is_cut_off_is_refused(
    size: int, adapters: list[Path], tmp_path: Path
) -> None:
    folder = tmp_path / "adapter"
    shutil.copytree(adapters[0], folder)
    file = folder / adapter_check.WEIGHTS
    file.write_bytes(file.read_bytes()[:size])
    with pytest.raises(UserError, match=r"adapter_model\.safetensors: .*; get it again"):
        adapter_check.check(folder, MODEL)


def test_an_adapter_that_has_learnt_nothing_is_said_to(profile: Profile, tmp_path: Path) -> None:
    folder = tmp_path / "adapter"
    fresh = add_adapter(load_base(profile, CPU, silent), profile.lora, seed=0)
    fresh.save_pretrained(str(folder), save_embedding_layers=False)
    said: list[str] = []
    model = load_base(profile, CPU, silent)
    load_adapter(model, folder, "default", lambda message, hint: said.append(message))
    assert said == [f"{folder}: the adapter has learnt nothing yet: all its B are zero"]


def test_memory_that_runs_out_while_weights_are_converted_is_told_as_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """transformers logs what went wrong with a weight; its error does not say it."""
    import bitsandbytes

    def no_room(*given: object, **more: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    monkeypatch.setattr(bitsandbytes.functional, "quantize_4bit", no_room)
    profile = files.load("tiny")
    with pytest.raises(torch.OutOfMemoryError, match="out of memory while loading"):
        load_base(profile, torch.device("cpu"), lambda words, hint: None)


def test_large_files_are_looked_through_once_and_again_when_they_change(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanned, "LARGE", 1000)
    path = folder / "model.safetensors"
    assert not scanned.is_known(path)
    load_base(on(folder), CPU, silent)
    assert scanned.is_known(path)
    name = "model.norm.weight"
    change(folder, lambda tensors: tensors | {name: tensors[name] * math.nan})
    assert not scanned.is_known(path)
    with pytest.raises(UserError, match="holds what is no number"):
        load_base(on(folder), CPU, silent)
    assert not scanned.is_known(path)
