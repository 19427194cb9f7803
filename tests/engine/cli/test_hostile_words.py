"""What others have written is shown to no terminal raw, and becomes no code, command or path."""

from __future__ import annotations

import ast
import csv
import json
import os
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
from commands import run_command
from fake_hub import FakeHub, serving
from samples import MODEL, judged, make_run, score, step, tiny

from engine.cli import output
from engine.course import scripts
from engine.language.errors import UserError
from engine.language.plain_text import escaped, harmless, one_line, plain
from engine.models import adapter_check, hub
from engine.models.hub_source import HubSource
from engine.report import repeating
from engine.run import prompt_builder
from engine.run.events import (
    Evaluated,
    Failed,
    Finished,
    Judged,
    Phase,
    Sample,
    Saved,
    Started,
    Warned,
)
from engine.run.folder import Run

EVIL = "\x1b[2J\x1b]0;owned\x07\x1bPq\x1b\\\x9b31m\x90\x07\b\r\u061c\u202e\u2066\u200f\x7f\udcff!"
"""Sequences and single codes: 7 and 8 bits, titles, deletion, turned lines, no UTF-8."""
RAW = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ud800-\udfff]"
)
COMMANDS = [
    "runs", "runs --json", "runs --columns all", "runs -o {out}", "show {run}", "show {run} --json",
    "note {run}", "note {run} --json", "note {run} --name {evil}", "items {run}",
    "items {run} --json", "compare", "compare --json", "compare {run} {other}",
    "diff {run} {other}",
    "watch {run}", "watch {run} --json", "report {run} -o {out}/report", "queue", "queue --json",
    "stop {run}", "resume {run}", "delete {evil} --yes", "show {evil}", "evaluate {evil}",
    "train {evil}", "export {run} --course {out}/hand", "export {run} --merged {out}/merged",
    "translations", "experiments", "profiles", "profiles --json", "profiles check {profile}",
    "profiles show {profile}", "prompt {profile} --instruction {text}",
    "prompt tiny --instruction {text}",
    "prompt tiny --json --instruction {text}", "data describe {data}", "data check {data}",
    "data check {data} --json", "data leaks {data} {data}",
    "data split {data} --validation 1 -o {out}/s",
    "data describe {out}/{evil}", "preflight {profile}", "pull {evil}", "settings",
    "translate {run} {text}",
    "runs {evil}", "runs --columns {evil}", "{evil}", "runs --{evil}",
]  # fmt: skip


def _hostile_run(root: Path, run_id: str) -> Run:
    profile = tiny()
    clean = EVIL.replace("\udcff", "")
    number = score(12.5)
    run = make_run(
        root,
        Started(steps=9, device=clean, host=clean, engine=clean),
        Phase(name=clean),
        Warned(message=clean, hint=clean),
        step(1),
        Sample(step=1, id=clean, instruction=clean, output=clean, reference=clean),
        Saved(step=1, checkpoint=clean, best=True),
        Evaluated(part="test", score=number, directions={clean: number}, step=1,
                  checkpoint=clean, file="evaluations/test.jsonl", definition={clean: clean}),
        Judged(part="test", judgement=judged().judgement, file="evaluations/test.jsonl"),
        Failed(type=clean, message=clean, hint=clean) if "failed" in run_id
        else Finished(score=number, checkpoint=clean, file="evaluations/test.jsonl"),
        run_id=run_id, strategy="qlora", gpu=clean, host=clean, git=clean, versions={clean: clean},
        overrides={"model.path": clean}, adapter_run=clean, checkpoint=clean, profile=profile,
    )  # fmt: skip
    (run.folder / "evaluations").mkdir()
    row = {"id": clean, "direction": clean, "instruction": clean, "output": clean,
           "reference": clean, "perplexity": 2.0, "nll": 1.0, "tokens": 3}  # fmt: skip
    (run.folder / "evaluations" / "test.jsonl").write_text(json.dumps(row) + "\n")
    notes = (
        f"name = {json.dumps(clean)}\ntags = [{json.dumps(clean)}]\nnote = {json.dumps(clean)}\n"
    )
    (run.folder / "notes.toml").write_text(notes.replace("\\u007f", "\\u007F"))
    return run


