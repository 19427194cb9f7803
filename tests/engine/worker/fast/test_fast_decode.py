"""Our own generation says what transformers says: alone, in company, under any adapter."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
import torch
from peft import PeftModel
from small_decoders import DECODERS, documents, random_decoder

from engine.data.dataset import Pair
from engine.profile.schema import Generation, Profile
from engine.prompts.builder import PromptBuilder
from engine.worker.fast.decode import Form, Translator
from engine.worker.fast.forward import FastDecoder
from engine.worker.fast.ingredients import Ingredients
from engine.worker.fast.sampling import distribution
from engine.worker.model.generate import generate

NEVER: frozenset[int] = frozenset()


@pytest.mark.parametrize("form", ["adapted", "merged"])
@pytest.mark.parametrize("name", DECODERS)
def test_greedy_answers_equal_transformers(name: str, form: Form) -> None:
    model = random_decoder(DECODERS[name]())
    prompts = [item.ids for item in documents(4)]
    settings = Generation(max_new_tokens=12)
    translator = Translator(FastDecoder(model, Ingredients()), form)
    assert translator.generate(prompts, NEVER, settings) == generate(
        model, prompts, NEVER, settings, 0
    )


@torch.inference_mode()
@pytest.mark.parametrize("form", ["adapted", "merged"])
@pytest.mark.parametrize("name", DECODERS)
def test_tokens_are_drawn_from_the_models_own_logits(name: str, form: Form) -> None:
    """Capped ones too: without the cap, the most probable token is the same, the others are not."""
    model = random_decoder(DECODERS[name]())
    prompt = documents(1)[0].ids
    right = model(torch.tensor([[*prompt, 7]])).logits[0]
    translator = Translator(FastDecoder(model, Ingredients()), form)
    step = translator._step(1, 256)
    torch.testing.assert_close(translator._read([prompt], step)[0], right[-2], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(step(torch.tensor([7]))[0], right[-1], rtol=1e-4, atol=1e-4)


def test_the_embedded_model_streams_what_it_answers(
    tuned: PeftModel, builder: PromptBuilder, pairs: list[Pair], profile: Profile
) -> None:
    prompts = [builder.prompt_ids(pair.instruction) for pair in pairs[:3]]
    settings = msgspec.structs.replace(profile.generation, max_new_tokens=40)
    translator = Translator(FastDecoder(tuned, Ingredients()))
    right = generate(tuned, prompts, builder.stop_ids, settings, 0)
    assert translator.generate(prompts, builder.stop_ids, settings) == right
    assert any(len(answer) < 40 for answer in right)  # a stop token was met
    heard: list[int] = []
    alone = translator.generate(prompts[:1], builder.stop_ids, settings, on_token=heard.append)
    assert alone == right[:1] == [heard]


def test_it_ends_when_asked() -> None:
    translator = Translator(FastDecoder(random_decoder(DECODERS["llama"]()), Ingredients()))
    heard: list[int] = []
    stop: Callable[[], bool] = lambda: len(heard) == 3  # noqa: E731
    prompt = documents(1)[0].ids
    (answer,) = translator.generate(
        [prompt], NEVER, Generation(max_new_tokens=50), stop_requested=stop, on_token=heard.append
    )
    assert answer == heard
    assert len(answer) == 3


@pytest.mark.parametrize("form", ["adapted", "merged"])
def test_another_adapter_on_the_same_base(form: Form) -> None:
    model = random_decoder(DECODERS["llama"]())
    prompts = [item.ids for item in documents(2)]
    settings = Generation(max_new_tokens=10)
    fast = FastDecoder(model, Ingredients())
    translator = Translator(fast, form)
    tuned = translator.generate(prompts, NEVER, settings)
    model.base_model.disable_adapter_layers()
    fast.use_adapter(model)
    translator.use_adapter()
    bare = translator.generate(prompts, NEVER, settings)
    assert bare == generate(model, prompts, NEVER, settings, 0)
    assert bare != tuned


def test_sampling_keeps_the_most_probable() -> None:
    logits = torch.tensor([[4.0, 3.0, 2.0, 1.0, 0.0]])
    plain = distribution(logits, Generation(temperature=2.0))
    torch.testing.assert_close(plain, (logits / 2).softmax(-1))
    two = distribution(logits, Generation(temperature=1.0, top_k=2))[0]
    assert (two > 0).tolist() == [True, True, False, False, False]
    first = distribution(logits, Generation(temperature=1.0, top_p=0.5))[0]
    assert (first > 0).tolist() == [True, False, False, False, False]
    most = distribution(logits, Generation(temperature=1.0, top_p=0.8))[0]
    assert (most > 0).tolist() == [True, True, False, False, False]
