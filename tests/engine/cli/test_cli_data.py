"""The commands of `yiwen data` on files of their own: what they print, write, refuse and return."""

from __future__ import annotations

import gettext
import json
from pathlib import Path
from typing import Any

import pytest
from commands import as_json, run_command
from samples import MODEL, write_pairs

from engine.data import dataset
from engine.language import texts

TRAIN, TEST = (str(MODEL / "data" / f"{name}.json") for name in ("train", "test"))
GOOD = {"id": "a", "instruction": "翻譯成現代文：\n學而時習之", "output": "學瞭以後經常複習"}
OTHER = {"id": "b", "instruction": "吾日三省吾身\n翻譯成現代文：", "output": "我每天反省自己。"}


def written(path: str) -> Any:
    return json.loads(Path(path).read_text("utf-8"))


def test_a_file_is_described_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    status, said, _ = run_command(capsys, "data", "describe", TRAIN, "--profile", "tiny")
    assert status == 0
    for part in ("700 pairs (文→白 350, 白→文 350)", "12 templates", "翻譯成現代文：⏎{text}"):
        assert part in said
    for part in ("tokens of tiny", "% scored", "training leaves out 0 pairs", "█"):
        assert part in said


def test_a_description_is_data_for_programs_too(capsys: pytest.CaptureFixture[str]) -> None:
    plain = as_json(capsys, "data", "describe", TEST)
    assert plain["pairs"] == 84
    assert plain["sha256"] == dataset.read(TEST).sha256
    assert "tokens" not in plain
    limit = "training.max_output_tokens=20"
    found = as_json(capsys, "data", "describe", TEST, "--profile", "tiny", "--set", limit)
    assert found["tokens"]["long_outputs"] > 0
    assert found["tokens"]["whole"]["max"] >= found["tokens"]["whole"]["p99"]


def test_a_file_with_mistakes_is_described_without_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = str(write_pairs(Path("a.json"), [GOOD, {}, 7]))
    _, said, _ = run_command(capsys, "data", "describe", path)
    assert "a.json: 1 pair" in said
    assert "2 records passed over, first record 2: id: missing" in said


