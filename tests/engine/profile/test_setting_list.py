"""Every setting with its meaning, and profiles written with their comments."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from samples import MINIMAL_PROFILE, TINY, write_profile

from engine.language import texts
from engine.language.errors import ProfileError
from engine.profile import files, saving, setting_list
from engine.profile.setting_list import Setting


def settings(overrides: dict[str, str] | None = None) -> dict[str, Setting]:
    return {one.key: one for one in setting_list.list_all("tiny", overrides or {})}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def test_every_setting_has_a_meaning() -> None:
    found = settings()
    assert len(found) > 50
    assert [key for key, setting in found.items() if not setting.comment] == []
    assert str(found["training.epochs"].comment).startswith("passes over the training file")
    assert "{instruction}" in found["prompt.template"].comment


def test_kinds_of_settings() -> None:
    found = settings()
    assert found["training.scheduler"].choices[:2] == ("constant", "linear")
    assert found["training.packing"].is_switch
    assert not found["training.packing"].choices
    assert found["lora.target_modules"].choices == ()  # a list of names will do as well
    assert not found["training.epochs"].is_switch


def test_paths_stand_as_in_the_profile() -> None:
    assert settings()["model.path"].text == '"tiny"'
    changed = settings({"model.path": "~/other"})["model.path"]
    assert (changed.text, changed.profile_value) == ('"~/other"', "tiny")


def test_changes_are_told_from_the_profile() -> None:
    found = settings({"training.epochs": "1.5", "training.batch_size": "32"})
    epochs = found["training.epochs"]
    assert (epochs.text, epochs.profile_value, epochs.is_changed) == ("1.5", 2.0, True)
    assert not found["training.batch_size"].is_changed


def test_a_mistake_is_worded_as_for_profiles() -> None:
    with pytest.raises(ProfileError, match="did you mean 'training.epochs'"):
        settings({"training.epoch": "1"})


def lines(path: Path) -> dict[str, str]:
    """Key and the rest of its line."""
    parts = (line.partition(" = ") for line in path.read_text("utf-8").splitlines())
    return {key: rest for key, equals, rest in parts if equals}


def test_a_profile_is_written_with_its_changes_and_comments() -> None:
    changes = {"training.epochs": "1.5", "training.scheduler": '"linear"', "prompt.stop": "[]"}
    path = saving.save_as("tiny", changes, "slow")
    assert path == Path("config/yiwen/profiles/slow.toml").resolve()
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    before, after = files.load("tiny", changes), files.load("slow")
    for part in ("model", "prompt", "training", "data", "lora", "generation"):
        assert getattr(before, part) == getattr(after, part)
    old, new = lines(TINY), lines(path)
    assert list(old) == list(new)
    for key in old:
        assert new[key].rpartition("#")[2] == old[key].rpartition("#")[2] or "#" not in old[key]
    same = [key for key in old if old[key] == new[key]]
    assert {"lora", "warmup", "optimizer"} & set(same) == {"warmup", "optimizer"}
    assert len(old) - len(same) == 3 + 4  # and the four paths


def test_what_the_source_left_out_is_added_with_its_meaning() -> None:
    source = write_profile(MINIMAL_PROFILE.replace('"owner/name"', '"owner/name"  # mine'))
    path = saving.save_as(str(source), {"training.epochs": "1", "title": '"T"'}, "added")
    text = path.read_text("utf-8")
    assert 'path = "owner/name"  # mine' in text
    assert "[training]\nepochs = 1.0 # passes over the training file" in text
    assert files.load("added").title == "T"
    assert "[data]" not in text


def test_a_profile_that_is_there_is_never_overwritten_unasked() -> None:
    path = saving.save_as("tiny", {}, "mine")
    path.write_text("kept")
    with pytest.raises(ProfileError, match="is there already"):
        saving.save_as("tiny", {}, "mine")
    assert path.read_text() == "kept"
    saving.save_as("tiny", {}, "mine", replace=True)
    assert files.load("mine").model == files.load("tiny").model


def test_a_local_folder_of_profiles_comes_first() -> None:
    Path("profiles").mkdir()
    assert saving.save_as("tiny", {}, "near") == Path("profiles/near.toml").resolve()


@pytest.mark.parametrize("name", ["", "../x", "a/b", "-x", "x.toml", "a b"])
def test_names_that_cannot_be(name: str) -> None:
    with pytest.raises(ProfileError, match="cannot name a profile"):
        saving.save_as("tiny", {}, name)


def test_explanations_are_translated_where_shown_but_not_where_they_are_written_to_a_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(texts, "_", str.upper)
    shown = {setting.key: str(setting.comment) for setting in setting_list.list_all("tiny", {})}
    assert shown["training.epochs"].startswith("PASSES OVER")
    assert setting_list.explanations()["training.epochs"].startswith("passes over")
