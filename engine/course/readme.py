"""The README.md of an export: what is in the folder, its sizes against the limits, its number."""

from __future__ import annotations

from engine.course import rules
from engine.course.check import Grade
from engine.course.export import Export
from engine.text import clock, counted, number, size

_FILES = """\
| file | |
|---|---|
| `adapter_checkpoint/` | the adapter in PEFT's form, readable from PEFT 0.13 on |
| `utils.py` | `get_prompt`, `get_bnb_config`: what the grader imports |
| `run.sh`, `predict.py` | `bash run.sh MODEL adapter_checkpoint INPUT.json OUTPUT.json` |
| `download.sh` | fetches `adapter_checkpoint/`; write its address in |
| `grade.py` | perplexity by the course's definition, for yourself; not to be handed in |
"""


def text(export: Export, grade: Grade | None) -> str:
    """The page as Markdown."""
    settings = export.run.settings
    parts = [
        f"# Run {export.run.id}",
        f"Base model `{export.base_model}`, {settings.profile.quantization.method}; adapter: "
        + (f"checkpoint `{export.checkpoint}`." if export.checkpoint else "the run's result."),
        _FILES,
        _limits(export, grade),
        _score(export, grade),
    ]
    if export.warnings:
        parts.append("To mind:\n\n" + "\n".join(f"- {warning}" for warning in export.warnings))
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _limits(export: Export, grade: Grade | None) -> str:
    base = size(export.sizes.base) if export.sizes.base else "not known here"
    rows = [
        ("download", size(export.sizes.adapter), size(rules.DOWNLOAD_LIMIT)),
        ("GPU memory for base weights, about", base, size(rules.MEMORY_LIMIT)),
    ]
    memory = export.run.summary().memory
    if memory and "CPU" not in export.run.summary().device:
        rows.append(("GPU memory in training, at most", size(memory), size(rules.MEMORY_LIMIT)))
    if grade:
        taken = f"{clock(grade.seconds)} for the first few items, loading included"
        rows.append(("run.sh", taken, clock(rules.TIME_LIMIT)))
    lines = [f"| {name} | {value} | {limit} |" for name, value, limit in rows]
    return "\n".join(["| | this export | limit |", "|---|---|---|", *lines])


def _score(export: Export, grade: Grade | None) -> str:
    test = export.run.settings.data["test"]
    lines = [f"Prompt `{export.prompt}` (a hash of its form; another prompt is another score)."]
    if export.score:
        lines.append(
            f"Perplexity on {counted(export.score.samples, 'item')}, as `yiwen` measured it: "
            f"**{number(export.score.perplexity, 4)}** (test file sha256 `{test.sha256[:12]}`)."
        )
    if grade:
        lines.append(
            f"The same by `grade.py`, one item at a time: **{number(grade.perplexity, 4)}**."
        )
    return "\n".join(lines)
