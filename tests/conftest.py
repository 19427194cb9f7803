"""Shared fixtures: every test is kept apart from the user's own profiles, models and runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

# Chosen before anything of the workbench is imported: its texts have one language for life.
os.environ["YIWEN_LANGUAGE"] = os.environ.get("YIWEN_TEST_LANGUAGE", "en")


_SOURCE = Path(__file__).resolve().parents[1]
_LOOKED_INTO = (".", "profiles", "runs")
"""Folders of the source in which whoever stands there would write."""


@pytest.fixture(scope="session", autouse=True)
def _nothing_is_left_in_the_source() -> Iterator[None]:
    before = _files_of_the_source()
    yield
    assert _files_of_the_source() - before == set()


def _files_of_the_source() -> set[Path]:
    found = (one for name in _LOOKED_INTO for one in (_SOURCE / name).iterdir())
    return {one for one in found if not one.name.startswith((".", "build"))}


@pytest.fixture(autouse=True)
def _stand_somewhere_else(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that ./profiles, ./runs and what is written there are the test's own."""
    monkeypatch.chdir(tmp_path_factory.mktemp("here"))


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    nothing = tmp_path_factory.getbasetemp()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(nothing / "no-config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(nothing / "no-data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("HF_HUB_CACHE", str(nothing / "no-hub-cache"))
    monkeypatch.delenv("YIWEN_RUNS", raising=False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty runs folder."""
    folder = tmp_path / "runs"
    folder.mkdir()
    return folder
