"""One run in words: its facts, the settings that matter, its prompt."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

import msgspec

from engine.language import counted
from engine.language.figures import clock, interval, number, size
from engine.language.said import Said, Words
from engine.profile.schema import Model, Profile, Prompt
from engine.report.markdown import block, code, escape, escape_lines, table
from engine.run.words import choice_word, device_name, part_word, skipped_count, status_word
from engine.table.catalog import Row

_TOLD = {("prompt", "template"), *(("data", part) for part in ("train", "validation", "test"))}
"""Settings that stand elsewhere on the page."""


def facts(row: Row) -> Iterator[tuple[Words, Words]]:
    """Where it stands, what it used, where and when it ran: name and Markdown."""
    of_run, summary = row.settings, row.summary
    judged = summary.judgement
    yield Said("status"), f"{summary.status.symbol} {status_word(summary.status)}"
    yield (
        Said("base model"),
        f"{code(of_run.profile.model.path)}, {of_run.profile.quantization.method}",
    )
    yield Said("job"), f"{of_run.job}, {of_run.strategy}"
    if of_run.adapter_run:
        name, checkpoint = code(of_run.adapter_run), escape(of_run.checkpoint)
        yield Said("adapter"), Said("of {run} {checkpoint}", run=name, checkpoint=checkpoint)
    if summary.best_checkpoint:
        name, by = code(summary.best_checkpoint), choice_word(of_run.chosen_by)
        chosen = Said("{checkpoint}, chosen by {part}", checkpoint=name, part=by)
        yield Said("checkpoint"), chosen
    if not math.isnan(summary.validation):
        yield Said("validation perplexity"), number(summary.validation)
    if judged and judged.perplexity:
        bounds = interval(judged.perplexity.low, judged.perplexity.high)
        said = Said(
            "95 % interval {bounds}; median sample {median}",
            bounds=bounds,
            median=number(judged.median),
        )
        yield Said("perplexity"), said
    if summary.repaired:
        value = escape(number(summary.repaired.perplexity) + of_run.mark)
        corpus = number(summary.repaired.perplexity_corpus)
        said = Said("perplexity {value}, corpus {corpus}", value=value, corpus=corpus)
        yield Said("references repaired"), said
    for part, data in of_run.data.items():
        said = Said("{path}, {pairs}, sha256 {digest}")
        if of_run.is_set_aside(part):
            said = Said("{path}, {pairs} set aside, sha256 {digest}")
        pairs, digest = counted.pairs(data.pairs), code(data.sha256)
        yield part_word(part), said.filled(path=code(data.path), pairs=pairs, digest=digest)
    yield Said("prompt"), code(summary.definition.get("prompt", "–"))
    steps = Said("{count} of {total}", count=summary.step, total=summary.steps)
    yield Said("steps"), steps if summary.steps else "–"
    if summary.skipped:
        yield Said("skipped"), skipped_count(summary.skipped)
    yield Said("time"), clock(summary.seconds)
    yield Said("device"), escape(device_name(summary.device)) or "–"
    if summary.memory:
        yield Said("memory at most"), size(summary.memory)
    time, host = escape(of_run.created), escape(of_run.host)
    yield Said("created"), Said("{time} on {host}", time=time, host=host)
    shown = ", ".join(f"{name} {version}" for name, version in of_run.versions.items())
    yield Said("versions"), escape(shown)
    yield Said.in_context("of the program", "source"), code(of_run.git) if of_run.git else "–"
    if summary.message:
        yield Said("said"), escape(f"{summary.message} {summary.hint}")


def settings(row: Row) -> Words:
    """The settings that are not the program's own, and who set them."""
    profile = row.settings.profile
    plain = Profile(
        model=Model(path=profile.model.path), prompt=Prompt(template=profile.prompt.template)
    )
    ours, default = msgspec.to_builtins(profile), msgspec.to_builtins(plain)
    changed = row.settings.overrides
    lines: list[list[Words]] = [
        [
            code(f"{section}.{key}"),
            code(_value(found)),
            code(_value(default[section][key])),
            Said("this run") if f"{section}.{key}" in changed else Said("the profile"),
        ]
        for section, table_ in ours.items()
        if isinstance(table_, dict)
        for key, found in table_.items()
        if (section, key) not in _TOLD
        if default[section][key] != found
    ]
    if not lines:
        return Said("None.")
    return table([Said("setting"), Said("value"), Said("default"), Said("set by")], lines)


def _value(value: object) -> str:
    """As one would write it in a profile; line breaks and spaces at the ends show."""
    if isinstance(value, (list, tuple)):
        return json.dumps(list(value), ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False)


def prompt(row: Row) -> Iterator[Words]:
    """The form of the prompt, and the examples in it."""
    of_run = row.settings
    form = of_run.profile.prompt
    examples = of_run.examples_shown
    yield block(form.few_shot_template if examples and form.few_shot_template else form.template)
    if form.system:
        yield Said("Its {part} part:", part="{system}")
        yield block(form.system)
    if not examples:
        return
    few_shot = of_run.profile.few_shot
    yield Said(
        "Its {part} part: {count} before each item, chosen as '{choose}', {direction} direction, "
        "seed {seed}. The form of one:",
        part="{examples}",
        count=examples,
        choose=few_shot.choose,
        direction=few_shot.direction,
        seed=few_shot.seed,
    )
    yield block(form.example)
    if of_run.examples:
        rows = [
            [code(p.id), escape_lines(p.instruction), escape_lines(p.output)]
            for p in of_run.examples
        ]
        yield table([Said("id"), Said("instruction"), Said("output")], rows)
