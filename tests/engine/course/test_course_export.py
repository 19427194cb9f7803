"""What is handed in for the course: the adapter's form, the texts, the rules; nothing is loaded."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import disk_calls
import pytest
from commands import as_json, run_command
from samples import ENDED, MODEL, make_run, score, tiny
from weight_writing import adapter_shapes, write_adapter, write_tensors

from engine.course import adapter, export, rules, scripts, year
from engine.course.rules import Sizes
from engine.data.dataset import Pair
from engine.machine.files import take_back
from engine.profile import files
from engine.profile.schema import Profile, Quantization
from engine.run import events
from engine.run.folder import Run
from engine.run.prompt_builder import builder_for

Y2024 = year.get(2024)
NEWER = {"alora_invocation_tokens": None, "use_qalora": False, "qalora_group_size": 16}


def trained_run(root: Path, *written: events.Event, **config: Any) -> Run:
    """A finished run with an adapter of a few bytes."""
    run = make_run(root, *(written or ENDED))
    _adapter(run.adapter_path, **config)
    return run


def _adapter(folder: Path, **config: Any) -> None:
    base = {"base_model_name_or_path": "/home/me/models/tiny", "inference_mode": True}
    write_adapter(folder, **config, **base)


def utils_of(profile: Profile, monkeypatch: pytest.MonkeyPatch, gpu: bool) -> dict[str, Any]:
    """utils.py, run where torch and transformers are stand-ins."""
    torch = types.ModuleType("torch")
    torch.__dict__.update(float16="float16", float32="float32", bfloat16="bfloat16", dtype=str)
    cuda = types.SimpleNamespace(is_available=lambda: gpu, is_bf16_supported=lambda: True)
    torch.__dict__.update(cuda=cuda)
    transformers = types.ModuleType("transformers")
    transformers.__dict__.update(BitsAndBytesConfig=dict)
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "transformers", transformers)
    space: dict[str, Any] = {}
    exec(scripts.utils_py(profile, builder_for(profile, []), "run", "eager"), space)
    return space


def changed(**settings: str) -> Profile:
    return files.override(tiny(), {key.replace("__", "."): v for key, v in settings.items()})


@pytest.mark.parametrize(
    "template",
    [
        "{system}{instruction}",
        "'''{instruction}\"\"\" \\n\\\n\n{examples}答：",
        "{instruction}\r\n\u2028{ x} {instruction}\n",
    ],
)
def test_get_prompt_is_the_runs_prompt_to_the_letter(
    template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = changed(prompt__template=template, few_shot__examples="0")
    builder = builder_for(profile, [])
    get_prompt = utils_of(profile, monkeypatch, gpu=False)["get_prompt"]
    for instruction in ("翻譯成文言文：\n他說「好」", " {system} \\ '\" ", ""):
        assert get_prompt(instruction) == builder.text(instruction)


def test_get_prompt_trims_where_the_profile_does(monkeypatch: pytest.MonkeyPatch) -> None:
    profile = changed(prompt__trim="true")
    get_prompt = utils_of(profile, monkeypatch, gpu=False)["get_prompt"]
    assert get_prompt("  學 \n") == builder_for(profile, []).text("  學 \n")


@pytest.mark.parametrize(
    ("settings", "gpu", "expected"),
    [
        (
            {},
            True,
            {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4",
             "bnb_4bit_use_double_quant": True, "bnb_4bit_compute_dtype": "bfloat16"},
        ),
        (
            {"quantization__method": "fp4", "quantization__double": "false",
             "quantization__compute_dtype": "float16"},
            True,
            {"load_in_4bit": True, "bnb_4bit_quant_type": "fp4",
             "bnb_4bit_use_double_quant": False, "bnb_4bit_compute_dtype": "float16"},
        ),
        (
            {"model__dtype": "float16"},
            False,
            {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4",
             "bnb_4bit_use_double_quant": True, "bnb_4bit_compute_dtype": "float32"},
        ),
        ({"quantization__method": "int8"}, True, {"load_in_8bit": True}),
        (
            {"quantization__method": "none"},
            True,
            {"load_in_8bit": True, "llm_int8_skip_modules": ["model", "lm_head"]},
        ),
    ],
)  # fmt: skip
def test_get_bnb_config_is_the_runs_quantisation(
    settings: dict[str, str], gpu: bool, expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert utils_of(changed(**settings), monkeypatch, gpu)["get_bnb_config"]() == expected


def test_the_adapter_is_two_files_that_old_peft_reads(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = trained_run(root, **NEWER, lora_bias=True)
    made = as_json(capsys, "export", run.id, "--course", str(tmp_path / "hand"))
    folder = tmp_path / "hand" / "adapter_checkpoint"
    assert sorted(p.name for p in folder.iterdir()) == [adapter.CONFIG, adapter.WEIGHTS]
    assert (folder / adapter.WEIGHTS).read_bytes() == (
        run.adapter_path / adapter.WEIGHTS
    ).read_bytes()
    config = json.loads((folder / adapter.CONFIG).read_text())
    assert config["base_model_name_or_path"] == "tiny"
    assert config["target_modules"] == ["q_proj", "v_proj"]
    assert not config.keys() & {*NEWER, "lora_bias"}
    assert [w for w in made["warnings"] if "lora_bias" in w]
    assert not [w for w in made["warnings"] if "qalora" in w]
    assert (made["perplexity"], made["prompt"]) == (
        12.5,
        builder_for(tiny(), []).digest,
    )


def test_an_export_says_what_is_in_it(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = trained_run(root)
    folder = tmp_path / "hand"
    status, out, err = run_command(capsys, "export", run.id, "--course", str(folder))
    assert status == 0
    assert "perplexity by yiwen     12.5000" in out
    assert err == "! the base model is tiny; the course of 2025 asks for Qwen/Qwen3-4B\n"
    page = (folder / "README.md").read_text("utf-8")
    assert "**12.5000**" in page
    assert "| 4.0 GB |" in page
    usage = subprocess.run(["bash", "run.sh"], cwd=folder, capture_output=True, text=True)
    assert (usage.returncode, usage.stderr[:6]) == (2, "usage:")
    download = subprocess.run(["bash", "download.sh"], cwd=folder, capture_output=True, text=True)
    assert download.returncode == 1
    assert "URL" in download.stderr


def test_what_is_there_is_written_over_only_when_asked(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = trained_run(root)
    (tmp_path / "utils.py").write_text("mine")
    status, _, err = run_command(capsys, "export", run.id, "--course", str(tmp_path))
    assert (status, "holds utils.py already; --force" in err) == (2, True)
    assert (tmp_path / "utils.py").read_text() == "mine"
    assert not (tmp_path / "run.sh").exists()
    assert run_command(capsys, "export", run.id, "--course", str(tmp_path), "--force")[0] == 0
    assert "get_prompt" in (tmp_path / "utils.py").read_text("utf-8")


def test_an_export_over_another_leaves_one_of_the_two_wherever_it_is_killed(
    root: Path, tmp_path: Path
) -> None:
    run = trained_run(root)
    hand = tmp_path / "hand"
    made = hand / export.ADAPTER
    for step, rank in ((1, 4), (2, 8)):
        write_adapter(run.checkpoints_path / f"step-{step:06d}", adapter_shapes(rank), r=rank)
        export.write(run, tmp_path / str(step), f"step-{step:06d}")
    first, second = (contents(tmp_path / step / export.ADAPTER) for step in "12")
    assert first != second
    shutil.copytree(tmp_path / "1", hand)
    ends = []
    for number in disk_calls.killed_before_each(
        lambda: export.write(run, hand, "step-000002", overwrite=True), tmp_path
    ):
        take_back(made)
        ends.append(contents(made))
        assert ends[-1] in (first, second), number
        export.write(run, hand, "step-000001", overwrite=True)
        assert (contents(made), leftovers(hand)) == (first, [])
    assert ends[-1] == second


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def leftovers(folder: Path) -> list[str]:
    """Folders that were to be the adapter's."""
    return [path.name for path in folder.glob(f".{export.ADAPTER}*")]


