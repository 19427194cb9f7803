"""Texts longer than the model's context are named as such."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from commands import run_command
from samples import MODEL, pair, write_pairs
from weight_writing import configure, copy_model

from engine.models import context

LONG = "天氣很冷，" * 300


def test_a_context_is_read_from_the_config(tmp_path: Path) -> None:
    assert context.of_folder(MODEL) == 1024
    assert context.of_folder(tmp_path) == 0
    folder = copy_model(tmp_path / "model")
    for kind, tokens in {"yarn": 4096, "llama3": 1024, "default": 1024}.items():
        configure(folder, rope_scaling={"rope_type": kind, "factor": 4.0})
        assert context.of_folder(folder) == tokens
    configure(folder, max_position_embeddings="many")
    assert context.of_folder(folder) == 0


def test_a_text_that_leaves_no_room_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, said = run_command(capsys, "translate", "tiny", LONG)
    assert (status, out) == (2, "")
    last = said.splitlines()[-1]
    assert last.startswith("yiwen: the prompt has 1,5")
    assert "the model's context 1,024, which leaves no room for an answer; shorten" in last


def test_of_many_lines_only_the_long_one_is_left_empty(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = io.BytesIO(f"天寒\n{LONG}\n學而\n".encode())
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(lines, "utf-8"))
    status, out, said = run_command(
        capsys, "translate", "tiny", "--set", "generation.max_new_tokens=2"
    )
    assert status == 0
    assert [bool(line) for line in out.split("\n")] == [True, False, True, False]
    assert said.count("! the prompt has 1,5") == 1


def test_the_card_and_the_run_say_how_many(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, root: Path
) -> None:
    folder = copy_model(tmp_path / "model")
    configure(folder, max_position_embeddings=20)
    data = write_pairs(tmp_path / "test.json", [pair(1), pair(2)])
    given = ("--set", f"model.path={folder}", "--test", str(data), "--runs", str(root))
    status, said, _ = run_command(capsys, "preflight", "tiny", *given)
    assert status == 0
    assert "longer than the 20 tokens that the model was made for" in said
    status, _, said = run_command(capsys, "evaluate", "tiny", *given, "--no-outputs")
    assert status == 0
    assert "data.test: 2 items are longer than the model's context of 20 tokens, first" in said
    file = tmp_path / "ask.json"
    file.write_text(json.dumps([{"id": "L", "instruction": "翻譯成文言文：\n他走了。"}]))
    status, _, said = run_command(
        capsys,
        "predict",
        "tiny",
        str(file),
        "-o",
        str(tmp_path / "out.json"),
        "--set",
        f"model.path={folder}",
        "--runs",
        str(root),
    )
    assert status == 0
    assert "data.test: 1 item is longer than the model's context of 20 tokens, first L" in said
