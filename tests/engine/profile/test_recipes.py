"""Profiles of the course's models: the prompts are the models' own, the seed's is the seed's."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import msgspec
import pytest
import tomli
from likenesses import FAMILY_OF, QWEN, Family, write_tokenizer
from samples import TINY, pair

from engine.language.errors import ProfileError, UserError
from engine.machine.paths import BUILTIN_PROFILES
from engine.models.tokenizer import Tokenizer
from engine.profile import contradictions, files
from engine.profile.schema import FewShot
from engine.prompts import chat_template
from engine.prompts.builder import PromptBuilder
from engine.prompts.few_shot import Examples
from engine.run import prompt_builder

SEEDS = [name for name in FAMILY_OF if name.endswith("-seed")]
OTHERS = [name for name in FAMILY_OF if name not in SEEDS]
INSTRUCTION = "  翻譯成文言文：\n他走了。\n答案： "
EXAMPLES = [pair(1), pair(2, classical=True)]


def builder(name: str, *examples: object, family: Family | None = None) -> PromptBuilder:
    folder = write_tokenizer(family or FAMILY_OF[name], Path("model").resolve())
    shown = Examples(FewShot(), examples)
    return PromptBuilder(files.load(name).prompt, Tokenizer(folder), shown)  # type: ignore[arg-type]


def turns(*contents: str) -> list[dict[str, str]]:
    return [
        {"role": "assistant" if number % 2 else "user", "content": content}
        for number, content in enumerate(contents)
    ]


def test_every_profile_but_the_embedded_one_is_looked_at_here() -> None:
    assert {path.stem for path in BUILTIN_PROFILES.glob("*.toml")} == {"tiny", *FAMILY_OF}


@pytest.mark.parametrize("name", OTHERS)
def test_the_prompt_is_the_models_own_chat_template(name: str) -> None:
    made = builder(name)
    own = chat_template.render(made.tokenizer.folder, turns(INSTRUCTION))
    assert made.encode(INSTRUCTION).text == own
    assert chat_template.compare(made) == "its prompt is the model's own chat template"


@pytest.mark.parametrize("name", OTHERS)
def test_examples_are_earlier_turns_of_the_same_chat(name: str) -> None:
    made = builder(name, *EXAMPLES)
    said = [text for one in EXAMPLES for text in (one.instruction, one.output)]
    own = chat_template.render(made.tokenizer.folder, turns(*said, INSTRUCTION))
    assert made.encode(INSTRUCTION).text == own


@pytest.mark.parametrize("name", FAMILY_OF)
def test_an_answer_is_scored_to_the_tokenizers_eos_and_ends_there_and_at_the_turns_end(
    name: str,
) -> None:
    made = builder(name)
    family = FAMILY_OF[name]
    assert made.tokenizer.token(made.encode("問", "答").ids[-1]) == family.eos
    ends = {"<end_of_turn>", "<|eot_id|>", "<|end_of_text|>", "<|im_end|>", "<|endoftext|>"}
    assert {made.tokenizer.token(one) for one in made.stop_ids} == {
        family.eos,
        *(ends & {*family.special, family.eos}),
    }


def test_qwen_gets_no_bos_unless_it_is_asked_for() -> None:
    plain = builder("qwen3-4b")
    assert plain.prompt_ids("問") == plain.tokenizer.encode(plain.text("問"))
    asked = msgspec.structs.replace(plain.prompt, bos="<|im_end|>")
    made = PromptBuilder(asked, plain.tokenizer)
    assert made.prompt_ids("問") == [plain.tokenizer.eos_id, *plain.prompt_ids("問")]
    assert made.encode("問").text == "<|im_end|>" + plain.encode("問").text
    assert made.digest != plain.digest


def test_no_bos_can_be_asked_for() -> None:
    made = builder("gemma-2-2b-kyara")
    without = PromptBuilder(msgspec.structs.replace(made.prompt, bos="none"), made.tokenizer)
    assert without.prompt_ids("問") == made.prompt_ids("問")[1:]


def test_a_prompt_that_is_not_the_models_own_is_told_from_it() -> None:
    said = str(chat_template.compare(builder("gemma-2-2b-kyara-seed")))
    assert said.startswith(
        "its prompt is not the model's own chat template: '<bos><start_of_turn>你"
    )
    assert said.endswith("他走了。<end_of_turn>\\n<start_of_turn>model\\n'")


@pytest.mark.parametrize("chat", ["{% nonsense", "{{ messages[7].content }}", ""])
def test_a_chat_template_that_cannot_be_rendered_counts_as_none(chat: str) -> None:
    made = builder("qwen3-4b", family=dataclasses.replace(QWEN, chat=chat))
    if chat == "":
        (made.tokenizer.folder / "tokenizer_config.json").unlink()
    said = chat_template.compare(made)
    assert said == "the model has no chat template to compare the prompt with"


def test_a_chat_template_of_its_own_file_comes_first_and_a_named_one_is_found() -> None:
    folder = write_tokenizer(QWEN, Path("model"))
    one = turns("問")
    config = {"eos_token": "<|im_end|>", "chat_template": [{"name": "default", "template": "甲"}]}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    assert chat_template.render(folder, one) == "甲"
    (folder / "chat_template.jinja").write_text("{{ messages[0].content }}乙", "utf-8")
    assert chat_template.render(folder, one) == "問乙"


@pytest.mark.parametrize("name", SEEDS)
def test_the_seeds_prompts_are_word_for_word_the_seeds(name: str) -> None:
    """As its utils.py writes them: get_prompt and get_fewshot_prompt."""
    who = "你是繁體中文與文言文互相翻譯的人工智能助理"
    assert builder(name).text("問 ") == (
        f"<start_of_turn>{who}，以下是你的翻譯任務 user:問  model:<end_of_turn>"
    )
    first, second = EXAMPLES
    assert builder(name, first, second).text("問") == (
        f"<start_of_turn>{who}，首先我會給予你幾個正確翻譯的例子:\n"
        f"範例1:\nuser: {first.instruction}\nmodel: {first.output}\n\n"
        f"範例2:\nuser: {second.instruction}\nmodel: {second.output}\n\n"
        "\n 以下是你的翻譯任務 user:問\n model:<end_of_turn>"
    )


@pytest.mark.parametrize(("name", "epochs"), [(SEEDS[0], 4), (SEEDS[1], 2)])
def test_the_seeds_settings_are_those_of_its_report(name: str, epochs: int) -> None:
    profile = files.load(name)
    training, lora = profile.training, profile.lora
    assert (profile.quantization.method, profile.quantization.double) == ("nf4", True)
    assert profile.quantization.compute_dtype == "float16"
    assert (lora.rank, lora.alpha, lora.dropout) == (8, 16, 0.05)
    assert lora.target_modules == ("q_proj", "v_proj")
    assert (training.learning_rate, training.weight_decay, training.warmup) == (7e-4, 0.1, 0.15)
    assert (training.scheduler, training.scheduler_cycles) == ("cosine_with_restarts", 1)
    assert (training.epochs, training.batch_size, training.max_grad_norm) == (epochs, 32, 1.0)
    assert training.optimizer == "adafactor"
    lengths = (training.max_prompt_tokens, training.max_output_tokens, training.too_long)
    assert lengths == (1024, 256, "cut")
    assert not training.seed_bug_compatible
    assert (profile.few_shot.examples, profile.evaluation.max_tokens) == (4, 2048)
    assert profile.evaluation.choose_by == "last"


@pytest.mark.parametrize("name", FAMILY_OF)
def test_every_key_stands_in_the_file_in_the_order_of_the_reference_and_is_explained(
    name: str,
) -> None:
    file = BUILTIN_PROFILES / f"{name}.toml"
    table, reference = (tomli.loads(path.read_text("utf-8")) for path in (file, TINY))
    assert list(table) == list(reference)
    for section, keys in reference.items():
        if isinstance(keys, dict):
            assert list(table[section]) == list(keys)
    above = False
    for line in file.read_text("utf-8").splitlines():
        if " = " in line and not line.startswith("#"):
            assert above or re.search(r'["\]\w] +# ', line), line
        above = line.startswith("#")
    if name in SEEDS:
        assert file.read_text("utf-8").count("FAULT: ") >= 8


@pytest.mark.parametrize("name", FAMILY_OF)
def test_the_courses_files_are_taken_from_where_one_stands(name: str) -> None:
    Path("data").mkdir()
    for file in ("train.json", "public_test.json"):
        Path("data", file).touch()
    data = files.load(name).data
    assert data.train == str(Path("data/train.json").resolve())
    assert data.test == str(Path("data/public_test.json").resolve())
    assert data.validation == ""


def test_a_template_for_examples_needs_its_parts() -> None:
    profile = files.load("gemma-2-2b-kyara-seed")
    assert contradictions.of(profile) == []
    prompt_builder.require_place_for_examples(profile)
    with pytest.raises(ProfileError, match=r"few_shot_template=\{examples\}: found"):
        files.override(profile, {"prompt.few_shot_template": "{examples}"})
    placeless = files.override(profile, {"prompt.few_shot_template": "{instruction}"})
    with pytest.raises(
        UserError, match=r"prompt\.few_shot_template of profile .* has no \{examples\} part"
    ):
        prompt_builder.require_place_for_examples(placeless)


def test_the_seeds_loop_needs_batches_of_eight_parts() -> None:
    with pytest.raises(ProfileError) as caught:
        files.load(
            "gemma-2-2b-kyara-seed",
            {"training.seed_bug_compatible": "true", "training.batch_size": "12"},
        )
    assert str(caught.value) == (
        "--set training.batch_size=12: found 12, expected a multiple of 8, the seed's "
        "accumulation, with training.seed_bug_compatible"
    )
