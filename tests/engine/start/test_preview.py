"""What becomes of each pair; the histogram; the marks."""

from __future__ import annotations

import msgspec
import pytest
from samples import pair, tiny

from engine.prompts import token_marks
from engine.prompts.builder import PromptBuilder
from engine.run import prompt_builder
from engine.start import preview


@pytest.fixture(scope="module")
def builder() -> PromptBuilder:
    return prompt_builder.builder_for(tiny())


def test_a_pair_is_used_left_out_or_cut(builder: PromptBuilder) -> None:
    encoded = preview.encode(builder, pair(1))
    fate = preview.fate_of(tiny(), encoded, "train")
    assert fate.total == len(encoded.ids)
    assert not fate.is_left_out
    assert not fate.is_cut
    short = msgspec.structs.replace(tiny().training, max_output_tokens=fate.answer - 1)
    profile = msgspec.structs.replace(tiny(), training=short)
    assert preview.fate_of(profile, encoded, "train").is_left_out
    assert not preview.fate_of(profile, encoded, "test").is_cut
    short = msgspec.structs.replace(short, too_long="cut")
    fate = preview.fate_of(msgspec.structs.replace(profile, training=short), encoded, "train")
    assert (fate.is_left_out, fate.is_cut) == (False, True)
    little = msgspec.structs.replace(tiny().evaluation, max_tokens=fate.total - 1)
    profile = msgspec.structs.replace(tiny(), evaluation=little)
    assert preview.fate_of(profile, encoded, "test").is_cut


@pytest.mark.parametrize(
    "lengths", [[7], [1, 2, 3], [5] * 9, list(range(20, 169)), [1, 100_000], [3, 40_000_000]]
)
def test_a_histogram_counts_every_length_once(lengths: list[int]) -> None:
    bins = preview.histogram(lengths)
    assert 1 <= len(bins) <= 12
    assert sum(one.count for one in bins) == len(lengths)
    assert bins[0].low <= min(lengths)
    assert max(lengths) < bins[-1].high
    for one, following in zip(bins, bins[1:]):
        assert one.high == following.low
    for one in bins:
        assert one.count == sum(one.low <= length < one.high for length in lengths)


def test_no_lengths_no_bins() -> None:
    assert preview.histogram([]) == []


def test_marks_show_special_and_scored_tokens(builder: PromptBuilder) -> None:
    encoded = builder.encode("譯", "文\u001b")
    found = list(token_marks.pieces(encoded, builder.tokenizer))
    assert found[0].marked == "⟦<bos>⟧"
    assert found[-1].marked == "‹⟦<eos>⟧›"
    assert "".join(piece.text for piece in found) == encoded.text
    assert sum(piece.scored for piece in found) == encoded.scored_count
    text = token_marks.mark(encoded, builder.tokenizer)
    assert text.startswith("⟦<bos>⟧⟦<start_of_turn>⟧user\n譯")
