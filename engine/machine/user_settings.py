"""The user's own settings, ~/.config/yiwen/settings.toml: what concerns the person, not a run.

user_settings.toml beside this file explains every key; a file that is missing means the defaults.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from msgspec import Struct

from engine.language.errors import UserError
from engine.language.said import Joined, Said, Words, labelled
from engine.machine import reading
from engine.machine.checked_toml import convert
from engine.machine.paths import settings_file

EXPLAINED = Path(__file__).with_suffix(".toml")
"""A file of defaults that explains each key."""


class SettingsError(UserError):
    """The settings file cannot be used; all mistakes are listed."""


class Chart(Struct, frozen=True, kw_only=True):
    """How charts are drawn."""

    charset: Literal["auto", "braille", "block", "ascii"] = "auto"
    """Characters that curves are made of."""


class Notify(Struct, frozen=True, kw_only=True):
    """What happens when a run ends."""

    bell: bool = True
    """Ring the terminal's bell."""
    osc9: bool = True
    """Send the terminal a desktop notice."""
    command: str | tuple[str, ...] = ""
    """Run at the end of every run, watched or not: a program and its arguments, by no shell."""


class Settings(Struct, frozen=True, kw_only=True):
    """The whole file."""

    language: Literal["auto", "en", "zh-TW"] = "auto"
    """Of the interface; auto: that of the locale."""
    chart: Chart = Chart()
    notify: Notify = Notify()


def path() -> Path:
    """Where the file is looked for."""
    return settings_file()


def load() -> Settings:
    """The settings of now. Raises SettingsError."""
    file = path()
    try:
        table = reading.toml(reading.read_text(file))
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        raise SettingsError(
            "{file}: cannot be read: {reason}", file=file, reason=error.strerror
        ) from None
    except ValueError as error:
        raise SettingsError("{file}: is not TOML: {error}", file=file, error=error) from None
    mistakes: list[Words] = []
    settings = convert(table, Settings, mistakes)
    if mistakes:
        raise SettingsError(Joined("\n", [labelled(file, mistake) for mistake in mistakes]))
    return settings


def load_or_default(complain: Callable[[Words], object]) -> Settings:
    """The settings, or the defaults after a complaint: a slip there should stop no run."""
    try:
        return load()
    except SettingsError as error:
        complain(Said("{error}\nThe defaults are used until it is put right.", error=error))
        return Settings()
