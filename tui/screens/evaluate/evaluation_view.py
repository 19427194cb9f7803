"""What an evaluation says: before it starts, while it runs, and its result with every sample."""

from __future__ import annotations

from collections.abc import Sequence

from textual import getters, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content

from engine.language import figures
from engine.language.plain_text import one_line
from engine.language.texts import _, plural
from engine.run.summary import Summary
from engine.run.time_left import PhasePace
from engine.scores.result_lines import SampleResult
from tui.run.phase_bar import progress
from tui.run.results import Result
from tui.screens.evaluate.before_result import ending, plan
from tui.screens.evaluate.rivals import Rival
from tui.screens.evaluate.sample_list import SampleList
from tui.screens.evaluate.sample_table import SampleTable
from tui.screens.evaluate.sample_view import described
from tui.screens.evaluate.score_panel import ScorePanel
from tui.screens.evaluate.scoring import Preview, Scoring
from tui.widgets.line_table import LineTable
from tui.widgets.plain_static import PlainStatic


class EvaluationView(Vertical):
    """Words where there is no result yet; numbers and samples once there is."""

    DEFAULT_CSS = """
    EvaluationView {
        #words { padding: 1; &:focus { background-tint: $foreground 3%; } }
        #words PlainStatic { width: 1fr; height: auto; }
        #progress { display: none; height: 1; padding: 0 1; }
        ScorePanel { display: none; padding: 1 1 0 1; }
        #note { display: none; height: 1; padding: 0 1; color: $text-warning; }
        #samples { display: none; height: 1fr; }
        #sample {
            width: 1fr; padding: 0 1; border-left: vkey $panel; scrollbar-gutter: stable;
        }
        #sample PlainStatic { width: 1fr; height: auto; }
        &.-active #progress { display: block; }
        &.-result { ScorePanel, #samples { display: block; } #words { display: none; } }
    }
    """

    panel = getters.query_one(ScorePanel)
    table = getters.query_one(SampleTable)

    def __init__(self) -> None:
        super().__init__()
        self.samples = SampleList(id="list")
        self._unreadable = 0
        self.run_id = ""
        """The run whose samples are shown."""
        self.other = ""
        """The run that they are set against, if any."""

    def compose(self) -> ComposeResult:
        yield PlainStatic(id="progress")
        with VerticalScroll(id="words"):
            yield PlainStatic(id="said")
        yield ScorePanel()
        yield PlainStatic(id="note")
        with Horizontal(id="samples"):
            yield self.samples
            with VerticalScroll(id="sample"):
                yield PlainStatic(id="sample-text")

    @property
    def has_result(self) -> bool:
        """Are there numbers to see?"""
        return self.has_class("-result")

    def show_plan(self, scoring: Scoring, preview: Preview | None, rivals: Sequence[Rival]) -> None:
        """Before the start: what will happen, or why it cannot."""
        self.remove_class("-active")
        self.hide_result()
        self._say(plan(scoring, preview, rivals))

    def hide_result(self) -> None:
        """Words again; the run has no result yet, or none at all."""
        if self.has_result:
            self.screen.set_focus(None)
        self.remove_class("-result")
        self.samples.has_result = False
        self.show_note()

    def show_run(self, summary: Summary, pace: PhasePace) -> None:
        """How the run stands."""
        self.set_class(summary.status.active, "-active")
        left = figures.clock(pace.seconds_left)
        bar = progress(summary)
        self.query_one("#progress", PlainStatic).say(
            Content.assemble(bar, "  ", (_("{left} left").format(left=left), "$text-muted"))
            if left != "–" and bar
            else bar
        )
        if not self.has_result:
            self._say(ending(summary))

    def set_against(self, other: str, samples: Sequence[SampleResult]) -> None:
        """Put another run's answers beside these; none: take them away."""
        self.other = other
        self.table.set_against(samples)
        self.show_sample()
        self.show_note()

    def show_result(self, run_id: str, result: Result, rivals: Sequence[Rival]) -> None:
        """The numbers and the samples."""
        focus = not self.has_result
        self.add_class("-result")
        self.samples.has_result = True
        self.panel.show(result, rivals)
        if run_id != self.run_id:
            self.run_id, self.other = run_id, ""
            self.table.set_against(())
        self.table.show(result.samples)
        self._unreadable = result.unreadable
        self.show_sample()
        self.show_note()
        if focus:
            self.screen.set_focus(self.table)

    @on(SampleList.Changed)
    def show_note(self) -> None:
        """What the list does not show."""
        table = self.table
        marked, notes = len(table.marked), []
        if marked:
            notes.append(_("{count:,} marked").format(count=marked))
        if self.other:
            change = _("change: perplexity less that of {run}")
            notes.append(change.format(run=one_line(self.other)))
        if table.row_count < table.total:
            found = plural(
                "{count:,} of {total:,} sample: {words}",
                "{count:,} of {total:,} samples: {words}",
                table.total,
            )
            words = one_line(table.words)
            notes.append(found.format(count=table.row_count, total=table.total, words=words))
        if self._unreadable:
            unreadable = plural(
                "{count:,} line of the file is no sample",
                "{count:,} lines of the file are no samples",
                self._unreadable,
            )
            notes.append(unreadable.format(count=self._unreadable))
        note = self.query_one("#note", PlainStatic)
        note.say(_("; ").join(notes))
        note.display = bool(notes) and self.has_result

    @on(LineTable.Moved)
    def show_sample(self) -> None:
        """The sample under the cursor, in full."""
        pane = self.query_one("#sample", VerticalScroll)
        if pane.scroll_y:
            pane.scroll_home(animate=False)
        self.query_one("#sample-text", PlainStatic).say(
            described(self.table.selected, self.run_id, self.other)
        )

    def _say(self, said: Content) -> None:
        self.query_one("#said", PlainStatic).say(said)
