"""All that is worth saying about one run, in words; and what its deletion would destroy."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from textual.content import Content

from engine.data.directions import direction_label
from engine.language import figures
from engine.language.errors import RunError
from engine.language.plain_text import one_line, plain
from engine.language.said import labelled
from engine.language.texts import _, marked, plural
from engine.run import words as wording
from engine.run.events import Evaluated, Judged
from engine.run.judgement import Measure
from engine.run.settings import PEEKED
from engine.run.summary import Status
from engine.scores.words import in_words
from engine.table.catalog import Row
from engine.table.row_facts import status_of, strategy_of
from tui.run import results
from tui.run.status import status_text

_LABEL_WIDTH = 12
_PARTS = {
    "train": marked("train"),
    "validation": marked("validation"),
    "test": marked("test"),
    "repaired": marked("repaired"),
}
"""Of a run's data."""


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
        with suppress(RunError):  # it has gone meanwhile
            row = row.whole()
        adapter = row.run.adapter_path / "adapter_config.json"
        checkpoints = tuple(row.run.checkpoints())
        return cls(row, results.read_scores(row.run), checkpoints, adapter.is_file())

    def describe(self) -> Content:
        """Everything, a line each."""
        parts = [*self._heading(), *self._settings(), *self._outcome(), *self._note()]
        return Content("\n").join(parts)

    def losses(self) -> list[str]:
        """What deleting the folder takes away."""
        kept = [_("the record of its settings and events")]
        if score := self.row.summary.score:
            result = _("its result, perplexity {value}")
            kept.append(result.format(value=figures.number(score.perplexity)))
        if self.checkpoints:
            kept.append(
                plural("{count} checkpoint", "{count} checkpoints", len(self.checkpoints)).format(
                    count=len(self.checkpoints)
                )
            )
        if self.has_adapter:
            kept.append(_("the trained adapter, which cannot be translated with any more"))
        if self.row.notes.note:
            kept.append(_("the note you wrote"))
        return kept

    def _heading(self) -> Iterator[Content]:
        summary = self.row.summary
        yield Content.styled(one_line(self.row.run.id), "bold")
        status = status_text(summary.status, str(status_of(self.row)).partition(" ")[2])
        yield Content.assemble(status, f"  {figures.clock(summary.seconds)}")
        notes = self.row.notes
        if notes.label:
            yield Content.styled(one_line(notes.label), "$text-accent")
        if notes.trouble:
            yield Content.styled(one_line(notes.trouble), "$text-error")
        if summary.unread:
            yield Content.styled(str(wording.unread_count(summary.unread)), "$text-warning")
        if summary.message:
            failed = summary.status is Status.FAILED
            yield Content.styled(plain(summary.message), "$text-error" if failed else "")
        if summary.hint:
            yield Content.styled(plain(summary.hint), "$text-muted")
        yield Content("")

    def _note(self) -> Iterator[Content]:
        """Last, for it may be long."""
        if note := self.row.notes.note:
            yield Content("")
            yield Content.styled(plain(note), "italic")

    def _settings(self) -> Iterator[Content]:
        settings = self.row.settings
        profile = settings.profile
        yield _line(_("profile"), profile.name)
        yield _line(_("strategy"), strategy_of(self.row))
        if settings.job == "train":
            training = profile.training
            effort = _("{epochs:g} epochs, batch {batch}, lr {rate}").format(
                epochs=training.epochs,
                batch=training.batch_size,
                rate=figures.rate(training.learning_rate),
            )
            yield _line(_("training"), effort)
            adapter = _("rank {rank}, {method}")
            method = profile.quantization.method
            yield _line(_("adapter"), adapter.format(rank=profile.lora.rank, method=method))
        if settings.adapter_run:
            yield _line(_("adapter of"), f"{settings.adapter_run} {settings.checkpoint}")
        if settings.examples_shown:
            yield _line(_("examples"), str(settings.examples_shown))
        for part, file in settings.data.items():
            pairs = plural("{file}, {count} pair", "{file}, {count} pairs", file.pairs).format(
                file=Path(file.path).name, count=file.pairs
            )
            yield _line(_(_PARTS.get(part, part)), pairs)
        if settings.overrides:
            changed = (f"{key}={value}" for key, value in settings.overrides.items())
            yield _line(_("overrides"), _(", ").join(changed))
        yield _line(_("created"), settings.created[:16].replace("T", " "))

    def _beside(self) -> Iterator[Content]:
        """What chose the checkpoint, and what the model scored before."""
        summary, by = self.row.summary, self.row.settings.chosen_by
        if not math.isnan(summary.validation):
            yield _line(_("val ppl"), figures.number(summary.validation))
        if by:
            yield _line(_("chosen by"), str(wording.choice_word(by)))
        if not math.isnan(summary.untuned):
            yield _line(_("untuned"), figures.number(summary.untuned))
        if summary.is_worse:
            yield Content.styled(f"! {wording.worse_words(summary.untuned)}", "$text-warning")

    def _outcome(self) -> Iterator[Content]:
        summary = self.row.summary
        if summary.steps:
            yield _line(_("steps"), f"{summary.step}/{summary.steps}")
        if self.checkpoints:
            said = _("{count}, best {best}") if summary.best_checkpoint else "{count}"
            count, best = len(self.checkpoints), summary.best_checkpoint
            yield _line(_("checkpoints"), said.format(count=count, best=best))
        judged = summary.judgement
        if score := summary.score:
            yield Content("")
            known = _bounds(judged.perplexity if judged else None)
            mark = self.row.settings.mark
            said = f"{figures.number(score.perplexity)}{mark}{known}"
            yield _line(_("perplexity"), said, "bold")
            if mark:
                yield Content.styled(str(PEEKED), "$text-warning")
            yield from self._beside()
            if judged:
                yield _line(_("median"), figures.number(judged.median))
            known = _bounds(judged.corpus if judged else None)
            yield _line(_("corpus"), f"{figures.number(score.perplexity_corpus)}{known}")
        if repaired := summary.repaired:
            said = f"{figures.number(repaired.perplexity)}{self.row.settings.mark}"
            yield _line(_("repaired"), said)
        for name, score in (self.evaluated.directions if self.evaluated else {}).items():
            label = direction_label(name)
            said = _("{value} of {count}")
            value = figures.number(score.perplexity)
            yield _line(label, said.format(value=value, count=score.samples))
        if summary.judged:
            yield from _judged(summary.judged)


def _line(label: str, value: str, style: str = "") -> Content:
    padding = " " * max(1, _LABEL_WIDTH - Content(label).cell_length)
    return Content.assemble((label + padding, "$text-muted"), (one_line(value), style))


def _bounds(measure: Measure | None) -> str:
    known = figures.interval(measure.low, measure.high) if measure else ""
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
            yield _line(name, f"{figures.number(ours.value)}{_bounds(ours)}", "bold")
        if ours and source:
            copied = _("{value}, copied as it is").format(value=figures.number(source.value))
            yield _line("  " + _("source"), copied)
        elif source:
            copied = _("–, the source copied {value}").format(value=figures.number(source.value))
            yield _line(name, copied)
    for kind, fault in of_all.found.items():
        share = figures.share(fault.count, of_all.outputs)
        counted = _("! {count} {fault} ({share})").format(
            count=fault.count, fault=wording.fault_name(kind), share=share
        )
        yield Content.styled(counted, "$text-warning")
    for name, words in in_words(judged.defined()).items():
        yield Content.styled(str(labelled(one_line(name), one_line(words))), "$text-muted")