def test_a_checkpoint_is_exported_with_its_own_score(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scores = [
        events.Evaluated(part="test", score=score(ppl), step=n, checkpoint=f"step-{n:06d}")
        for n, ppl in ((3, 30.0), (6, 20.0))
    ]
    run = trained_run(root, ENDED[0], *scores, *ENDED[1:])
    for number in (3, 6):
        _adapter(run.checkpoints_path / f"step-{number:06d}")
    made = as_json(
        capsys, "export", run.id, "--checkpoint", "3", "--course", str(tmp_path / "hand")
    )
    assert (made["checkpoint"], made["perplexity"]) == ("step-000003", 30.0)


def test_a_run_without_adapter_is_refused_with_a_way_out(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run(root, *ENDED, job="evaluate", strategy="zero-shot")
    for option in ("--course", "--merged"):
        status, _, err = run_command(capsys, "export", run.id, option, str(tmp_path / "hand"))
        assert status == 2
        assert "zero-shot uses the base model as it is" in err
        assert "yiwen train tiny" in err
    assert not (tmp_path / "hand").exists()


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("owner/name", "owner/name"),
        ("/home/me/models/gemma", "gemma"),
        ("/x/hub/models--owner--the-name/snapshots/0123abc", "owner/the-name"),
    ],
)
def test_a_base_model_has_a_name_for_others(path: str, name: str) -> None:
    assert adapter.model_name(path) == name


