"""Writes a report's folder: the page, the chart, the tables for programs, the runs' profiles."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.language import sheets
from engine.language.errors import RunError, UserError, cannot_write
from engine.language.said import Said
from engine.language.sheets import Cell
from engine.machine.files import write_atomically
from engine.report import chart, curves, page, repeating
from engine.report import results as reckoned
from engine.report.chart import Level, Line
from engine.report.curves import Curve
from engine.report.page import Results
from engine.run.folder import Run
from engine.scores import result_lines
from engine.scores.result_lines import SampleResult
from engine.table.catalog import Row

PAGE = "report.md"


def write(found: Sequence[Run], folder: Path, extra: str = "") -> Path:
    """Describe runs in a folder, over an earlier report there; returns its page.

    `extra` is Markdown for the head of the page. Raises UserError.
    """
    rows = [Row(run, run.settings, run.summary()) for run in found]
    results = {row.run.id: _results_of(row) for row in rows}
    drawn = [curve for run in found if (curve := curves.read(run))]
    numbers = reckoned.read(rows)
    files = {PAGE: page.text(numbers, drawn, results, extra)}
    files["results.csv"] = reckoned.as_csv(numbers)
    files["results.tex"] = reckoned.as_latex(numbers)
    if drawn:
        files["learning_curve.svg"] = _chart(drawn, rows)
        files["learning_curve.csv"] = curves.as_csv(drawn)
    if any(results.values()):
        files["samples.csv"] = "\ufeff" + _samples_csv(results)  # a BOM, or Excel guesses wrongly
    for row in rows:
        name = repeating.profile_name(row.run)
        files[name] = repeating.profile_toml(row.settings.profile)
    if (folder / "run.toml").exists():
        raise UserError("{folder}: is a run's folder; name another", folder=folder)
    try:
        (folder / "profiles").mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            write_atomically(folder / name, content.encode())
    except OSError as error:
        raise UserError(cannot_write(folder, error)) from None
    return folder / PAGE


def _results_of(row: Row) -> list[SampleResult]:
    try:
        return result_lines.of_run(row.run, row.summary)
    except RunError:
        return []  # nothing was scored yet, or its file is gone


def _chart(drawn: Sequence[Curve], rows: Sequence[Row]) -> str:
    lines = []
    chosen = {row.run.id: _chosen_step(row) for row in rows}
    for curve in drawn:
        name = curve.label if len({c.label for c in drawn}) == len(drawn) else curve.run
        tested = [(point.step, point.test) for point in curve.points]
        lines.append(Line(Said("{name}, test", name=name), tested, marked=chosen[curve.run]))
        validation = [(p.step, p.validation) for p in curve.points if p.validation > 0]
        if validation:
            lines.append(Line(Said("{name}, validation", name=name), validation, dashed=True))
    levels = [
        Level(f"{row.settings.profile.name} {row.settings.strategy}", row.summary.score.perplexity)
        for row in rows
        if row.settings.job == "evaluate" and row.summary.score
    ]
    return chart.draw(lines, levels, Said("optimizer steps"), Said("perplexity"))


def _chosen_step(row: Row) -> int:
    """Of the checkpoint that was chosen; -1 if none was."""
    step = row.summary.best_checkpoint.removeprefix("step-")
    return int(step) if step.isdecimal() else -1


def _samples_csv(results: Results) -> str:
    """One line an item, with what every run made of it."""
    items: dict[tuple[str, str], SampleResult] = {}
    by_run: dict[str, dict[tuple[str, str], SampleResult]] = {}
    for run, found in results.items():
        by_run[run] = {(result.id, result.instruction): result for result in found}
        items = {**by_run[run], **items}
    header = ["id", "direction", "instruction", "reference"]
    for run in results:
        header += [f"perplexity {run}", f"output {run}", f"faults {run}"]
    lines = []
    for key, item in items.items():
        line: list[Cell] = [item.id, item.direction, item.instruction, item.reference]
        for run in results:
            one = by_run[run].get(key)
            line += [one.perplexity, one.output, " ".join(one.faults)] if one else [""] * 3
        lines.append(line)
    return sheets.as_csv(header, lines, whole_texts=True)
