"""What is handed in, graded as the course grades: other processes, transformers and PEFT alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from peft import PeftModel
from small_runs import RunMaker, SmallRun
from transformers import AutoModelForCausalLM, AutoTokenizer

from engine.cli import main
from engine.course import check, export, scripts
from engine.course.export import Export
from engine.data import dataset
from engine.machine.processes import python
from engine.profile import files
from engine.profile.schema import Profile
from engine.run import prompt_builder, runs_folder
from engine.run.folder import Run

PPL = """
import json, sys

import bitsandbytes
import numpy
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from utils import get_bnb_config, get_prompt

base, adapter, test = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(base)
model = AutoModelForCausalLM.from_pretrained(
    base, torch_dtype=torch.float32, quantization_config=get_bnb_config()
)
for module in model.modules():  # packed for this processor, its constants would be rounded
    if isinstance(module, bitsandbytes.nn.Linear4bit):
        module.support_avx512bf16_for_cpu = False
model = PeftModel.from_pretrained(model, adapter)
model.eval()
perplexities = []
for item in json.load(open(test, encoding="utf-8")):
    prompt = tokenizer(get_prompt(item["instruction"]), add_special_tokens=False)["input_ids"]
    output = tokenizer(item["output"], add_special_tokens=False)["input_ids"]
    ids = [tokenizer.bos_token_id] + prompt + output + [tokenizer.eos_token_id]
    counts = [0] * (len(prompt) + 1) + [1] * (len(output) + 1)
    ids, counts = torch.tensor([ids[:2048]]), torch.tensor([counts[:2048]])
    with torch.no_grad():
        logits = model(ids, attention_mask=torch.ones_like(ids)).logits.float()
    each = torch.nn.CrossEntropyLoss(reduction="none")(
        logits[:, :-1].transpose(1, 2), ids[:, 1:]
    )
    counts = counts[:, 1:]
    perplexities.append(torch.exp((each * counts).sum(1) / counts.sum(1)).tolist())