def test_rules_that_are_broken_are_named() -> None:
    good, builder = tiny(), builder_for(tiny(), [])
    small = Sizes(adapter=10**6, base=2 * 10**9)
    assert rules.broken(Y2024, good, builder, Y2024.base.model, small) == []
    big = Sizes(adapter=5 * 10**9, base=6 * 10**9)
    said = " ".join(map(str, rules.broken(Y2024, good, builder, "meta/llama", big)))
    assert "meta/llama" in said
    assert "5.0 GB; download.sh" in said
    assert "11.0 GB; the course's GPU has 8 GB" in said
    other = changed(model__dtype="float16", generation__temperature="0.5", prompt__bos="none")
    said = " ".join(
        map(str, rules.broken(Y2024, other, builder_for(other, []), Y2024.base.model, small))
    )
    assert all(word in said for word in ("float16", "samples its translations", "prompt.bos"))


def test_the_base_models_size_is_read_from_its_weight_files(tmp_path: Path) -> None:
    shapes = {
        "model.embed_tokens.weight": (100, 8),
        "model.layers.0.q_proj.weight": (64, 8),
        "model.norm.weight": (8,),
        "lm_head.weight": (100, 8),
    }
    write_tensors(tmp_path / "model.safetensors", shapes, "BF16")
    rest = 2 * (800 + 8 + 800)
    assert rules.base_bytes(tmp_path, Quantization("none")) == 2 * 512 + rest
    assert rules.base_bytes(tmp_path, Quantization("int8")) == 512 + rest
    assert 256 + rest < (rules.base_bytes(tmp_path, Quantization("nf4")) or 0) <= 264 + rest
    assert rules.base_bytes(MODEL / "data", Quantization("nf4")) is None


def test_examples_of_a_prompt_are_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Pair("p", "翻譯成文言文：\n好", "善")
    profile = changed(prompt__system="先看一例。")
    builder = builder_for(profile, [shown])
    assert "善" in scripts.utils_py(profile, builder, "run", "eager")


@pytest.mark.parametrize(
    ("asked", "cap", "given"),
    [("eager", None, "eager"), ("sdpa", None, "sdpa"), ("sdpa", 50.0, "eager")],
)
def test_sdpa_is_not_handed_in_where_it_would_drop_a_cap(
    asked: str, cap: float | None, given: str, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"attn_logit_softcapping": cap}))
    assert export.attention_of(changed(model__attention=asked), tmp_path) == given
