"""Directions: what the course's instructions ask for, and which language a sentence is in."""

from __future__ import annotations

import pytest

from engine.data import directions

CLASSICAL = "議雖不從，天下咸重其言。"
MODERN = "雖然他的建議不被聽從，但天下人都很敬重他的話。"

TAILS = [
    ("翻譯成現代文：", "to_modern"),
    ("翻譯成文言文：", "to_classical"),
    ("幫我把這句話翻譯成現代文", "to_modern"),
    ("幫我把這句話翻譯成文言文", "to_classical"),
    ("把這句話翻譯成文言文：", "to_classical"),
    ("翻譯成白話文：", "to_modern"),
    ("把這句話翻譯成現代文。", "to_modern"),
    ("這句話在古代怎麼說：", "to_classical"),
    ("這句話在中國古代怎麼說：", "to_classical"),
    ("翻譯成古文：", "to_classical"),
]
HEADS = [
    ("翻譯成文言文：", "to_classical"),
    ("翻譯成現代文：", "to_modern"),
    ("將下麵句子翻譯成文言文：", "to_classical"),
    ("文言文翻譯：", "to_modern"),
    ("將下麵句子翻譯成現代文：", "to_modern"),
]


def sentence(direction: str) -> str:
    return CLASSICAL if direction == "to_modern" else MODERN


def forms() -> list[tuple[str, str]]:
    """Every form of the course's instructions, filled, with its direction."""
    tails = [(f"{sentence(into)}\n{request}", into) for request, into in TAILS]
    heads = [(f"{request}\n{sentence(into)}", into) for request, into in HEADS]
    return tails + heads + [(f"{text}\n答案：", into) for text, into in heads]


@pytest.mark.parametrize(("instruction", "direction"), forms())
def test_an_instruction_of_the_course_asks_for_its_direction(
    instruction: str, direction: str
) -> None:
    assert directions.of_instruction(instruction) == direction


@pytest.mark.parametrize(("instruction", "direction"), forms())
def test_the_source_text_is_the_sentence_without_the_request(
    instruction: str, direction: str
) -> None:
    assert directions.source_text(instruction) == sentence(direction)


@pytest.mark.parametrize(
    ("instruction", "direction"),
    [
        ("翻译成现代文：\n学而时习之", "to_modern"),
        ("把下面的句子翻译成文言文：\n他走了", "to_classical"),
        ("Translate into Classical Chinese:\n他走了", "to_classical"),
        ("Translate to modern Chinese:\n子曰", "to_modern"),
        ("學而時習之", "unknown"),
        ("", "unknown"),
    ],
)
def test_other_ways_to_ask_are_understood(instruction: str, direction: str) -> None:
    assert directions.of_instruction(instruction) == direction


def test_a_request_at_the_edge_outweighs_talk_of_the_other_in_the_middle() -> None:
    text = "翻譯成現代文：\n一句\n有人說要翻譯成文言文才好\n一句\n末句"
    assert directions.of_instruction(text) == "to_modern"


def test_of_two_requests_in_a_row_the_first_counts() -> None:
    assert directions.of_instruction("翻譯成文言文，不要翻譯成現代文：\n他走了") == "to_classical"


def test_a_text_that_is_only_a_request_stays_whole() -> None:
    assert directions.source_text("翻譯成文言文：") == "翻譯成文言文："


def test_all_lines_of_the_sentence_are_kept() -> None:
    assert directions.source_text("翻譯成文言文：\n他來了，\n又走了。") == "他來了，\n又走了。"


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("學而時習之，不亦說乎？", "to_modern"),
        ("温故而知新，可以为师矣。", "to_modern"),
        ("沛公起如廁，因招樊噲出。", "to_modern"),
        ("臣聞求木之長者，必固其根本。", "to_modern"),
        ("王曰：「善！」遂使人召之。", "to_modern"),
        ("三人行，必有我師焉。", "to_modern"),
        ("他把書放在桌子上，然後就走了。", "to_classical"),
        ("學習了以後經常溫習，不是很快樂的事嗎？", "to_classical"),
        ("我們明天要去看電影。", "to_classical"),
        ("这个孩子长得很像他的父亲。", "to_classical"),
        ("你怎麼知道我來過這裡呢？", "to_classical"),
        ("雖然下雨，但是大家還是到了。", "to_classical"),
        ("他去。", "to_classical"),
        ("天下大亂。", "to_modern"),
    ],
)
def test_a_sentence_is_translated_out_of_the_language_it_is_in(text: str, direction: str) -> None:
    assert directions.of_text(text) == direction
