"""One run in words: its facts, the settings that matter, its prompt."""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec

from engine.catalog import Row
from engine.profiles import Model, Profile, Prompt
from engine.report.markdown import block, code, escape, escape_lines, table
from engine.text import clock, counted, interval, number, size

_TOLD = {("prompt", "template"), *(("data", part) for part in ("train", "validation", "test"))}
"""Settings that stand elsewhere on the page."""


def facts(row: Row) -> Iterator[tuple[str, str]]:
    """Where it stands, what it used, where and when it ran: name and Markdown."""
    of_run, summary = row.settings, row.summary
    judged = summary.judgement
    yield "status", f"{summary.status.symbol} {summary.status.value}"
    yield (
        "base model",
        f"{code(of_run.profile.model.path)}, {of_run.profile.quantization.method}",
    )
    yield "job", f"{of_run.job}, {of_run.strategy}"
    if of_run.adapter_run:
        yield "adapter", f"of {code(of_run.adapter_run)} {escape(of_run.checkpoint)}"
    if summary.best_checkpoint:
        chosen = of_run.profile.evaluation.choose_by
        yield "checkpoint", f"{code(summary.best_checkpoint)}, chosen by {chosen}"
    if judged and judged.perplexity:
        bounds = interval(judged.perplexity.low, judged.perplexity.high)
        yield "perplexity", f"95 % interval {bounds}; median sample {number(judged.median)}"
    if summary.repaired:
        scored = number(summary.repaired.perplexity) + of_run.mark
        corpus = number(summary.repaired.perplexity_corpus)
        yield "references repaired", f"perplexity {escape(scored)}, corpus {corpus}"
    for part, data in of_run.data.items():
        aside = " set aside" if of_run.is_set_aside(part) else ""
        yield (
            part,
            f"{code(data.path)}, {counted(data.pairs, 'pair')}{aside}, sha256 {code(data.sha256)}",
        )
    yield "prompt", code(summary.definition.get("prompt", "–"))
    yield "steps", f"{summary.step} of {summary.steps}" if summary.steps else "–"
    yield "time", clock(summary.seconds)
    yield "device", escape(summary.device) or "–"
    if summary.memory:
        yield "memory at most", size(summary.memory)
    yield "created", f"{escape(of_run.created)} on {escape(of_run.host)}"
    shown = ", ".join(f"{name} {version}" for name, version in of_run.versions.items())
    yield "versions", escape(shown)
    yield "source", code(of_run.git) if of_run.git else "–"
    if summary.message:
        yield "said", escape(f"{summary.message} {summary.hint}")


def settings(row: Row) -> str:
    """The settings that are not the program's own, and who set them."""
    profile = row.settings.profile
    plain = Profile(
        model=Model(path=profile.model.path), prompt=Prompt(template=profile.prompt.template)
    )
    ours, default = msgspec.to_builtins(profile), msgspec.to_builtins(plain)
    changed = row.settings.overrides
    lines = [
        [
            code(f"{section}.{key}"),
            code(_value(found)),
            code(_value(default[section][key])),
            "this run" if f"{section}.{key}" in changed else "the profile",
        ]
        for section, table_ in ours.items()
        if isinstance(table_, dict)
        for key, found in table_.items()
        if (section, key) not in _TOLD
        if default[section][key] != found
    ]
    if not lines:
        return "None."
    return table(["setting", "value", "default", "set by"], lines)


def _value(value: object) -> str:
    """As one would write it in a profile; line breaks and spaces at the ends show."""
    if isinstance(value, (list, tuple)):
        return json.dumps(list(value), ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False)


def prompt(row: Row) -> Iterator[str]:
    """The form of the prompt, and the examples in it."""
    of_run = row.settings
    form = of_run.profile.prompt
    examples = of_run.examples_shown
    yield block(form.few_shot_template if examples and form.few_shot_template else
                form.template)  # fmt: skip
    if form.system:
        yield "Its {system} part:"
        yield block(form.system)
    if not examples:
        return
    few_shot = of_run.profile.few_shot
    yield (
        f"Its {{examples}} part: {examples} before each item, chosen as {few_shot.choose!r}, "
        f"{few_shot.direction} direction, seed {few_shot.seed}. The form of one:"
    )
    yield block(form.example)
    if of_run.examples:
        rows = [
            [code(p.id), escape_lines(p.instruction), escape_lines(p.output)]
            for p in of_run.examples
        ]
        yield table(["id", "instruction", "output"], rows)
