"""What can be done with several runs: compare, overlay, write as a table or a report."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from engine.language.plain_text import one_line
from engine.language.texts import _, plural
from engine.machine.paths import in_full
from engine.table import run_sheet
from engine.table.catalog import Row
from tui.screens.runs.run_browser import RunBrowser
from tui.widgets.parts import Part, ScreenOfParts, in_worker
from tui.widgets.save_dialog import SaveDialog, ask_path


class SeveralRuns(Part):
    """Acts on the marked runs; where one is enough, else on the one under the cursor."""

    def __init__(self, screen: ScreenOfParts, browser: RunBrowser) -> None:
        super().__init__(screen)
        self.browser = browser

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only where there is a run; how to mark several is said."""
        return True if action in ("compare", "overlay") or self.browser.selected else None

    def _says_what_to_mark(self) -> bool:
        """Tell how to come to something to compare; True if there is nothing yet."""
        if len(self.browser.marked_rows) > 1:
            return False
        self.yiwen.notify(_("Mark two runs or more with space first."), timeout=4)
        return True

    def action_overlay(self) -> None:
        """Show the curves of the marked runs on Train."""
        if self._says_what_to_mark():
            return
        trained = [row.run for row in self.browser.marked_rows if row.settings.job == "train"]
        if trained:
            self.yiwen.navigation.overlay(trained)
        else:
            nothing = _("None of the marked runs has a curve: only training draws one.")
            self.yiwen.notify(nothing, timeout=4)

    @in_worker("compare")
    async def action_compare(self) -> None:
        """Show the marked runs side by side."""
        from tui.screens.runs.comparison_sheet import ComparisonSheet

        if self._says_what_to_mark():
            return
        sheet = ComparisonSheet(self.browser.marked_rows, self.browser.listed or ())
        if await self.yiwen.push_screen_wait(sheet):
            self.action_overlay()

    @in_worker("export")
    async def action_export(self) -> None:
        """Write what the table shows, or of it the marked runs."""
        table = self.browser.table
        rows = self.browser.marked_rows or list(table.arrangement.rows)
        keys = list(table.arrangement.widths)
        hint = plural(
            "{runs:,} run, {columns} columns. The suffix decides: .csv, .json or .md.",
            "{runs:,} runs, {columns} columns. The suffix decides: .csv, .json or .md.",
            len(rows),
        ).format(runs=len(rows), columns=len(keys))

        async def write(path: str) -> Path:
            return await asyncio.to_thread(run_sheet.save, rows, keys, path, replace=True)

        target = await ask_path(self.yiwen, _("Write the table"), "runs.csv", hint, write)
        if target is None:
            return
        said = plural("{count:,} run in {file}", "{count:,} runs in {file}", len(rows)).format(
            count=len(rows), file=one_line(str(target))
        )
        self.yiwen.notify(said, markup=False, timeout=5)

    @in_worker("export")
    async def action_report(self) -> None:
        """Describe the marked runs, else this one, in a folder for people."""
        rows = self.browser.chosen
        if not rows:
            return
        hint = plural(
            "A page about {count:,} run, with the curve, samples and profile beside it. An "
            "earlier report in the folder is replaced.",
            "A page about {count:,} runs, with the curve, samples and profiles beside it. "
            "An earlier report in the folder is replaced.",
            len(rows),
        ).format(count=len(rows))

        async def write(path: str) -> Path:
            self.yiwen.notify(_("Writing the report …"), timeout=3)
            return await asyncio.to_thread(_write_report, rows, path)

        name = f"report-{rows[0].run.id}"
        dialog = SaveDialog(_("Report in the folder"), write, hint, name)
        page = await self.yiwen.push_screen_wait(dialog)
        if page is None:
            return
        said = _("Report: {file}").format(file=one_line(str(page)))
        self.yiwen.notify(said, markup=False, timeout=6)


def _write_report(rows: Sequence[Row], path: str) -> Path:
    from engine.report import folder  # slow to import

    target = in_full(path)
    return folder.write([row.run for row in rows], target)
