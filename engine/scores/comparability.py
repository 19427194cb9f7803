"""Whether two runs can be compared: which items both have, and what differs but the strategy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.language.said import Said
from engine.run.folder import Run
from engine.run.summary import Summary
from engine.scores import result_lines
from engine.scores.result_lines import SampleResult

MAY_DIFFER = frozenset({"prompt", "examples", "corpus"})
"""Of a score's definition: what strategies differ in by their nature, and what counts tokens."""


@dataclass(frozen=True)
class Side:
    """One run, and its results of the items that both have."""

    run: Run
    summary: Summary
    results: list[SampleResult]
    whole_file: int
    """Items of its file."""

    @property
    def is_scored(self) -> bool:
        """Has every item a perplexity?"""
        return all(result.tokens for result in self.results)

    @property
    def is_translated(self) -> bool:
        """Has every item an output?"""
        return all(result.output is not None for result in self.results)


def common(
    one: Sequence[SampleResult], other: Sequence[SampleResult]
) -> tuple[list[SampleResult], list[SampleResult]]:
    """The items of both."""
    pairs = [(first, same) for first, same in result_lines.pair_up(one, other) if same is not None]
    return [first for first, _same in pairs], [same for _first, same in pairs]


def differing_tokens(one: Side, other: Side) -> int:
    """Items of which other numbers of tokens were scored."""
    return sum(a.tokens != b.tokens for a, b in zip(one.results, other.results, strict=True))


def cautions(one: Side, other: Side) -> list[Said]:
    """Why the numbers may not be comparable, a sentence each."""
    said = []
    common, files = len(one.results), (one.whole_file, other.whole_file)
    if not common == files[0] == files[1]:
        said.append(
            Said.counted(
                "the files differ: compared on the {common} item that both have, of {first} and"
                " {second}",
                "the files differ: compared on the {common} items that both have, of {first} "
                "and {second}",
                common,
                common=common,
                first=files[0],
                second=files[1],
            )
        )
    models = [side.run.settings.profile.model.path for side in (one, other)]
    if models[0] != models[1]:
        said.append(
            Said("the base models differ: {first} | {second}", first=models[0], second=models[1])
        )
    if one.is_scored and other.is_scored and (tokens := differing_tokens(one, other)):
        said.append(
            Said.counted(
                "{tokens} item has another number of scored tokens (another tokenizer or "
                "another cut): perplexities per token cannot be compared, those per character "
                "can",
                "{tokens} items have other numbers of scored tokens (another tokenizer or "
                "another cut): perplexities per token cannot be compared, those per character "
                "can",
                tokens,
                tokens=tokens,
            )
        )
    said += [
        Said(
            "the checkpoint of {run} was chosen on the test file: its score is optimistic",
            run=side.run.id,
        )
        for side in (one, other)
        if side.run.settings.chosen_on_test
    ]
    first, second = one.summary.definition, other.summary.definition
    said += [
        Said(
            "{key} differs: {one} | {other}",
            key=key,
            one=first.get(key, Said("not said")),
            other=second.get(key, Said("not said")),
        )
        for key in {**first, **second}
        if first and second and key not in MAY_DIFFER and first.get(key) != second.get(key)
    ]
    if any(a.repaired != b.repaired for a, b in zip(one.results, other.results)):
        said.append(Said("the second references differ; those of {run} are used", run=one.run.id))
    return said
