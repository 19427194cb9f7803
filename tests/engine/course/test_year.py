"""The course by year: every year's file is whole, and its models are ours to tune."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import run_command
from samples import ENDED, make_run
from weight_writing import write_adapter

from engine.course import adapter, year
from engine.language.errors import UserError
from engine.profile import files

YEARS = year.years()


def test_the_newest_year_comes_first() -> None:
    assert sorted(YEARS, reverse=True) == YEARS
    assert {2024, 2025} <= set(YEARS)
    assert year.newest() is year.get(YEARS[0])


@pytest.mark.parametrize("number", YEARS)
def test_a_years_models_have_profiles_of_ours(number: int) -> None:
    for known in year.get(number).models:
        assert files.load(known.profile).model.path == known.model


@pytest.mark.parametrize("number", YEARS)
def test_the_adapter_is_written_for_the_peft_of_every_year(number: int) -> None:
    assert year.get(number).packages["peft"] == f"=={adapter.PEFT_VERSION}"


@pytest.mark.parametrize("number", YEARS)
def test_what_others_reached_belongs_to_the_years_models(number: int) -> None:
    one = year.get(number)
    assert {result.model for result in one.results} == {known.model for known in one.models}


def test_a_base_model_tells_its_year_by_id_and_by_folder() -> None:
    assert year.of_model("zake7749/gemma-2-2b-it-chinese-kyara-dpo").year == 2024
    assert year.of_model("/models/Llama-3-Taiwan-8B-Instruct/").year == 2024
    assert year.of_model("qwen/qwen3-4b").year == 2025
    assert year.of_model("Llama-3.1-Taiwan-8B").year == 2025
    assert year.of_model("tiny") is year.newest()


@pytest.mark.parametrize("typed", ["2023", "0"])
def test_an_unknown_year_is_refused_with_those_that_are_known(
    typed: str, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UserError, match=f"{typed} is not known; known are 2025, 2024"):
        year.get(int(typed))
    status, _, err = run_command(capsys, "experiment", "course", "--year", typed)
    assert (status, f"{typed} is not known" in err, [*root.iterdir()]) == (2, True, [])


def test_an_unknown_year_is_refused_before_a_hand_in_is_written(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run(root, *ENDED)
    write_adapter(run.adapter_path)
    to = tmp_path / "hand"
    for typed in ("2023", "0"):
        command = ("export", run.id, "--course", str(to), "--year", typed)
        status, _, err = run_command(capsys, *command)
        assert (status, f"{typed} is not known" in err, to.exists()) == (2, True, False)
