"""Translations kept between sessions, and the data files made of them."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from commands import as_json, run_command

from engine.data import dataset
from engine.language.errors import UserError
from engine.language.sheets import as_csv, as_markdown
from engine.machine.files import save
from engine.translate import history
from engine.translate.history import Answer, Exchange


def exchange(number: int, accepted: str = "") -> Exchange:
    answers = (Answer("tiny · zero-shot", f"譯{number}", "stop"),)
    text = f"文{number}"
    return Exchange(
        id=f"id{number}",
        at="2026-01-01T12:00:00+08:00",
        text=text,
        instruction=f"翻譯成現代文：\n{text}",
        direction="to_modern",
        answers=answers,
        accepted=accepted,
    )


def test_the_newest_come_first_and_a_later_line_replaces_an_earlier_one() -> None:
    assert history.read() == []
    for number in (1, 2):
        history.keep(exchange(number))
    history.keep(exchange(1, "改過"))
    with history.path().open("ab") as file:
        file.write(b'{"torn": \xff')
    found = history.read()
    assert [(one.id, one.accepted) for one in found] == [("id2", ""), ("id1", "改過")]
    assert history.path().stat().st_mode & 0o777 == 0o600


def test_they_are_found_by_words_of_text_answers_and_models() -> None:
    both = [exchange(1), exchange(2, "改過")]
    assert [one.id for one in history.find(both, "譯1")] == ["id1"]
    assert [one.id for one in history.find(both, "ZERO-shot 改過")] == ["id2"]


def test_accepted_ones_become_a_data_file_that_a_run_can_train_on(tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    assert history.export([exchange(1, "甲"), exchange(2)], str(file)) == 1
    assert history.export([exchange(1, "甲"), exchange(3, "丙")], str(file)) == 1
    pairs = dataset.read(str(file)).pairs
    assert [(pair.instruction, pair.output) for pair in pairs] == [
        ("翻譯成現代文：\n文1", "甲"),
        ("翻譯成現代文：\n文3", "丙"),
    ]
    assert {pair.direction for pair in pairs} == {"to_modern"}


@pytest.mark.parametrize("content", ["not json", '{"a": 1}', "[1]"])
def test_a_file_of_another_kind_is_left_alone(tmp_path: Path, content: str) -> None:
    file = tmp_path / "other.json"
    file.write_text(content)
    with pytest.raises(UserError, match="name another file"):
        history.export([exchange(1, "甲")], str(file))
    assert file.read_text() == content


def test_a_spreadsheet_gets_no_formula_and_markdown_no_markup() -> None:
    text = as_csv(["name", "n"], [["=cmd()", -1.5], ["a\nb", None]])
    assert text.splitlines() == ["name,n", "'=cmd(),-1.5", "a b,"]
    assert "\\|" in as_markdown(["a"], [["x|y"]])


def test_a_file_is_not_replaced_unless_asked(tmp_path: Path) -> None:
    file = tmp_path / "x.md"
    save(str(file), "one")
    with pytest.raises(UserError, match="is there already"):
        save(str(file), "two")
    save(str(file), "two", replace=True)
    assert file.read_text() == "two"
    with pytest.raises(UserError, match="no such folder"):
        save(str(tmp_path / "no" / "x.md"), "one")


def test_lines_of_this_version_are_json(tmp_path: Path) -> None:
    history.keep(exchange(1))
    (line,) = history.path().read_bytes().splitlines()
    assert msgspec.json.decode(line)["answers"][0]["output"] == "譯1"
    assert json.loads(line)["direction"] == "to_modern"


def test_the_command_lists_finds_and_exports(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run_command(capsys, "translations")[1] == "None yet.\n"
    history.keep(exchange(1))
    status, _, err = run_command(capsys, "translations", "--export", "mine.json")
    assert (status, "no translation is accepted yet" in err) == (2, True)
    history.keep(exchange(2, "改過"))
    assert [one["id"] for one in as_json(capsys, "translations", "改過")] == ["id2"]
    assert run_command(capsys, "translations", "--export", "mine.json")[0] == 0
    assert len(dataset.read(str(tmp_path / "mine.json")).pairs) == 1
    assert "改過" in run_command(capsys, "translations")[1]
