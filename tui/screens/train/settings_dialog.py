"""All settings of a run, edited in place: by typing, by choosing, by turning a switch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from engine.language import texts
from engine.language.errors import UserError
from engine.language.plain_text import one_line, plain
from engine.language.texts import _, plural
from engine.profile import overrides as profile_overrides
from engine.profile import setting_list, setting_search
from engine.profile.setting_list import Setting
from engine.profile.setting_names import chinese_name
from tui.screens.train.draft import FILES
from tui.widgets.cells import padded
from tui.widgets.dialogs import Confirm
from tui.widgets.list_dialog import ListDialog
from tui.widgets.picker import Picker
from tui.widgets.work import work

_NAME, _ROOMY = 18, 72
"""Cells of the column of Chinese names, and of a screen that has room for it."""
FIRST = ("training.epochs", "training.learning_rate", "training.batch_size", "few_shot.examples")
"""Listed first: what is changed most."""
_FILE_NAME = re.compile(r"(?<=\.toml)(?:: |：)")


class SettingsDialog(ListDialog[dict[str, str] | None]):
    """Returns the overrides, or None if nothing is to change. Every change is checked at once."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "done", "Done", id="settings.done",
                tooltip="Take back what is being typed; then close, the changes kept"),
        Binding("ctrl+r", "revert", "Revert", id="settings.revert",
                tooltip="Put the setting back to what the profile says"),
        Binding("ctrl+x", "revert_all", "Revert all", id="settings.revert_all",
                tooltip="Put every setting back to what the profile says", priority=True),
    ]  # fmt: skip
    DEFAULT_CSS = """
    SettingsDialog {
        OptionList {
            height: auto; max-height: 10; text-wrap: nowrap; text-overflow: ellipsis;
        }
        OptionList > .option-list--option-disabled { color: $primary; text-style: bold; }
        #meaning { height: 2; margin-top: 1; color: $text-muted; }
        .error { height: auto; max-height: 5; }
    }
    SettingsDialog.-short OptionList { max-height: 5; margin-top: 0; }
    SettingsDialog.-short #meaning { height: 2; margin-top: 0; }
    """

    def __init__(self, profile: str, overrides: Mapping[str, str]) -> None:
        super().__init__()
        self._profile = profile
        self._overrides = dict(overrides)
        self._settings: list[Setting] = []
        self._shown: list[Setting | None] = []
        """By line of the list; None is a heading."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(_("Settings of this run"))
            hint = _("type to filter, or epochs = 1")
            field = Input(placeholder=hint, compact=True)
            field.cursor_blink = False
            yield field
            choices = OptionList(markup=False, compact=True)
            choices.can_focus = False
            choices.auto_links = False
            yield choices
            yield Static("", id="meaning", markup=False)
            yield Static("", classes="error", markup=False)
            yield Static(
                _("enter change   ctrl+r as in the profile   ctrl+x all   esc done"),
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
            listed = setting_list.list_all(self._profile, overrides)
        except UserError as error:
            self._complain(_words(str(error), overrides))
            return False
        self._complain("")
        self._overrides = overrides
        self._settings = [setting for setting in listed if setting.key not in FILES]
        return True

    def _complain(self, trouble: str) -> None:
        self.query_one(".error", Static).update(Content(plain(trouble)))

    # The list

    def _fill(self, typed: str, highlighted: str = "") -> None:
        change = setting_search.change_in(self._settings, typed)
        words = (change[0] if change else typed).strip()
        found = setting_search.find(self._settings, words)
        self._shown = _with_headings(found, bool(words))
        choices = self.query_one(OptionList)
        choices.set_options([self._line(setting, at) for at, setting in enumerate(self._shown)])
        keys = [setting.key if setting else "" for setting in self._shown]
        first = next((at for at, key in enumerate(keys) if key), None)
        choices.highlighted = (
            keys.index(highlighted) if highlighted and highlighted in keys else first
        )
        if not found:
            said = _("No setting is called {words}, and no explanation has these words.")
            self.query_one("#meaning", Static).update(Content(said.format(words=one_line(words))))

    def _line(self, setting: Setting | None, at: int) -> Option:
        if setting is None:
            following = self._shown[at + 1]
            assert following is not None
            return Option(Content(f"[{following.section}]"), disabled=True)
        mark = ("● ", "bold") if self._is_changed(setting) else "  "
        value = (one_line(setting.text), "bold" if self._is_changed(setting) else "")
        return Option(Content.assemble(mark, self._called(setting), f"{setting.key} = ", value))

    def _called(self, setting: Setting) -> tuple[str, str]:
        """What it is called in Chinese, where that is read; in a column where there is room."""
        if not texts.is_chinese():
            return "", ""
        name = chinese_name(setting.key) + " "
        return padded(name, _NAME if self.size.width >= _ROOMY else 0), "$text-muted"

    def _is_changed(self, setting: Setting) -> bool:
        return setting.key in self._overrides

    def action_move(self, step: int) -> None:
        """Move the highlight, over headings too."""
        choices = self.query_one(OptionList)
        at = (choices.highlighted or 0) + step
        at = min(max(at, 0), len(self._shown) - 1)
        while 0 <= at < len(self._shown) and self._shown[at] is None:
            at += 1 if step > 0 else -1
        if at >= 0:
            choices.highlighted = at
        else:  # above the first setting there is only its heading
            choices.scroll_home(animate=False)

    @property
    def _chosen(self) -> Setting | None:
        at = self.query_one(OptionList).highlighted
        return self._shown[at] if at is not None and at < len(self._shown) else None

    @on(OptionList.OptionHighlighted)
    def _explain(self) -> None:
        setting = self._chosen
        said = Content("")
        if setting is not None:
            said = Content(one_line(setting.comment))
            if self._is_changed(setting):
                profile = one_line(setting_list.typed(setting.profile_value))
                before = _("profile: {value}").format(value=profile)
                said = Content.assemble((before, "bold"), "  ", said)
        self.query_one("#meaning", Static).update(said)

    # Changing

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        kept = self._chosen.key if self._chosen and not event.value else ""
        self._fill(event.value, kept)

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        if change := setting_search.change_in(self._settings, event.value):
            self._apply(*change)
        elif (setting := self._chosen) is not None:
            self._edit(setting)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        setting = self._shown[event.option_index]
        if setting is not None:
            self._edit(setting)

    def _edit(self, setting: Setting) -> None:
        """Turn a switch, offer the choices, or put the setting into the field."""
        if setting.is_switch:
            self._set(setting.key, setting_list.typed(not setting.value))
        elif setting.choices:
            self._choose(setting)
        else:
            field = self.query_one(Input)
            field.value = f"{setting.key} = {setting.text}"
            field.cursor_position = len(field.value)

    @work(exclusive=True)
    async def _choose(self, setting: Setting) -> None:
        options = [(choice, choice) for choice in setting.choices]
        chosen = await self.app.push_screen_wait(Picker(setting.key, options, str(setting.value)))
        if chosen:
            self._set(setting.key, setting_list.typed(chosen))

    def _apply(self, key: str, value: str) -> None:
        """Change a setting; without a value, go back to the profile's."""
        if value or key in self._overrides:
            self._set(key, value)
        else:
            self._complain(_('{key}: no value; an empty text is ""').format(key=key))

    def _set(self, key: str, value: str) -> bool:
        """Change a setting, back to the profile's if the value is empty or the same."""
        changed = {name: old for name, old in self._overrides.items() if name != key}
        if value:
            changed[key] = value
        if not self._check(changed):
            return False
        setting = next((one for one in self._settings if one.key == key), None)
        if setting is not None and not setting.is_changed:
            self._overrides.pop(key, None)
        self.query_one(Input).clear()
        self._fill("", key)
        return True

    def action_revert(self) -> None:
        """Put the highlighted setting back."""
        if (setting := self._chosen) is not None:
            self._set(setting.key, "")

    @work(exclusive=True)
    async def action_revert_all(self) -> None:
        """Put all back, after a question; data files stay."""
        kept = {key: text for key, text in self._overrides.items() if key in FILES}
        if kept == self._overrides:
            return
        count = len(self._overrides) - len(kept)
        question = plural(
            "Put {count} setting back to the profile's?",
            "Put {count} settings back to the profile's?",
            count,
        ).format(count=count)
        confirm = Confirm(question, yes=_("Put back"))
        if await self.app.push_screen_wait(confirm) and self._check(kept):
            self.query_one(Input).clear()
            self._fill("")

    def action_done(self) -> None:
        """Take back what is being typed; where nothing is, close."""
        field = self.query_one(Input)
        if setting_search.change_in(self._settings, field.value):
            self._complain("")
            field.clear()
        else:
            self.dismiss(self._overrides)


def _with_headings(settings: list[Setting], is_filtered: bool) -> list[Setting | None]:
    """A heading before each section; what is changed most comes first, under none."""
    first = [] if is_filtered else [s for key in FIRST for s in settings if s.key == key]
    shown: list[Setting | None] = [*first]
    section = ""
    for setting in settings:
        if setting in first:
            continue
        if setting.section != section:
            section = setting.section
            shown.append(None)
        shown.append(setting)
    return shown


def _words(message: str, overrides: Mapping[str, str]) -> str:
    """A profile's mistakes without the places, which are known here."""
    lines = profile_overrides.without_option(message, overrides).splitlines()
    return "\n".join(_FILE_NAME.split(line, maxsplit=1)[-1] for line in lines)
