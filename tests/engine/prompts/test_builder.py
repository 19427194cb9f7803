"""Prompts: the course's form to the id, parts put in once, examples, and a telling digest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import tokenizers
from samples import MODEL, pair, tiny

from engine.data.dataset import Pair
from engine.language.errors import UserError
from engine.models import tokenizer
from engine.models.tokenizer import Tokenizer
from engine.profile.schema import FewShot, Prompt
from engine.prompts.builder import PromptBuilder
from engine.prompts.few_shot import Examples
from engine.run import prompt_builder

FORM = Prompt(
    template="{system}|{examples}|{instruction}>", system="S", example="[{instruction}={output}]"
)


def builder(*examples: Pair, **changes: Any) -> PromptBuilder:
    form = msgspec.structs.replace(FORM, **changes)
    return PromptBuilder(form, tokenizer.load(str(MODEL)), Examples(FewShot(), examples))


def of_tiny(*examples: Pair) -> PromptBuilder:
    return prompt_builder.builder_for(tiny(), list(examples))


def test_ids_are_bos_and_prompt_and_output_and_eos_tokenised_apart() -> None:
    made = of_tiny()
    own = made.tokenizer
    instruction, output = "翻譯成現代文：\n其恕乎", "那就是恕吧"
    expected = [own.bos_id, *own.encode(made.text(instruction)), *own.encode(output), own.eos_id]
    assert made.encode(instruction, output).ids == expected


def test_tokens_do_not_join_across_the_end_of_the_prompt() -> None:
    words = tokenizers.models.BPE({"a": 0, "b": 1, "ab": 2, "<eos>": 3}, [("a", "b")])
    tokenizers.Tokenizer(words).save("tokenizer.json")
    Path("tokenizer_config.json").write_text('{"eos_token": "<eos>"}')
    own = Tokenizer(Path.cwd())
    assert own.encode("ab") == [2]
    made = PromptBuilder(Prompt(template="{examples}{instruction}"), own)
    assert made.encode("a", "b").ids == [0, 1, 3]


def test_output_and_eos_are_scored_and_the_prompt_is_not() -> None:
    made = of_tiny()
    encoded = made.encode("問", "答案")
    answer = len(made.tokenizer.encode("答案")) + 1
    prompt = len(made.prompt_ids("問"))
    assert encoded.scored == [0] * prompt + [1] * answer
    assert encoded.scored_count == answer


def test_without_an_output_nothing_is_scored_and_no_eos_follows() -> None:
    encoded = of_tiny().encode("問")
    assert encoded.ids == of_tiny().prompt_ids("問")
    assert encoded.scored_count == 0


def test_the_text_is_what_the_ids_decode_to() -> None:
    made = of_tiny(pair(1), pair(2, classical=True))
    encoded = made.encode("翻譯成文言文：\n他走了", "去矣")
    assert made.tokenizer.decode(encoded.ids, skip_special=False) == encoded.text


def test_the_embedded_profile_prompts_in_turns_of_gemma() -> None:
    assert of_tiny().encode("問", "答").text == (
        "<bos><start_of_turn>user\n問<end_of_turn>\n<start_of_turn>model\n答<eos>"
    )


def test_examples_stand_before_the_instruction_in_their_order() -> None:
    made = builder(Pair("1", "甲", "乙"), Pair("2", "丙", "丁"))
    assert made.text("問") == "S|[甲=乙][丙=丁]|問>"


@pytest.mark.parametrize("data", ["{output}", "{system}{instruction}", "{", "{0}", "%s", "\\1"])
def test_braces_in_the_data_stay_as_they_are(data: str) -> None:
    made = builder(Pair("1", data, data))
    assert made.text(data) == f"S|[{data}={data}]|{data}>"


def test_a_sentence_becomes_an_instruction_of_its_direction() -> None:
    made = of_tiny()
    assert made.instruction("{text}他", "to_classical") == "翻譯成文言文：\n{text}他"
    assert made.instruction("其", "to_modern") == "翻譯成現代文：\n其"


def test_an_answer_ends_at_eos_and_at_the_stop_tokens_of_the_profile() -> None:
    own = tokenizer.load(str(MODEL))
    assert of_tiny().stop_ids == {own.eos_id, own.token_id("<end_of_turn>")}


@pytest.mark.parametrize("setting", [{"stop": ("<nope>",)}, {"bos": "<nope>"}])
def test_a_token_that_the_model_lacks_is_named_with_its_key(setting: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=rf"^prompt\.{[*setting][0]}: .*has no token '<nope>'"):
        builder(**setting)


def test_a_model_without_bos_gets_none() -> None:
    class WithoutBos(Tokenizer):
        def __init__(self) -> None:
            super().__init__(MODEL)
            self.bos_id = self.bos_token = None

    made = PromptBuilder(FORM, WithoutBos())
    assert made.prompt_ids("問") == made.tokenizer.encode("S||問>")
    assert made.encode("問").text == "S||問>"


def test_the_digest_stays_where_nothing_changes() -> None:
    assert builder(pair(1)).digest == builder(pair(1)).digest
    assert len(builder().digest) == 12


@pytest.mark.parametrize(
    "changed",
    [
        builder(template="{system}|{examples}|{instruction}>>"),
        builder(system="T"),
        builder(pair(1)),
        builder(pair(2)),
        builder(pair(2), pair(1)),
        builder(pair(1), example="[{instruction}:{output}]"),
        builder(stop=("<end_of_turn>",)),
    ],
    ids=["template", "system", "example", "other example", "order", "form of example", "stop"],
)
def test_the_digest_changes_with_all_that_changes_the_prompt(changed: PromptBuilder) -> None:
    assert changed.digest != builder().digest
    assert changed.digest != builder(pair(1), pair(2)).digest


def test_the_digest_does_not_change_with_what_is_not_in_the_prompt() -> None:
    assert builder(example="[{instruction}:{output}]").digest == builder().digest


def near(*examples: Pair, **changes: Any) -> PromptBuilder:
    """Whose examples are those most like an item."""
    form = msgspec.structs.replace(FORM, **changes)
    chosen = Examples(FewShot(choose="nearest", examples=1), examples)
    return PromptBuilder(form, tokenizer.load(str(MODEL)), chosen)


HILLS, STARS = Pair("1", "山高水長", "山很高"), Pair("2", "星月皎潔", "星星亮")


def test_examples_that_vary_are_those_of_the_item() -> None:
    made = near(HILLS, STARS)
    assert made.text("山高") == "S|[山高水長=山很高]|山高>"
    assert made.text("星月") == "S|[星月皎潔=星星亮]|星月>"


def test_examples_are_numbered_from_one() -> None:
    made = builder(HILLS, STARS, example="{number}.{output} ")
    assert made.text("問") == "S|1.山很高 2.星星亮 |問>"


def test_texts_are_trimmed_only_where_the_profile_wants_it() -> None:
    spaced = Pair("1", " 甲 ", "乙\n")
    assert builder(spaced, trim=True).text(" 問\n") == "S|[甲=乙]|問>"
    assert builder(spaced).text(" 問\n") == "S|[ 甲 =乙\n]| 問\n>"


@pytest.mark.parametrize("bos", ["own", "none"])
def test_many_pairs_are_encoded_as_each_alone(bos: str) -> None:
    """More than are encoded in one call."""
    made = near(HILLS, STARS, bos=bos)
    pairs = [pair(number, classical=number % 3 == 0) for number in range(1002)]
    alone = [
        msgspec.structs.replace(made.encode(one.instruction, one.output), id=one.id)
        for one in pairs
    ]
    assert list(made.encode_all(pairs)) == alone
    assert list(made.encode_all(pairs[:1])) == alone[:1]


def test_as_many_examples_fit_as_leave_a_token_for_the_answer() -> None:
    """The last ones, which stand next to the item, bos counted."""
    made = builder(HILLS, STARS)
    both = len(made.prompt_ids("問"))
    last = len(builder(STARS).prompt_ids("問"))
    none = len(builder().prompt_ids("問"))
    assert none < last < both
    expected = {both + 1: 2, both: 1, last + 1: 1, last: 0, none + 1: 0, 0: 0}
    assert {room: made.examples_that_fit("問", room) for room in expected} == expected


class OtherEnd(Tokenizer):
    """Whose answers end with another token."""

    def __init__(self, eos: str | None) -> None:
        super().__init__(MODEL)
        self.eos_token = eos


def test_the_digest_tells_how_an_answer_ends_and_from_what_examples_are_taken() -> None:
    ends = {PromptBuilder(FORM, OtherEnd(eos)).digest for eos in ("<eos>", "<bos>", None)}
    assert len(ends) == 3
    assert near(HILLS, STARS).digest != near(HILLS).digest
    assert near(HILLS, STARS).digest == near(HILLS, STARS).digest
    same_text = builder(HILLS).digest, near(HILLS).digest
    assert len(set(same_text)) == 2


def test_without_an_end_token_nothing_is_written_for_it() -> None:
    made = PromptBuilder(FORM, OtherEnd(None))
    assert made.encode("問", "答").text.endswith("|問>答")
    (encoded,) = made.encode_all([Pair("1", "問", "答")])
    assert encoded.text.endswith("|問>答")
