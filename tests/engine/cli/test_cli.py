"""The command line: right input gives output and 0, wrong input one readable message and 2."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import tomli
from samples import TINY, make_run

from engine import __version__
from engine.cli import main
from engine.cli.commands import build_parser

SPOKEN = ["prompt", "tiny", "--instruction", "翻譯成現代文：\n其恕乎"]


def failure(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command says on standard error that cannot do what it was asked to."""
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("yiwen: ")
    assert "Traceback" not in said.err
    return said.err.removeprefix("yiwen: ").rstrip("\n")


def output(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    said = capsys.readouterr()
    assert said.err == ""
    return said.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["fly"], "invalid choice: 'fly'"),
        (["train"], "the following arguments are required: PROFILE"),
        (["evaluate", "tiny", "--strategy", "lora"], "invalid choice: 'lora'"),
        (["prompt", "tiny"], "the following arguments are required: --instruction"),
        (["evaluate", "tiny", "--examples", "many"], "invalid count value: 'many'"),
        (["evaluate", "tiny", "--examples", "-1"], "invalid count value: '-1'"),
        (["evaluate", "tiny", "--seed", "-1"], "invalid count value: '-1'"),
        (["runs", "--limit", "-3"], "invalid count value: '-3'"),
        (["translate", "tiny", "x", "--direction", "up"], "invalid choice: 'up'"),
    ],
)
def test_wrong_use_is_said_with_the_usage_and_exit_status_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("usage: yiwen")
    assert said in error


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["profiles", "--help"]])
def test_help_is_printed_with_exit_status_0(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("usage: yiwen")


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"yiwen {__version__}\n"


def test_profiles_are_listed_with_title_and_file(capsys: pytest.CaptureFixture[str]) -> None:
    printed = output(capsys, "profiles")
    assert "Gemma-2, 8 M, embedded" in printed
    assert str(TINY) in printed


def test_profiles_as_json_have_name_title_model_file_and_state(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = json.loads(output(capsys, "profiles", "--json"))
    assert all(set(row) == {"name", "title", "model", "file", "state"} for row in rows)
    assert (rows[0]["name"], rows[0]["file"], rows[0]["state"]) == ("tiny", str(TINY), "here")
    assert all(row["state"] == "not downloaded" for row in rows[1:])
    assert len(rows) == 8


def test_the_list_of_profiles_says_which_models_are_here_and_how_to_get_the_others(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = output(capsys, "profiles").splitlines()
    assert lines[2].split()[:2] == ["tiny", "here"]
    assert "not downloaded  Qwen3 4B" in lines[-3]
    assert lines[-1] == "`yiwen pull PROFILE` downloads a model."


def test_a_broken_profile_is_listed_with_its_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    Path("profiles").mkdir()
    Path("profiles/bad.toml").write_text("x = 1")
    rows = json.loads(output(capsys, "profiles", "--json"))
    assert "x: unknown key" in next(row["title"] for row in rows if row["name"] == "bad")


def test_a_shown_profile_is_a_profile_again(capsys: pytest.CaptureFixture[str]) -> None:
    printed = output(capsys, "profiles", "show", "tiny", "--set", "training.epochs=7")
    assert tomli.loads(printed)["training"]["epochs"] == 7.0
    Path("again.toml").write_text(printed, "utf-8")
    assert "good" in output(capsys, "profiles", "check", "again.toml")


def test_a_shown_profile_as_json_is_the_profile(capsys: pytest.CaptureFixture[str]) -> None:
    shown = json.loads(output(capsys, "profiles", "show", "tiny", "--json"))
    assert (shown["name"], shown["lora"]["rank"]) == ("tiny", 16)


def test_a_checked_profile_with_mistakes_gets_them_all(capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.toml").write_text("[model]\n[prompt]\ntemplate = 3")
    said = failure(capsys, "profiles", "check", "bad.toml").splitlines()
    assert [line.split(": ")[1] for line in said] == ["model.path", "prompt.template"]


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("training.epochs", "--set training.epochs: expected KEY=VALUE, e.g. training.epochs=1"),
        (
            "training.epoch=1",
            "--set training.epoch=1: unknown key; did you mean 'training.epochs'?",
        ),
        (
            "training.epochs=no",
            '--set training.epochs=no: found "no", expected a number above 0',
        ),
        ("=1", "--set =1: unknown key; `yiwen profiles show tiny` lists all keys"),
        ("name=x", "--set name=x: not a key; a profile is named by its file"),
    ],
)
def test_a_mistaken_setting_is_named(
    capsys: pytest.CaptureFixture[str], setting: str, said: str
) -> None:
    assert failure(capsys, "profiles", "show", "tiny", "--set", setting) == said


def test_a_prompt_as_json_has_text_ids_and_scored(capsys: pytest.CaptureFixture[str]) -> None:
    shown = json.loads(output(capsys, *SPOKEN, "--output", "恕", "--json"))
    assert set(shown) == {"text", "ids", "scored"}
    assert len(shown["ids"]) == len(shown["scored"])
    assert shown["scored"][-3:] == [0, 1, 1]
    assert shown["text"].endswith("恕<eos>")


def test_a_prompt_marks_special_and_scored_tokens(capsys: pytest.CaptureFixture[str]) -> None:
    printed = output(capsys, *SPOKEN, "--output", "恕")
    assert printed.startswith("⟦<bos>⟧⟦<start_of_turn>⟧user\n翻譯成現代文：\n其恕乎⟦<end_of_turn>⟧")
    assert "‹恕›‹⟦<eos>⟧›" in printed
    assert ", 2 scored; prompt " in printed


def test_a_few_shot_prompt_holds_as_many_examples_as_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = json.loads(
        output(capsys, *SPOKEN, "--strategy", "few-shot", "--examples", "3", "--json")
    )
    assert shown["text"].count("<start_of_turn>user") == 4


def test_the_seed_changes_the_examples_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    drawn = {
        output(capsys, *SPOKEN, "--strategy", "few-shot", "--seed", seed)
        for seed in ("1", "1", "2")
    }
    assert len(drawn) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--strategy", "few-shot", "--set", "data.train="], "data.train: no file is named"),
        (["--set", "model.path=/no/model"], "model.path: no folder '/no/model'"),
    ],
)
def test_a_prompt_that_cannot_be_built_says_why(
    capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert said in failure(capsys, *SPOKEN, *arguments)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("translate tiny x --strategy qlora", "qlora needs an adapter: name a run that trained"),
        ("translate tiny x --checkpoint best", "zero-shot uses the base model, which has no"),
        ("translate nobody x", "no run 'nobody' in "),
        ("translate nobody.toml x", "nobody.toml: no such profile file"),
        ("evaluate tiny --test no.json", "no.json: no such file"),
        ("evaluate tiny --examples 8", "zero-shot shows no examples; add --strategy few-shot"),
        ("evaluate tiny --ids a,b", "--ids: zero-shot shows no examples"),
        ("predict tiny x.json --same-direction", "--same-direction: zero-shot shows no examples"),
        ("predict tiny x.json -o no/such/file.json", "no/such: no such folder for the predictions"),
        ("predict tiny x.json -o .", "is a folder; -o names the file of predictions"),
        ("predict tiny x.json", "x.json: no such file"),
        ("train tinny", "no profile named 'tinny'; did you mean 'tiny'?"),
        ("train tiny --train no.json", "no.json: no such file"),
        ("demo tinny", "no profile named 'tinny'"),
        ("tui", "the workbench is opened with the `yiwen` command: yiwen tui"),
    ],
)
def test_what_cannot_be_done_is_said_before_a_run_is_made(
    capsys: pytest.CaptureFixture[str], arguments: str, said: str
) -> None:
    assert said in failure(capsys, *arguments.split())
    assert not Path("runs").exists()


