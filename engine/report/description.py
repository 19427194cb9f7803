"""One run in words: its facts, the settings that matter, its prompt."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

import msgspec

from engine.language import counted
from engine.language.figures import clock, interval, number, size
from engine.language.texts import _, pgettext
from engine.profile.schema import Model, Profile, Prompt
from engine.report.markdown import block, code, escape, escape_lines, table
from engine.run.words import choice_word, device_name, part_word, status_word
from engine.table.catalog import Row

_TOLD = {("prompt", "template"), *(("data", part) for part in ("train", "validation", "test"))}
"""Settings that stand elsewhere on the page."""


def facts(row: Row) -> Iterator[tuple[str, str]]:
    """Where it stands, what it used, where and when it ran: name and Markdown."""
    of_run, summary = row.settings, row.summary
    judged = summary.judgement
    yield _("status"), f"{summary.status.symbol} {status_word(summary.status)}"
    yield (
        _("base model"),
        f"{code(of_run.profile.model.path)}, {of_run.profile.quantization.method}",
    )
    yield _("job"), f"{of_run.job}, {of_run.strategy}"
    if of_run.adapter_run:
        said = _("of {run} {checkpoint}")
        name = code(of_run.adapter_run)
        yield _("adapter"), said.format(run=name, checkpoint=escape(of_run.checkpoint))
    if summary.best_checkpoint:
        said = _("{checkpoint}, chosen by {part}")
        chosen = choice_word(of_run.chosen_by)
        name = code(summary.best_checkpoint)
        yield _("checkpoint"), said.format(checkpoint=name, part=chosen)
    if not math.isnan(summary.validation):
        yield _("validation perplexity"), number(summary.validation)
    if judged and judged.perplexity:
        bounds = interval(judged.perplexity.low, judged.perplexity.high)
        said = _("95 % interval {bounds}; median sample {median}")
        yield _("perplexity"), said.format(bounds=bounds, median=number(judged.median))
    if summary.repaired:
        scored = number(summary.repaired.perplexity) + of_run.mark
        corpus = number(summary.repaired.perplexity_corpus)
        said = _("perplexity {value}, corpus {corpus}")
        yield _("references repaired"), said.format(value=escape(scored), corpus=corpus)
    for part, data in of_run.data.items():
        said = _("{path}, {pairs}, sha256 {digest}")
        if of_run.is_set_aside(part):
            said = _("{path}, {pairs} set aside, sha256 {digest}")
        pairs, digest = counted.pairs(data.pairs), code(data.sha256)
        yield part_word(part), said.format(path=code(data.path), pairs=pairs, digest=digest)
    yield _("prompt"), code(summary.definition.get("prompt", "–"))
    steps = _("{count} of {total}").format(count=summary.step, total=summary.steps)
    yield _("steps"), steps if summary.steps else "–"
    yield _("time"), clock(summary.seconds)
    yield _("device"), escape(str(device_name(summary.device))) or "–"
    if summary.memory:
        yield _("memory at most"), size(summary.memory)
    said = _("{time} on {host}")
    yield _("created"), said.format(time=escape(of_run.created), host=escape(of_run.host))
    shown = ", ".join(f"{name} {version}" for name, version in of_run.versions.items())
    yield _("versions"), escape(shown)
    yield pgettext("of the program", "source"), code(of_run.git) if of_run.git else "–"
    if summary.message:
        yield _("said"), escape(f"{summary.message} {summary.hint}")


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
            _("this run") if f"{section}.{key}" in changed else _("the profile"),
        ]
        for section, table_ in ours.items()
        if isinstance(table_, dict)
        for key, found in table_.items()
        if (section, key) not in _TOLD
        if default[section][key] != found
    ]
    if not lines:
        return _("None.")
    return table([_("setting"), _("value"), _("default"), _("set by")], lines)


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
        yield _("Its {part} part:").format(part="{system}")
        yield block(form.system)
    if not examples:
        return
    few_shot = of_run.profile.few_shot
    yield _(
        "Its {part} part: {count} before each item, chosen as '{choose}', {direction} direction, "
        "seed {seed}. The form of one:"
    ).format(
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
        yield table([_("id"), _("instruction"), _("output")], rows)
