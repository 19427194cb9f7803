"""`yiwen data describe`: what a file holds, counted, and its lengths in tokens of a model."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from engine.cli.data.progress import Progress
from engine.cli.output import print_json
from engine.cli.requests import overrides
from engine.cli.table import table
from engine.data import dataset, description
from engine.data.dataset import Dataset
from engine.data.description import Description
from engine.data.directions import direction_label
from engine.data.spread import Spread
from engine.language import counted
from engine.language.errors import UserError
from engine.language.plain_text import one_line, width
from engine.language.texts import _, plural
from engine.machine.paths import short_path
from engine.profile import files
from engine.profile.schema import Profile
from engine.prompts import lengths
from engine.prompts.lengths import Lengths
from engine.run import prompt_builder

_SHOWN = 20
_BAR = 40


def describe(arguments: Namespace) -> int:
    """`yiwen data describe FILE [--profile NAME]`."""
    if arguments.set and not arguments.profile:
        raise UserError(_("--set: changes a setting of a profile; name one with --profile"))
    profile = files.load(arguments.profile, overrides(arguments)) if arguments.profile else None
    found = dataset.read(arguments.file, need_output=False, skip_bad=True)
    with Progress() as progress:
        facts = description.describe(found.pairs, progress.phase(_("counting pair")))
        measured = None
        if profile is not None:
            builder = prompt_builder.builder_for(profile, [])
            step = progress.phase(_("encoding pair"))
            measured = lengths.measure(profile, builder, found.pairs, step)
    if arguments.json:
        content = {"file": found.path, "sha256": found.sha256, **msgspec.to_builtins(facts)}
        if profile is not None and measured is not None:
            content |= {"profile": profile.name, "tokens": msgspec.to_builtins(measured)}
        print_json(content)
        return 0
    print("\n\n".join(_parts(found, facts)))
    if profile is not None and measured is not None:
        print("\n" + "\n\n".join(_token_parts(profile, measured)))
    return 0


def _parts(found: Dataset, facts: Description) -> list[str]:
    pairs = facts.pairs
    parts = ["\n".join(_head(found, facts)), _counted(_templates, facts.templates, pairs)]
    if facts.books:
        parts.append(_counted(_books, facts.books, pairs))
    sides = {_("sentence"): facts.source_characters, _("output"): facts.output_characters}
    parts.append(_spreads(_("characters"), sides))
    parts.append("\n".join(_oddities(facts)))
    return parts


def _head(found: Dataset, facts: Description) -> Iterator[str]:
    """How many pairs there are, and what they lack or have besides."""
    directions = _(", ").join(
        f"{direction_label(name)} {count:,}" for name, count in facts.directions.items()
    )
    yield _("{file}: {pairs} ({directions})").format(
        file=short_path(found.path), pairs=counted.pairs(facts.pairs), directions=directions
    )
    if facts.with_output < facts.pairs:
        yield _("{count:,} without an output").format(count=facts.pairs - facts.with_output)
    if facts.with_repaired:
        said = _("{count:,} with a second reference, output_repaired")
        yield said.format(count=facts.with_repaired)
    if found.skipped:
        count = len(found.skipped)
        yield plural(
            "{count:,} record passed over, first {first}",
            "{count:,} records passed over, first {first}",
            count,
        ).format(count=count, first=one_line(found.skipped[0]))


def _oddities(facts: Description) -> Iterator[str]:
    prefixes = _(", ").join(f"{prefix} {count:,}" for prefix, count in facts.prefixes.items())
    share = facts.damaged / max(1, facts.with_output)
    rows = [
        (_("duplicates"), f"{facts.duplicates:,}"),
        (_("in both directions"), f"{facts.reversed:,}"),
        (_("same sentence, other answer"), f"{facts.other_answers:,}"),
        (_("answers with a prefix"), prefixes or "0"),
        (_("outputs damaged by conversion"), f"{facts.damaged:,} ({share:.1%})"),
    ]
    if facts.damaged:
        worst = list(facts.damaged_characters.items())[:3]
        shown = _(", ").join(f"{change} {count:,}" for change, count in worst)
        rows.append(("", _("{changes} …: yiwen data repair").format(changes=shown)))
    longest = max(width(name) for name, _said in rows)
    return (f"{name}{' ' * (longest - width(name))}  {said}" for name, said in rows)


def _templates(count: int) -> str:
    return plural("{count} template", "{count} templates", count).format(count=count)


def _books(count: int) -> str:
    return plural("{count} book", "{count} books", count).format(count=count)


def _counted(of_them: Callable[[int], str], counts: Mapping[str, int], of: int) -> str:
    rows = [
        (key.replace("\n", "⏎"), f"{count:,}", f"{count / of:.1%}")
        for key, count in list(counts.items())[:_SHOWN]
    ]
    if len(counts) > _SHOWN:
        rest = sum(list(counts.values())[_SHOWN:])
        more = _("… {count} more").format(count=len(counts) - _SHOWN)
        rows.append((more, f"{rest:,}", f"{rest / of:.1%}"))
    return table([of_them(len(counts)), _("pairs"), ""], rows, right=(1, 2))


def _spreads(unit: str, spreads: Mapping[str, Spread]) -> str:
    rows = [
        (name, f"{each.mean:.1f}", *(f"{n:,}" for n in (each.p50, each.p95, each.p99, each.max)))
        for name, each in spreads.items()
    ]
    return table([unit, _("mean"), "p50", "p95", "p99", _("max")], rows, right=range(1, 6))


def _token_parts(profile: Profile, measured: Lengths) -> Sequence[str]:
    training, limit = profile.training, profile.evaluation.max_tokens
    spreads = {
        _("whole"): measured.whole,
        _("prompt"): measured.prompt,
        _("output"): measured.output,
    }
    share = measured.scored / measured.tokens
    cut = _("evaluation cuts {pairs} at {limit:,} tokens")
    if measured.no_room:
        cut = _(
            "evaluation cuts {pairs} at {limit:,} tokens, {count:,} of them lose their whole answer"
        )
    facts = [
        _("{tokens:,} tokens in all, {share:.1%} scored").format(
            tokens=measured.tokens, share=share
        ),
        _(
            "training leaves out {pairs}: {prompts} above {max_prompt:,} tokens, {outputs} above "
            "{max_output:,}"
        ).format(
            pairs=counted.pairs(measured.long_prompts + measured.long_outputs),
            prompts=_prompts(measured.long_prompts),
            max_prompt=training.max_prompt_tokens,
            outputs=counted.outputs(measured.long_outputs),
            max_output=training.max_output_tokens,
        ),
        cut.format(pairs=counted.pairs(measured.cut), limit=limit, count=measured.no_room),
    ]
    name = _("tokens of {profile}").format(profile=one_line(profile.name))
    return [_spreads(name, spreads), "\n".join(facts), _bars(measured.histogram)]


def _prompts(count: int) -> str:
    return plural("{count:,} prompt", "{count:,} prompts", count).format(count=count)


def _bars(bins: Sequence[tuple[int, int, int]]) -> str:
    most = max(count for _start, _end, count in bins)
    edge = len(f"{bins[-1][1]:,}")

    def bar(count: int) -> str:
        return "█" * round(count / most * _BAR) or "▏" * bool(count)

    return "\n".join(
        f"{start:>{edge},}–{end - 1:<{edge},} {bar(count)} {count:,}" for start, end, count in bins
    )
