"""The bytes of data files: what is passed over, and what is named when it is no UTF-8."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from engine.data import dataset
from engine.data.json_list import JsonList
from engine.language.errors import DataError

GOOD = {"id": "a", "instruction": "翻譯成現代文：\n學", "output": "學習"}


def write(name: str, content: str | bytes) -> Path:
    raw = content.encode() if isinstance(content, str) else content
    Path(name).write_bytes(raw)
    return Path(name)


def message(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        dataset.read(path)
    return str(caught.value)


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.tsv"])
def test_a_byte_order_mark_is_passed_over(name: str) -> None:
    text = {"a.json": json.dumps([GOOD]), "a.jsonl": json.dumps(GOOD), "a.tsv": "問\t答"}[name]
    assert dataset.read(write(name, "\ufeff" + text)).pairs[0].instruction[0] in "翻問"


def test_utf_16_is_named() -> None:
    assert (
        message(write("a.tsv", "問\t答".encode("utf-16"))) == "a.tsv: is UTF-16; save it as UTF-8"
    )


def test_big5_is_guessed_and_named_with_the_line() -> None:
    said = message(write("a.tsv", b"a\tb\n" + "翻譯\t答".encode("big5")))
    assert said == "a.tsv: line 2: not UTF-8 (byte 0xb5), perhaps Big5; save it as UTF-8"


def test_invalid_utf_8_is_named_with_the_line_and_the_byte() -> None:
    said = message(write("a.json", b'[\n\n"\xff\xff"]'))
    assert said == "a.json: line 3: not UTF-8 (byte 0xff); save it as UTF-8"


def two(name: str, content: str | bytes) -> list[str]:
    """The instructions and outputs of a file, one after the other."""
    pairs = dataset.read(write(name, content)).pairs
    return [text for pair in pairs for text in (pair.source_text, pair.output)]


def test_the_sentence_that_alpaca_keeps_apart_is_put_below_its_instruction() -> None:
    alpaca = {"id": 1, "instruction": "將下面的句子翻譯成文言文", "input": "他走了", "output": "去"}
    (pair,) = dataset.read(write("a.json", json.dumps([alpaca]))).pairs
    assert pair.instruction == "將下面的句子翻譯成文言文\n他走了"
    assert (pair.source_text, pair.direction) == ("他走了", "to_classical")
    (bare,) = dataset.read(write("b.json", json.dumps([alpaca | {"input": " "}]))).pairs
    assert bare.instruction == alpaca["instruction"]


@pytest.mark.parametrize("field", [{"system": "你是老師"}, {"history": [["問", "答"]]}])
def test_what_the_model_would_not_see_is_refused_by_name(field: dict[str, object]) -> None:
    (key,) = field
    assert f"record 1: {key}: is not shown" in message(write("a.json", json.dumps([GOOD | field])))
    empty = GOOD | {key: [] if key == "history" else ""}
    assert dataset.read(write("b.json", json.dumps([empty]))).pairs


@pytest.mark.parametrize("separator", ["\t", ",", ";"])
@pytest.mark.parametrize("suffix", ["tsv", "csv"])
def test_a_table_of_a_spreadsheet_is_read_without_its_quotes(separator: str, suffix: str) -> None:
    rows = [["classical", "modern"], ['"曰：""善"", 去。"', '"說""好"""'], ['"天\n寒"', "冷"]]
    text = "\ufeff" + "\r\n".join(separator.join(row) for row in rows) + "\r\n"
    assert two(f"a.{suffix}", text) == ['曰："善", 去。', '說"好"', "冷", "天\n寒"]


def test_excel_may_say_which_separator_it_took() -> None:
    assert two("a.csv", "sep=;\r\n文言文;白話文\r\n天寒;天冷\r\n") == ["天冷", "天寒"]


def test_quotes_that_no_spreadsheet_wrote_stay() -> None:
    text = '"善。"\t"好。"\n"去\t他走\n'
    assert two("a.tsv", text) == ['"善。"', '"好。"', '"去', "他走"]


@pytest.mark.parametrize(
    "header", ["文言文\t白話文", "古文\t现代汉语\t出處", "lzh\tmodern", "id\t文言文\t白話文"]
)
def test_a_header_in_any_usual_words_is_no_pair(header: str) -> None:
    cells = {"id": "7", "出處": "書"}
    row = [cells.get(name, "天寒，冰。") for name in header.split("\t")]
    pairs = dataset.read(write("a.tsv", header + "\n" + "\t".join(row) + "\n")).pairs
    assert [pair.output for pair in pairs] == ["天寒，冰。"]