def test_no_command_prints_what_a_terminal_obeys(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = _hostile_run(root, f"20260101-120000-{EVIL.replace(chr(0xDCFF), '')}")
    other = _hostile_run(root, "20260102-120000-failed")
    other.folder.rename(root / f"20260102-120000-failed{EVIL}")
    data = tmp_path / f"data{EVIL}.json"
    clean = EVIL.replace("\udcff", "")
    items = [{"id": clean + str(n), "instruction": clean, "output": clean} for n in range(3)]
    data.write_text(json.dumps(items))
    profile = tmp_path / f"p{clean}.toml"
    profile.write_text(f"title = {json.dumps(clean)}\n[model]\npath = {json.dumps(clean)}\n")
    places = {"run": run.id, "other": other.id, "evil": EVIL, "text": clean,
              "out": str(tmp_path / "out"),
              "data": str(data), "profile": str(profile)}  # fmt: skip
    for command in COMMANDS:
        words = [word.format(**places) for word in command.split()]
        try:
            _, said, trouble = run_command(capsys, *words, "--runs", str(root))
        except SystemExit:
            captured = capsys.readouterr()
            said, trouble = captured.out, captured.err
            if "--runs" in trouble:  # the command takes none
                try:
                    _, said, trouble = run_command(capsys, *words)
                except SystemExit:
                    captured = capsys.readouterr()
                    said, trouble = captured.out, captured.err
        found = RAW.search(said + trouble)
        assert not found, (command, (said + trouble)[max(0, found.start() - 60) : found.end() + 20])


def test_harmless_text_keeps_its_lines_and_loses_what_is_obeyed() -> None:
    assert harmless(f"a\tb\n{EVIL}") == "a\tb\n\ufffd!"
    assert plain("\u061ca\u202eb\u2069") == "ab"
    assert one_line(f"{EVIL}\n學 ") == "\ufffd! 學"


def test_json_means_the_same_and_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"id": EVIL.replace("\udcff", ""), "學": "而"}
    output.print_json(value)
    said = capsys.readouterr().out
    assert json.loads(said) == value
    assert not RAW.search(said)
    assert "學" in said
    assert json.loads(escaped(json.dumps(value, ensure_ascii=False))) == value


@pytest.mark.parametrize(
    "name", ['"""\nimport os\nos.abort()\n"""', "\\", "'''", "{x}", "\x00\u202e"]
)
def test_no_name_becomes_code_of_the_hand_in(name: str) -> None:
    profile = tiny()
    text = scripts.utils_py(profile, prompt_builder.builder_for(profile, []), name, "eager")
    tree = ast.parse(text)
    values = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    assert values["MADE_FROM"] == name
    assert not any(isinstance(node, ast.Name) and node.id == "os" for node in ast.walk(tree))


def test_what_would_become_code_is_refused() -> None:
    for text in ("import os\nos.abort()\n", "x = 1\n", '"""', "def get_prompt(): pass\n"):
        with pytest.raises(UserError, match="cannot be written as Python"):
            scripts._check(text)


def test_commands_to_copy_are_quoted(root: Path) -> None:
    hostile = "x; touch owned #"
    run = make_run(root, run_id=hostile, job="evaluate", adapter_run=hostile, checkpoint="$(touch)")
    for line in repeating.commands(run):
        if not line.startswith("#"):
            words = shlex.split(line)
            assert hostile in words
            assert "touch" not in words
    trained = make_run(root, run_id="y; touch owned", strategy="qlora", overrides={"a": "$(id)"})
    for line in repeating.commands(trained):
        assert (
            line.startswith("#")
            or "a=$(id)" in shlex.split(line)
            or "profiles/y; touch owned.toml" in shlex.split(line)
        )  # noqa: E501


@pytest.mark.parametrize(
    "said", ["../../../../owned", "/tmp/owned", "..", ".", "a/../../b", "a\nb", 7]
)
def test_the_commit_that_a_hub_names_becomes_no_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: Any
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("fake_hub.COMMIT", said)
    with serving(FakeHub({"owner/tiny": MODEL})) as served:
        monkeypatch.setenv("HF_ENDPOINT", served.url)
        with pytest.raises(UserError, match="names a commit that is none"):
            HubSource.open("owner/tiny", "main")
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("revision", ["../../../owned", "/etc", "..", "a/../b", "-x", ""])
def test_a_revision_leads_nowhere_else(revision: str) -> None:
    with pytest.raises(UserError, match="is no branch, tag or commit"):
        hub.find("owner/name", revision)


@pytest.mark.parametrize(
    "name", ["../x.safetensors", "/x.safetensors", "..", "pytorch_model.bin", "a/b"]
)
def test_an_index_names_safetensors_beside_it_alone(tmp_path: Path, name: str) -> None:
    index = tmp_path / hub.INDEX
    index.write_text(json.dumps({"weight_map": {"a": name}}))
    with pytest.raises(UserError, match="names no weights beside it"):
        hub.files_of_index(index)


