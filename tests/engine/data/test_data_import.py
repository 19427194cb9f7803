"""The import of a clone of NiuTrans/Classical-Modern, on a little one made up here."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from commands import as_json, run_command
from samples import MINIMAL_PROFILE, write_pairs, write_profile

from engine.data import dataset
from engine.data.composing import draw_books
from engine.data.niutrans import Aligned, Excluded, clean
from engine.data.splitting import book_of
from engine.data.templates import COURSE, template_of

ALPHABET = "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏"
EXCLUDED = "明月照高楼里流光正徘徊"


def write_chapter(clone: Path, chapter: str, pairs: list[tuple[str, str]]) -> None:
    folder = clone / "双语数据" / chapter
    folder.mkdir(parents=True)
    for name, lines in zip(("source.txt", "target.txt"), zip(*pairs)):
        (folder / name).write_text("\n".join(lines) + "\n", "utf-8")
    both = "".join(f"古文：{one}\n现代文：{other}\n\n\n" for one, other in pairs)
    (folder / "bitext.txt").write_text(both, "utf-8")
    (folder / "数据来源.txt").write_text("参考资料：\n1、自编", "utf-8")


def sentences(count: int, seed: int) -> list[tuple[str, str]]:
    rng = random.Random(seed)
    texts = ["".join(rng.choices(ALPHABET, k=rng.randint(8, 14))) for _ in range(count)]
    return [(f"{text}。", f"他说{text}了。") for text in texts]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Four books, laid out as the corpus is, and one of each thing that is dropped."""
    folder = tmp_path / "clone"
    first = sentences(60, 1)
    oddities = [
        first[0],
        ("皆同。", "皆同。"),
        ("", "无。"),
        ("长" * 201, "太长了。"),
        (f"诗云： {EXCLUDED}。", "诗里说的是月亮。"),
    ]
    write_chapter(folder, "史记/三十世家/越王", first + oddities)
    write_chapter(folder, "史记/本纪", sentences(20, 2))
    write_chapter(folder, "孟子/梁惠王章句上/第一节", [("孟子见梁惠王。", "孟子去见梁惠王。")])
    write_chapter(folder, "世说新语/德行", sentences(10, 3))
    return folder


@pytest.fixture
def test_file(tmp_path: Path) -> Path:
    """A course test, in Traditional letters converted without context."""
    instruction = "翻譯成現代文：\n明月照高樓裏，流光正徘徊。"
    return write_pairs(
        tmp_path / "test.json", [{"id": "t", "instruction": instruction, "output": "月光移動。"}]
    )


