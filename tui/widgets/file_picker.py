"""Choosing a data file: a path to type, and the folder it points at."""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from engine.data import file_kinds
from engine.language.file_names import split
from engine.language.plain_text import plain
from engine.language.texts import _
from engine.machine.paths import in_full
from tui.widgets.list_dialog import ListDialog

_MOST = 500
_DATA = "data"
_MOST_AT_HAND = 50


class FilePicker(ListDialog[str | None]):
    """Type a path, or walk through folders with the arrow keys, tab and enter.

    As long as nothing is typed, the files in ./data stand first, those named like `part` before.
    `a.txt,b.txt` names two parallel files; any file that exists is accepted, whatever its suffix.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back", id="files.back", tooltip="Choose nothing"),
        Binding("tab", "take", "Take the highlighted name", id="files.take", priority=True),
    ]
    DEFAULT_CSS = """
    FilePicker {
        OptionList { height: 12; }
        .error, .hint { height: auto; }
    }
    FilePicker.-short OptionList { height: 6; }
    """

    def __init__(
        self,
        title: str,
        start: str = "",
        suffixes: tuple[str, ...] = file_kinds.READ,
        part: str = "",
    ) -> None:
        super().__init__()
        self._heading = title
        self._start = plain(start) or str(Path.cwd()) + os.sep
        self._suffixes = suffixes
        self._part = part
        self._names: list[str] = []
        self._offered: list[str] = []
        """Of the names, those that are whole paths."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(self._heading)
            field = Input(self._start, compact=True, select_on_focus=False)
            field.cursor_blink = False
            yield field
            choices = OptionList(markup=False, compact=True)
            choices.can_focus = False
            choices.auto_links = False
            yield choices
            yield Static("", classes="error", markup=False)
            hint = _(
                "{suffixes}  or a.txt,b.txt in parallel\ntab complete   enter choose   esc back"
            ).format(suffixes="  ".join(self._suffixes))
            yield Static(hint, classes="hint", markup=False)

    @on(Input.Changed)
    def _list(self, event: Input.Changed) -> None:
        self.query_one(".error", Static).update("")
        folder, typed = _split(event.value)
        is_untouched = event.value in ("", self._start)
        self._offered = self._at_hand(folder) if is_untouched else []
        self._names = [*self._offered, *self._entries(folder, typed)]
        choices = self.query_one(OptionList)
        choices.set_options([Option(Content(name)) for name in self._names])
        if self._names:
            choices.highlighted = self._names.index(typed) if typed in self._names else 0

    def _entries(self, folder: Path, typed: str) -> list[str]:
        """Folders and data files that go on from what was typed; a whole name lists its folder."""
        try:
            found = [
                _shown(entry.name) + (os.sep if entry.is_dir() else "")
                for entry in os.scandir(folder)
                if entry.name.startswith(".") <= typed.startswith(".")
                and (entry.is_dir() or self._fits(entry.name))
            ]
        except OSError:
            return []
        found.sort(key=lambda name: (not name.endswith(os.sep), name.casefold()))
        narrowed = [name for name in found if name.casefold().startswith(typed.casefold())]
        return (found if typed in narrowed else narrowed)[:_MOST]

    def _at_hand(self, folder: Path) -> list[str]:
        """The files in ./data, unless that is what is listed anyway."""
        data = Path(_DATA)
        try:
            if in_full(folder) == in_full(data):
                return []
            names = [_shown(one.name) for one in os.scandir(data) if one.is_file()]
        except OSError:
            return []
        found = [name for name in names if not name.startswith(".") and self._fits(name)]
        found.sort(key=lambda name: (self._part not in name.casefold(), name.casefold()))
        return [f".{os.sep}{_DATA}{os.sep}{name}" for name in found[:_MOST_AT_HAND]]

    def _fits(self, name: str) -> bool:
        return name.lower().endswith((*self._suffixes, ".txt"))

    def action_take(self) -> None:
        """Put the highlighted name into the path."""
        at = self.query_one(OptionList).highlighted
        if self._names and at is not None:
            self._put(self._names[at])

    @on(OptionList.OptionSelected)
    def _take_clicked(self, event: OptionList.OptionSelected) -> None:
        self._put(self._names[event.option_index])

    def _put(self, name: str) -> None:
        field = self.query_one(Input)
        if name in self._offered:
            field.value = name
            field.cursor_position = len(name)
            return
        before, comma, last = field.value.rpartition(",")
        field.value = before + comma + last[: len(last) - len(_typed_name(last))] + name
        field.cursor_position = len(field.value)

    @on(Input.Submitted)
    def _choose(self, event: Input.Submitted) -> None:
        """Take what is typed if it is a file, else what is highlighted."""
        if not all(_path(part).is_file() for part in _parts(event.value)):
            highlighted = self._highlighted(event.value)
            if highlighted is None or highlighted.endswith(os.sep):
                self.action_take()
                if highlighted is None:
                    self._refuse(event.value)
                return
            self.action_take()
        typed = _parts(self.query_one(Input).value)
        self.dismiss(",".join(str(in_full(_path(part))) for part in typed) or None)

    def _highlighted(self, value: str) -> str | None:
        """The highlighted name, unless the text names something else already."""
        at = self.query_one(OptionList).highlighted
        return self._names[at] if self._names and at is not None else None

    def _refuse(self, value: str) -> None:
        missing = [part for part in _parts(value) if not _path(part).is_file()]
        sentence = _("Type the path of a file.")
        if missing:
            sentence = _("{path}: no such file").format(path=missing[0])
        self.query_one(".error", Static).update(Content(plain(sentence)))


def _parts(value: str) -> list[str]:
    return [part.strip() for part in split(value.strip()) if part.strip()]


def _path(text: str) -> Path:
    """What a path names; names on disk may hold control characters, which are not shown."""
    path = Path(text).expanduser()
    return path if path.exists() else _as_on_disk(path)


def _shown(name: str) -> str:
    """A name on disk as it can be shown and typed."""
    return plain(name).replace("\n", " ")


def _as_on_disk(path: Path) -> Path:
    """The same path with the names as they really are, where what is shown names only one."""
    found = Path(path.anchor)
    for name in path.parts[len(found.parts) :]:
        if not (found / name).exists():
            try:
                named = [entry for entry in os.listdir(found) if _shown(entry) == name]
            except OSError:
                return path
            if len(named) != 1:
                return path
            name = named[0]
        found /= name
    return found


def _typed_name(part: str) -> str:
    """What stands behind the last separator."""
    return part.rsplit(os.sep, 1)[-1]


def _split(value: str) -> tuple[Path, str]:
    """The folder that the last path points at, and the beginning of a name in it."""
    last = value.rpartition(",")[2].lstrip()
    name = _typed_name(last)
    return _path(last[: len(last) - len(name)] or "."), name
