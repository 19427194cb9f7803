"""How the table of runs is arranged: sorted, grouped, under which columns; it is remembered."""

from __future__ import annotations

from dataclasses import replace

from engine.language.plain_text import width
from engine.language.texts import _
from engine.table.columns import COLUMNS
from tui import remembered
from tui.remembered import RunsView
from tui.screens.runs.arrangement import View
from tui.screens.runs.run_browser import RunBrowser
from tui.widgets.checklist import Checklist
from tui.widgets.parts import Part, ScreenOfParts, in_worker
from tui.widgets.picker import Picker


class Arranging(Part):
    """Has the browser show its runs in another way."""

    def __init__(self, screen: ScreenOfParts, browser: RunBrowser) -> None:
        super().__init__(screen)
        self.browser = browser

    def _look(self, view: View) -> None:
        """Show the table another way, and remember it."""
        before = self.browser.view
        self.browser.look(view)
        remembered.keep_runs_view(_to_keep(view), _to_keep(before))

    @in_worker("arrange")
    async def action_sort(self) -> None:
        """Choose a column."""
        view = self.browser.view
        choices = [(column.key, str(column.title)) for column in COLUMNS.values()]
        chosen = await self.yiwen.push_screen_wait(Picker(_("Sort by"), choices, view.order.key))
        if chosen:
            self.sort_by(chosen)

    def sort_by(self, key: str) -> None:
        """Sort by a column, or turn the order round if it is sorted by that one already."""
        view = self.browser.view
        self._look(replace(view, order=view.order.by(key)))

    def action_step(self, step: int) -> None:
        """Sort by the column beside the one it is sorted by."""
        shown, view = list(self.browser.table.arrangement.widths), self.browser.view
        at = shown.index(view.order.key) if view.order.key in shown else -1
        self.sort_by(shown[(at + step) % len(shown)])

    def action_scroll_columns(self, step: int) -> None:
        """Show columns for which there is no room beside the others."""
        self.browser.table.scroll_columns(step)

    def action_reverse(self) -> None:
        """Turn the order round."""
        view = self.browser.view
        self._look(replace(view, order=view.order.reversed()))

    def action_group(self) -> None:
        """By profile, or not."""
        view = self.browser.view
        self._look(replace(view, order=view.order.turned(not view.order.grouped)))

    @in_worker("arrange")
    async def action_columns(self) -> None:
        """Choose what is shown."""
        options = [
            (one.key, f"{one.label}{' ' * max(1, 13 - width(str(one.label)))}{one.title}")
            for one in COLUMNS.values()
        ]
        title = _("Columns, the first marked first")
        dialog = Checklist(title, options, self.browser.view.columns)
        chosen = await self.yiwen.push_screen_wait(dialog)
        if chosen:
            self._look(replace(self.browser.view, columns=tuple(chosen)))


def _to_keep(view: View) -> RunsView:
    order = view.order
    return RunsView(view.columns, order.key, order.reverse, order.grouped)
