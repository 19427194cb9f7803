"""Profiles: every mistake is found, named with file and key, and told apart from what is good."""

from __future__ import annotations

from pathlib import Path

import pytest
from samples import MINIMAL_PROFILE, MODEL, TEST_FILE, tiny, write_profile

from engine.language.errors import ProfileError, UserError
from engine.profile import files, schema
from engine.prompts import few_shot, strategies
from engine.run import prompt_builder
from engine.start import request
from engine.start.request import Request

OPTIMIZERS = '"adafactor" or "adamw" or "adamw_8bit" or "paged_adamw_8bit"'


def mistakes(text: str) -> list[str]:
    """The lines of the message, each without the file's name, with which it must begin."""
    file = write_profile(text)
    with pytest.raises(ProfileError) as caught:
        files.load(file)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{file}: ") for line in lines)
    return [line.removeprefix(f"{file}: ") for line in lines]


def test_all_keys_but_two_may_be_left_out() -> None:
    profile = files.load(write_profile(MINIMAL_PROFILE))
    assert profile.training == schema.Training()
    assert profile.name == "mine"


def test_an_unknown_key_is_named_with_the_nearest_one() -> None:
    assert mistakes(MINIMAL_PROFILE + "[lora]\nrnk = 4") == [
        "lora.rnk: unknown key; did you mean 'rank'?"
    ]


def test_an_unknown_section_is_named_with_the_nearest_one() -> None:
    found = mistakes(MINIMAL_PROFILE + "[trainning]\nepochs = 1")
    assert found == ["trainning: unknown key; did you mean 'training'?"]


def test_an_unknown_key_like_no_other_gets_no_suggestion() -> None:
    assert mistakes(MINIMAL_PROFILE + "[lora]\nzzz = 4") == ["lora.zzz: unknown key"]


