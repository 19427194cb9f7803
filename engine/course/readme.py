"""The README.md of an export: what is in the folder, its sizes against the limits, its number."""

from __future__ import annotations

from engine.course import rules
from engine.course.check import Grade
from engine.course.export import Export
from engine.language import counted
from engine.language.figures import clock, number, size
from engine.language.texts import _


def text(export: Export, grade: Grade | None) -> str:
    """The page as Markdown."""
    parts = [
        "# " + _("Run {run}").format(run=export.run.id),
        _adapter(export),
        _files(),
        _limits(export, grade),
        _score(export, grade),
    ]
    if export.warnings:
        warnings = [f"- {warning}" for warning in export.warnings]
        parts.append(_("To mind:") + "\n\n" + "\n".join(warnings))
    return "\n\n".join(parts) + "\n"


def _adapter(export: Export) -> str:
    said = _("Base model `{model}`, {method}; adapter: the run's result.")
    if export.checkpoint:
        said = _("Base model `{model}`, {method}; adapter: checkpoint `{checkpoint}`.")
    return said.format(
        model=export.base_model,
        method=export.run.settings.profile.quantization.method,
        checkpoint=export.checkpoint,
    )


def _files() -> str:
    rows = [
        ["`adapter_checkpoint/`", _("the adapter in PEFT's form, readable from PEFT 0.13 on")],
        ["`utils.py`", _("`get_prompt`, `get_bnb_config`: what the grader imports")],
        ["`run.sh`, `predict.py`", "`bash run.sh MODEL adapter_checkpoint INPUT.json OUTPUT.json`"],
        ["`download.sh`", _("fetches `adapter_checkpoint/`; write its address in")],
        [
            "`grade.py`",
            _("perplexity by the course's definition, for yourself; not to be handed in"),
        ],
    ]
    return _table([_("file"), ""], rows)


def _limits(export: Export, grade: Grade | None) -> str:
    base = size(export.sizes.base) if export.sizes.base else _("not known here")
    memory_limit = size(rules.MEMORY_LIMIT)
    rows = [
        [_("download"), size(export.sizes.adapter), size(rules.DOWNLOAD_LIMIT)],
        [_("GPU memory for base weights, about"), base, memory_limit],
    ]
    summary = export.run.summary()
    if summary.memory and not (summary.device and summary.device.kind == "cpu"):
        rows.append([_("GPU memory in training, at most"), size(summary.memory), memory_limit])
    if grade:
        taken = _("{time} for the first few items, loading included")
        rows.append(["run.sh", taken.format(time=clock(grade.seconds)), clock(rules.TIME_LIMIT)])
    return _table(["", _("this export"), _("limit")], rows)


def _table(header: list[str], rows: list[list[str]]) -> str:
    rule = "|---" * len(header) + "|"
    head, *lines = (
        "|" + "|".join(f" {cell} " if cell else " " for cell in row) + "|"
        for row in (header, *rows)
    )
    return "\n".join([head, rule, *lines])


def _score(export: Export, grade: Grade | None) -> str:
    said = _("Prompt `{prompt}` (a hash of its form; another prompt is another score).")
    lines = [said.format(prompt=export.prompt)]
    if export.score:
        said = _(
            "Perplexity on {items}, as `yiwen` measured it: **{value}** (test file sha256 "
            "`{digest}`)."
        )
        lines.append(
            said.format(
                items=counted.items(export.score.samples),
                value=number(export.score.perplexity, 4),
                digest=export.run.settings.data["test"].sha256[:12],
            )
        )
    if grade:
        said = _("The same by `grade.py`, one item at a time: **{value}**.")
        lines.append(said.format(value=number(grade.perplexity, 4)))
    return "\n".join(lines)
