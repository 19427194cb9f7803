"""The export command: a run's adapter as the course takes it, or merged into its base model."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from pathlib import Path

from engine import runs_folder
from engine.catalog import finite
from engine.cli.progress_line import ProgressLine
from engine.course import check, readme
from engine.course import export as course_export
from engine.course.check import Grade
from engine.course.export import Export
from engine.errors import UserError
from engine.events import Phase
from engine.models import merging
from engine.models.merging import Merge
from engine.paths import runs_root, write_atomically
from engine.runs import Run
from engine.text import number, one_line, size


def export(arguments: Namespace) -> int:
    """`yiwen export RUN --course DIR | --merged DIR`."""
    run = runs_folder.find(runs_root(arguments.runs), arguments.run)
    if arguments.merged:
        return _merge(run, arguments)
    folder = Path(arguments.course).expanduser().resolve()
    made = course_export.write(run, folder, arguments.checkpoint, overwrite=arguments.force)
    _write_readme(made, None)
    for warning in made.warnings:
        print(f"! {one_line(warning)}", file=sys.stderr)
    grade = _check(made) if arguments.check else None
    if arguments.json:
        print(json.dumps(_as_dict(made, grade), ensure_ascii=False))
    else:
        print(_describe(made, grade))
    return 1 if grade and (grade.problems or grade.agrees is False) else 0


def _check(made: Export) -> Grade:
    line = ProgressLine()
    try:
        grade = check.check(made, line.show)
    finally:
        line.end()
    _write_readme(made, grade)
    return grade


def _write_readme(made: Export, grade: Grade | None) -> None:
    write_atomically(made.folder / "README.md", readme.text(made, grade).encode())


def _describe(made: Export, grade: Grade | None) -> str:
    which = made.checkpoint or "the result"
    lines = [
        f"{made.folder}: {which} of {made.run.id}; adapter {size(made.sizes.adapter)}, "
        f"prompt {made.prompt}"
    ]
    if made.score:
        measured = number(made.score.perplexity, 4) + made.run.settings.mark
        lines.append(f"perplexity by yiwen     {measured}")
    if grade:
        lines.append(f"perplexity by grade.py  {number(grade.perplexity, 4)}" + _verdict(grade))
        lines += grade.problems or [f"run.sh: {check.TRANSLATED} items translated, nothing amiss"]
    else:
        lines.append("--check grades it as the course would")
    return "\n".join(lines)


def _verdict(grade: Grade) -> str:
    if grade.recorded is None:
        return ""
    off = abs(grade.perplexity / grade.recorded - 1)
    return f"  ({off:.2%} apart: {'agrees' if grade.agrees else 'DOES NOT AGREE'})"


def _as_dict(made: Export, grade: Grade | None) -> dict[str, object]:
    found: dict[str, object] = {
        "run": made.run.id,
        "folder": str(made.folder),
        "checkpoint": made.checkpoint or None,
        "base_model": made.base_model,
        "adapter_bytes": made.sizes.adapter,
        "prompt": made.prompt,
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
    if arguments.check or arguments.force:
        raise UserError("--check and --force belong to --course; --merged checks by itself")
    adapter = course_export.adapter_of(run, arguments.checkpoint)
    target = Path(arguments.merged).expanduser().resolve()
    asked = Merge(run.settings.profile, str(adapter), str(target), arguments.dtype)
    line = ProgressLine()

    def progress(phase: Phase) -> None:
        line.show(phase.name + (f" {phase.done}/{phase.of}" if phase.of else " …"))

    try:
        merged = merging.merge(asked, progress)
    finally:
        line.end()
    if arguments.json:
        print(json.dumps({"run": run.id, "folder": str(target), "layers": merged.layers,
                          "bytes": merged.bytes, "dtype": merged.dtype,
                          "difference": finite(merged.difference)}))  # fmt: skip
        return 0
    print(
        f"{target}: {size(merged.bytes)}, {merged.dtype}; {merged.layers} layers merged; logits "
        f"within {merged.difference:.1g} standard deviations of base and adapter\n"
        f"Score it: yiwen evaluate {target / (target.name + '.toml')}"
    )
    return 0
