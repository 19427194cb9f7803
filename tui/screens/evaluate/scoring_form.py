"""The choices of an evaluation in two lines, each with its key."""

from __future__ import annotations

from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Grid

from tui.screens.evaluate.choice import Choice
from tui.screens.evaluate.scoring import Preview, Scoring


class ScoringForm(Grid):
    """Shows a scoring and what is known about it."""

    DEFAULT_CSS = """
    ScoringForm {
        grid-size: 3 2;
        grid-columns: 3fr 5fr 3fr;
        grid-rows: 1;
        grid-gutter: 0 2;
        height: 2;
        padding: 0 1;
    }
    """

    def compose(self) -> ComposeResult:
        yield Choice("p", "profile", "choose('profile')")
        yield Choice("r", "run", "choose('run')")
        yield Choice("c", "state", "choose('checkpoint')")
        yield Choice("g", "strategy", "choose('strategy')")
        yield Choice("f", "test", "choose('test')")
        yield Choice("k", "examples", "choose('examples')")

    def show(self, scoring: Scoring, preview: Preview | None) -> None:
        """Bring the lines up to date."""
        trains, shows = scoring.strategy.trains, scoring.strategy.shows_examples
        examples = scoring.examples if scoring.examples is not None else _count(preview)
        paths = (scoring.test or (preview.test if preview else "")).split(",")
        test = ",".join(Path(path).name for path in paths)
        pairs = f", {preview.pairs:,} pairs" if preview and preview.pairs else ""
        self._show("profile", scoring.profile, enabled=scoring.run is None)
        self._show("run", scoring.run.id if scoring.run else "none", enabled=bool(scoring.run))
        self._show("state", (scoring.checkpoint or "result") if trains else "–", enabled=trains)
        self._show("strategy", scoring.strategy_name)
        self._show("test", f"{test}{pairs}" if test else "none")
        self._show("examples", str(examples) if shows else "–", enabled=shows)

    def _show(self, name: str, value: str, *, enabled: bool = True) -> None:
        self.query_one(f"#choose-{name}", Choice).show(value, enabled=enabled)


def _count(preview: Preview | None) -> str:
    return str(preview.examples) if preview else "…"
