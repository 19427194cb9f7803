"""The comparison of two runs item by item, in words."""

from __future__ import annotations

from collections.abc import Iterator

from engine.cli.result import definition_line
from engine.cli.table import table
from engine.data.directions import direction_label
from engine.language import counted
from engine.language.figures import chance, share
from engine.language.plain_text import one_line
from engine.language.texts import _, marked, plural
from engine.run.words import measure_name
from engine.scores.comparison import Comparison

_NAMES = {
    "perplexity": marked("perplexity, mean"),
    "median": marked("perplexity, median"),
    "corpus": marked("perplexity, corpus"),
    "per character": marked("corpus, per character"),
}
_ENOUGH = 30


def describe(compared: Comparison) -> str:
    """The whole comparison: scores, differences and their sureness; cautions; definitions."""
    common = _("on {count} common items")
    if compared.items < _ENOUGH:
        common = _("on {count} common items: so few that their intervals are too narrow")
    lines = [
        f"A  {one_line(compared.one)}",
        f"B  {one_line(compared.other)}",
        common.format(count=compared.items),
        *(f"! {one_line(caution)}" for caution in compared.cautions),
        _table(compared),
        *_by_item(compared),
        definition_line(compared.defined()),
    ]
    return "\n".join(line for line in lines if line)


def _table(compared: Comparison) -> str:
    rows = []
    for part, lines in compared.parts.items():
        label = _("all") if part == "all" else direction_label(part)
        rows += [[label, _name(line.name), *line.cells()] for line in lines]
    header = ["", _("score"), "A", "B", "A − B", _("95 % interval"), "p", _("better")]
    return table(header, rows, right=(2, 3, 4, 5, 6)) if rows else _("nothing that both runs have")


def _name(score: str) -> str:
    return _(_NAMES[score]) if score in _NAMES else str(measure_name(score))


def _by_item(compared: Comparison) -> Iterator[str]:
    split = compared.split
    if split is None:
        return
    said = _(
        "A has the lower perplexity on {better} ({better_share}), B on {worse} "
        "({worse_share}); p {p}"
    )
    if split.equal:
        said = _(
            "A has the lower perplexity on {better} ({better_share}), B on {worse} "
            "({worse_share}), equal on {equal}; p {p}"
        )
    yield said.format(
        better=counted.items(split.better),
        better_share=share(split.better, compared.items),
        worse=split.worse,
        worse_share=share(split.worse, compared.items),
        equal=split.equal,
        p=chance(split.p),
    )
    if split.ruling:
        yield plural(
            "{count} item makes half of the difference of the means",
            "{count} items make half of the difference of the means",
            split.ruling,
        ).format(count=split.ruling)
