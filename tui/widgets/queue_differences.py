"""What the runs that wait are about: how each differs from its profile, and from the one before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen

from engine.language.plain_text import one_line
from engine.language.texts import _
from engine.run.folder import Run
from engine.run.summary import Summary
from engine.table import differences
from engine.table.catalog import Row
from tui.widgets.plain_static import PlainStatic


class QueueDifferences(ModalScreen[None]):
    """A block a run, in the order in which they start."""

    AUTO_FOCUS = "VerticalScroll"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape,q,d",
            "dismiss(None)",
            "Close",
            id="differences.close",
            tooltip="Back to the queue",
        )
    ]
    DEFAULT_CSS = """
    QueueDifferences PlainStatic { width: 1fr; height: auto; }
    """

    def __init__(self, runs: Sequence[Run]) -> None:
        super().__init__()
        self._said = describe(runs)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog -broad") as scroll:
            scroll.border_title = Content(_("What differs between the runs that wait"))
            scroll.border_subtitle = Content(_("esc close"))
            yield PlainStatic(id="differences")

    def on_mount(self) -> None:
        """All of it at once."""
        self.query_one(PlainStatic).say(self._said)


def describe(runs: Sequence[Run]) -> Content:
    """Changes that were made to the profile, then changes since the run before."""
    blocks = []
    for number, run in enumerate(runs, 1):
        lines = [Content.styled(f"{number}  {one_line(run.id)}", "bold")]
        lines += list(_changes(run))
        if number > 1:
            lines += list(_since(runs[number - 2], run))
        blocks.append(Content("\n").join(lines))
    return Content("\n\n").join(blocks)


def _changes(run: Run) -> Iterator[Content]:
    changed = run.settings.overrides
    yield _line(
        _("from its profile {name}:").format(name=run.settings.profile.name),
        [f"{key} = {value}" for key, value in changed.items()],
    )


def _since(before: Run, run: Run) -> Iterator[Content]:
    rows = [Row(one, one.settings, Summary()) for one in (before, run)]
    found = differences.between(rows)
    said = [f"{one.key}: {one.values[0]} → {one.values[1]}" for one in found]
    yield _line(_("from the one before:"), said)


def _line(what: str, found: Sequence[str]) -> Content:
    label = Content.styled(f"   {one_line(what)}", "$text-muted")
    if not found:
        return Content.assemble(label, " ", _("nothing"))
    return Content("\n").join([label, *(Content(f"     {one_line(one)}") for one in found)])