def test_a_reference_in_the_cache_leads_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    reference = hub.repository_folder("owner/name") / "refs" / "main"
    reference.parent.mkdir(parents=True)
    reference.write_text("../../..")
    assert hub.find("owner/name") is None


def test_a_spoilt_model_is_neither_taken_nor_called_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        shutil.copy(MODEL / name, source)
    copy = ["pull", "owner/tiny", "--from", str(source), "--to", str(target)]
    assert run_command(capsys, *copy)[0] == 0
    weights = target / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))  # of the right size, and wrong
    assert run_command(capsys, *copy)[0] == 0
    assert weights.read_bytes() == whole
    weights.unlink()
    (target / "model.safetensors.part").write_bytes(b"of another model")
    status, _, trouble = run_command(capsys, *copy)
    assert status == 2
    assert "arrived damaged" in trouble
    (source / "config.json").write_text("<html>")
    status, _, trouble = run_command(capsys, *copy)
    assert (status, "config.json: is no JSON object" in trouble) == (2, True)
    shutil.copy(MODEL / "config.json", source)
    blob = tmp_path / ("0" * 64)
    os.replace(source / "model.safetensors", blob)
    (source / "model.safetensors").symlink_to(blob)
    status, _, trouble = run_command(capsys, "pull", "owner/tiny", "--from", str(source))
    assert (status, "is not what its checksum says" in trouble) == (2, True)


@pytest.mark.parametrize(
    "said",
    [
        {"megatron_config": {"a": 1}, "megatron_core": "planted.core"},
        {"megatron_config": {}, "megatron_core": "planted"},
        {"auto_mapping": {"base_model_class": "X", "parent_library": "planted"}},
        {"corda_config": {"cache_file": "evil.pt"}},
        {"init_lora_weights": "corda"},
        {"loftq_config": {"loftq_bits": 4}},
        {"a_key_of_tomorrow": "planted"},
        {"peft_type": "XLORA", "adapters": {"0": "elsewhere"}},
        {"peft_type": "PROMPT_TUNING", "tokenizer_name_or_path": "evil"},
    ],
)
def test_an_adapter_names_no_module_and_no_file(tmp_path: Path, said: dict[str, Any]) -> None:
    config = {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": ["q_proj"]}
    config |= {"init_lora_weights": True, "peft_version": "0.21.2", "megatron_config": None}
    (tmp_path / "adapter_config.json").write_text(json.dumps(config))
    with pytest.raises(UserError, match="no such file"):  # only the weights are missing
        adapter_check.check(tmp_path, MODEL)
    (tmp_path / "adapter_model.safetensors").write_bytes(b"\2\0\0\0\0\0\0\0{}")
    (tmp_path / "adapter_config.json").write_text(json.dumps(config | said))
    with pytest.raises(UserError, match="Yiwen (loads|knows)"):
        adapter_check.check(tmp_path, MODEL)


def test_a_pickle_in_an_adapters_folder_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text('{"peft_type": "LORA"}')
    (tmp_path / "adapter_model.bin").write_bytes(b"cos\nsystem\n(S'touch owned'\ntR.")
    with pytest.raises(UserError, match=r"holds no adapter_model.safetensors; .* can run code"):
        adapter_check.check(tmp_path, MODEL)


def test_what_a_model_said_is_no_formula_of_a_report(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run(root, Finished(score=score(2.0), file="evaluations/test.jsonl"))
    (run.folder / "evaluations").mkdir()
    row = {"id": "-1", "direction": "to_modern", "instruction": "=1+1", "output": "@SUM(A1)",
           "reference": "+cmd|' /C calc'!A0", "perplexity": 2.0, "nll": 1, "tokens": 3}  # fmt: skip
    (run.folder / "evaluations" / "test.jsonl").write_text(json.dumps(row) + "\n")
    command = ["report", run.id, "-o", str(tmp_path / "report"), "--runs", str(root)]
    assert run_command(capsys, *command)[0] == 0
    said = (tmp_path / "report" / "samples.csv").read_text("utf-8-sig")
    cells = list(csv.reader(said.splitlines()))[1]
    assert cells[0] == "-1"
    assert {"'=1+1", "'@SUM(A1)", "'+cmd|' /C calc'!A0"} <= set(cells)
