"""The comparison of two runs item by item, in words."""

from __future__ import annotations

from collections.abc import Iterator

from engine.cli.result import definition_line
from engine.cli.table import table
from engine.scores.comparison import Comparison
from engine.text import chance, counted, direction_label, one_line, share

_NAMES = {
    "perplexity": "perplexity, mean",
    "median": "perplexity, median",
    "corpus": "perplexity, corpus",
    "per character": "corpus, per character",
    "bleu": "BLEU",
    "chrf": "chrF",
}
_ENOUGH = 30
_FEW = ": so few that their intervals are too narrow"


def describe(compared: Comparison) -> str:
    """The whole comparison: scores, differences and their sureness; cautions; definitions."""
    lines = [
        f"A  {one_line(compared.one)}",
        f"B  {one_line(compared.other)}",
        f"on {compared.items} common items{_FEW if compared.items < _ENOUGH else ''}",
        *(f"! {one_line(caution)}" for caution in compared.cautions),
        _table(compared),
        *_by_item(compared),
        definition_line(compared.definition),
    ]
    return "\n".join(line for line in lines if line)


def _table(compared: Comparison) -> str:
    rows = []
    for part, lines in compared.parts.items():
        label = "all" if part == "all" else direction_label(part)
        rows += [[label, _NAMES.get(line.name, line.name), *line.cells()] for line in lines]
    header = ["", "score", "A", "B", "A − B", "95 % interval", "p", "better"]
    return table(header, rows, right=(2, 3, 4, 5, 6)) if rows else "nothing that both runs have"


def _by_item(compared: Comparison) -> Iterator[str]:
    split = compared.split
    if split is None:
        return
    decided = share(split.better, compared.items), share(split.worse, compared.items)
    equal = f", equal on {split.equal}" if split.equal else ""
    yield (
        f"A has the lower perplexity on {counted(split.better, 'item')} ({decided[0]}), "
        f"B on {split.worse} ({decided[1]}){equal}; p {chance(split.p)}"
    )
    if split.ruling:
        items = "1 item makes" if split.ruling == 1 else f"{split.ruling} items make"
        yield f"{items} half of the difference of the means"
