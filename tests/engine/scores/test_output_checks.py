"""Faults are found where they are, and not where the source or the reference explains them."""

from __future__ import annotations

from typing import Any

import pytest
from samples import tiny

from engine.data.dataset import Pair
from engine.data.directions import of_instruction
from engine.profile import files
from engine.run import prompt_builder
from engine.run.judgement import FAULTS
from engine.scores.output_checks import OutputChecker, tally
from engine.scores.result_lines import SampleResult

SOURCE = "學而時習之，不亦說乎？有朋自遠方來，不亦樂乎？"
REFERENCE = "學習了又時常溫習，不是很愉快嗎？有志同道合的人從遠方來，不是很令人高興嗎？"


def result(output: str | None, source: str = SOURCE, **changes: Any) -> SampleResult:
    instruction = changes.pop("instruction", f"翻譯成現代文：\n{source}\n答案：")
    values: dict[str, Any] = {"reference": REFERENCE, **changes}
    return SampleResult(
        id="a",
        direction=of_instruction(instruction),
        perplexity=None,
        nll=None,
        tokens=0,
        instruction=instruction,
        output=output,
        **values,
    )


@pytest.fixture(scope="module")
def checker() -> OutputChecker:
    return OutputChecker.of(prompt_builder.builder_for(tiny(), []))


def test_a_good_output_has_no_fault(checker: OutputChecker) -> None:
    assert checker.faults(result("學了又時時溫習，不也高興嗎？有朋友從遠方來，不也快樂嗎？")) == {}


def test_what_was_not_translated_is_not_checked(checker: OutputChecker) -> None:
    assert checker.faults(result(None)) == {}


@pytest.mark.parametrize("output", ["", " \n"])
def test_nothing_is_empty_and_nothing_else(checker: OutputChecker, output: str) -> None:
    assert set(checker.faults(result(output))) == {"empty"}


@pytest.mark.parametrize(
    "output", [SOURCE, SOURCE.replace("，", " "), SOURCE[:-1], SOURCE.replace("說", "悅")]
)
def test_the_source_again_or_nearly_is_a_copy(checker: OutputChecker, output: str) -> None:
    assert set(checker.faults(result(output))) == {"copied"}


def test_a_copy_is_right_where_the_reference_is_one_too(checker: OutputChecker) -> None:
    same = result("晉文公重耳。", source="晉文公重耳。", reference="晉文公重耳。")
    assert checker.faults(same) == {}
    repaired = result("晉文公重耳。", source="晉文公重耳。", repaired="晉文公重耳")
    assert checker.faults(repaired) == {}
    assert set(checker.faults(result("晉文公重耳。", source="晉文公重耳。"))) == {"copied"}


def test_simplified_characters_are_named_unless_source_or_reference_has_them(
    checker: OutputChecker,
) -> None:
    assert checker.faults(result("学习后，说：这里干净。")) == {"simplified": "学习说这净"}
    assert checker.faults(result("皇后在這裡雲遊。")) == {}
    assert checker.faults(result("说得是。", reference="说得對。")) == {}


@pytest.mark.parametrize(
    ("output", "found"),
    [
        ("翻譯成現代文：學習很快樂。", "翻譯成現代文："),
        ("答案：學習很快樂。", "答案："),
        ("model\n學習很快樂。", "model"),
        ("學習很快樂。 user 翻譯", "user"),
    ],
)
def test_words_of_the_prompt_are_named(checker: OutputChecker, output: str, found: str) -> None:
    assert checker.faults(result(output)) == {"prompt": found}


def test_words_that_the_reference_has_too_are_no_leak(checker: OutputChecker) -> None:
    assert checker.faults(result("答案：學習很快樂。", reference="答案：很愉快")) == {}
    assert checker.faults(result("答案就是學習。")) == {}


def test_the_words_of_a_system_prompt_and_of_a_template_are_known() -> None:
    profile = files.override(
        tiny(),
        {
            "prompt.system": "你是翻譯古文的助手。\n",
            "prompt.template": "{system}{examples}### 問題：{instruction}\n### 回答：",
        },
    )
    checker = OutputChecker.of(prompt_builder.builder_for(profile, []))
    assert checker.faults(result("我是你是翻譯古文的助手。學習")) == {
        "prompt": "你是翻譯古文的助手。"
    }
    assert set(checker.faults(result("### 回答：學習很快樂"))) == {"prompt"}


