"""`yiwen data describe`: what a file holds, counted, and its lengths in tokens of a model."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Mapping, Sequence

import msgspec

from engine import dataset, jobs, profile_files
from engine.cli.data.progress import Progress
from engine.cli.requests import overrides
from engine.cli.table import table
from engine.data import description, lengths
from engine.data.description import Description
from engine.data.lengths import Lengths, Spread
from engine.dataset import Dataset
from engine.errors import UserError
from engine.profiles import Profile
from engine.text import counted, direction_label, one_line, short_path

_SHOWN = 20
_BAR = 40


def describe(arguments: Namespace) -> int:
    """`yiwen data describe FILE [--profile NAME]`."""
    if arguments.set and not arguments.profile:
        raise UserError("--set: changes a setting of a profile; name one with --profile")
    profile = (
        profile_files.load(arguments.profile, overrides(arguments)) if arguments.profile else None
    )
    found = dataset.read(arguments.file, need_output=False, skip_bad=True)
    with Progress() as progress:
        progress.phase("counting")
        facts = description.describe(found.pairs)
        measured = None
        if profile is not None:
            builder = jobs.builder_for(profile, [])
            step = progress.phase("encoding pair")
            measured = lengths.measure(profile, builder, found.pairs, step)
    if arguments.json:
        content = {"file": found.path, "sha256": found.sha256, **msgspec.to_builtins(facts)}
        if profile is not None and measured is not None:
            content |= {"profile": profile.name, "tokens": msgspec.to_builtins(measured)}
        print(json.dumps(content, ensure_ascii=False))
        return 0
    print("\n\n".join(_parts(found, facts)))
    if profile is not None and measured is not None:
        print("\n" + "\n\n".join(_token_parts(profile, measured)))
    return 0


def _parts(found: Dataset, facts: Description) -> list[str]:
    pairs = facts.pairs
    directions = ", ".join(
        f"{direction_label(name)} {count:,}" for name, count in facts.directions.items()
    )
    head = [f"{short_path(found.path)}: {counted(pairs, 'pair')} ({directions})"]
    if facts.with_output < pairs:
        head.append(f"{pairs - facts.with_output:,} without an output")
    if facts.with_repaired:
        head.append(f"{facts.with_repaired:,} with a second reference, output_repaired")
    if found.skipped:
        first = one_line(found.skipped[0])
        head.append(f"{counted(len(found.skipped), 'record')} passed over, first {first}")
    parts = ["\n".join(head), _counted("template", facts.templates, pairs)]
    if facts.books:
        parts.append(_counted("book", facts.books, pairs))
    parts.append(
        _spreads(
            "characters", {"sentence": facts.source_characters, "output": facts.output_characters}
        )
    )
    parts.append("\n".join(_oddities(facts)))
    return parts


def _oddities(facts: Description) -> list[str]:
    prefixes = ", ".join(f"{prefix} {count:,}" for prefix, count in facts.prefixes.items())
    share = facts.damaged / max(1, facts.with_output)
    rows = [
        ("duplicates", f"{facts.duplicates:,}"),
        ("in both directions", f"{facts.reversed:,}"),
        ("same sentence, other answer", f"{facts.other_answers:,}"),
        ("answers with a prefix", prefixes or "0"),
        ("outputs damaged by conversion", f"{facts.damaged:,} ({share:.1%})"),
    ]
    if facts.damaged:
        worst = list(facts.damaged_characters.items())[:3]
        shown = ", ".join(f"{change} {count:,}" for change, count in worst)
        rows.append(("", f"{shown} …: yiwen data repair"))
    return [f"{name:<29}  {said}" for name, said in rows]


def _counted(name: str, counts: Mapping[str, int], of: int) -> str:
    rows = [
        (key.replace("\n", "⏎"), f"{count:,}", f"{count / of:.1%}")
        for key, count in list(counts.items())[:_SHOWN]
    ]
    if len(counts) > _SHOWN:
        rest = sum(list(counts.values())[_SHOWN:])
        rows.append((f"… {len(counts) - _SHOWN} more", f"{rest:,}", f"{rest / of:.1%}"))
    return table(
        [f"{len(counts)} {name}{'s' * (len(counts) != 1)}", "pairs", ""], rows, right=(1, 2)
    )


def _spreads(unit: str, spreads: Mapping[str, Spread]) -> str:
    rows = [
        (name, f"{each.mean:.1f}", *(f"{n:,}" for n in (each.p50, each.p95, each.p99, each.max)))
        for name, each in spreads.items()
    ]
    return table([unit, "mean", "p50", "p95", "p99", "max"], rows, right=range(1, 6))


def _token_parts(profile: Profile, measured: Lengths) -> Sequence[str]:
    training, limit = profile.training, profile.evaluation.max_tokens
    spreads = {"whole": measured.whole, "prompt": measured.prompt, "output": measured.output}
    facts = [
        f"{measured.tokens:,} tokens in all, {measured.scored / measured.tokens:.1%} scored",
        f"training leaves out {counted(measured.long_prompts + measured.long_outputs, 'pair')}: "
        f"{counted(measured.long_prompts, 'prompt')} above {training.max_prompt_tokens:,} tokens, "
        f"{counted(measured.long_outputs, 'output')} above {training.max_output_tokens:,}",
        f"evaluation cuts {counted(measured.cut, 'pair')} at {limit:,} tokens"
        + (f", {measured.no_room:,} of them lose their whole answer" if measured.no_room else ""),
    ]
    return [
        _spreads(f"tokens of {one_line(profile.name)}", spreads),
        "\n".join(facts),
        _bars(measured.histogram),
    ]


def _bars(bins: Sequence[tuple[int, int, int]]) -> str:
    most = max(count for _, _, count in bins)
    edge = len(f"{bins[-1][1]:,}")

    def bar(count: int) -> str:
        return "█" * round(count / most * _BAR) or "▏" * bool(count)

    return "\n".join(
        f"{start:>{edge},}–{end - 1:<{edge},} {bar(count)} {count:,}" for start, end, count in bins
    )
