"""All that is worth saying about one run, in words; and what its deletion would destroy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from textual.content import Content

from engine import text
from engine.catalog import Row
from engine.events import Evaluated, Judged
from engine.runs import PEEKED
from engine.scores.judgement import FAULTS, Measure
from engine.summary import Status
from engine.table.run_columns import status_of, strategy_of
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
        if settings.examples_shown:
            yield _line("examples", str(settings.examples_shown))
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
        judged = summary.judgement
        if score := summary.score:
            yield Content("")
            known = _bounds(judged.perplexity if judged else None)
            mark = self.row.settings.mark
            yield _line("perplexity", f"{text.number(score.perplexity)}{mark}{known}", "bold")
            if mark:
                yield Content.styled(PEEKED, "$text-warning")
            if judged:
                yield _line("median", text.number(judged.median))
            known = _bounds(judged.corpus if judged else None)
            yield _line("corpus", f"{text.number(score.perplexity_corpus)}{known}")
        if repaired := summary.repaired:
            yield _line("repaired", f"{text.number(repaired.perplexity)}{self.row.settings.mark}")
        for name, score in (self.evaluated.directions if self.evaluated else {}).items():
            label = direction_label(name)
            yield _line(label, f"{text.number(score.perplexity)} of {score.samples}")
        if summary.judged:
            yield from _judged(summary.judged)


def _line(label: str, value: str, style: str = "") -> Content:
    padding = " " * max(1, _LABEL_WIDTH - Content(label).cell_length)
    return Content.assemble((label + padding, "$text-muted"), (one_line(value), style))


def _bounds(measure: Measure | None) -> str:
    known = text.interval(measure.low, measure.high) if measure else ""
    return f" ({known})" if known else ""


def _judged(judged: Judged) -> Iterator[Content]:
    """The translations: scores beside those of the untranslated source, and their faults."""
    of_all = judged.judgement
    yield Content("")
    for name, ours, source in (
        ("BLEU", of_all.bleu, of_all.source_bleu),
        ("chrF", of_all.chrf, of_all.source_chrf),
    ):
        if ours:
            yield _line(name, f"{text.number(ours.value)}{_bounds(ours)}", "bold")
        if source:
            yield _line("  source", f"{text.number(source.value)}, copied as it is")
    for kind, fault in of_all.found.items():
        share = text.share(fault.count, of_all.outputs)
        counted = f"! {fault.count} {FAULTS.get(kind, one_line(kind))} ({share})"
        yield Content.styled(counted, "$text-warning")
    for name, words in judged.definition.items():
        yield Content.styled(f"{one_line(name)}: {one_line(words)}", "$text-muted")
