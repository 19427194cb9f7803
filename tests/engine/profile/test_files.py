"""Where profiles are found, and what their paths are relative to."""

from __future__ import annotations

from pathlib import Path

import pytest
from samples import MINIMAL_PROFILE, TINY, write_profile

from engine.language.errors import DataError, ProfileError
from engine.profile import files
from engine.start import request


def test_relative_paths_are_taken_from_the_folder_of_the_profile() -> None:
    Path("there/model").mkdir(parents=True)
    for name in ("there/a.json", "there/s.txt", "t.txt"):
        Path(name).touch()
    text = (
        MINIMAL_PROFILE.replace("owner/name", "model")
        + '[data]\ntrain = "a.json"\ntest = "s.txt,../t.txt"'
    )
    profile = files.load(write_profile(text, "there/mine.toml"))
    here = Path.cwd()
    assert profile.model.path == str(here / "there/model")
    assert profile.data.train == str(here / "there/a.json")
    assert profile.data.test == f"{here / 'there/s.txt'},{here / 't.txt'}"
    assert profile.data.validation == ""


def test_a_data_file_that_is_not_beside_the_profile_is_taken_from_where_one_stands() -> None:
    Path("data").mkdir()
    Path("data/train.json").touch()
    text = MINIMAL_PROFILE + '[data]\ntrain = "data/train.json"'
    profile = files.load(write_profile(text, "there/mine.toml"))
    assert profile.data.train == str(Path.cwd() / "data/train.json")
    Path("there/data").mkdir()
    Path("there/data/train.json").touch()
    beside = files.load("there/mine.toml")
    assert beside.data.train == str(Path.cwd() / "there/data/train.json")


def test_a_data_file_that_is_nowhere_is_named_with_both_places_when_it_is_needed() -> None:
    text = MINIMAL_PROFILE + '[data]\ntrain = "data/train.json"\ntest = "/no/test.json"'
    profile = files.load(write_profile(text, "there/mine.toml"))
    with pytest.raises(DataError) as caught:
        request.read_data(profile, "train")
    here = Path.cwd()
    assert str(caught.value) == (
        f"data.train: data/train.json lies neither beside the profile ({here}/there) nor where "
        f"yiwen was started ({here}); choose another with --train FILE, or set data.train"
    )
    with pytest.raises(DataError, match=r"^/no/test\.json: no such file"):
        request.read_data(profile, "evaluate")


def test_a_model_that_is_no_folder_stays_a_hub_id() -> None:
    assert files.load(write_profile(MINIMAL_PROFILE)).model.path == "owner/name"


def test_a_local_profile_hides_a_personal_one_and_that_a_built_in_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(Path.cwd() / "config"))
    assert files.find("tiny") == TINY
    personal = write_profile(MINIMAL_PROFILE, "config/yiwen/profiles/tiny.toml")
    assert files.find("tiny") == personal
    local = write_profile(MINIMAL_PROFILE, "profiles/tiny.toml")
    assert files.find("tiny") == local
    assert [file for file in files.list_all() if file.stem == "tiny"] == [local]


def test_personal_profiles_lie_in_dot_config_where_xdg_says_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(Path.cwd()))
    mine = write_profile(MINIMAL_PROFILE, ".config/yiwen/profiles/mine.toml")
    assert files.find("mine") == mine


def test_an_unknown_profile_is_named_with_the_nearest_and_with_all_there_are() -> None:
    with pytest.raises(ProfileError) as caught:
        files.load("tinny")
    assert str(caught.value).startswith(
        "no profile named 'tinny'; did you mean 'tiny'?; there are: tiny, gemma-2-2b-kyara, "
    )


def test_a_missing_profile_file_is_named() -> None:
    with pytest.raises(ProfileError, match=r"^no/such\.toml: no such profile file$"):
        files.load("no/such.toml")


def test_the_embedded_profile_is_the_first_of_the_list() -> None:
    write_profile(MINIMAL_PROFILE, "profiles/a.toml")
    assert [path.stem for path in files.list_all()][:3] == [
        "tiny",
        "a",
        "gemma-2-2b-kyara",
    ]