def imported(
    capsys: pytest.CaptureFixture[str], clone: Path, *options: str
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What is said of an import, and the records of its file."""
    said = as_json(capsys, "data", "import", str(clone), "-o", "out.json", "--force", *options)
    return said, json.loads(Path("out.json").read_text("utf-8"))


def test_a_clone_becomes_course_json(
    capsys: pytest.CaptureFixture[str], clone: Path, test_file: Path
) -> None:
    said, records = imported(capsys, clone, "--exclude", str(test_file))
    assert said["counts"] == {
        "kept": 91,
        "seen before": 1,
        "with the same text on both sides": 1,
        "with an empty side": 1,
        "too long": 1,
        "excluded": 1,
    }
    assert (said["chapters"], said["pairs"], len(records)) == (4, 96, 91)
    pairs = dataset.read("out.json").pairs
    assert {pair.direction for pair in pairs} == {"to_modern", "to_classical"}
    assert {template_of(pair.instruction) for pair in pairs} == {
        "翻譯成現代文：\n{text}",
        "翻譯成文言文：\n{text}",
    }
    assert {book_of(pair) for pair in pairs} == {"史記", "孟子", "世說新語"}
    text = Path("out.json").read_text("utf-8")
    assert "他說" in text
    assert "流光" not in text
    assert "诗" not in text


def test_an_import_is_the_same_again_and_another_with_another_seed(
    capsys: pytest.CaptureFixture[str], clone: Path
) -> None:
    one, two, other = (
        imported(capsys, clone, "--templates", "course", "--seed", seed)[1] for seed in "001"
    )
    assert one == two
    assert one != other
    assert [record["id"] for record in one] == [record["id"] for record in other]


def test_books_are_held_out_by_name_in_either_script(
    capsys: pytest.CaptureFixture[str], clone: Path
) -> None:
    said, records = imported(capsys, clone, "--held-out", "孟子", "世說新語")
    assert said["held_out"] == ["世说新语", "孟子"]
    held_out = dataset.read("out-held-out.json").pairs
    assert {book_of(pair) for pair in held_out} == {"孟子", "世說新語"}
    assert {record["source"].split("·")[0] for record in records} == {"史記"}
    assert (len(records), len(held_out)) == (81, 11)


def test_a_share_of_the_books_is_held_out(capsys: pytest.CaptureFixture[str], clone: Path) -> None:
    said, records = imported(capsys, clone, "--held-out", "0.15")
    assert "史记" not in said["held_out"]
    assert sum(said["written"].values()) == 92


def test_each_pair_can_be_asked_for_both_ways_or_one(
    capsys: pytest.CaptureFixture[str], clone: Path
) -> None:
    _, both = imported(capsys, clone, "--direction", "both", "--limit", "20")
    assert len(both) == 40
    first, second = dataset.read("out.json").pairs[:2]
    assert (first.source_text, first.output) == (second.output, second.source_text)
    imported(capsys, clone, "--direction", "to-classical")
    assert set(dataset.read("out.json").count_directions()) == {"to_classical"}


def test_the_templates_of_the_course_are_drawn_by_their_weights(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write_chapter(tmp_path / "big", "史记/本纪", sentences(3000, 5))
    imported(capsys, tmp_path / "big", "--templates", "course")
    counts = Counter(template_of(pair.instruction) for pair in dataset.read("out.json").pairs)
    assert set(counts) == {form for forms in COURSE.values() for form in forms}
    assert 200 < counts["{text}\n翻譯成現代文："] < 500


def test_the_forms_of_a_profile_are_used(capsys: pytest.CaptureFixture[str], clone: Path) -> None:
    write_profile(MINIMAL_PROFILE + 'to_modern = "白話：{text}"\n')
    _, records = imported(capsys, clone, "--profile", "mine.toml", "--direction", "to-modern")
    assert all(record["instruction"].startswith("白話：") for record in records)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--held-out", "孟"], "--held-out: no book 孟; there are 世说新语、史记、孟子"),
        (["--held-out", "1.5"], "a share lies between 0 and 1"),
        (["--exclude", "no.json"], "no.json: no such file"),
        (["--held-out", "0.001"], "out-held-out.json: no pairs are left to write"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(
    capsys: pytest.CaptureFixture[str], clone: Path, options: list[str], message: str
) -> None:
    status, _, said = run_command(capsys, "data", "import", str(clone), "-o", "out.json", *options)
    assert (status, message in said) == (2, True), said


def test_what_is_no_clone_or_not_a_whole_one_is_named(
    capsys: pytest.CaptureFixture[str], clone: Path, tmp_path: Path
) -> None:
    _, _, said = run_command(capsys, "data", "import", str(tmp_path), "-o", "out.json")
    assert "has no folder 双语数据; give a clone of" in said
    chapter = clone / "双语数据" / "史记" / "本纪"
    (chapter / "target.txt").write_text("一行\n", "utf-8")
    _, _, said = run_command(capsys, "data", "import", str(clone), "-o", "out.json")
    assert "source.txt has 20 lines, target.txt 1; they must be parallel" in said
    (chapter / "target.txt").unlink()
    _, _, said = run_command(capsys, "data", "import", str(clone), "-o", "out.json")
    assert "target.txt: no such file" in said
    assert not Path("out.json").exists()


def test_an_excluded_text_keeps_out_what_shares_ten_letters_or_is_equal() -> None:
    excluded = Excluded.from_lines([EXCLUDED, "帝从之如初", "短"])
    assert excluded.meets("前" + EXCLUDED[:10] + "后")
    assert not excluded.meets(EXCLUDED[:9] + "后" + EXCLUDED[9:])
    assert excluded.meets("帝从之如初")
    assert not excluded.meets("于是帝从之如初")
    assert not excluded.meets("短")


def test_books_are_drawn_whole_until_the_share_is_full() -> None:
    pairs = [Aligned("文", "白", f"书{n}/章") for n in range(10) for _ in range(n + 1)]
    books = draw_books(pairs, 0.4, seed=0)
    drawn = sum(pair.book in books for pair in pairs)
    assert 0.3 * len(pairs) < drawn <= 0.4 * len(pairs)
    assert books == draw_books(list(reversed(pairs)), 0.4, seed=0)


def test_duplicates_differ_in_more_than_punctuation() -> None:
    counts: Counter[str] = Counter()
    pairs = [
        Aligned("子曰学。", "孔子说学习", "论语/一"),
        Aligned("子曰：学", "孔子说，学习", "论语/二"),
    ]
    assert len(list(clean(pairs, Excluded.from_lines([]), counts))) == 1
    assert counts == {"kept": 1, "seen before": 1}
