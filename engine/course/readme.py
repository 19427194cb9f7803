"""The README.md of an export: what is in the folder, its sizes against the limits, its number."""

from __future__ import annotations

from engine.course.check import Grade
from engine.course.export import Export
from engine.course.year import CourseYear
from engine.language import counted
from engine.language.figures import clock, number, size
from engine.language.said import Said, Words


def text(export: Export, grade: Grade | None) -> str:
    """The page as Markdown."""
    title = Said("Run {run}", run=export.run.id)
    parts = [
        f"# {title}",
        _adapter(export),
        _files(),
        _limits(export, grade),
        _packages(export.year),
        _score(export, grade),
    ]
    if export.warnings:
        warnings = [f"- {warning}" for warning in export.warnings]
        parts.append("\n".join([str(Said("To mind:")), "", *warnings]))
    return "\n\n".join(parts) + "\n"


def _adapter(export: Export) -> str:
    said = Said("Base model `{model}`, {method}; adapter: the run's result.")
    if export.checkpoint:
        said = Said("Base model `{model}`, {method}; adapter: checkpoint `{checkpoint}`.")
    filled = said.filled(
        model=export.base_model,
        method=export.run.settings.profile.quantization.method,
        checkpoint=export.checkpoint,
    )
    return str(filled)


def _files() -> str:
    rows: list[list[Words]] = [
        ["`adapter_checkpoint/`", Said("the adapter in PEFT's form, readable from PEFT 0.13 on")],
        ["`utils.py`", Said("`get_prompt`, `get_bnb_config`: what the grader imports")],
        ["`run.sh`, `predict.py`", "`bash run.sh MODEL adapter_checkpoint INPUT.json OUTPUT.json`"],
        ["`download.sh`", Said("fetches `adapter_checkpoint/`; write its address in")],
        [
            "`grade.py`",
            Said("perplexity by the course's definition, for yourself; not to be handed in"),
        ],
    ]
    return _table([Said("file"), ""], rows)


def _limits(export: Export, grade: Grade | None) -> str:
    base = size(export.sizes.base) if export.sizes.base else Said("not known here")
    memory_limit = size(export.year.memory_limit)
    rows: list[list[Words]] = [
        [Said("download"), size(export.sizes.adapter), size(export.year.download_limit)],
        [Said("GPU memory for base weights, about"), base, memory_limit],
    ]
    summary = export.run.summary()
    if summary.memory and not (summary.device and summary.device.kind == "cpu"):
        rows.append([Said("GPU memory in training, at most"), size(summary.memory), memory_limit])
    if grade:
        taken = Said("{time} for the first few items, loading included")
        rows.append(
            ["run.sh", taken.filled(time=clock(grade.seconds)), clock(export.year.time_limit)]
        )
    return _table(["", Said("this export"), Said("limit")], rows)


def _packages(year: CourseYear) -> str:
    said = Said("Rules of {homework}, whose grader has {packages}.")
    packages = ", ".join(f"`{name}{version}`" for name, version in year.packages.items())
    return str(said.filled(homework=year.homework, packages=packages))


def _table(header: list[Words], rows: list[list[Words]]) -> str:
    rule = "|---" * len(header) + "|"
    head, *lines = (
        "|" + "|".join(f" {cell} " if cell else " " for cell in row) + "|"
        for row in (header, *rows)
    )
    return "\n".join([head, rule, *lines])


def _score(export: Export, grade: Grade | None) -> str:
    said = Said("Prompt `{prompt}` (a hash of its form; another prompt is another score).")
    lines = [said.filled(prompt=export.prompt)]
    if export.score:
        said = Said(
            "Perplexity on {items}, as `yiwen` measured it: **{value}** (test file sha256 "
            "`{digest}`)."
        )
        lines.append(
            said.filled(
                items=counted.items(export.score.samples),
                value=number(export.score.perplexity, 4),
                digest=export.run.settings.data["test"].sha256[:12],
            )
        )
    if grade:
        said = Said("The same by `grade.py`, one item at a time: **{value}**.")
        lines.append(said.filled(value=number(grade.perplexity, 4)))
    return "\n".join(map(str, lines))
