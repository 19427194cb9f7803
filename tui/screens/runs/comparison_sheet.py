"""The marked runs side by side: scores, how sure their differences are, settings that differ."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen

from engine.cli.table import table
from engine.language import sheets
from engine.language.errors import UserError
from engine.language.plain_text import one_line
from engine.language.said import Words
from engine.language.texts import _
from engine.machine import files
from engine.table import side_by_side
from engine.table.catalog import Row
from engine.table.side_by_side import Table
from engine.table.standing import standings
from tui.widgets.plain_static import PlainStatic
from tui.widgets.save_dialog import ask_path
from tui.widgets.work import work

MOST_TESTED = 6
"""Runs that are held against the best: each takes seconds."""


class ComparisonSheet(ModalScreen[bool]):
    """Closes with whether the curves are to be seen next."""

    AUTO_FOCUS = "VerticalScroll"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,c", "dismiss(False)", "Close", id="comparison.close",
                tooltip="Back"),
        Binding("O", "dismiss(True)", "Overlay", id="comparison.overlay", key_display="O",
                tooltip="Lay the curves of these runs over each other on Train"),
        Binding("y", "copy", "Copy", id="comparison.copy",
                tooltip="Send the comparison as Markdown to the clipboard of your own machine"),
        Binding("w", "write", "Write", id="comparison.write",
                tooltip="Write the comparison as Markdown"),
    ]  # fmt: skip
    DEFAULT_CSS = """
    ComparisonSheet PlainStatic { width: 1fr; height: auto; margin-bottom: 1; }
    """

    def __init__(self, rows: Sequence[Row], everything: Sequence[Row]) -> None:
        super().__init__()
        self._rows = side_by_side.ranked(rows)
        self._scores = side_by_side.scores(self._rows, everything)
        self._settings = side_by_side.settings(self._rows)
        self._tested: list[tuple[Table | None, list[Words]]] = []
        """How surely the best run differs from each other one, and what that rests on."""

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog -whole") as scroll:
            scroll.border_title = Content(
                _("{count} runs side by side").format(count=len(self._rows))
            )
            scroll.border_subtitle = Content(_("O curves   y copy   w write   esc back"))
            yield PlainStatic(id="scores")
            yield PlainStatic(id="settings")
            yield PlainStatic(id="tests")

    def on_mount(self) -> None:
        """What is known at once, then what takes a while."""
        lines = [Content(words) for words in side_by_side.named(self._rows)]
        lines += [Content(""), _drawn(self._scores)]
        lines += [_warned(f"! {one}") for one in side_by_side.cautions(self._rows)]
        self.query_one("#scores", PlainStatic).say(Content("\n").join(lines))
        self._draw_settings()
        self._test()

    def on_resize(self) -> None:
        """Settings stand in columns where these fit."""
        self._draw_settings()

    def _draw_settings(self) -> None:
        said = _settings_drawn(self._settings, self.size.width - 6)
        self.query_one("#settings", PlainStatic).say(said)

    @work(exclusive=True, group="test")
    async def _test(self) -> None:
        """Hold the best run against the others, one after another."""
        from engine.scores import comparison  # slow: it brings the tokenizer

        first, *rest = standings(self._rows)
        best, *others = first.rows
        place = self.query_one("#tests", PlainStatic)
        place.say(Content.styled(_("Comparing item by item …"), "$text-muted"))
        for number, other in enumerate(others[:MOST_TESTED], 2):
            try:
                compared = await asyncio.to_thread(comparison.compare, best.run, other.run)
            except UserError as error:
                self._tested.append((None, [f"! {one_line(str(error))}"]))
            else:
                found = side_by_side.tests(compared, 1, number)
                self._tested.append((found, side_by_side.by_item(compared, 1, number)))
            place.say(Content("\n\n").join(_drawn_test(*one) for one in self._tested))
        await self._test_pairs([one.rows[:MOST_TESTED] for one in (first, *rest)])

    async def _test_pairs(self, groups: list[list[Row]]) -> None:
        """Every pair of more than two; those of other files in a group of their own."""
        from engine.scores import every_pair

        pairs = []
        for rows in groups if sum(map(len, groups)) > 2 else []:
            runs = [row.run for row in rows]
            found, _troubles = await asyncio.to_thread(every_pair.compare_all, runs)
            pairs += found
        if pairs:
            self._tested.insert(0, (side_by_side.pairs(pairs, self._rows), []))
            said = Content("\n\n").join(_drawn_test(*one) for one in self._tested)
            self.query_one("#tests", PlainStatic).say(said)

    def _markdown(self) -> str:
        numbered = [f"- {sheets.escaped(words)}" for words in side_by_side.named(self._rows)]
        tests = []
        for found, said in self._tested:
            tests.append(found.markdown() if found else "")
            tests += [f"{sheets.escaped(words)}\n" for words in said]
        parts = ["# " + _("Runs side by side") + "\n", "\n".join(numbered) + "\n"]
        return "\n".join([*parts, self._scores.markdown(), self._settings.markdown(), *tests])

    def action_copy(self) -> None:
        """To the clipboard, by way of the terminal."""
        self.app.copy_to_clipboard(self._markdown())
        self.notify(_("Comparison sent to clipboard"), timeout=3)

    @work(exclusive=True, group="write")
    async def action_write(self) -> None:
        """To a file."""

        async def write(path: str) -> Path:
            return await asyncio.to_thread(files.save, path, self._markdown(), replace=True)

        title = _("Write the comparison")
        target = await ask_path(self.app, title, "comparison.md", _("As Markdown."), write)
        if target is None:
            return
        said = _("Comparison in {file}").format(file=one_line(str(target)))
        self.notify(said, markup=False, timeout=5)


def _titled(words: str) -> Content:
    title, _newline, rest = words.partition("\n")
    return Content.assemble((title + "\n", "bold $primary"), rest)


def _warned(words: str) -> Content:
    return Content.styled(words, "$text-warning")


def _drawn(what: Table) -> Content:
    return _titled(f"{what.title}\n{table(what.header, what.lines, what.right)}")


def _said(words: str) -> Content:
    return _warned(words) if words.startswith("!") else Content(words)


def _drawn_test(found: Table | None, said: Sequence[Words]) -> Content:
    lines = [_said(str(words)) for words in said]
    return Content("\n").join([*([_drawn(found)] if found else []), *lines])


def _settings_drawn(what: Table, room: int) -> Content:
    """A column for each run, or, where that is too wide, a block for each setting."""
    if not what.lines:
        nothing = _("none")
        return _titled(f"{what.title}\n{nothing}")
    drawn = table(what.header, what.lines, what.right)
    if max(map(cell_len, drawn.splitlines())) <= room:
        return _titled(f"{what.title}\n{drawn}")
    blocks = []
    for key, *values in what.lines:
        runs_by_value: dict[str, list[str]] = {}
        for at, value in enumerate(values, 1):
            runs_by_value.setdefault(one_line(value), []).append(str(at))
        lines = (f"  {','.join(numbers)}: {value}" for value, numbers in runs_by_value.items())
        blocks.append("\n".join([str(key), *lines]))
    return _titled("\n".join([str(what.title), *blocks]))
