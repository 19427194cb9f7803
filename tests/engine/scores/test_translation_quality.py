"""BLEU and chrF are sacreBLEU's own, for a file, for parts of it, and with a second reference."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
import sacrebleu
from sacrebleu.significance import PairedTest

from engine.scores import translation_quality
from engine.scores.resampling import Summed, exchange_test
from engine.scores.translation_quality import Counted

OUTPUTS = [
    "學習並且時常溫習，不也是很快樂嗎？",
    "有朋友從遠方來，不是很快樂嗎！",
    "別人不了解我，我卻不生氣。",
    "",
    "子曰：「溫故而知新。」",
    "今天 GPT-2 的天氣很好……",
]
REFERENCES = [
    "學習了又時常溫習，不是很愉快嗎？",
    "有志同道合的人從遠方來，不是很令人高興嗎？",
    "別人不瞭解我，我也不怨恨、惱怒。",
    "君子。",
    "子曰：「溫故而知新，可以為師矣。」",
    "今天 GPT-2 的天氣很好。",
]
REPAIRED = [None, None, "別人不了解我，我也不怨恨、惱怒。", None, None, None]


def value(score: Summed) -> float:
    return score.of(range(score.count))


@pytest.fixture(scope="module")
def counted() -> dict[str, Counted]:
    return translation_quality.count(OUTPUTS, [REFERENCES])


def test_the_scores_are_those_of_sacrebleu(counted: dict[str, Counted]) -> None:
    bleu = sacrebleu.corpus_bleu(OUTPUTS, [REFERENCES], tokenize="zh").score
    chrf = sacrebleu.corpus_chrf(OUTPUTS, [REFERENCES]).score
    assert 10 < bleu < 90
    assert value(counted["bleu"].score()) == pytest.approx(bleu, abs=1e-9)
    assert value(counted["chrf"].score()) == pytest.approx(chrf, abs=1e-9)


def test_scores_and_signatures_are_those_that_sacrebleus_command_prints(
    counted: dict[str, Counted], tmp_path: Path
) -> None:
    for name, lines in (("out", OUTPUTS), ("ref", REFERENCES)):
        (tmp_path / name).write_text("\n".join(lines) + "\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "sacrebleu", "ref", "-i", "out", "-m", "bleu", "chrf",
         "-tok", "zh", "-w", "6"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for printed, ours in zip(json.loads(done.stdout), counted.values(), strict=True):
        assert value(ours.score()) == pytest.approx(printed["score"], abs=1e-5)
        assert ours.signature == printed["signature"]
    assert "tok:zh" in counted["bleu"].signature


def test_a_part_of_a_file_scores_as_a_file_of_its_own(counted: dict[str, Counted]) -> None:
    chosen = [0, 2, 4]
    outputs, references = [[lines[i] for i in chosen] for lines in (OUTPUTS, REFERENCES)]
    bleu = sacrebleu.corpus_bleu(outputs, [references], tokenize="zh").score
    assert value(counted["bleu"].score(chosen)) == pytest.approx(bleu, abs=1e-9)
    chrf = sacrebleu.corpus_chrf(outputs, [references]).score
    assert value(counted["chrf"].score(chosen)) == pytest.approx(chrf, abs=1e-9)


def test_a_sentence_alone_has_its_own_chrf(counted: dict[str, Counted]) -> None:
    for item, (output, reference) in enumerate(zip(OUTPUTS, REFERENCES, strict=True)):
        expected = sacrebleu.sentence_chrf(output, [reference]).score
        assert counted["chrf"].of_sentence(item) == pytest.approx(expected, abs=1e-9)


def test_a_second_reference_of_some_items_counts_and_is_in_the_signature(
    counted: dict[str, Counted],
) -> None:
    both = translation_quality.count(OUTPUTS, [REFERENCES, REPAIRED])
    expected = sacrebleu.corpus_bleu(OUTPUTS, [REFERENCES, REPAIRED], tokenize="zh").score
    assert value(both["bleu"].score()) == pytest.approx(expected, abs=1e-9)
    assert value(both["bleu"].score()) > value(counted["bleu"].score()) + 1
    assert value(both["chrf"].score()) > value(counted["chrf"].score())
    assert both["bleu"].signature.startswith("nrefs:var|")
    assert counted["bleu"].signature.startswith("nrefs:1|")


def test_the_reference_itself_scores_100() -> None:
    counted = translation_quality.count(REFERENCES, [REFERENCES])
    assert [value(one.score()) for one in counted.values()] == pytest.approx([100, 100])


@pytest.mark.parametrize("changed", [3, 12])
def test_p_is_that_of_sacrebleus_paired_test_where_there_are_many_items(changed: int) -> None:
    draw = random.Random(changed)
    letters = "天地玄黃宇宙洪荒日月盈昃辰宿列張"
    references = ["".join(draw.choices(letters, k=20)) for _ in range(60)]

    def spoilt(share: float) -> list[str]:
        return [
            "".join(draw.choice(letters) if draw.random() < share else char for char in line)
            for line in references
        ]

    one, other = spoilt(0.3), spoilt(0.3 + changed / 100)
    systems = [("one", one), ("other", other)]
    printed = PairedTest(systems, translation_quality.metrics(), [references], "ar")()[1]
    counted = [translation_quality.count(lines, [references]) for lines in (one, other)]
    found = {
        name: exchange_test(counted[0][name].score(), counted[1][name].score())
        for name in counted[0]
    }
    assert found["bleu"] == pytest.approx(printed["BLEU"][1].p_value, abs=0.02)
    assert found["chrf"] == pytest.approx(printed["chrF2"][1].p_value, abs=0.02)
    assert (found["bleu"] < 0.05) == (changed == 12)


def test_of_a_handful_of_items_p_is_never_smaller_than_chance_allows() -> None:
    counted = [
        translation_quality.count(lines[:3], [REFERENCES[:3]])
        for lines in (REFERENCES, ["之乎者也"] * 3)
    ]
    p = exchange_test(counted[0]["bleu"].score(), counted[1]["bleu"].score())
    assert p == pytest.approx(2 / 2**3, abs=0.02)