def test_a_name_that_is_neither_profile_nor_run_gets_both_messages(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = failure(capsys, "evaluate", "tinny")
    assert "no run 'tinny'" in said
    assert "did you mean 'tiny'?" in said


@pytest.mark.parametrize("command", ["show", "watch", "resume", "stop", "delete", "compare"])
def test_a_run_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str], command: str) -> None:
    said = failure(capsys, command, "nobody")
    assert said == f"no run 'nobody' in {Path.cwd() / 'runs'}; `yiwen runs` lists them"


def test_deleting_asks_first_and_without_a_terminal_needs_yes(
    capsys: pytest.CaptureFixture[str], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(root)
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert failure(capsys, "delete", run.id) == "delete asks first; without a terminal say --yes"
    assert output(capsys, "delete", run.id, "--yes") == f"{run.id}: deleted\n"
    assert not run.folder.exists()


def test_the_runs_folder_is_taken_from_the_option_then_the_environment(
    capsys: pytest.CaptureFixture[str], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run(root / "a", run_id="20260101-120000-a")
    make_run(root / "b", run_id="20260101-120000-b")
    monkeypatch.setenv("YIWEN_RUNS", str(root / "a"))
    assert "20260101-120000-a" in output(capsys, "runs")
    assert "20260101-120000-b" in output(capsys, "runs", "--runs", str(root / "b"))


@pytest.mark.parametrize(
    "line",
    [
        "translate tiny --json 他走了",
        "translate tiny 他走了 --json",
        "translate --json tiny 他走了",
    ],
)
def test_arguments_may_stand_among_options(line: str) -> None:
    found = build_parser().parse_args(line.split())
    assert (found.target, found.text, found.json) == ("tiny", "他走了", True)


def test_examples_may_be_named_and_kept_to_one_direction(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ask = ["prompt", "tiny", "--strategy", "few-shot", "--instruction", "翻譯成文言文：\n你好。"]
    named = output(capsys, *ask, "--ids", "train-002, train-001")
    assert "examples train-002, train-001" in named
    assert "no training pair 'nobody'" in failure(capsys, *ask, "--ids", "nobody")
    same = output(capsys, *ask, "--same-direction", "--examples", "3")
    assert "翻譯成現代文" not in same
    assert same.count("翻譯成文言文") == 4
