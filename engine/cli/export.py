"""The export command: a run's adapter as the course takes it, or merged into its base model."""

from __future__ import annotations

import shlex
import sys
from argparse import Namespace

from engine.cli.output import print_json
from engine.cli.progress_line import ProgressLine
from engine.course import check, readme
from engine.course import export as course_export
from engine.course.check import Grade
from engine.course.export import Export
from engine.course.year import CourseYear
from engine.language.errors import UserError
from engine.language.figures import number, size
from engine.language.plain_text import one_line
from engine.language.texts import _
from engine.machine.files import write_atomically
from engine.machine.paths import in_full, runs_root
from engine.run import runs_folder
from engine.run.events import Phase
from engine.run.folder import Run
from engine.run.words import phase_name
from engine.start import merging
from engine.start.merging import Merge
from engine.table.catalog import finite


def export(arguments: Namespace) -> int:
    """`yiwen export RUN --course DIR | --merged DIR`."""
    run = runs_folder.find(runs_root(arguments.runs), arguments.run)
    if arguments.merged:
        return _merge(run, arguments)
    folder = in_full(arguments.course)
    made = course_export.write(
        run, folder, arguments.checkpoint, year=arguments.year, overwrite=arguments.force
    )
    _write_readme(made, None)
    for warning in made.warnings:
        print(f"! {one_line(warning)}", file=sys.stderr)
    grade = _check(made) if arguments.check else None
    if arguments.json:
        print_json(_as_dict(made, grade))
    else:
        print(_describe(made, grade))
    return 1 if grade and (grade.problems or grade.agrees is False) else 0


def _check(made: Export) -> Grade:
    line = ProgressLine()
    try:
        grade = check.check(made, lambda said: line.show(str(said)))
    finally:
        line.end()
    _write_readme(made, grade)
    return grade


def _write_readme(made: Export, grade: Grade | None) -> None:
    write_atomically(made.folder / "README.md", readme.text(made, grade).encode())


def _describe(made: Export, grade: Grade | None) -> str:
    head = _("{folder}: {checkpoint} of {run}; adapter {size}, prompt {prompt}")
    lines = [
        head.format(
            folder=made.folder,
            checkpoint=made.checkpoint or _("the result"),
            run=made.run.id,
            size=size(made.sizes.adapter),
            prompt=made.prompt,
        )
    ]
    lines.append(_course(made.year))
    if made.score:
        measured = number(made.score.perplexity, 4) + made.run.settings.mark
        lines.append(_("perplexity by yiwen     {value}").format(value=measured))
    if grade:
        graded = number(grade.perplexity, 4)
        said = _("perplexity by grade.py  {value}").format(value=graded)
        lines.append(said + _verdict(grade))
        fine = _("run.sh: {count} items translated, nothing amiss")
        lines += [*map(str, grade.problems)] or [fine.format(count=check.TRANSLATED)]
    else:
        lines.append(_("--check grades it as the course would"))
    return "\n".join(lines)


def _course(year: CourseYear) -> str:
    """Whose rules hold, and what is to be beaten."""
    if not year.baselines:
        return _("rules of {homework}").format(homework=year.homework)
    baselines = ", ".join(f"{name} {number(value)}" for name, value in year.baselines.items())
    said = _("rules of {homework}; baselines {baselines}")
    return said.format(homework=year.homework, baselines=baselines)


def _verdict(grade: Grade) -> str:
    if grade.recorded is None:
        return ""
    said = _("({share:.2%} apart: agrees)")
    if not grade.agrees:
        said = _("({share:.2%} apart: DOES NOT AGREE)")
    return "  " + said.format(share=abs(grade.perplexity / grade.recorded - 1))


def _as_dict(made: Export, grade: Grade | None) -> dict[str, object]:
    found: dict[str, object] = {
        "run": made.run.id,
        "folder": str(made.folder),
        "checkpoint": made.checkpoint or None,
        "base_model": made.base_model,
        "adapter_bytes": made.sizes.adapter,
        "prompt": made.prompt,
        "year": made.year.year,
        "perplexity": finite(made.score.perplexity) if made.score else None,
        "warnings": made.warnings,
    }
    if grade:
        found |= {
            "perplexity_graded": finite(grade.perplexity),
            "agrees": grade.agrees,
            "problems": grade.problems,
        }
    return found


def _merge(run: Run, arguments: Namespace) -> int:
    if arguments.check or arguments.force or arguments.year is not None:
        raise UserError(
            _("--check, --force and --year belong to --course; --merged checks by itself")
        )
    adapter = course_export.adapter_of(run, arguments.checkpoint)
    target = in_full(arguments.merged)
    asked = Merge(run.settings.profile, str(adapter), str(target), arguments.dtype)
    line = ProgressLine()

    def progress(phase: Phase) -> None:
        line.show(phase_name(phase.name) + (f" {phase.done}/{phase.of}" if phase.of else " …"))

    try:
        merged = merging.merge(asked, progress)
    finally:
        line.end()
    if arguments.json:
        print_json(
            {
                "run": run.id,
                "folder": str(target),
                "layers": merged.layers,
                "bytes": merged.bytes,
                "dtype": merged.dtype,
                "difference": finite(merged.difference),
            }
        )
        return 0
    said = _(
        "{folder}: {size}, {dtype}; {layers} layers merged; logits within {difference:.1g} "
        "standard deviations of base and adapter\nScore it: yiwen evaluate {profile}"
    )
    print(
        said.format(
            folder=target,
            size=size(merged.bytes),
            dtype=merged.dtype,
            layers=merged.layers,
            difference=merged.difference,
            profile=shlex.quote(str(target / f"{target.name}.toml")),
        )
    )
    return 0
