"""The choices of an evaluation in two lines, each with its key."""

from __future__ import annotations

from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Grid

from engine.language.file_names import split
from engine.language.texts import _, plural
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
        yield Choice("profile", "p", _("profile"), "choose('profile')")
        yield Choice("run", "r", _("run"), "choose('run')")
        yield Choice("state", "c", _("state"), "choose('checkpoint')")
        yield Choice("strategy", "z", _("strategy"), "choose('strategy')")
        yield Choice("test", "f", _("test"), "choose('test')")
        yield Choice("examples", "E", _("examples"), "choose('examples')")

    def show(self, scoring: Scoring, preview: Preview | None) -> None:
        """Bring the lines up to date."""
        trains, shows = scoring.strategy.trains, scoring.strategy.shows_examples
        examples = scoring.examples if scoring.examples is not None else _count(preview)
        paths = split(scoring.test or (preview.test if preview else ""))
        test = ",".join(Path(path).name for path in paths)
        if test and preview and preview.pairs:
            test = plural(
                "{file}, {count:,} pair", "{file}, {count:,} pairs", preview.pairs
            ).format(file=test, count=preview.pairs)
        self._show("profile", scoring.profile, enabled=scoring.run is None)
        self._show("run", scoring.run.id if scoring.run else _("none"), enabled=bool(scoring.run))
        state = (scoring.checkpoint or _("result")) if trains else "–"
        self._show("state", state, enabled=trains)
        self._show("strategy", scoring.strategy_name)
        self._show("test", test or _("none"))
        chosen = [str(examples), *(scoring.selection or ())[:1]]
        if scoring.seed is not None and scoring.draws:
            chosen.append(_("seed {seed}").format(seed=scoring.seed))
        self._show("examples", " ".join(chosen) if shows else "–", enabled=shows)

    def _show(self, name: str, value: str, *, enabled: bool = True) -> None:
        self.query_one(f"#choose-{name}", Choice).show(value, enabled=enabled)


def _count(preview: Preview | None) -> str:
    return str(preview.examples) if preview else "…"