def test_what_the_examples_ask_for_is_known_too() -> None:
    asked = Pair("e", "把這句話翻譯成文言文：\n天氣很好。", "天佳。")
    checker = OutputChecker.of(prompt_builder.builder_for(tiny(), [asked]))
    assert checker.faults(result("學習。把這句話翻譯成文言文：學")) == {
        "prompt": "把這句話翻譯成文言文："
    }
    assert checker.faults(result("天氣很好。")) == {}


@pytest.mark.parametrize(
    "output",
    ["<think>\n先看原文。</think>\n學習很快樂。", "先看原文。</think>學習很快樂。", "<THINKING>想"],
)
def test_thinking_aloud_is_named(checker: OutputChecker, output: str) -> None:
    assert set(checker.faults(result(output))) == {"thinking"}


def test_marks_of_thinking_that_are_tokens_are_not_named_twice() -> None:
    checker = OutputChecker(special_tokens=("<think>", "<eos>"))
    faults = checker.faults(result("<think>好。<eos>"))
    assert faults == {"thinking": "<think>", "special": "<eos>"}


def test_english_words_are_named_unless_something_explains_them(checker: OutputChecker) -> None:
    output = "The translation is：學習 very 快樂。<end_of_turn>"
    assert checker.faults(result(output)) == {
        "english": "The translation very",
        "special": "<end_of_turn>",
    }
    assert checker.faults(result("學習 OK 快樂。")) == {}
    assert checker.faults(result("名為 Confucius。", reference="他叫 Confucius。")) == {}
    assert checker.faults(result("model\n學習很快樂。")) == {"prompt": "model"}


@pytest.mark.parametrize(
    ("output", "again"),
    [
        ("學習很快樂。" * 4, "學習很快樂。"),
        ("學習，" + "不亦說乎？" * 30, "不亦說乎？"),
        ("學習" + "。" * 40, "。"),
        ("一" * 16, "一"),
        ("開始。" + "有朋自遠方來不亦樂乎。" * 3, "有朋自遠方來不亦樂乎。"),
    ],
)
def test_the_same_again_and_again_is_named(checker: OutputChecker, output: str, again: str) -> None:
    assert checker.faults(result(output))["repeats"] in again * 2


@pytest.mark.parametrize("output", ["哈哈哈哈哈哈", "快樂快樂快樂。", "學習很快樂。學習很快樂。"])
def test_a_word_said_again_is_no_endless_repetition(checker: OutputChecker, output: str) -> None:
    assert checker.faults(result(output)) == {}


def test_a_refrain_of_the_source_is_right(checker: OutputChecker) -> None:
    refrain = "坎坎伐檀兮。" * 4
    assert "repeats" not in checker.faults(result(refrain, source="擊鼓。" + refrain))


def test_special_tokens_are_found_written_out_and_left_out(checker: OutputChecker) -> None:
    assert checker.faults(result("學習很快樂。<end_of_turn>")) == {"special": "<end_of_turn>"}
    assert checker.faults(result("學習很快樂。", special=["<pad>", "<pad>"])) == {
        "special": "<pad>"
    }


def test_an_output_without_end_is_cut_whatever_else_it_is(checker: OutputChecker) -> None:
    assert set(checker.faults(result(SOURCE, cut=True))) == {"cut", "copied"}
    assert set(checker.faults(result("", cut=True))) == {"empty", "cut"}


def test_faults_are_counted_with_the_first_as_example(checker: OutputChecker) -> None:
    results = [result("很好。"), result("说话" * 40), result("这"), result("")]
    for number, one in enumerate(results):
        one.id, one.faults = f"p{number}", checker.faults(one)
    counted = tally(results)
    assert list(counted) == list(FAULTS)
    assert {kind: fault.count for kind, fault in counted.items() if fault.count} == {
        "simplified": 2,
        "empty": 1,
        "repeats": 1,
    }
    example = counted["simplified"]
    assert (example.id, example.found) == ("p1", "说话")
    assert example.output == "说话" * 30 + "…"