def test_programs_read_the_same_words_in_every_language(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(write_pairs(Path("a.json"), [GOOD, {}]))
    chinese = gettext.translation("yiwen", texts.LOCALES, ["zh_TW"])
    said = []
    for arguments in (["data", "check", path], ["data", "check", path, "--json"]):
        monkeypatch.setattr(texts, "_chosen", chinese)
        said.append(run_command(capsys, *arguments)[1])
    assert "第 2 筆" in said[0]
    assert "record 2" in said[1]
    assert "筆" not in said[1]


def test_settings_need_a_profile(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, said = run_command(capsys, "data", "describe", TEST, "--set", "training.seed=1")
    assert (status, said) == (
        2,
        "yiwen: --set: changes a setting of a profile; name one with --profile\n",
    )


def test_a_good_file_passes_the_check(capsys: pytest.CaptureFixture[str]) -> None:
    status, said, _ = run_command(capsys, "data", "check", TEST)
    assert status == 0
    assert said.endswith("test.json: 84 good pairs, 0 mistakes, 0 warnings\n")


def test_mistakes_fail_the_check_and_warnings_do_not(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(write_pairs(Path("a.json"), [GOOD, GOOD | {"id": "b"}]))
    status, said, _ = run_command(capsys, "data", "check", path)
    assert status == 0
    assert "the same pair again: 1\n  record 2 (b): as record 1: 學而時習之\n" in said
    path = str(write_pairs(Path("a.json"), [GOOD, {"id": "b"}]))
    status, said, _ = run_command(capsys, "data", "check", path)
    assert status == 1
    assert said.startswith("a.json: record 2: instruction: missing\n")


def test_all_mistakes_are_listed_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(write_pairs(Path("a.json"), [GOOD, *[{}] * 30]))
    _, some, _ = run_command(capsys, "data", "check", path)
    assert some.count("id: missing") == 20
    assert "… and 10 more (--all lists them)" in some
    _, said, _ = run_command(capsys, "data", "check", path, "--all")
    assert said.count("id: missing") == 30
    assert "record 31: id: missing" in said


def test_a_check_is_data_for_programs_too(capsys: pytest.CaptureFixture[str]) -> None:
    path = write_pairs(Path("a.json"), [GOOD, GOOD | {"id": "b"}, {"id": "c"}])
    status, said, _ = run_command(capsys, "data", "check", str(path), "--json")
    found = json.loads(said)
    assert status == 1
    assert found["errors"] == ["record 3: instruction: missing"]
    assert [(w["place"], w["kind"]) for w in found["warnings"]] == [("record 2", "duplicate")]


def test_a_file_without_answers_passes_when_none_are_needed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = str(write_pairs(Path("a.json"), [{"id": "a", "instruction": GOOD["instruction"]}]))
    status, said, _ = run_command(capsys, "data", "check", path)
    assert status == 1
    assert "checked with --no-answers" in said
    status, said, _ = run_command(capsys, "data", "check", path, "--no-answers")
    assert status == 0
    assert "--no-answers" not in said


def test_control_characters_of_a_file_do_not_reach_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    harm = "\x1b]0;harm\x07\x1b[31m"
    pair = GOOD | {"id": harm, "instruction": f"翻譯成現代文：\n{harm}学", "output": f"瞭{harm}"}
    path = str(write_pairs(Path("a.json"), [pair, pair | {"id": harm + "b"}]))
    commands = [("describe", path), ("check", path), ("repair", path), ("leaks", path, path)]
    for command in commands:
        _, said, errors = run_command(capsys, "data", *command)
        assert "\x1b" not in said + errors


def test_a_split_writes_both_sides_with_all_fields(capsys: pytest.CaptureFixture[str]) -> None:
    records = written(TRAIN)
    path = str(write_pairs(Path("a.json"), [record | {"more": [1]} for record in records]))
    status, said, _ = run_command(capsys, "data", "split", path, "--validation", "10%", "-o", "out")
    assert (status, said) == (0, "out/train.json: 630 pairs\nout/validation.json: 70 pairs\n")
    both = written("out/train.json") + written("out/validation.json")
    assert sorted(map(json.dumps, both)) == sorted(map(json.dumps, written(path)))
    assert run_command(capsys, "data", "leaks", "out/train.json", "out/validation.json")[0] == 0


def test_a_split_by_source_names_its_books(capsys: pytest.CaptureFixture[str]) -> None:
    found = as_json(
        capsys, "data", "split", TRAIN, "--validation", "70", "--by", "source", "-o", "out"
    )
    sources = {record["source"].split("·")[0] for record in written("out/validation.json")}
    assert sources == set(found["held_out"])
    assert found["validation"]["pairs"] <= 70


def test_files_are_overwritten_only_by_force(capsys: pytest.CaptureFixture[str]) -> None:
    Path("out").mkdir()
    Path("out/validation.json").write_text("mine", "utf-8")
    Path("out.json").write_text("mine", "utf-8")
    commands = [
        ("split", TEST, "--validation", "9", "-o", "out"),
        ("repair", TEST, "-o", "out.json"),
        ("leaks", TRAIN, TEST, "--write", "out.json"),
    ]
    for command in commands:
        status, _, said = run_command(capsys, "data", *command)
        assert status == 2
        assert "exists already; choose another name, or overwrite with --force" in said
    assert Path("out.json").read_text("utf-8") == "mine"
    assert not Path("out/train.json").exists()
    for command in commands:
        assert run_command(capsys, "data", *command, "--force")[0] == 0
    assert Path("out.json").read_text("utf-8") != "mine"


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("out.tsv", "pairs are written as .json (the course's) or .jsonl"),
        ("folder.json", "folder.json: is a folder"),
        ("file.json/out.json", "cannot be written: "),
    ],
)
def test_a_place_that_cannot_be_written_is_named(
    capsys: pytest.CaptureFixture[str], target: str, message: str
) -> None:
    Path("folder.json").mkdir()
    Path("file.json").write_text("x", "utf-8")
    status, _, said = run_command(capsys, "data", "repair", TEST, "-o", target)
    assert (status, message in said) == (2, True), said


def test_a_file_with_mistakes_is_not_split(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(write_pairs(Path("a.json"), [GOOD, OTHER, {}, 7]))
    status, _, said = run_command(capsys, "data", "split", path, "--validation", "1", "-o", "out")
    assert status == 2
    assert "a.json: record 3: id: missing\n2 such mistakes in all: yiwen data check lists" in said


def test_leaks_are_listed_with_both_texts_and_left_out_of_a_copy(
    capsys: pytest.CaptureFixture[str],
) -> None:
    turned = {"id": "t", "instruction": f"{GOOD['output']}\n翻譯成文言文：", "output": "學而習之"}
    train = str(write_pairs(Path("train.json"), [GOOD | {"more": 1}, OTHER | {"more": 2}]))
    test = str(write_pairs(Path("test.json"), [turned]))
    status, said, _ = run_command(capsys, "data", "leaks", train, test, "--write", "clean.json")
    assert status == 1
    assert said == (
        "reversed\n"
        "  train a (answer): 學瞭以後經常複習\n"
        "  test  t (sentence): 學瞭以後經常複習\n"
        "\n"
        "1 leak (1 reversed): 1 of 1 test pairs, 1 of 2 training pairs\n"
        "clean.json: 1 pair without them\n"
    )
    assert written("clean.json") == [OTHER | {"more": 2}]
    assert run_command(capsys, "data", "leaks", "clean.json", test)[0] == 0


def test_leaks_are_data_for_programs_too(capsys: pytest.CaptureFixture[str]) -> None:
    train = str(write_pairs(Path("train.json"), [OTHER]))
    near = OTHER | {"instruction": "吾日三省余身\n翻譯成現代文：", "output": "不同。"}
    test = str(write_pairs(Path("test.json"), [near]))
    status, said, _ = run_command(capsys, "data", "leaks", train, test, "--json")
    assert status == 1
    (leak,) = json.loads(said)["leaks"]
    assert (leak["kind"], leak["similarity"], leak["train"]["text"]) == (
        "near",
        0.833,
        "吾日三省吾身",
    )
    assert run_command(capsys, "data", "leaks", train, test, "--threshold", "0")[0] == 0
    assert run_command(capsys, "data", "leaks", train, test, "--threshold", "0.9")[0] == 0


def test_damage_is_shown_in_context(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(write_pairs(Path("a.json"), [GOOD, OTHER]))
    _, said, _ = run_command(capsys, "data", "repair", path)
    assert "瞭→了       1      1  學[瞭]以後經常複習\n" in said
    assert "a.json: damage in 1 of 2 outputs (1 characters) and 0 instructions" in said
    found = as_json(capsys, "data", "repair", path)
    assert found["changes"] == [
        {
            "found": "瞭",
            "repaired": "了",
            "count": 1,
            "pairs": 1,
            "contexts": ["學[瞭]以後經常複習"],
        }
    ]


def test_a_repaired_copy_holds_a_second_reference_and_all_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = GOOD | {"instruction": "將下麵句子翻譯成現代文：\n學而時習之", "more": 1}
    path = str(write_pairs(Path("a.json"), [asked, OTHER]))
    assert run_command(capsys, "data", "repair", path, "-o", "b.json")[0] == 0
    assert written("b.json") == [asked | {"output_repaired": "學了以後經常複習"}, OTHER]
    assert [pair.repaired for pair in dataset.read("b.json").pairs] == ["學了以後經常複習", ""]
    run_command(capsys, "data", "repair", path, "-o", "c.jsonl", "--replace", "--instruction")
    (first, _) = dataset.read("c.jsonl").pairs
    assert first.output == "學了以後經常複習"
    assert first.instruction == "將下面句子翻譯成現代文：\n學而時習之"
    line = Path("c.jsonl").read_text("utf-8").splitlines()[0]
    assert json.loads(line)["output_original"] == GOOD["output"]


def test_replacing_needs_a_file_to_write(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, said = run_command(capsys, "data", "repair", TEST, "--replace")
    assert (status, said) == (
        2,
        "yiwen: --replace: needs -o FILE, where the repaired copy is written\n",
    )
