"""Personal settings: defaults, every key explained, mistakes named."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import tomli
from commands import as_json, run_command

from engine.machine import user_settings
from engine.machine.user_settings import Settings, SettingsError


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the settings are looked for; there is no file yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = tmp_path / "yiwen" / "settings.toml"
    path.parent.mkdir()
    return path


def test_the_explained_file_names_every_key_with_its_default() -> None:
    explained = tomli.loads(user_settings.EXPLAINED.read_text("utf-8"))
    assert explained == msgspec.to_builtins(Settings())
    for line in user_settings.EXPLAINED.read_text("utf-8").splitlines():
        if "=" in line and not line.startswith(("#", "[")):
            assert "   # " in line, f"not explained: {line}"


def test_no_file_means_the_defaults(file: Path) -> None:
    assert user_settings.load() == Settings()


def test_a_file_may_name_a_few_keys(file: Path) -> None:
    file.write_text('[notify]\nbell = false\ncommand = "true"\n', "utf-8")
    found = user_settings.load()
    assert (found.notify.bell, found.notify.osc9, found.notify.command) == (False, True, "true")


def test_all_mistakes_are_named_with_file_and_key(file: Path) -> None:
    file.write_text('[notify]\nbel = true\nbell = "yes"\n[chart]\ncharset = "utf8"\n', "utf-8")
    with pytest.raises(SettingsError) as caught:
        user_settings.load()
    lines = str(caught.value).splitlines()
    assert len(lines) == 3
    assert all(line.startswith(f"{file}: ") for line in lines)
    assert "notify.bel: unknown key; did you mean 'bell'?" in str(caught.value)
    assert 'notify.bell: found "yes", expected true or false' in str(caught.value)
    assert 'chart.charset: found "utf8", expected "' in str(caught.value)


@pytest.mark.parametrize("content", [b"[notify\n", b"\xff\xfe"])
def test_a_broken_file_is_named(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(SettingsError, match="is not TOML"):
        user_settings.load()


def test_a_slip_stops_nothing(file: Path) -> None:
    file.write_text("[notify\n", "utf-8")
    said: list[str] = []
    assert user_settings.load_or_default(said.append) == Settings()
    assert "defaults are used" in said[0]


def test_the_command_prints_a_file_that_can_be_saved(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = run_command(capsys, "settings")
    assert status == 0
    assert str(file) in err
    file.write_text(out, "utf-8")
    assert user_settings.load() == Settings()
    found = as_json(capsys, "settings")
    assert found["exists"] is True
    assert found["notify"]["bell"] is True
    file.write_text("[nope]\n", "utf-8")
    status, _, err = run_command(capsys, "settings")
    assert status == 2
    assert "nope: unknown key" in err