print(numpy.mean(perplexities))
"""


@pytest.fixture(scope="module")
def handed_in(finished_run: SmallRun, tmp_path_factory: pytest.TempPathFactory) -> Export:
    return export.write(finished_run.run, tmp_path_factory.mktemp("hand") / "in")


def _elsewhere(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """A program that knows nothing of Yiwen."""
    environment = {
        k: v for k, v in python.environment().items() if k not in ("PYTHONPATH", "PYTHONSAFEPATH")
    }
    environment["PYTHON"] = sys.executable
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def evaluated(finished_run: SmallRun) -> Run:
    """What `yiwen evaluate` makes of the run: the number, and outputs to compare with."""
    root = str(finished_run.run.folder.parent)
    outputs = ["--set", "evaluation.outputs=true"]
    assert main(["evaluate", finished_run.run.id, "--runs", root, *outputs]) == 0
    return runs_folder.find(finished_run.run.folder.parent, "latest")


def test_the_courses_script_gets_the_number_of_yiwen_evaluate(
    handed_in: Export, finished_run: SmallRun, evaluated: Run
) -> None:
    score = evaluated.summary().score
    assert score is not None
    ours = score.perplexity
    script = handed_in.folder / "ppl.py"
    script.write_text(PPL, "utf-8")
    command = [str(handed_in.model_folder), str(handed_in.adapter), str(finished_run.data["test"])]
    done = _elsewhere(handed_in.folder, sys.executable, "ppl.py", *command)
    script.unlink()
    assert float(done.stdout) == pytest.approx(ours, rel=1e-4)  # the course grants us 0.5 %
    assert handed_in.score is not None
    assert handed_in.score.perplexity == pytest.approx(ours, rel=1e-5)


def test_run_sh_translates_as_the_run_does(
    handed_in: Export, evaluated: Run, tmp_path: Path
) -> None:
    lines = (evaluated.evaluations_path / "test.jsonl").read_text("utf-8").splitlines()
    ours = [json.loads(line) for line in lines]
    given, answers = tmp_path / "in put.json", tmp_path / "out put.json"
    items = [{"id": one["id"], "instruction": one["instruction"]} for one in ours]
    given.write_text(json.dumps(items, ensure_ascii=False), "utf-8")
    _elsewhere(
        tmp_path,
        "bash",
        str(handed_in.folder / "run.sh"),
        str(handed_in.model_folder),
        str(handed_in.adapter),
        str(given),
        str(answers),
    )
    expected = [{"id": one["id"], "output": one["output"]} for one in ours]
    assert json.loads(answers.read_text("utf-8")) == expected
    assert any(one["output"] for one in ours)


def test_mistakes_in_predictions_are_found(handed_in: Export, tmp_path: Path) -> None:
    pairs = dataset.read(handed_in.run.settings.data["test"].path).pairs[:4]
    outputs = ["好", "", "好<eos>", f"問：{pairs[3].instruction}"]
    answers = [{"id": pair.id, "output": out} for pair, out in zip(pairs, outputs)]
    path = tmp_path / "prediction.json"
    path.write_text(json.dumps(answers), "utf-8")
    found = check.mistakes_in(path, pairs, handed_in)
    assert [str(mistake).split(": ")[1] for mistake in found] == [f"item {p.id}" for p in pairs[1:]]
    assert [word in line for word, line in zip(("empty", "<eos>", "prompt"), found)] == [True] * 3
    path.write_text(json.dumps(answers[::-1]), "utf-8")
    assert check.mistakes_in(path, pairs, handed_in) == [
        "prediction.json: its ids are not those of the input, in its order"
    ]


def test_an_export_checks_itself_and_says_when_the_numbers_disagree(
    finished_run: SmallRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = str(finished_run.run.folder.parent)
    hand = tmp_path / "hand"
    command = ["export", finished_run.run.id, "--runs", root, "--course", str(hand), "--check"]
    status = main(command)
    said = capsys.readouterr()
    assert "(0.00% apart: agrees)" in said.out, said
    assert status in (0, 1)  # a run of six steps may answer nothing to an item
    assert "The same by `grade.py`" in (hand / "README.md").read_text("utf-8")
    assert sorted(os.listdir(hand)) == [
        "README.md",
        "adapter_checkpoint",
        "download.sh",
        "grade.py",
        "predict.py",
        "run.sh",
        "utils.py",
    ]


@pytest.fixture(scope="module")
def merged(finished_run: SmallRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("merged") / "model"
    root = str(finished_run.run.folder.parent)
    command = ["export", finished_run.run.id, "--runs", root, "--merged", str(folder)]
    assert main([*command, "--dtype", "float32"]) == 0
    return folder


def test_merged_weights_answer_as_base_and_adapter_do(
    merged: Path, finished_run: SmallRun, profile: Profile
) -> None:
    base = AutoModelForCausalLM.from_pretrained(profile.model.path, dtype=torch.float32)
    alone = AutoModelForCausalLM.from_pretrained(str(merged), dtype=torch.float32)
    ids = AutoTokenizer.from_pretrained(str(merged))("學而時習之", return_tensors="pt").input_ids
    with torch.no_grad():
        bare = base(ids).logits
        both = PeftModel.from_pretrained(base, str(finished_run.run.adapter_path))(ids).logits
        one = alone(ids).logits
    assert torch.allclose(one, both, atol=1e-4)
    assert not torch.allclose(bare, both, atol=1e-2)


def test_a_merged_folder_is_whole_and_has_a_profile(merged: Path) -> None:
    names = {path.name for path in merged.iterdir()}
    assert names >= {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    assert not list(merged.parent.glob(".*"))
    own = files.load(merged / "model.toml")
    assert own.model.path == str(merged)
    assert own.quantization.method == "none"
    assert json.loads((merged / "config.json").read_text())["torch_dtype"] == "float32"


def test_a_merged_model_is_not_written_over_or_where_it_does_not_fit(
    merged: Path,
    finished_run: SmallRun,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root = str(finished_run.run.folder.parent)
    command = ["export", finished_run.run.id, "--runs", root, "--merged"]
    assert main([*command, str(merged)]) == 2
    assert "exists already" in capsys.readouterr().err
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=1))
    assert main([*command, str(tmp_path / "new")]) == 2
    assert "are free; free some space" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_an_unquantised_run_is_graded_unquantised(
    make_run: RunMaker, tmp_path: Path, profile: Profile
) -> None:
    """The grader insists on a configuration; ours passes every layer over."""
    small = make_run(**{"strategy": "zero-shot", "quantization.method": "none"})
    text = scripts.utils_py(
        small.run.settings.profile, prompt_builder.builder_of(small.run.settings), "x", "eager"
    )
    (tmp_path / "utils.py").write_text(text, "utf-8")
    program = (
        "import sys, torch, bitsandbytes, utils\n"
        "from transformers import AutoModelForCausalLM\n"
        "model = AutoModelForCausalLM.from_pretrained(sys.argv[1],\n"
        "    quantization_config=utils.get_bnb_config(), torch_dtype=torch.float32)\n"
        "kinds = {type(m) for m in model.modules() if isinstance(m, torch.nn.Linear)}\n"
        "assert kinds == {torch.nn.Linear}, kinds\n"
    )
    (tmp_path / "program.py").write_text(program)
    _elsewhere(tmp_path, sys.executable, "program.py", profile.model.path)
