"""Data files: four formats, and every mistake named by record or line."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from samples import write_pairs

from engine.data import dataset
from engine.data.dataset import Dataset, Pair
from engine.language.errors import DataError

GOOD = {"id": "a", "instruction": "翻譯成現代文：\n學而時習之", "output": "學了以後經常複習"}


def write(name: str, content: str | bytes) -> Path:
    raw = content.encode() if isinstance(content, str) else content
    Path(name).write_bytes(raw)
    return Path(name)


def message(path: Path | str, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        dataset.read(path, **options)
    return str(caught.value)


def mistake(*records: Any, **options: Any) -> str:
    """What is said of a JSON file of these records, without the advice at the end."""
    path = write_pairs(Path("bad.json"), records)
    return message(path, **options).rpartition("\n")[0].removeprefix("bad.json: ")


def outputs(found: Dataset) -> list[str]:
    return [pair.output for pair in found.pairs]


def test_the_json_of_the_course_is_read() -> None:
    (pair,) = dataset.read(write_pairs(Path("a.json"), [GOOD])).pairs
    assert pair == Pair("a", GOOD["instruction"], GOOD["output"])
    assert pair.direction == "to_modern"
    assert pair.source_text == "學而時習之"


def test_the_source_of_a_pair_is_kept_and_other_fields_are_passed_over() -> None:
    path = write_pairs(Path("a.json"), [GOOD | {"source": "論語·學而", "more": [1]}])
    assert dataset.read(path).pairs[0].source == "論語·學而"


def test_a_second_reference_is_read_beside_the_output() -> None:
    path = write_pairs(Path("a.json"), [GOOD | {"output_repaired": "學了"}, GOOD | {"id": "b"}])
    assert [pair.repaired for pair in dataset.read(path).pairs] == ["學了", ""]
    path = write("a.tsv", "instruction\toutput\toutput_repaired\n問\t答瞭\t答了\n問\t答\t\n")
    assert [pair.repaired for pair in dataset.read(path).pairs] == ["答了", ""]


def test_a_whole_number_is_a_good_id() -> None:
    assert dataset.read(write_pairs(Path("a.json"), [GOOD | {"id": 7}])).pairs[0].id == "7"


def test_json_lines_are_read_and_blank_lines_counted() -> None:
    lines = [json.dumps(GOOD), "", json.dumps(GOOD | {"id": "b"}), "  "]
    found = dataset.read(write("a.jsonl", "\r\n".join(lines) + "\n"))
    assert [pair.id for pair in found.pairs] == ["a", "b"]
    assert found.skipped == ["line 2: blank line", "line 4: blank line"]


def test_a_tsv_headed_by_instruction_and_output_is_read_in_any_order_of_columns() -> None:
    found = dataset.read(write("a.tsv", "output\tid\tinstruction\r\n答\tx\t問\r\n"))
    assert found.pairs == [Pair("x", "問", "答")]


def test_a_tsv_headed_by_classical_and_modern_asks_for_the_directions_in_turn() -> None:
    found = dataset.read(
        write("a.tsv", "Classical\tmodern\tsource\n文一\t白一\t書\n文二\t白二\t書\n")
    )
    assert found.pairs == [
        Pair("2", "翻譯成現代文：\n文一", "白一", "書"),
        Pair("3", "翻譯成文言文：\n白二", "文二", "書"),
    ]


def test_a_bare_tsv_holds_instructions_and_outputs() -> None:
    found = dataset.read(write("a.tsv", "翻譯成現代文：\\n學\t學習\n\n翻譯成文言文：\\n答\t對"))
    assert found.pairs == [
        Pair("1", "翻譯成現代文：\n學", "學習"),
        Pair("3", "翻譯成文言文：\n答", "對"),
    ]
    assert found.skipped == ["line 2: blank line"]


def test_a_row_of_a_tsv_with_too_many_columns_is_named_by_line() -> None:
    path = write("a.tsv", "問\t答\n問\t答\t餘\n")
    assert "a.tsv: line 2: found 3 columns, expected 2" in message(path)


@pytest.mark.parametrize("odd", ["長" * 200_000, '"引', "回\r車", "零\x00"])
def test_no_content_of_a_cell_can_break_the_reading_of_a_tsv(odd: str) -> None:
    assert outputs(dataset.read(write("a.tsv", f"問\t{odd}\n又\t答\n"))) == [odd, "答"]


@pytest.mark.parametrize(
    ("files", "direction"), [("c.txt,m.txt", "to_modern"), ("m.txt,c.txt", "to_classical")]
)
def test_parallel_text_is_asked_for_in_the_direction_its_sides_show(
    files: str, direction: str
) -> None:
    write("c.txt", "學而時習之，不亦說乎？\n\n其恕乎！\n")
    write("m.txt", "學了又經常溫習，不是很快樂嗎？\n\n那就是恕了吧！\n")
    found = dataset.read(files)
    assert [(pair.id, pair.direction) for pair in found.pairs] == [
        ("1", direction),
        ("3", direction),
    ]
    assert found.skipped == ["line 2: blank line"]


def test_parallel_files_of_unequal_length_are_named_with_their_lengths() -> None:
    write("s.txt", "一\n二\n")
    write("t.txt", "一\n")
    assert "s.txt has 2 lines, t.txt has 1" in message("s.txt,t.txt")


def test_a_line_that_one_parallel_file_lacks_is_named() -> None:
    write("s.txt", "一\n二\n")
    write("t.txt", "一\n\n")
    assert "line 2: output: empty" in message("s.txt,t.txt")


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (GOOD | {"output": ""}, "output: empty"),
        (GOOD | {"output": " \n"}, "output: empty"),
        (GOOD | {"instruction": ""}, "instruction: empty"),
        ({"id": "a", "instruction": "問"}, "output: missing"),
        ({"instruction": "問", "output": "答"}, "id: missing"),
        (GOOD | {"output": 7}, "output: found a number, expected a text"),
        (GOOD | {"output": None}, "output: found nothing, expected a text"),
        (GOOD | {"instruction": ["問"]}, "instruction: found a list, expected a text"),
        (GOOD | {"id": None}, "id: found nothing, expected a text or a whole number"),
        (GOOD | {"id": True}, "id: found true or false, expected a text or a whole number"),
        (GOOD | {"id": 1.5}, "id: found a number, expected a text or a whole number"),
        (GOOD | {"output_repaired": 1}, "output_repaired: found a number, expected a text"),
        (["a"], "found a list, expected an object with id, instruction and output"),
    ],
)
def test_a_bad_record_is_named_by_its_number_with_what_was_expected(record: Any, said: str) -> None:
    assert mistake(GOOD | {"id": "first"}, record) == f"record 2: {said}"


@pytest.mark.parametrize("key", ["instruction", "output", "output_repaired"])
def test_half_a_character_is_a_mistake(key: str) -> None:
    text = json.dumps([GOOD | {key: "half"}]).replace("half", r"\ud83d")
    assert f"record 1: {key}: holds half a character" in message(write("a.json", text))


def test_an_id_used_twice_is_named_with_both_records() -> None:
    assert (
        mistake(GOOD, GOOD | {"id": "b"}, GOOD) == "record 3: id: 'a' was used by record 1 already"
    )


def test_broken_json_is_named_with_line_and_column() -> None:
    said = message(write("a.json", '[\n {"id": 1,}\n]'))
    assert said.startswith("a.json: line 2, column 11: broken JSON: ")


def test_json_nested_too_deeply_is_broken_json() -> None:
    assert "broken JSON: nested too deeply" in message(write("a.json", "[" * 100_000))


def test_a_broken_line_of_json_lines_is_named_beside_other_mistakes() -> None:
    said = message(write("a.jsonl", '{"id"\n{"id": 1}\n'))
    assert "a.jsonl: line 1: broken JSON" in said
    assert "a.jsonl: line 2: instruction: missing" in said


def test_json_that_is_no_list_is_named() -> None:
    assert (
        message(write("a.json", "{}")) == "a.json: expected a JSON list of records, found an object"
    )


def test_after_twenty_mistakes_the_rest_is_counted() -> None:
    said = message(write_pairs(Path("a.json"), [{}] * 25)).splitlines()
    assert said[19] == "a.json: record 20: id: missing"
    assert said[20] == "… and 5 more"
    assert said[21] == 'Mend them, or set data.bad_records = "skip".'


def test_bad_records_are_left_out_and_counted_when_asked_to() -> None:
    path = write_pairs(Path("a.json"), [GOOD, {}, GOOD | {"id": "b"}, 7])
    found = dataset.read(path, skip_bad=True)
    assert [pair.id for pair in found.pairs] == ["a", "b"]
    assert [str(line).split(":")[0] for line in found.skipped] == ["record 2", "record 4"]


def test_a_file_of_nothing_good_is_an_error_even_when_skipping() -> None:
    said = message(write_pairs(Path("a.json"), [{}]), skip_bad=True)
    assert said == "a.json: holds no pairs; 1 record was skipped: record 1: id: missing"


@pytest.mark.parametrize("record", [{}, {"output": None}, {"output": ""}])
def test_a_file_without_answers_is_good_where_none_are_needed(record: dict[str, Any]) -> None:
    path = write_pairs(Path("a.json"), [{"id": "a", "instruction": "問"} | record])
    assert outputs(dataset.read(path, need_output=False)) == [""]


def test_answers_are_kept_where_none_are_needed() -> None:
    path = write_pairs(Path("a.json"), [GOOD])
    assert outputs(dataset.read(path, need_output=False)) == [GOOD["output"]]


def test_the_sha256_is_of_the_bytes_of_the_file() -> None:
    path = write_pairs(Path("a.json"), [GOOD])
    first = dataset.read(path).sha256
    assert first == hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_bytes(path.read_bytes() + b"\n")
    assert dataset.read(path).sha256 != first


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("no.json", "no.json: no such file"),
        (".", ".: cannot be read: it is a folder; put a file in its place"),
        ("a.doc", "a.doc: unknown kind of file '.doc'; expected .json, .jsonl, .tsv, .csv, or two"),
        ("a.doc,a.doc,a.doc", "expected one file, or two parallel ones as source.txt,target.txt"),
        ("", "expected one file"),
    ],
)
def test_a_file_that_cannot_be_data_is_named(path: str, said: str) -> None:
    write("a.doc", "x")
    assert said in message(path)


def test_directions_are_counted_the_most_frequent_first() -> None:
    classical = {"instruction": "翻譯成文言文：\n他走了", "output": "去矣"}
    path = write_pairs(Path("a.json"), [GOOD, *({"id": i} | classical for i in range(2))])
    counted = list(dataset.read(path).count_directions().items())
    assert counted == [("to_classical", 2), ("to_modern", 1)]


def test_bare_sentences_in_tsv_are_asked_for_in_the_direction_of_their_translation() -> None:
    text = "吾日三省吾身\t我每天反省自己多次。\n他走了\t其去矣。\n"
    pairs = dataset.read(write("a.tsv", text)).pairs
    assert [pair.direction for pair in pairs] == ["to_modern", "to_classical"]
    assert [pair.source_text for pair in pairs] == ["吾日三省吾身", "他走了"]