@pytest.mark.parametrize("header", ["zh_a\tzh_b", "原始句\t語譯"])
def test_a_header_of_unknown_names_is_refused_and_never_trained_on(header: str) -> None:
    path = write("a.tsv", header + "\n天寒，河水盡冰。\t天氣很冷，河水都結冰了。\n")
    assert "line 1: looks like a header, but its names are not known" in message(path)
    assert len(dataset.read(path, skip_bad=True).pairs) == 1


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.json", json.dumps(GOOD) + "\n" + json.dumps(GOOD), "is JSON Lines"),
        ("a.jsonl", json.dumps([GOOD]), "is a JSON list"),
        ("a.json", "version https://git-lfs.github.com/spec/v1\noid x\n", "git-lfs pointer"),
        ("a.json", b"\x1f\x8b\x08\x00", "is compressed (gzip)"),
        ("a.tsv", b"PK\x03\x04..[Content_Types].xml", "is an Excel workbook"),
        ("a.csv", b"PK\x03\x04..other", "is compressed (zip)"),
        ("a.jsonl", b"PAR1....", "is a Parquet file"),
        ("a.json", " <!DOCTYPE html><html>", "is a web page"),
        ("a.json", json.dumps([GOOD]).encode("utf-16-le"), "is UTF-16"),
        ("a.xlsx", b"PK\x03\x04..xl/workbook.xml", "is an Excel workbook"),
        ("a.jsonl", "天寒".encode("gb18030") * 3 + b"\x818", "perhaps GB18030"),
        ("a.json", "", "is empty"),
        ("a.json", '[{"id": ' + "9" * 5000 + "}]", "a number of too many digits"),
        ("a.jsonl", '{"id": ' + "9" * 5000 + "}", "line 1: broken JSON: a number of too many"),
        ("a.jsonl", "[" * 100_000, "is a JSON list"),
        ("a.jsonl", '{"a":' * 100_000, "line 1: broken JSON: nested too deeply"),
        ("a.json", '[""]', "record 1: found a text, expected an object"),
        ("a.json", "[null]", "record 1: found nothing, expected an object"),
        ("a.json", '[{"id": "\\ud800"}]', "record 1: instruction: missing"),
    ],
)
def test_a_file_that_is_something_else_is_told_what_it_is(
    name: str, content: str | bytes, said: str
) -> None:
    assert said in message(write(name, content))


def test_an_id_of_half_a_character_is_a_mistake() -> None:
    assert "id: holds half" in message(write("a.json", json.dumps([GOOD | {"id": "\ud800"}])))


@pytest.mark.parametrize("cut", [1, 2, 3, 5, 8, 13])
def test_a_json_list_is_the_same_however_the_file_comes_in_parts(cut: int) -> None:
    text = json.dumps([1, {"a": '字\\"]'}, [2, "x"], 12345, "", None, True], indent=1)
    parts = [text[at : at + cut] for at in range(0, len(text), cut)]
    assert list(JsonList(Path("a"), parts)) == json.loads(text)


@pytest.mark.parametrize("text", ["[1, 2", "[1 2]", "[1,]", "[1] 2", '[{"a" 1}]', "[1,\n\n nul]"])
@pytest.mark.parametrize("cut", [1, 3, 100])
def test_broken_json_is_placed_as_the_parser_of_whole_files_does(text: str, cut: int) -> None:
    with pytest.raises(json.JSONDecodeError) as expected:
        json.loads(text)
    with pytest.raises(DataError) as caught:
        list(JsonList(Path("a"), [text[at : at + cut] for at in range(0, len(text), cut)]))
    where = f"line {expected.value.lineno}, column {expected.value.colno}: "
    assert where in str(caught.value)


def test_a_pipe_or_a_device_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.json")
    (tmp_path / "b.json").symlink_to("/dev/zero")
    for name in ("a.json", "b.json"):
        assert "is a pipe, a socket or a device" in message(tmp_path / name)


def test_a_comma_may_stand_in_the_name_of_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "data,v2"
    folder.mkdir()
    path = write(str(folder / "a.json"), json.dumps([GOOD]))
    assert len(dataset.read(path).pairs) == 1
    for name, text in (("c.txt", "天寒，冰。"), ("m.txt", "天氣很冷，結冰了。")):
        write(str(folder / name), text)
    assert len(dataset.read(f"{folder}/c.txt,{folder}/m.txt").pairs) == 1
    assert message(folder / "no.json") == f"{folder}/no.json: no such file"


def test_a_name_that_is_not_utf_8_is_one_sentence() -> None:
    assert "its name is not UTF-8; rename it" in message(Path(os.fsdecode(b"\xa4\xd1.json")))
