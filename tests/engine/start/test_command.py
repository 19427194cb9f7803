"""The command that does the same: it comes back, parsed, as the same request."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from samples import make_run

from engine.cli.commands import build_parser
from engine.cli.preflight import training_request
from engine.cli.requests import request
from engine.start.command import command_for
from engine.start.request import Request


@pytest.mark.parametrize(
    "overrides",
    [
        {},
        {"training.epochs": "1", "prompt.system": "\"a 'quoted' text; rm -rf $HOME\""},
        {"data.train": "/a b/2026.json", "data.test": "/x.txt,/y.txt"},
    ],
)
def test_a_training_run(root: Path, overrides: dict[str, str]) -> None:
    asked = Request(root=root, strategy="qlora", profile="tiny", overrides=overrides, gpu="GPU-1")
    words = shlex.split(command_for(asked))
    assert words[:3] == ["yiwen", "train", "tiny"]
    assert training_request(build_parser().parse_args(words[1:])) == asked


def test_an_evaluation_of_a_base_model_and_of_a_run(root: Path) -> None:
    run = make_run(root)
    for asked in (
        Request(
            root=root, strategy="few-shot", profile="tiny", overrides={"few_shot.examples": "2"}
        ),
        Request(root=root, strategy="qlora", run=run, checkpoint="best"),
    ):
        words = shlex.split(command_for(asked))
        assert words[1] == "evaluate"
        assert request(build_parser().parse_args(words[1:])) == asked


def test_files_that_the_screens_write_as_toml_texts_are_plain_paths(root: Path) -> None:
    overrides = {"data.test": '"/data/文.json"', "data.validation": '"/v.json"'}
    asked = Request(root=root, strategy="zero-shot", profile="tiny", overrides=overrides)
    words = shlex.split(command_for(asked))
    assert words[words.index("--test") + 1] == "/data/文.json"
    assert "--validation" not in words


def test_the_usual_runs_folder_is_not_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = Request(root=tmp_path / "runs", strategy="qlora", profile="tiny")
    assert command_for(asked) == "yiwen train tiny"
