"""Texts that are worded when they are read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.course import rules, year
from engine.data import dataset
from engine.fast import families
from engine.language import file_names, texts
from engine.language.errors import DataError, UserError
from engine.language.said import Joined, Said, Words, labelled, listed, pack, unpack
from engine.machine import files
from engine.models import config_file
from engine.profile import files as profile_files
from engine.prompts import strategies


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    yield
    texts.speak("en")


def in_both(said: object) -> tuple[str, str]:
    """A text in English and in Chinese, by one process."""
    texts.speak("en")
    english = str(said)
    texts.speak("zh-TW")
    return english, str(said)


def test_one_process_words_the_same_error_in_both_languages() -> None:
    error = DataError("{path}: no such file", path=Path("/data/train.json"))
    english, chinese = in_both(error)
    assert english == "/data/train.json: no such file"
    assert chinese == "/data/train.json：沒有這個檔案"


def test_a_place_may_hold_a_text() -> None:
    count = Said.counted("{count:,} pair", "{count:,} pairs", 1204)
    english, chinese = in_both(labelled("train.json", count))
    assert english == "train.json: 1,204 pairs"
    assert "1,204" in chinese
    assert chinese != english
    assert in_both(Said.counted("{count:,} pair", "{count:,} pairs", 1))[0] == "1 pair"


def test_a_list_takes_the_commas_of_its_language() -> None:
    assert in_both(listed(["a", "b"])) == ("a, b", "a、b")


def test_what_is_written_to_a_file_is_read_in_any_language() -> None:
    said = Joined("\n", [labelled("a", Said.in_context("file", "Training")), "as it stands {x}"])
    again = unpack(json.loads(json.dumps(pack(said))))
    assert in_both(again) == in_both(said)
    assert in_both(again)[1] == "a：訓練檔\nas it stands {x}"


@pytest.mark.parametrize(
    "text",
    ["{x.__class__}", "{x[0]}", "{x!r}", "{x:>999999999}", "{x:9999999999d}", "{0}", "{", "{y}"],
)
def test_a_strangers_text_is_filled_with_nothing_but_plain_places(text: str) -> None:
    assert str(unpack({"text": text, "places": {"x": 1}})) == text


def test_a_strangers_table_is_bounded() -> None:
    deep: object = "end"
    for _ in range(50):
        deep = {"text": "{x}", "places": {"x": deep}}
    assert len(str(unpack(deep))) < 10_000
    assert len(str(unpack({"text": "x" * 10**6}))) <= 20_000
    assert (
        str(unpack({"text": "{count}", "many": "{count} s", "places": {"count": "no"}})) == "no s"
    )
    assert str(unpack([1, 2])) == "[1, 2]"


def test_an_error_in_a_place_leaves_what_it_says_and_not_itself() -> None:
    said = Said("{error}", error=ValueError(Said("nested too deeply")))
    assert said.places["error"] == Said("nested too deeply")
    english, chinese = in_both(unpack(json.loads(json.dumps(pack(said)))))
    assert english == "nested too deeply"
    assert chinese != english
    assert Said("{error}", error=KeyError("x")).places["error"] == "'x'"


def _raised(what: Callable[[], object]) -> UserError:
    with pytest.raises(UserError) as caught:
        what()
    return caught.value


def test_errors_of_every_folder_below_a_run_are_worded_in_both_languages(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('[{"id": "a"}]')
    config = tmp_path / "config.json"
    config.write_text("{")
    raised: list[Words] = [
        _raised(lambda: file_names.files_of("a.txt,b.txt,c.txt")).said,
        _raised(lambda: files.save(str(tmp_path), "")).said,
        _raised(lambda: profile_files.load("tiny", {"training.epoch": "3"})).said,
        _raised(lambda: config_file.read(tmp_path)).said,
        _raised(lambda: dataset.read(broken)).said,
        _raised(lambda: strategies.get("few-shots")).said,
        families.why_unknown({"model_type": "bert"}),
        rules_broken_by_another_model(),
    ]
    for said in raised:
        english, chinese = in_both(said)
        assert english != chinese
        assert re.search("[\u4e00-\u9fff]", chinese)
        assert not re.search("[\u4e00-\u9fff]", english)


def rules_broken_by_another_model() -> Words:
    profile = profile_files.load("tiny", {"generation.temperature": "0.5"})
    sizes = rules.Sizes(adapter=5 * 10**9, base=None)
    course = year.get(2024)
    builder = SimpleNamespace(bos_id=1, tokenizer=SimpleNamespace(bos_id=1))
    return rules.broken(course, profile, builder, course.base.model, sizes)[0]  # type: ignore[arg-type]
