"""What is said of validation where a run is given other training or test pairs alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from samples import pair, write_pairs

from engine.cli import validation_note
from engine.start import request
from engine.start.request import Request


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"data.train": "mine.json"}, "still the profile's own file"),
        ({"data.test": "mine.json"}, "still the profile's own file"),
        (
            {"data.train": "mine.json", "data.validation": "", "data.validation_share": "0.1"},
            "",
        ),
        ({"training.epochs": "1"}, ""),
    ],
)
def test_it_is_said_what_became_of_validation(
    tmp_path: Path, overrides: dict[str, str], said: str
) -> None:
    write_pairs(Path("mine.json"), [pair(number) for number in range(60)])
    asked = Request(root=tmp_path, strategy="qlora", profile="tiny", overrides=overrides)
    settings = request.prepare(asked).settings
    assert said in validation_note.note(asked, settings)
    assert bool(said) == bool(validation_note.note(asked, settings))


def test_pairs_set_aside_are_counted_with_their_file(tmp_path: Path) -> None:
    write_pairs(Path("mine.json"), [pair(number) for number in range(60)])
    own = {"data.validation": "", "data.validation_share": "0.1"}
    named = {"data.train": "mine.json"}
    prepared = Request(root=tmp_path, strategy="qlora", profile="tiny", overrides=own | named)
    settings = request.prepare(prepared).settings
    asked = Request(root=tmp_path, strategy="qlora", profile="tiny", overrides=named)
    assert validation_note.note(asked, settings) == (
        "validation: 6 pairs set aside from mine.json; --validation FILE names others"
    )
