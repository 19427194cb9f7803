"""All that is worth saying about one run, in words; and what its deletion would destroy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from textual.content import Content

from engine import text
from engine.catalog import Row
from engine.events import Evaluated
from engine.run_columns import status_of, strategy_of
from engine.summary import Status
from engine.text import direction_label, one_line, plain
from tui import results
from tui.widgets.run_status import status_text

_LABEL_WIDTH = 12


@dataclass(frozen=True)
class RunDetails:
    """What the table's row does not hold and must be read from the folder."""

    row: Row
    evaluated: Evaluated | None
    checkpoints: tuple[str, ...]
    has_adapter: bool

    @classmethod
    def read(cls, row: Row) -> RunDetails:
        """Look into the folder; call it from a thread."""
        adapter = row.run.adapter_path / "adapter_config.json"
        checkpoints = tuple(row.run.checkpoints())
        return cls(row, results.read_scores(row.run), checkpoints, adapter.is_file())

    def describe(self) -> Content:
        """Everything, a line each."""
        return Content("\n").join([*self._heading(), *self._settings(), *self._outcome()])

    def losses(self) -> list[str]:
        """What deleting the folder takes away."""
        kept = ["the record of its settings and events"]
        if self.row.summary.score:
            kept.append(f"its result, perplexity {text.number(self.row.summary.score.perplexity)}")
        if self.checkpoints:
            kept.append(f"{len(self.checkpoints)} checkpoints")
        if self.has_adapter:
            kept.append("the trained adapter, which cannot be translated with any more")
        if self.row.notes.note:
            kept.append("the note you wrote")
        return kept

    def _heading(self) -> Iterator[Content]:
        summary = self.row.summary
        yield Content.styled(one_line(self.row.run.id), "bold")
        status = status_text(summary.status, status_of(self.row).partition(" ")[2])
        yield Content.assemble(status, f"  {text.clock(summary.seconds)}")
        notes = self.row.notes
        if notes.label:
            yield Content.styled(one_line(notes.label), "$text-accent")
        if notes.note:
            yield Content.styled(plain(notes.note), "italic")
        if notes.trouble:
            yield Content.styled(one_line(notes.trouble), "$text-error")
        if summary.message:
            failed = summary.status is Status.FAILED
            yield Content.styled(plain(summary.message), "$text-error" if failed else "")
        if summary.hint:
            yield Content.styled(plain(summary.hint), "$text-muted")
        yield Content("")

    def _settings(self) -> Iterator[Content]:
        settings = self.row.settings
        profile = settings.profile
        yield _line("profile", profile.name)
        yield _line("strategy", strategy_of(self.row))
        if settings.job == "train":
            training = profile.training
            yield _line("training", f"{training.epochs:g} epochs, batch {training.batch_size}, "
                        f"lr {text.rate(training.learning_rate)}")  # fmt: skip
            yield _line("adapter", f"rank {profile.lora.rank}, {profile.quantization.method}")
        if settings.adapter_run:
            yield _line("adapter of", f"{settings.adapter_run} {settings.checkpoint}")
        if settings.examples:
            yield _line("examples", str(len(settings.examples)))
        for part, file in settings.data.items():
            yield _line(part, f"{Path(file.path).name}, {file.pairs} pairs")
        if settings.overrides:
            changed = (f"{key}={value}" for key, value in settings.overrides.items())
            yield _line("overrides", ", ".join(changed))
        yield _line("created", settings.created[:16].replace("T", " "))

    def _outcome(self) -> Iterator[Content]:
        summary = self.row.summary
        if summary.steps:
            yield _line("steps", f"{summary.step}/{summary.steps}")
        if self.checkpoints:
            best = f", best {summary.best_checkpoint}" if summary.best_checkpoint else ""
            yield _line("checkpoints", f"{len(self.checkpoints)}{best}")
        if score := summary.score:
            yield Content("")
            yield _line("perplexity", text.number(score.perplexity), "bold")
            yield _line("corpus", text.number(score.perplexity_corpus))
        for name, score in (self.evaluated.directions if self.evaluated else {}).items():
            label = direction_label(name)
            yield _line(label, f"{text.number(score.perplexity)} of {score.samples}")


def _line(label: str, value: str, style: str = "") -> Content:
    padding = " " * max(1, _LABEL_WIDTH - Content(label).cell_length)
    return Content.assemble((label + padding, "$text-muted"), (one_line(value), style))