@pytest.mark.parametrize(
    ("key", "value", "found", "expected"),
    [
        ("training.epochs", '"two"', '"two"', "a number above 0"),
        ("training.epochs", "0", "0", "a number above 0"),
        ("training.epochs", "inf", "inf", "a number of at most 1,000,000"),
        ("training.epochs", "nan", "nan", "a number above 0"),
        ("training.learning_rate", "-1e-3", "-0.001", "a number above 0"),
        ("training.learning_rate", "true", "true", "a number above 0"),
        ("training.weight_decay", "inf", "inf", "a number of at least 0"),
        ("training.warmup", "1.5", "1.5", "a number from 0 to 1"),
        ("training.batch_size", "0", "0", "a whole number of at least 1"),
        ("training.batch_size", "2.5", "2.5", "a whole number of at least 1"),
        ("training.batch_size", "99999999999", "99999999999",
         "a whole number of at most 2,147,483,647"),
        ("training.seed", "9" * 23, "9" * 23, "a whole number of at most 4,294,967,295"),
        ("training.batch_size", "true", "true", "a whole number of at least 1"),
        ("training.batch_size", "nan", "nan", "a whole number of at least 1"),
        ("training.packing", "1", "1", "true or false"),
        ("training.optimizer", '"sgd"', '"sgd"', OPTIMIZERS),
        ("lora.target_modules", "[1]", "[1]", '"all-linear" or a list of texts'),
        ("prompt.stop", '"<eos>"', '"<eos>"', "a list of texts"),
        ("title", "2024-01-01", '"2024-01-01"', "a text"),
        ("model.path", '""', '""', "a text that is not empty"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_with_what_was_found_and_expected(
    key: str, value: str, found: str, expected: str
) -> None:
    with pytest.raises(ProfileError) as caught:
        files.load(write_profile(MINIMAL_PROFILE), {key: value})
    assert str(caught.value) == f"--set {key}={value}: found {found}, expected {expected}"


def test_a_mistake_of_the_file_is_not_blamed_on_a_setting() -> None:
    path = write_profile(MINIMAL_PROFILE + "\n[training]\nepochs = 'no'\n")
    with pytest.raises(ProfileError) as caught:
        files.load(path, {"training.seed": "x", "trainings.seed": "1"})
    file, *settings = sorted(str(caught.value).splitlines(), key=lambda line: "--set" in line)
    assert file.endswith(': training.epochs: found "no", expected a number above 0')
    assert settings == [
        '--set training.seed=x: found "x", expected a whole number of at least 0',
        "--set trainings.seed=1: unknown key; did you mean 'training.seed'?",
    ]


def test_a_missing_key_is_named_with_what_is_expected() -> None:
    found = mistakes("[model]\n[prompt]\ntemplate = '{examples}{instruction}'")
    assert found == ["model.path: missing; expected a text that is not empty"]


def test_all_mistakes_of_a_file_come_in_one_message_in_the_order_of_the_file() -> None:
    found = mistakes(
        """
        titel = "x"
        zzz = 1
        [model]
        [prompt]
        template = 7
        [lora]
        rank = -1
        """
    )
    assert found == [
        "titel: unknown key; did you mean 'title'?",
        "zzz: unknown key",
        "model.path: missing; expected a text that is not empty",
        "prompt.template: found 7, expected a text that is not empty",
        "lora.rank: found -1, expected a whole number of at least 1",
    ]


GOOD_TEMPLATE = "template = '{examples}{instruction}'\n"


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        (
            "template = '{examples}'",
            'template: found "{examples}", expected a text with the part {instruction}',
        ),
        (
            "template = '{examples}{instrction}{instruction}'",
            "template: unknown part {instrction}; did you mean 'instruction'?; "
            "parts are {system} {examples} {instruction}",
        ),
        (
            GOOD_TEMPLATE + "system = 'Hi'",
            "system: is given, but prompt.template has no {system} part",
        ),
        (
            GOOD_TEMPLATE + "example = 'x'",
            'example: found "x", expected a text with the part {output}',
        ),
        (
            GOOD_TEMPLATE + "to_modern = 'x'",
            'to_modern: found "x", expected a text with the part {text}',
        ),
        (
            GOOD_TEMPLATE + "to_classical = 'x'",
            'to_classical: found "x", expected a text with the part {text}',
        ),
    ],
)
def test_parts_of_a_prompt_that_contradict_each_other_are_named(prompt: str, message: str) -> None:
    found = mistakes(f"[model]\npath = 'a/b'\n[prompt]\n{prompt}\n")
    assert found == [f"prompt.{message}"]


def test_a_prompt_without_examples_is_good_where_few_shot_wants_none() -> None:
    text = "[model]\npath = 'a/b'\n[prompt]\ntemplate = '{instruction}'\n[few_shot]\nexamples = 0"
    assert files.load(write_profile(text)).few_shot.examples == 0


def test_a_byte_order_mark_is_passed_over() -> None:
    assert files.load(write_profile("\ufeff" + MINIMAL_PROFILE)).model.path == "owner/name"


def test_broken_toml_is_named_with_its_line() -> None:
    (found,) = mistakes("[model]\npath = a/b\n")
    assert found.startswith("not valid TOML: ")
    assert "line 2" in found


def test_a_file_that_is_not_utf_8_is_said_to_be_unreadable() -> None:
    file = Path("big5.toml")
    file.write_bytes("title = '文言'".encode("big5"))
    with pytest.raises(ProfileError, match=r"big5\.toml: cannot be read"):
        files.load(file)


def test_a_profile_cannot_name_itself() -> None:
    assert mistakes("name = 'x'" + MINIMAL_PROFILE) == [
        "name: not a key; a profile is named by its file"
    ]


@pytest.mark.parametrize(
    ("key", "typed", "value"),
    [
        ("training.epochs", "3", 3.0),
        ("training.learning_rate", "1e-3", 1e-3),
        ("training.packing", "false", False),
        ("training.optimizer", "adafactor", "adafactor"),
        ("training.optimizer", '"adafactor"', "adafactor"),
        ("lora.target_modules", '["q_proj", "v_proj"]', ("q_proj", "v_proj")),
        ("prompt.system", "", ""),
    ],
)
def test_an_override_is_typed_as_in_toml_or_else_as_plain_text(
    key: str, typed: str, value: object
) -> None:
    section, name = key.split(".")
    profile = files.load(write_profile(MINIMAL_PROFILE), {key: typed})
    assert getattr(getattr(profile, section), name) == value


@pytest.mark.parametrize(
    ("key", "mistake"),
    [
        ("training.lernrate", "unknown key; did you mean 'training.learning_rate'?"),
        ("training.examples", "unknown key; did you mean 'few_shot.examples'?"),
        ("trainign.epochs", "unknown key; did you mean 'training.epochs'?"),
        ("seed", "unknown key; did you mean 'training.seed'?"),
        ("title.x", "unknown key; `yiwen profiles show tiny` lists all keys"),
        ("training.zzz", "unknown key; `yiwen profiles show tiny` lists all keys"),
        ("", "unknown key; `yiwen profiles show tiny` lists all keys"),
        ("training", "a section; expected a key in it, training.KEY=VALUE"),
        ("folder", "not a key; a profile is named by its file"),
    ],
)
def test_an_override_of_no_key_is_named_with_the_nearest_one(key: str, mistake: str) -> None:
    with pytest.raises(ProfileError) as caught:
        files.load(write_profile(MINIMAL_PROFILE), {key: "1"})
    assert str(caught.value) == f"--set {key}=1: {mistake}"


@pytest.mark.parametrize(
    ("file", "key", "text", "mistake"),
    [
        ("[few_shot]\nchoose = 'ids'\nids = ['a']", "few_shot.choose", "random",
         'few_shot.ids: goes with few_shot.choose = "ids"'),
        ("[training]\npatience = 2", "evaluation.choose_by", "last",
         'training.patience: needs evaluation.choose_by = "validation" or "test"'),
        ("[training]\nbatch_size = 12", "training.seed_bug_compatible", "true",
         "training.batch_size: found 12, expected a multiple of 8, the seed's accumulation, with "
         "training.seed_bug_compatible"),
        ("", "prompt.system", "Hi", "is given, but prompt.template has no {system} part"),
    ],
)  # fmt: skip
def test_what_an_override_contradicts_in_the_file_is_blamed_on_the_override(
    file: str, key: str, text: str, mistake: str
) -> None:
    path = write_profile(MINIMAL_PROFILE + file)
    files.load(path)
    with pytest.raises(ProfileError) as caught:
        files.load(path, {"training.epochs": "1", key: text})
    assert str(caught.value) == f"--set {key}={text}: {mistake}"


def test_an_override_of_a_key_whose_section_is_no_table_is_not_to_blame() -> None:
    path = write_profile("training = 3\n" + MINIMAL_PROFILE)
    with pytest.raises(ProfileError) as caught:
        files.load(path, {"training.epochs": "1"})
    assert str(caught.value) == f"{path}: training: found 3, expected a table"


def test_an_override_mends_what_is_wrong_in_the_file() -> None:
    path = write_profile(MINIMAL_PROFILE + "[training]\nepochs = 'no'")
    assert files.load(path, {"training.epochs": "3"}).training.epochs == 3


@pytest.mark.parametrize("typed", ['"main"i', 'main"', "'main"])
def test_an_override_with_a_stray_quotation_mark_is_refused(typed: str) -> None:
    with pytest.raises(ProfileError, match="quoted whole or not at all"):
        files.override(tiny(), {"model.revision": typed})


def test_overriding_a_profile_keeps_its_other_values() -> None:
    changed = files.override(tiny(), {"training.epochs": "5"})
    assert changed.training.epochs == 5
    assert files.override(changed, {"training.epochs": "2"}) == tiny()


def test_four_lines_are_a_profile() -> None:
    """What a template lacks for few-shot matters where few-shot is asked for."""
    path = write_profile(
        f"model.path = '{MODEL}'\n"
        "prompt.template = '{instruction}'\n"
        f"data.train = '{MODEL / 'data' / 'train.json'}'\ndata.test = '{TEST_FILE}'\n"
    )
    profile = files.load(path)
    zero = Request(Path("runs"), "zero-shot", str(path))
    assert request.prepare(zero).settings.profile == profile
    refused = r"prompt\.template of profile .* few-shot puts its examples"
    with pytest.raises(UserError, match=refused):
        request.prepare(Request(Path("runs"), "few-shot", str(path)))
    with pytest.raises(UserError, match=refused):
        prompt_builder.draw_outside_a_run(profile, strategies.FEW_SHOT)


def test_named_examples_are_set_in_any_order() -> None:
    path = write_profile(MINIMAL_PROFILE)
    assert files.load(path, {"few_shot.choose": "ids"}).few_shot.choose == "ids"
    named = files.load(path, {"few_shot.ids": '["b", "a"]'}).few_shot
    assert (named.choose, named.ids) == ("ids", ("b", "a"))
    both = {"few_shot.ids": '["b", "a"]', "few_shot.choose": "ids"}
    assert files.load(path, both).few_shot == named
    with pytest.raises(UserError, match=r"few_shot\.choose = .ids. needs few_shot\.ids"):
        few_shot.pool(files.load(path, {"few_shot.choose": "ids"}).few_shot, [], [])
