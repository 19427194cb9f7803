"""What is counted in data files: templates, lengths in tokens, what looks wrong."""

from __future__ import annotations

import random
import statistics
from pathlib import Path

import pytest
from samples import MODEL, tiny, write_pairs

from engine.data import dataset, description, spread
from engine.data.dataset import Pair
from engine.data.directions import of_instruction
from engine.data.inspection import inspect
from engine.data.records import load
from engine.data.sides import answer_prefix
from engine.data.templates import COURSE, template_of
from engine.profile import files
from engine.prompts import lengths
from engine.run import prompt_builder

SENTENCE = "學而時習之，不亦說乎？"


@pytest.mark.parametrize("form", [form for forms in COURSE.values() for form in forms])
def test_the_templates_of_the_course_are_told_from_the_sentence(form: str) -> None:
    assert template_of(form.format(text=SENTENCE)) == form
    assert template_of(form.format(text=f" {SENTENCE}")) == form
    (direction,) = (direction for direction, forms in COURSE.items() if form in forms)
    assert of_instruction(form.format(text=SENTENCE)) == direction


def test_there_are_the_17_templates_of_the_course() -> None:
    assert sum(len(forms) for forms in COURSE.values()) == 17
    assert sum(sum(forms.values()) for forms in COURSE.values()) == 10_000


@pytest.mark.parametrize(
    ("instruction", "template"),
    [
        (SENTENCE, "{text}"),
        (f"翻譯成現代文：{SENTENCE}", "翻譯成現代文：{text}"),
        (f"翻譯成現代文：\n{SENTENCE}\n{SENTENCE}", "翻譯成現代文：\n{text}"),
        ("句一\n翻譯成文言文：\n句二", "(lines between the sentence's)"),
    ],
)
def test_other_instructions_have_a_template_too(instruction: str, template: str) -> None:
    assert template_of(instruction) == template


def test_lengths_are_those_of_the_prompt_that_is_trained_on() -> None:
    profile = tiny()
    pairs = dataset.read(MODEL / "data" / "test.json").pairs
    builder = prompt_builder.builder_for(profile, [])
    found = lengths.measure(profile, builder, pairs)
    encoded = [builder.encode(pair.instruction, pair.output) for pair in pairs]
    whole = sorted(len(item.ids) for item in encoded)
    assert found.tokens == sum(whole)
    assert found.scored == sum(item.scored_count for item in encoded)
    assert found.whole.mean == pytest.approx(statistics.mean(whole))
    assert found.whole.p50 == statistics.median_low(whole)
    assert (found.whole.p95, found.whole.max) == (whole[round(len(whole) * 0.95) - 1], whole[-1])
    assert sum(count for _, _, count in found.histogram) == len(pairs)
    assert (found.long_prompts, found.long_outputs, found.cut, found.no_room) == (0, 0, 0, 0)


def test_what_is_left_out_or_cut_at_the_limits_is_counted() -> None:
    limits = {
        "training.max_prompt_tokens": "50",
        "training.max_output_tokens": "30",
        "evaluation.max_tokens": "60",
    }
    profile = files.load("tiny", limits)
    pairs = dataset.read(MODEL / "data" / "test.json").pairs
    builder = prompt_builder.builder_for(profile, [])
    found = lengths.measure(profile, builder, pairs)
    encoded = [builder.encode(pair.instruction, pair.output) for pair in pairs]
    sizes = [(len(item.ids) - item.scored_count, item.scored_count) for item in encoded]
    assert found.long_prompts == sum(prompt > 50 for prompt, _ in sizes) > 0
    assert found.long_outputs == sum(p <= 50 and output > 30 for p, output in sizes) > 0
    assert found.cut == sum(prompt + output > 60 for prompt, output in sizes) > 0
    assert found.no_room == sum(prompt >= 60 for prompt, _ in sizes) > 0


def test_a_histogram_takes_every_length_and_its_long_tail_in_one_bin() -> None:
    rng = random.Random(0)
    sizes = [int(rng.gauss(100, 15)) for _ in range(1000)] + [5000]
    bins = spread.histogram(sizes)
    assert len(bins) <= 12
    assert sum(count for _, _, count in bins) == len(sizes)
    assert bins[-1][1] == 5001
    for start, end, count in bins[:-1]:
        assert count == sum(start <= size < end for size in sizes)
    assert spread.histogram([7]) == [(7, 8, 1)]
    assert spread.histogram([0, 0]) == [(0, 1, 2)]


def test_a_file_is_described() -> None:
    pairs = [
        Pair("a", "文言文翻譯：\n學而時習之。", "答案：學瞭經常溫習。", "論語·學而"),
        Pair("b", "翻譯成文言文：\n學了經常溫習。", "學而時習之。", "論語·學而", "學而時習之。"),
        Pair("c", "翻譯成文言文：\n皇帝聽從了。", "", "史記"),
    ]
    found = description.describe(pairs)
    assert (found.pairs, found.with_output, found.with_repaired) == (3, 2, 1)
    assert found.directions == {"to_classical": 2, "to_modern": 1}
    assert found.prefixes == {"答案：": 1}
    assert found.books == {"論語": 2, "史記": 1}
    assert (found.damaged, found.damaged_characters) == (1, {"瞭→了": 1})
    assert found.output_characters.max == 10


def test_what_looks_wrong_is_named_by_place() -> None:
    records = [
        {"id": "good", "instruction": "翻譯成現代文：\n學而時習之，不亦說乎？", "output": "好。"},
        {"id": "copy", "instruction": "翻譯成現代文：\n華嚴和尚", "output": "答案：華嚴和尚。"},
        {"id": "empty", "instruction": "翻譯成現代文：\n吾日三省", "output": "答案："},
        {"id": "signs", "instruction": "翻譯成現代文：\n……", "output": "無。"},
        {"id": "asks nothing", "instruction": "吾日三省吾身", "output": "我天天反省"},
        {"id": "long", "instruction": "翻譯成現代文：\n帝曰可。", "output": "皇帝說" + "可以" * 20},
        {"id": "simplified", "instruction": "翻譯成現代文：\n其來乎", "output": "他來吗这"},
        {"id": "again", "instruction": "文言文翻譯：\n其來乎？", "output": "他來吗这！"},
        {"id": "answer", "instruction": "文言文翻譯：\n學而時習之，不亦說乎", "output": "很好。"},
    ]
    found = inspect(load(str(write_pairs(Path("a.json"), records))))
    assert [(each.place, each.id, each.kind) for each in found] == [
        ("record 2", "copy", "copy"),
        ("record 3", "empty", "empty"),
        ("record 4", "signs", "empty"),
        ("record 5", "asks nothing", "no direction"),
        ("record 6", "long", "length"),
        ("record 7", "simplified", "simplified"),
        ("record 8", "again", "simplified"),
        ("record 8", "again", "duplicate"),
        ("record 9", "answer", "other answer"),
    ]
    assert found[5].said == "吗 这"
    assert str(found[7].said).startswith("as record 7")


def test_the_sample_data_looks_right() -> None:
    for name in ("train", "validation", "test"):
        assert inspect(load(str(MODEL / "data" / f"{name}.json"))) == []


@pytest.mark.parametrize(
    ("output", "prefix"),
    [
        ("答案：好", "答案："),
        ("譯文:好", "譯文:"),
        ("答案: 好", "答案:"),
        ("答案在此", ""),
        ("好答案：", ""),
    ],
)
def test_a_prefix_is_known_by_its_colon(output: str, prefix: str) -> None:
    assert answer_prefix(output) == prefix
