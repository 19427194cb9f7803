"""The tokenizer: text to ids and back, special tokens, and what is said when a model has none."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from samples import MODEL

from engine.language.errors import UserError
from engine.models import tokenizer
from engine.models.tokenizer import Tokenizer

GROWTH_BYTES = 2_000_000
ENCODE_MANY = """
import random, sys, psutil
from engine.models.tokenizer import load
tokenizer, draw = load(sys.argv[1]), random.Random(1)
texts = ["".join(chr(draw.randrange(0x4E00, 0x9000)) for _ in range(60)) for _ in range(2000)]
tokenizer.encode(texts[0])
before = psutil.Process().memory_info().rss
for text in texts:
    tokenizer.encode(text)
print(psutil.Process().memory_info().rss - before)
"""
TEXT = "學而時習之，不亦說乎？\nThe 8th, {x} 𠮷 😀"


def copied(config: dict[str, object] | None) -> Path:
    """A model folder with the embedded tokenizer and another tokenizer_config.json, or none."""
    folder = Path("model").resolve()
    folder.mkdir()
    shutil.copy(MODEL / "tokenizer.json", folder)
    if config is not None:
        (folder / "tokenizer_config.json").write_text(json.dumps(config), "utf-8")
    return folder


@pytest.fixture(scope="module")
def tiny() -> Tokenizer:
    return tokenizer.load(str(MODEL))


def test_a_text_comes_back_whole_from_its_ids(tiny: Tokenizer) -> None:
    assert tiny.decode(tiny.encode(TEXT)) == TEXT


def test_nothing_is_added_to_a_text(tiny: Tokenizer) -> None:
    assert tiny.encode("") == []
    assert not set(tiny.encode(TEXT)) & tiny.special_ids


def test_special_tokens_written_in_a_text_are_found(tiny: Tokenizer) -> None:
    assert tiny.encode("<eos>") == [tiny.eos_id]


def test_special_tokens_are_left_out_of_a_decoded_text_unless_asked_for(tiny: Tokenizer) -> None:
    ids = [tiny.bos_id or 0, *tiny.encode("學"), tiny.eos_id]
    assert tiny.decode(ids) == "學"
    assert tiny.decode(ids, skip_special=False) == "<bos>學<eos>"


def test_many_texts_at_once_get_the_ids_of_each_alone(tiny: Tokenizer) -> None:
    texts = ["學", TEXT, ""]
    assert tiny.encode_all(texts) == [tiny.encode(text) for text in texts]


def test_a_token_and_its_id_name_each_other(tiny: Tokenizer) -> None:
    assert tiny.token(tiny.token_id("<bos>")) == "<bos>"


def test_an_id_beyond_the_vocabulary_is_shown_as_its_number(tiny: Tokenizer) -> None:
    assert tiny.token(10_000_000) == "<10000000>"


def test_a_token_that_the_vocabulary_lacks_is_named(tiny: Tokenizer) -> None:
    with pytest.raises(UserError, match="has no token '<nope>'"):
        tiny.token_id("<nope>")


def test_special_tokens_may_be_written_as_objects() -> None:
    made = Tokenizer(copied({"eos_token": {"content": "<eos>"}, "bos_token": None}))
    assert made.eos_token == "<eos>"
    assert made.bos_id is None


def test_a_model_without_a_pad_token_pads_with_eos() -> None:
    made = Tokenizer(copied({"eos_token": "<eos>"}))
    assert made.pad_id == made.eos_id


@pytest.mark.parametrize("config", [None, {}])
def test_a_model_without_an_eos_token_is_refused(config: dict[str, object] | None) -> None:
    with pytest.raises(UserError, match="has no eos_token, which ends every answer"):
        Tokenizer(copied(config))


@pytest.mark.parametrize(
    ("file", "said"),
    [("tokenizer.json", "cannot be read"), ("tokenizer_config.json", "broken JSON")],
)
def test_a_broken_file_is_named(file: str, said: str) -> None:
    folder = copied({"eos_token": "<eos>"})
    (folder / file).write_text('{"x"')
    with pytest.raises(UserError, match=rf"model/{file}: {said}"):
        Tokenizer(folder)


def test_a_folder_without_a_tokenizer_is_named() -> None:
    with pytest.raises(UserError, match=r"has no tokenizer\.json; model\.path must name a model"):
        tokenizer.load(str(Path.cwd()))


@pytest.mark.parametrize("path", ["/no/such/folder", "nofolder", "a/b/c"])
def test_a_model_that_is_neither_folder_nor_hub_id_is_named(path: str) -> None:
    with pytest.raises(UserError, match=f"no folder '{path}', and not a hub id like owner/name"):
        tokenizer.load(path)


def test_texts_that_were_encoded_are_not_kept() -> None:
    command = [sys.executable, "-c", ENCODE_MANY, str(MODEL)]
    grown = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    print(f"{grown:,} bytes")
    assert grown <= GROWTH_BYTES
