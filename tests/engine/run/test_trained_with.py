"""What an adapter was trained with is kept beside it, and told from what it is used with."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from samples import MODEL, tiny

from engine.language.errors import UserError
from engine.models import tokenizer
from engine.profile import files
from engine.profile.schema import Profile
from engine.run import trained_with
from engine.run.prompt_builder import builder_for


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    """A folder that says it was trained with the embedded profile as it is."""
    folder = tmp_path / "adapter"
    folder.mkdir()
    trained_with.write(folder, trained_with.describe(tiny(), builder_for(tiny(), [])))
    return folder


def differences(adapter: Path, profile: Profile) -> list[str]:
    return trained_with.differences(adapter, profile, builder_for(profile, []))


def changed(**overrides: str) -> Profile:
    return files.override(tiny(), {key.replace("__", "."): text for key, text in overrides.items()})


def test_nothing_is_said_where_all_agrees(adapter: Path) -> None:
    assert differences(adapter, tiny()) == []
    assert differences(adapter, changed(training__epochs="9", generation__temperature="1")) == []


def test_an_adapter_that_says_nothing_is_not_judged(tmp_path: Path) -> None:
    assert differences(tmp_path, tiny()) == []


def test_another_prompt_is_said_with_the_key_and_both_texts(adapter: Path) -> None:
    (said,) = differences(adapter, changed(prompt__stop='["<eos>"]'))
    assert said == (
        "the adapter was trained with another prompt: "
        "prompt.stop was ('<end_of_turn>',), is ('<eos>',)"
    )
    (said,) = differences(adapter, changed(prompt__template="{system}{examples}{instruction}答："))
    assert "prompt.template was '{system}{examples}<start" in said
    assert "is '{system}{examples}{instruction}答：'" in said


def test_another_precision_of_the_base_is_said(adapter: Path) -> None:
    (said,) = differences(adapter, changed(quantization__method="none"))
    assert said == "the adapter was trained on a base in nf4 double, not full precision"


def test_another_base_is_told_by_its_files_not_by_its_path(adapter: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(MODEL, copy, ignore=shutil.ignore_patterns("data", "build"))
    assert differences(adapter, changed(model__path=str(copy))) == []
    weights = copy / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    tokenizer.load.cache_clear()
    (said,) = differences(adapter, changed(model__path=str(copy)))
    assert "trained on another base model" in said
    assert str(copy) in said


def test_facts_that_cannot_be_read_are_named(adapter: Path) -> None:
    (adapter / "trained_with.json").write_text("{")
    with pytest.raises(UserError, match=r"trained_with.json: cannot be read"):
        differences(adapter, tiny())
