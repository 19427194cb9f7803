"""Changing settings of a profile for one run, by typing `section.key = value`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from engine import profiles
from engine.errors import UserError
from engine.text import one_line, plain
from tui.screens.train.draft import FILES
from tui.widgets.list_dialog import ListDialog

FIRST = (
    "training.epochs", "training.learning_rate", "training.batch_size", "few_shot.examples",
)  # fmt: skip
"""Listed first: what is changed most."""


class SettingsDialog(ListDialog[dict[str, str] | None]):
    """Returns the overrides, or None if nothing is to change. Every change is checked at once."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "done", "Done", id="settings.done", tooltip="Keep the changes"),
    ]
    DEFAULT_CSS = """
    SettingsDialog {
        OptionList {
            height: auto; max-height: 14; text-wrap: nowrap; text-overflow: ellipsis;
        }
        .error { height: auto; max-height: 5; }
    }
    SettingsDialog.-short OptionList { max-height: 6; }
    """

    def __init__(self, profile: str, overrides: Mapping[str, str]) -> None:
        super().__init__()
        self._profile = profile
        self._overrides = dict(overrides)
        self._lines: list[tuple[str, str]] = []
        self._shown: list[tuple[str, str]] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content("Settings of this run")
            field = Input(placeholder="training.epochs = 1", compact=True)
            field.cursor_blink = False
            yield field
            choices = OptionList(markup=False, compact=True)
            choices.can_focus = False
            choices.auto_links = False
            yield choices
            yield Static("", classes="error", markup=False)
            yield Static(
                "enter take or edit   `key =` as in the profile   esc done",
                classes="hint",
                markup=False,
            )

    def on_mount(self) -> None:
        """List all settings as they stand."""
        self._check(self._overrides)
        self._fill("")

    def _check(self, overrides: dict[str, str]) -> bool:
        """Take these overrides if the profile stays sound, else say what is wrong."""
        try:
            profile = profiles.load(self._profile, overrides)
        except UserError as error:
            self.query_one(".error", Static).update(Content(plain(_words(str(error)))))
            return False
        self.query_one(".error", Static).update("")
        self._overrides = overrides
        self._lines = _settings_of(profile, overrides)
        return True

    def _fill(self, text: str) -> None:
        typed = text.partition("=")[0].strip().casefold()
        self._shown = [line for line in self._lines if typed in line[0].casefold()] or self._lines
        choices = self.query_one(OptionList)
        choices.set_options([Option(self._line(*line)) for line in self._shown])
        if self._shown:
            choices.highlighted = 0

    def _line(self, key: str, value: str) -> Content:
        changed = key in self._overrides
        mark = ("● ", "bold $primary") if changed else "  "
        return Content.assemble(mark, f"{key} = ", (value, "bold" if changed else ""))

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        self._fill(event.value)

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        if "=" in event.value:
            self._apply(event.value)
        else:
            self._edit(self.query_one(OptionList).highlighted or 0)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self._edit(event.option_index)

    def _edit(self, index: int) -> None:
        """Put a setting into the field."""
        if index < len(self._shown):
            field = self.query_one(Input)
            field.value = " = ".join(self._shown[index])
            field.cursor_position = len(field.value)

    def _apply(self, text: str) -> bool:
        """Take `key = value`; without a value, go back to the profile's."""
        key, _, value = (part.strip() for part in text.partition("="))
        changed = {name: old for name, old in self._overrides.items() if name != key}
        if value:
            changed[key] = value
        if not self._check(changed):
            return False
        self.query_one(Input).clear()
        self._fill("")
        return True

    def action_done(self) -> None:
        """Close; what is typed but not taken over counts too, unless it is wrong."""
        text = self.query_one(Input).value
        if "=" in text and not self._apply(text):
            self.query_one(Input).clear()
            return
        self.dismiss(self._overrides)


def _settings_of(profile: profiles.Profile, overrides: Mapping[str, str]) -> list[tuple[str, str]]:
    """All settings as key and value: the changed ones first, then those most used."""
    table = msgspec.to_builtins(profile)
    found = {
        f"{section}.{key}": one_line(msgspec.json.encode(value).decode())
        for section, values in table.items()
        if isinstance(values, dict)
        for key, value in values.items()
        if f"{section}.{key}" not in FILES
    }
    order = dict.fromkeys([*overrides, *FIRST, *found])
    return [(key, found[key]) for key in order if key in found]


def _words(message: str) -> str:
    """A profile's mistakes without the file's name, which is known here."""
    return "\n".join(line.partition(".toml: ")[2] or line for line in message.splitlines())
