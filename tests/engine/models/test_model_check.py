"""Model folders with one fault each: refused by name, by every command, before a worker starts."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from commands import run_command
from samples import MODEL
from weight_writing import Stored, configure, copy_model, read_stored, write_header, write_stored

from engine.language.errors import UserError
from engine.models import model_check, needed_tensors, weight_files
from engine.profile import files
from engine.profile.schema import Model, Quantization

WEIGHTS = "model.safetensors"
UP = "model.layers.1.mlp.up_proj.weight"
NORM = "model.layers.3.input_layernorm.weight"
Spoil = Callable[[Path], None]


def tensors(change: Callable[[dict[str, Stored]], None]) -> Spoil:
    """A fault of the weights."""

    def spoil(folder: Path) -> None:
        found = read_stored(folder / WEIGHTS)
        change(found)
        write_stored(folder / WEIGHTS, found)

    return spoil


def keys(**settings: object) -> Spoil:
    """A fault of config.json."""
    return lambda folder: configure(folder, **settings)


def put(name: str, tensor: Stored) -> Spoil:
    return tensors(lambda found: found.__setitem__(name, tensor))


def reshaped(name: str, *shape: int) -> Spoil:
    return tensors(lambda found: found.__setitem__(name, replace(found[name], shape=shape)))


def without(*parts: str) -> Spoil:
    def change(found: dict[str, Stored]) -> None:
        for name in [name for name in found if any(part in name for part in parts)]:
            del found[name]

    return tensors(change)


def head(*, equal: bool) -> Spoil:
    """A head of its own, in a model whose config says that it has none."""

    def change(found: dict[str, Stored]) -> None:
        own = found["model.embed_tokens.weight"]
        content = own.content if equal else own.content[2:] + own.content[:2]
        found["lm_head.weight"] = replace(own, content=content)

    return tensors(change)


def in_eight_bits(found: dict[str, Stored]) -> None:
    found[UP] = Stored("F8_E4M3", (768, 256), b"\x38" * (768 * 256))


FAULTS: dict[str, tuple[Spoil, str]] = {
    "norms missing": (without("_feedforward_layernorm"), "pre_feedforward_layernorm.weight and 15"),
    "linear missing": (without(UP), "up_proj.weight is missing, which a gemma2 model with this"),
    "untied without head": (keys(tie_word_embeddings=False), "lm_head.weight is missing"),
    "more layers than weights": (keys(num_hidden_layers=9), "layers.8.self_attn.q_proj.weight and"),
    "fewer layers": (keys(num_hidden_layers=7), "layers.7.input_layernorm.weight and 10"),
    "layer added": (put("model.layers.8.x", Stored("BF16", (2,), b"1234")), "layers.8.x is left"),
    "bias added": (put(UP.replace("weight", "bias"), Stored("BF16", (2,), b"1234")), "left over"),
    "transposed": (reshaped(UP, 256, 768), "up_proj.weight is 256 × 768, and config.json makes it"),
    "wrong width": (keys(intermediate_size=512), "768 × 256, and config.json makes it 512"),
    "norm in two dimensions": (reshaped(NORM, 16, 16), "input_layernorm.weight is 16 × 16, and"),
    "eight bits unsaid": (tensors(in_eight_bits), "up_proj.weight is stored as F8_E4M3, and"),
    "another head": (head(equal=False), "lm_head.weight differs from model.embed_tokens.weight"),
    "bias wanted": (keys(attention_bias=True), "q_proj.bias and 31 more are missing"),
    "vocabulary too small": (keys(vocab_size=900), "is 6400 × 256, and config.json makes it 900"),
    "negative": (keys(num_attention_heads=-4), "num_attention_heads is -4; needed is a whole"),
    "no number": (keys(hidden_size="256"), "hidden_size is '256'; needed is a whole number from 1"),
    "absurd": (keys(num_hidden_layers=10**12), "num_hidden_layers is 1000000000000; needed is"),
    "uneven": (keys(num_key_value_heads=3), "num_key_value_heads is 3; needed is a divisor of"),
    "eps": (keys(rms_norm_eps=0), "rms_norm_eps is 0; needed is a number above 0"),
    "cap": (keys(final_logit_softcapping=-30.0), "final_logit_softcapping is -30.0; needed is"),
    "layer types": (keys(layer_types=["full_attention"]), "layer_types is ['full_attention']; n"),
    "looks ahead": (keys(use_bidirectional_attention=True), "use_bidirectional_attention is True"),
    "fp8": (keys(quantization_config={"quant_method": "fp8"}), "are quantised already, by fp8;"),
    "gptq": (keys(quantization_config={"quant_method": "gptq", "bits": 4}), "already, by gptq;"),
    "mxfp4": (keys(quantization_config={"quant_method": "mxfp4"}), "quantised already, by mxfp4;"),
    "in a strange way": (keys(quantization_config="all"), "quantised already, by 'all';"),
    "fp4": (
        keys(quantization_config={"quant_method": "bitsandbytes", "load_in_4bit": True}),
        'in fp4, and the profile says nf4 double; set quantization.method = "fp4" quantization.dou',
    ),
    "int8": (
        keys(quantization_config={"quant_method": "bitsandbytes", "load_in_8bit": True}),
        'in int8, and the profile says nf4 double; set quantization.method = "int8", or take',
    ),
    "config broken": (lambda at: (at / "config.json").write_text("{"), "config.json: broken JSON"),
    "config missing": (lambda at: (at / "config.json").unlink(), "config.json: no such file"),
    "weights missing": (lambda at: (at / WEIGHTS).unlink(), "model.safetensors: no such file; get"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("model")


@pytest.mark.parametrize("name", FAULTS)
def test_a_model_with_a_fault_is_refused_before_a_run_is_made(
    name: str, folder: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil, words = FAULTS[name]
    copy_model(folder)
    spoil(folder)
    status, out, said = run_command(
        capsys, "evaluate", "tiny", "--set", f"model.path={folder}", "--runs", str(root)
    )
    assert (status, out) == (2, "")
    assert said.count("\n") == 1
    assert said.startswith(f"yiwen: {folder}")
    assert words in said
    assert list(root.iterdir()) == []


@pytest.mark.parametrize(
    "command",
    [
        ("train", "tiny"),
        ("evaluate", "tiny", "--strategy", "few-shot"),
        ("translate", "tiny", "學而"),
        ("preflight", "tiny"),
        ("probe", "tiny"),
    ],
)
def test_every_command_asks_the_same(
    command: tuple[str, ...], folder: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    without(UP)(copy_model(folder))
    own = () if command[0] == "translate" else ("--runs", str(root))
    status, _, said = run_command(capsys, *command, "--set", f"model.path={folder}", *own)
    assert status == 2
    assert "up_proj.weight is missing" in said


def test_checking_a_profile_checks_its_model(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy_model(folder)
    text = (MODEL.parent / "tiny.toml").read_text("utf-8")
    text = text.replace('path = "tiny"', f'path = "{folder}"')
    profile = tmp_path / "own.toml"
    profile.write_text(text.replace('"tiny/', f'"{MODEL}/'), "utf-8")
    (folder / "adapter_config.json").write_text("{}")
    status, said, _ = run_command(capsys, "profiles", "check", str(profile))
    assert status == 0
    assert f"! {folder}: an adapter lies beside the model; it is not applied" in said
    (folder / "adapter_config.json").unlink()
    without(UP)(folder)
    status, _, said = run_command(capsys, "profiles", "check", str(profile))
    assert status == 2
    assert "up_proj.weight is missing" in said


def check(folder: Path, quantization: Quantization | None = None) -> list[str]:
    return model_check.check(Model(path=str(folder)), quantization or Quantization())


@pytest.mark.parametrize(
    "spoil",
    [
        head(equal=True),
        put("model.layers.0.self_attn.rotary_emb.inv_freq", Stored("F32", (32,), bytes(128))),
        keys(rope_theta=None, rope_parameters=None, sliding_window=8, attention_bias=None),
        keys(quantization_config=None),
    ],
)
def test_what_does_no_harm_is_let_be(spoil: Spoil, folder: Path) -> None:
    spoil(copy_model(folder))
    assert check(folder) == []


def test_the_embedded_model_is_whole() -> None:
    profile = files.load("tiny")
    assert model_check.check(profile.model, profile.quantization) == []


def test_a_tokenizer_must_not_know_more_than_the_model(folder: Path) -> None:
    """Were it not told, the run would fail where such an id occurs, and only there."""
    copy_model(folder)
    found = read_stored(folder / WEIGHTS)
    own = found["model.embed_tokens.weight"]
    found["model.embed_tokens.weight"] = Stored("BF16", (900, 256), own.content[: 900 * 512])
    write_stored(folder / WEIGHTS, found)
    configure(folder, vocab_size=900)
    with pytest.raises(UserError, match="ids up to 6,399, and the model only those below 900"):
        check(folder)


def shards(folder: Path, *parts: dict[str, Stored]) -> None:
    """The model in several files, and the index that names them."""
    (folder / WEIGHTS).unlink()
    names = {}
    for number, part in enumerate(parts):
        write_stored(folder / f"part-{number}.safetensors", part)
        names |= dict.fromkeys(part, f"part-{number}.safetensors")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": names}))


def test_models_in_several_files(folder: Path) -> None:
    found = read_stored(copy_model(folder) / WEIGHTS)
    first = {name: tensor for name, tensor in found.items() if "layers.1." in name}
    second = {name: tensor for name, tensor in found.items() if name not in first}
    shards(folder, first, second)
    assert check(folder) == []
    (folder / "part-0.safetensors").unlink()
    with pytest.raises(UserError, match=r"part-0\.safetensors: no such file; get it again"):
        check(folder)
    write_stored(folder / "part-0.safetensors", {**first, "model.norm.weight": found[NORM]})
    with pytest.raises(UserError, match=r"model\.norm\.weight, as part-\d\.safetensors does"):
        check(folder)
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {UP: "../part-0.safetensors"}}))
    with pytest.raises(UserError, match="names no weights beside it"):
        check(folder)
    index.unlink()


def entry(dtype: object, shape: object, *offsets: object) -> dict[str, object]:
    return {"a": {"dtype": dtype, "shape": shape, "data_offsets": list(offsets)}}


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (entry("BF16", [2], 0, 8), "a has not as many bytes as its shape 2 takes"),
        (entry("BF16", [-2, -2], 0, 8), "a has not as many bytes as its shape -2 × -2 takes"),
        (entry("BF17", [4], 0, 8), "a is of an unknown type, BF17"),
        (entry("BF16", [4], 8, 16), "its tensors overlap, or leave gaps"),
        (entry("BF16", [4], 0, "8"), "is no safetensors file"),
        (entry("BF16", 4, 0, 8), "is no safetensors file"),
        (entry("BF16", [4], 0), "is no safetensors file"),
        ({**entry("U8", [8], 0, 8), "b": entry("U8", [8], 0, 8)["a"]}, "its tensors overlap"),
        ({"a": 1}, "is no safetensors file"),
        ([], "is no safetensors file"),
        (entry("BF16", [8], 0, 16), "has 79 bytes and should have 87"),
    ],
)
def test_headers_that_cannot_be_true(header: object, words: str, tmp_path: Path) -> None:
    write_header(tmp_path / WEIGHTS, header, bytes(8))
    with pytest.raises(UserError, match=words):
        weight_files.of_file(tmp_path / WEIGHTS)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"1234",
        b"[" * 10**6,
        struct.pack("<Q", 1 << 62) + b"{}",
        struct.pack("<Q", 99) + b"{",
        struct.pack("<Q", 10**6) + b"[" * 10**6,
        struct.pack("<Q", 2) + b"\xff\xfe",
    ],
)
def test_files_that_are_something_else(content: bytes, tmp_path: Path) -> None:
    (tmp_path / WEIGHTS).write_bytes(content)
    with pytest.raises(UserError, match=r"model\.safetensors: is no safetensors file; get it"):
        weight_files.of_file(tmp_path / WEIGHTS)


def test_a_file_that_is_written_anew_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / WEIGHTS
    write_stored(path, {"a": Stored("BF16", (2,), b"1234")})
    assert list(weight_files.of_file(path)) == ["a"]
    write_stored(path, {"b": Stored("BF16", (2,), b"1234")})
    assert list(weight_files.of_file(path)) == ["b"]


def test_a_tied_model_needs_no_head() -> None:
    for family in needed_tensors.DEFAULTS:
        small = {"model_type": family, "num_hidden_layers": 1}
        tied = needed_tensors.of_family({**small, "tie_word_embeddings": True}) or {}
        own = needed_tensors.of_family({**small, "tie_word_embeddings": False}) or {}
        assert own.keys() - tied.keys() == {"lm_head.weight"}
    assert needed_tensors.of_family({"model_type": "phi3"}) is None
