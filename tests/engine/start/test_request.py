"""Jobs: a request becomes a run folder with all it needs, or a message with all that is wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from samples import MODEL, TEST_FILE, make_run, pair, write_pairs
from weight_writing import write_adapter

from engine.data import dataset
from engine.data.dataset import Dataset
from engine.language.errors import UserError
from engine.run import prompt_builder, runs_folder
from engine.run.files import RunFiles
from engine.start.request import Request, prepare, resolve_profile


@pytest.fixture
def asked(root: Path) -> Request:
    return Request(root=root, strategy="zero-shot", profile="tiny")


def test_zero_shot_only_needs_the_file_to_score(asked: Request) -> None:
    found = prepare(asked).settings
    assert (found.job, list(found.data), found.examples) == ("evaluate", ["test"], [])


def test_few_shot_stores_the_examples_it_drew(asked: Request) -> None:
    found = prepare(replace(asked, strategy="few-shot")).settings
    assert (found.job, list(found.data)) == ("evaluate", ["train", "test"])
    assert len(found.examples) == 4
    assert all(example.id.startswith("train-") for example in found.examples)


def test_qlora_of_a_profile_trains_on_three_files(asked: Request) -> None:
    found = prepare(replace(asked, strategy="qlora")).settings
    assert found.job == "train"
    assert set(found.data) == {"train", "validation", "test"}


def test_overrides_are_applied_and_kept(asked: Request) -> None:
    found = prepare(replace(asked, overrides={"training.epochs": "5"})).settings
    assert found.profile.training.epochs == 5.0
    assert found.overrides == {"training.epochs": "5"}


SAME_FILE = {"data.train": str(TEST_FILE)}
MANY = {"few_shot.examples": "9999"}


def test_qlora_of_a_run_takes_its_adapter_and_its_profile_as_it_was(asked: Request) -> None:
    trained = make_run(asked.root)
    write_adapter(trained.adapter_path)
    found = prepare(replace(asked, strategy="qlora", profile="", run=trained)).settings
    assert (found.job, found.adapter_run, found.checkpoint) == ("evaluate", trained.id, "")
    assert found.adapter == str(trained.adapter_path)
    assert found.profile == trained.settings.profile


def test_a_checkpoint_of_a_run_is_named_in_the_new_run(asked: Request) -> None:
    trained = make_run(asked.root)
    write_adapter(trained.checkpoints_path / "step-000007")
    request = replace(asked, strategy="qlora", run=trained, checkpoint="7")
    assert prepare(request).settings.checkpoint == "step-000007"


def test_the_result_of_a_run_is_no_checkpoint_wherever_the_runs_lie(tmp_path: Path) -> None:
    root = tmp_path / "checkpoints"
    trained = make_run(root)
    write_adapter(trained.adapter_path)
    assert prepare(Request(root=root, strategy="qlora", run=trained)).settings.checkpoint == ""


def test_zero_shot_of_a_run_takes_the_base_model(asked: Request) -> None:
    trained = make_run(asked.root)
    assert prepare(replace(asked, run=trained)).settings.adapter == ""


def test_a_file_to_translate_needs_no_answers(asked: Request) -> None:
    file = write_pairs(Path("ask.json"), [{"id": 1, "instruction": "翻譯成文言文：\n他走了"}])
    found = prepare(replace(asked, test=str(file), predict=True)).settings
    assert (found.job, found.data["test"].pairs) == ("predict", 1)


def test_a_file_to_score_needs_answers(asked: Request) -> None:
    file = write_pairs(Path("ask.json"), [{"id": 1, "instruction": "翻譯成文言文：\n他走了"}])
    with pytest.raises(UserError, match="record 1: output: missing"):
        prepare(replace(asked, test=str(file)))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"strategy": "lora"}, "strategy: found 'lora', expected zero-shot, few-shot, qlora"),
        ({"profile": "no"}, "no profile named 'no'"),
        ({"overrides": {"data.test": ""}}, "data.test: no file is named"),
        ({"overrides": {"model.path": "/no"}}, "model.path: no folder '/no'"),
        ({"overrides": {"prompt.bos": "<no>"}}, "prompt.bos: "),
        ({"strategy": "qlora", "predict": True}, "predict with qlora needs a run that was trained"),
        ({"strategy": "qlora", "overrides": SAME_FILE}, "data.train and data.test are the same"),
        ({"test": "no.json"}, "no.json: no such file"),
        ({"strategy": "few-shot", "overrides": MANY}, "few_shot.examples: 9999 asked for"),
    ],
)
def test_what_is_wrong_is_said_before_a_run_is_made(
    asked: Request, changes: dict[str, object], said: str
) -> None:
    with pytest.raises(UserError) as caught:
        prepare(replace(asked, **changes))  # type: ignore[arg-type]
    assert said in str(caught.value)
    assert runs_folder.list_all(asked.root) == []


def test_bad_records_are_left_out_where_the_profile_says_so(asked: Request) -> None:
    file = write_pairs(Path("bad.json"), [pair(1), {"id": 2}])
    skip = replace(asked, test=str(file), overrides={"data.bad_records": "skip"})
    assert prepare(skip).settings.data["test"].pairs == 1


def test_the_builder_uses_the_tokenizer_of_the_profile(asked: Request) -> None:
    builder = prompt_builder.builder_for(resolve_profile(asked), [pair(1)])
    assert builder.tokenizer.folder == MODEL
    assert builder.examples.pairs == (pair(1),)


def test_a_run_reads_each_of_its_files_once(
    asked: Request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Validation pairs are a part of the training file, and split off with it."""
    train = write_pairs(tmp_path / "train.json", [pair(number) for number in range(20)])
    changes = {"data.train": str(train), "data.validation": "", "data.validation_share": "0.2"}
    settings = prepare(replace(asked, strategy="qlora", overrides=changes)).settings
    read: list[str] = []
    as_ever = dataset.read

    def counted(path: str, **how: bool) -> Dataset:
        read.append(str(path))
        return as_ever(path, **how)

    monkeypatch.setattr(dataset, "read", counted)
    files = RunFiles(settings)
    found = {part: files.read(part).pairs for part in ("validation", "train", "test")}
    assert files.read("train").pairs is found["train"]
    assert [len(found["train"]), len(found["validation"])] == [16, 4]
    assert read == [settings.data["train"].path, settings.data["test"].path]
