"""Help and wrong use, in the language of the interface, laid out for a terminal."""

from __future__ import annotations

import argparse
import gettext
import inspect
import re
from collections.abc import Iterator

import pytest

from engine.cli.commands import build_parser
from engine.cli.parser import WORDS
from engine.language import texts
from engine.language.plain_text import width
from tui.__main__ import _parser as workbench_parser
from tui.__main__ import main

CHINESE = re.compile("[\u4e00-\u9fff]")


def parsers(parser: argparse.ArgumentParser, *words: str) -> Iterator[tuple[str, ...]]:
    """The words of every command, and of the commands below it."""
    yield words
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, command in action.choices.items():
                yield from parsers(command, *words, name)


COMMANDS = list(parsers(build_parser()))


@pytest.fixture(autouse=True)
def _terminal_of_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    known = gettext.translation("yiwen", texts.LOCALES, ["zh_TW"])
    monkeypatch.setattr(texts, "_chosen", known)
    monkeypatch.setenv("YIWEN_LANGUAGE", "zh-TW")  # what a command begins with


def page(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as end:
        main([*words, "--help"])
    assert end.value.code == 0
    return capsys.readouterr().out


def command(*words: str) -> argparse.ArgumentParser:
    if words == ("tui",):  # it parses for itself
        return workbench_parser()
    parser = build_parser()
    for word in words:
        (below,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
        parser = below.choices[word]
    return parser


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_all_that_help_says_is_chinese(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    parser = command(*words)
    below = [one for action in parser._actions for one in getattr(action, "_choices_actions", [])]
    said = [parser.description, parser.epilog, *(one.help for one in [*parser._actions, *below])]
    assert not [text for text in said if text and not CHINESE.search(text)]
    shown = page(capsys, *words)
    assert shown.startswith(" ".join(["用法：yiwen", *words, "[-h]"]))
    assert "\n選項：\n" in shown


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_page_of_chinese_help_fits_and_its_usage_lines_up(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    lines = page(capsys, *words).splitlines()
    assert max(map(width, lines)) <= 80
    indents = {len(line) - len(line.lstrip()) for line in lines[1 : lines.index("")]}
    assert indents <= {width(" ".join(["用法：yiwen", *words, ""]))}


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_english_help_is_laid_out_as_argparse_does(words: tuple[str, ...]) -> None:
    parser = command(*words)
    shown = parser.format_help()
    assert max(map(width, shown.splitlines())) <= 80
    several_lines = "\n" in f"{parser.description}{parser.epilog}"
    parser.formatter_class = (
        argparse.RawDescriptionHelpFormatter if several_lines else argparse.HelpFormatter
    )
    assert shown == parser.format_help()


def test_argparse_still_says_what_is_translated_for_it() -> None:
    source = inspect.getsource(argparse)
    assert [word for word in WORDS if word.replace("\n", "\\n") not in source] == []


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("fly", "沒有這個選擇：'fly'（可選 "),
        ("train", "yiwen train：錯誤：缺少必要的引數：PROFILE\n"),
        ("train tiny --nope", "yiwen：錯誤：不認得的引數：--nope\n"),
        ("train tiny --gpu", "需要一個值\n"),
        ("train tiny --json=3", "不接受值 '3'\n"),
        ("data import x -o y --exclude", "至少需要一個值\n"),
        ("evaluate tiny --examples -1", "應為 0 以上的整數：'-1'\n"),
        ("evaluate tiny --examples many", "應為 0 以上的整數：'many'\n"),
        ("data leaks a b --threshold 2", "應為 0 到 1 的數字：'2'\n"),
        ("queue move a b", "不是有效的 int 值：'b'\n"),
        ("runs --c", "選項不明確：--c 可能是 --columns, --csv\n"),
        ("export x", "必須指定其中一個引數：--course --merged\n"),
        ("export x --course a --merged b", "不能與引數 --course 同時使用\n"),
        ("tui --charset a", "沒有這個選擇：'a'（可選 "),
    ],
)
def test_wrong_use_is_told_in_chinese(
    capsys: pytest.CaptureFixture[str], arguments: str, complaint: str
) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments.split())
    said = capsys.readouterr().err
    assert end.value.code == 2
    assert said.startswith("用法：yiwen ")
    assert complaint in said
