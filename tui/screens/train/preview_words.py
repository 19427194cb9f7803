"""What the preview of data says: of a pair, of the prompt with picked examples, of all lengths."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from engine.data.dataset import Pair
from engine.data.directions import direction_label
from engine.language.errors import UserError
from engine.language.plain_text import one_line, plain
from engine.language.texts import _, plural
from engine.prompts.token_marks import Piece, pieces
from engine.run.settings import Part
from engine.start import preview
from engine.start.preflight import Preflight
from engine.start.preview import Fate
from tui.screens.train.example_picks import Picks

_BAR = 40
Shown = tuple[Content, Content]
"""What is to be said about it, and the thing itself."""


def of_pair(found: Preflight, part: Part, at: int, picks: Picks) -> Shown:
    """One pair: what it is, and its text with marks."""
    pairs = found.data[part].pairs
    pair = pairs[at]
    encoded = preview.encode(found.builder, pair)
    fate = preview.fate_of(found.profile, encoded, part)
    about = Content.assemble(
        (_("{at:,} of {count:,}").format(at=at + 1, count=len(pairs)), "bold"),
        f"  {one_line(pair.id)}  {direction_label(pair.direction)}  ",
        _("{total:,} tokens, {answer:,} of them scored").format(
            total=fate.total, answer=fate.answer
        ),
    )
    about = Content.assemble(about, *_picked(pair, part, picks))
    if is_unused(fate):
        about = Content.assemble(about, "\n", (f"! {_why(fate)}", "bold $text-warning"))
    return about, Content.assemble(
        *(_styled(piece) for piece in pieces(encoded, found.builder.tokenizer))
    )


def _picked(pair: Pair, part: Part, picks: Picks) -> list[Content]:
    """Is the pair an example, and which are, in their order?"""
    if not picks.ids:
        return []
    place = picks.place_of(pair) if part == "train" else 0
    mark = _("  ● example {place}").format(place=place) if place else ""
    listed = one_line(_(", ").join(picks.ids))
    said = _("{count} picked: {ids}").format(count=len(picks.ids), ids=listed)
    return [Content.styled(mark, "bold $text-success"), Content(f"\n{said}")]


def of_prompt(found: Preflight, picks: Picks) -> Shown:
    """The first test item as it would stand behind the examples."""
    try:
        builder = picks.builder()
    except UserError as error:
        return Content.styled(f"✗ {one_line(str(error))}", "$text-error"), Content("")
    encoded = preview.encode(builder, found.data["test"].pairs[0])
    about = plural(
        "The first test item behind {count} example: {tokens:,} tokens",
        "The first test item behind {count} examples: {tokens:,} tokens",
        builder.examples.count,
    ).format(count=builder.examples.count, tokens=len(encoded.ids))
    marked = pieces(encoded, builder.tokenizer)
    return Content.styled(about, "bold"), Content.assemble(*map(_styled, marked))


def of_lengths(fates: Sequence[Fate]) -> Shown:
    """All pairs: how many are how long."""
    if not fates:
        return Content(_("Counting …")), Content("")
    totals = sorted(fate.total for fate in fates)
    unused = sum(map(is_unused, fates))
    about = Content(
        plural(
            "Tokens of prompt and answer, {count:,} pair: median {median:,}, longest "
            "{longest:,}; {unused:,} will be left out or cut",
            "Tokens of prompt and answer, {count:,} pairs: median {median:,}, longest "
            "{longest:,}; {unused:,} will be left out or cut",
            len(totals),
        ).format(
            count=len(totals),
            median=totals[len(totals) // 2],
            longest=totals[-1],
            unused=unused,
        )
    )
    bins = preview.histogram(totals)
    most = max(one.count for one in bins)
    room = len(f"{bins[-1].high:,}")
    rows = [
        Content.assemble(
            (f"{one.low:>{room},} – {one.high - 1:>{room},}  ", "dim"),
            ("━" * -(-one.count * _BAR // most), "$primary"),
            f" {one.count:,}",
        )
        for one in bins
    ]
    return about, Content("\n").join(rows)


def is_unused(fate: Fate) -> bool:
    """Is a pair left out, or cut?"""
    return fate.is_left_out or fate.is_cut


def _why(fate: Fate) -> str:
    if fate.is_cut:
        said = _("It is too long, {total:,} tokens, and will be cut from the right.")
        return said.format(total=fate.total)
    return _(
        "It will be left out of training: {prompt:,} tokens of prompt, {answer:,} of answer."
    ).format(prompt=fate.prompt, answer=fate.answer)


def _styled(piece: Piece) -> tuple[str, str]:
    text = plain(piece.marked).replace("\n", "⏎\n")
    if piece.scored:
        return text, "$text-success"
    return text, "$text-accent" if piece.special else ""
