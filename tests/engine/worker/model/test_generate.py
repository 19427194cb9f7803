"""Answers: the same alone and in company, ended by a stop token, by length, or on request."""

from __future__ import annotations

import pytest
import torch
from peft import PeftModel

from engine.data.dataset import Pair
from engine.profile import files
from engine.profile.schema import Generation, Profile
from engine.prompts.builder import PromptBuilder
from engine.worker.model.generate import generate
from engine.worker.model.plain import PlainModel
from engine.worker.process.reporter import Reporter, StopRequested
from engine.worker.scoring import translate

GREEDY = Generation(max_new_tokens=24)
NEVER = frozenset({3})
"""<unk>, which the model does not say."""


@pytest.fixture(scope="module")
def prompts(builder: PromptBuilder, pairs: list[Pair]) -> list[list[int]]:
    chosen = [builder.prompt_ids(pair.instruction) for pair in pairs[:5]]
    assert len({len(prompt) for prompt in chosen}) > 1  # or nothing is padded
    return chosen


def test_greedy_answers_are_the_same_alone_and_in_company(
    tuned: PeftModel, builder: PromptBuilder, prompts: list[list[int]]
) -> None:
    together = generate(tuned, prompts, builder.stop_ids, GREEDY, pad_id=0)
    alone = [generate(tuned, [p], builder.stop_ids, GREEDY, pad_id=0)[0] for p in prompts]
    assert together == alone
    assert len({tuple(answer) for answer in together}) > 1


def test_a_greedy_answer_is_the_most_probable_token_each_time(
    tuned: PeftModel, builder: PromptBuilder, prompts: list[list[int]]
) -> None:
    (answer,) = generate(tuned, prompts[:1], NEVER, Generation(max_new_tokens=6), pad_id=0)
    ids = list(prompts[0])
    for token in answer:
        with torch.no_grad():
            logits = tuned(input_ids=torch.tensor([ids])).logits[0, -1]
        assert token == int(logits.argmax())
        ids.append(token)
    assert len(answer) == 6


@pytest.mark.parametrize("which", [0, 3])
def test_an_answer_ends_before_a_stop_token(
    tuned: PeftModel, prompts: list[list[int]], which: int
) -> None:
    (free,) = generate(tuned, [prompts[which]], NEVER, GREEDY, pad_id=0)
    assert len(free) == GREEDY.max_new_tokens
    stop = free[4]
    answers = generate(tuned, prompts, frozenset({stop}), GREEDY, pad_id=0)
    assert answers[which] == free[: free.index(stop)]
    assert all(stop not in answer for answer in answers)


def test_the_profiles_stop_tokens_are_eos_and_end_of_turn(
    base: torch.nn.Module, builder: PromptBuilder, prompts: list[list[int]]
) -> None:
    names = {builder.tokenizer.token(token) for token in builder.stop_ids}
    assert names == {"<eos>", "<end_of_turn>"}
    long = Generation(max_new_tokens=120)
    (answer,) = generate(base, prompts[:1], builder.stop_ids, long, pad_id=0)
    assert 0 < len(answer) < 120
    assert not builder.stop_ids & set(answer)


def test_tokens_are_handed_on_as_they_come(
    tuned: PeftModel, builder: PromptBuilder, prompts: list[list[int]]
) -> None:
    came: list[int] = []
    (answer,) = generate(tuned, prompts[:1], NEVER, GREEDY, pad_id=0, on_token=came.append)
    assert came == answer


def test_generation_ends_when_asked(tuned: PeftModel, prompts: list[list[int]]) -> None:
    came: list[int] = []
    (answer,) = generate(
        tuned,
        prompts[:1],
        NEVER,
        Generation(max_new_tokens=500),
        pad_id=0,
        stop_requested=lambda: len(came) >= 3,
        on_token=came.append,
    )
    assert answer == came
    assert 3 <= len(answer) <= 5  # it may be looked at a token late


def test_sampling_follows_seed_and_temperature(tuned: PeftModel, prompts: list[list[int]]) -> None:
    warm = Generation(max_new_tokens=16, temperature=1.0)

    def draw(seed: int, settings: Generation = warm) -> list[int]:
        torch.manual_seed(seed)
        return generate(tuned, prompts[:1], NEVER, settings, pad_id=0)[0]

    assert draw(1) == draw(1)
    assert len({tuple(draw(seed)) for seed in range(4)}) > 1
    (greedy,) = generate(tuned, prompts[:1], NEVER, Generation(max_new_tokens=16), pad_id=0)
    assert draw(1, Generation(max_new_tokens=16, temperature=1.0, top_k=1)) == greedy


def test_a_files_answers_come_in_its_order(
    tuned: PeftModel, profile: Profile, builder: PromptBuilder, pairs: list[Pair]
) -> None:
    small = files.override(
        profile, {"generation.batch_size": "2", "generation.max_new_tokens": "12"}
    )
    instructions = [pair.instruction for pair in pairs[:5]]
    answers = translate.translate_all(
        PlainModel(tuned), builder, instructions, small, Reporter(lambda event: None)
    )
    for instruction, answer in zip(instructions, answers, strict=True):
        prompt = builder.prompt_ids(instruction)
        (alone,) = generate(tuned, [prompt], builder.stop_ids, small.generation, pad_id=0)
        assert answer.text == builder.tokenizer.decode(alone).strip()


def test_translating_a_file_can_be_stopped(
    tuned: PeftModel, profile: Profile, builder: PromptBuilder, pairs: list[Pair]
) -> None:
    reporter = Reporter(lambda event: None)
    reporter.stopping = True
    with pytest.raises(StopRequested):
        translate.translate_all(
            PlainModel(tuned), builder, [pairs[0].instruction], profile, reporter
        )
