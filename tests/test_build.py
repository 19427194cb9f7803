"""Owns the proof that the scripts behind the embedded model work, on a corpus made up here."""

from __future__ import annotations

import gzip
import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "profiles" / "tiny" / "build"

HELD_OUT = "孟子见梁惠王"
EXCLUDED = "明月照高楼里流光正徘徊"
ALPHABET = "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏"

FAKE_OPENCC = """
class OpenCC:
    def __init__(self, name):
        sides = "说见惠楼黄", "說見惠樓黃"
        self.table = str.maketrans(*(sides if name == "s2tw" else sides[::-1]))

    def convert(self, text):
        return text.translate(self.table)
"""
"""Stands in for OpenCC, so that the path through corpus.py is tested where it is not installed."""


def run(
    script: str, *arguments: object, imports: Path | None = None
) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    environment["PYTHONPATH"] = os.pathsep.join(map(str, [*filter(None, [imports]), ROOT]))
    command = [sys.executable, str(BUILD / script), *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, encoding="utf-8")


def succeed(script: str, *arguments: object, imports: Path | None = None) -> str:
    done = run(script, *arguments, imports=imports)
    assert done.returncode == 0, done.stderr
    return done.stdout


def write_chapter(clone: Path, chapter: str, pairs: list[tuple[str, str]]) -> None:
    folder = clone / "双语数据" / chapter
    folder.mkdir(parents=True)
    for name, lines in zip(("source.txt", "target.txt"), zip(*pairs, strict=True), strict=True):
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A corpus of two books, laid out as NiuTrans/Classical-Modern is."""
    rng = random.Random(0)
    sentences = ["".join(rng.choices(ALPHABET, k=rng.randint(6, 14))) for _ in range(120)]
    pairs = [(f"{text}。", f"他说{text}了。") for text in sentences]
    oddities = [
        pairs[0],
        ("皆同。", "皆同。"),
        ("", "无。"),
        ("长" * 201, "太长了。"),
        (f"诗曰： {EXCLUDED}。", "诗里说的是月亮。"),
    ]
    write_chapter(tmp_path, "史记/本纪", pairs + oddities)
    write_chapter(tmp_path, "孟子/梁惠王章句上/第一节", [(f"{HELD_OUT}。", "孟子去见梁惠王。")])
    return tmp_path


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course test, in Traditional letters one of which was converted wrongly."""
    path = tmp_path / "public_test.json"
    instruction = "翻譯成現代文：\n明月照高樓裏，流光正徘徊。"
    path.write_text(json.dumps([{"instruction": instruction}]), encoding="utf-8")
    return path


@pytest.fixture
def fake_opencc(tmp_path: Path) -> Path:
    folder = tmp_path / "imports"
    folder.mkdir()
    (folder / "opencc.py").write_text(FAKE_OPENCC, encoding="utf-8")
    return folder


@pytest.fixture
def table(clone: Path, course: Path, fake_opencc: Path, tmp_path: Path) -> Path:
    path = tmp_path / "corpus.tsv.gz"
    succeed("corpus.py", clone, path, "--exclude", course, imports=fake_opencc)
    return path


def test_corpus_leaves_out_what_is_held_out(
    table: Path, clone: Path, fake_opencc: Path, tmp_path: Path
) -> None:
    everything = tmp_path / "everything.tsv"
    succeed("corpus.py", clone, everything, imports=fake_opencc)

    text = gzip.decompress(table.read_bytes()).decode("utf-8")
    rows = [line.split("\t") for line in text.splitlines()[1:]]
    assert len(rows) == len({row[0] for row in rows}) == 120
    assert {row[2] for row in rows} == {"史记/本纪"}
    assert "說" in text
    assert "说" not in text
    assert "流光正徘徊" not in text
    assert "流光正徘徊" in everything.read_text(encoding="utf-8")
    assert "梁惠王" not in everything.read_text(encoding="utf-8")


def test_corpus_is_converted_with_opencc(clone: Path, course: Path, tmp_path: Path) -> None:
    pytest.importorskip("opencc")
    table = tmp_path / "corpus.tsv"
    succeed("corpus.py", clone, table, "--exclude", course)
    text = table.read_text(encoding="utf-8")
    assert text.count("他說") == 120
    assert "史記/本紀" in text
    assert "流光正徘徊" not in text


def test_corpus_says_how_to_get_opencc(clone: Path, fake_opencc: Path, tmp_path: Path) -> None:
    (fake_opencc / "opencc.py").write_text("raise ModuleNotFoundError", encoding="utf-8")
    done = run("corpus.py", clone, tmp_path / "corpus.tsv", imports=fake_opencc)
    assert done.returncode == 1
    assert "pip install opencc" in done.stderr
    assert "Traceback" not in done.stderr


def test_model_learns_and_is_the_same_in_transformers(table: Path, tmp_path: Path) -> None:
    words, model = tmp_path / "words", tmp_path / "model"
    assert "100.000%" in succeed("tokenizer.py", table, words, "--size", 600)
    size = ["--size", "3m", "--context", 32, "--batch-tokens", 512, "--micro-tokens", 256]
    schedule = ["--steps", 16, "--warmup", 2, "--log-every", 4]
    succeed("pretrain.py", table, words, model, *size, *schedule)
    record = json.loads((model / "pretraining.json").read_text(encoding="utf-8"))
    losses = [entry["loss"] for entry in record["history"]]
    assert record["tokens"] == 16 * 512
    assert record["epochs"] > 1
    assert losses[-1] < losses[0] - 1

    difference = re.search(r"[\d.]+e-\d+", succeed("check.py", model))
    assert difference
    assert float(difference[0]) < 1e-4


def test_check_fails_where_transformers_reads_another_model(tmp_path: Path) -> None:
    model = BUILD.parent
    (tmp_path / "model.safetensors").symlink_to(model / "model.safetensors")
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    config["final_logit_softcapping"] = 5.0
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    done = run("check.py", tmp_path)
    assert done.returncode == 1
    assert "transformers reads another model" in done.stderr
