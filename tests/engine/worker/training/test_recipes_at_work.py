"""The profiles of the course's models at work, on models of their kind: train, score, translate."""

from __future__ import annotations

import json
import math
from pathlib import Path

import bitsandbytes as bnb
import pytest
import torch
from likenesses import FAMILY_OF, LLAMA, QWEN
from random_models import write_model
from small_runs import RunMaker, SmallRun
from transformers import AutoModelForCausalLM, AutoTokenizer

from engine.language.errors import UserError
from engine.machine.paths import BUILTIN_PROFILES
from engine.models import hub
from engine.profile import files
from engine.run import plan, prompt_builder
from engine.run.events import Evaluated, Event, Finished, Started, Step, Warned
from engine.worker.batching.batches import epoch_order, plan_passes
from engine.worker.model.loading import load_base
from engine.worker.model.plain import PlainModel
from engine.worker.process.reporter import Reporter
from engine.worker.scoring import evaluate
from engine.worker.scoring.session import Session
from engine.worker.training.loop import Trainer

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """By family."""
    folder = tmp_path_factory.mktemp("models")
    return {
        "gemma": BUILTIN_PROFILES / "tiny",
        "llama": write_model("llama", LLAMA, folder / "llama"),
        "qwen3": write_model("qwen3", QWEN, folder / "qwen3"),
    }


def events_of(small: SmallRun) -> list[Event]:
    said: list[Event] = []
    Trainer(Session(small.run, Reporter(said.append))).train()
    return said


@pytest.mark.parametrize("name", FAMILY_OF)
def test_a_profile_trains_scores_and_translates_a_model_of_its_kind(
    name: str, make_run: RunMaker, models: dict[str, Path]
) -> None:
    small = make_run(
        profile=name,
        model__path=models[name.split("-")[0]],
        training__max_steps=2,
        training__evaluate_every=2,
        training__learning_rate=1e-3,
    )
    said = events_of(small)
    steps = [event for event in said if isinstance(event, Step)]
    assert [step.step for step in steps] == [1, 2]
    assert all(math.isfinite(step.loss) and step.grad_norm > 0 for step in steps)
    assert isinstance(said[-1], Finished)
    assert said[-1].score is not None
    assert said[-1].score.samples == 8
    config = json.loads((small.run.adapter_path / "adapter_config.json").read_text("utf-8"))
    lora = small.run.settings.profile.lora
    assert (config["r"], config["lora_alpha"]) == (lora.rank, lora.alpha)
    wanted = 2 if name.endswith("-seed") else 7
    assert len({module.split(".")[-1] for module in config["target_modules"]}) == wanted


def test_an_adapter_is_said_to_belong_to_the_model_as_the_profile_names_it(
    make_run: RunMaker, models: dict[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A model of the hub's cache is named by its id, not by a path of this machine."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    link = hub.link("Qwen/Qwen3-4B", "main")
    link.parent.mkdir(parents=True)
    link.symlink_to(models["qwen3"])
    small = make_run(profile="qwen3-4b", training__max_steps=1, evaluation__samples=0)
    events_of(small)
    config = json.loads((small.run.adapter_path / "adapter_config.json").read_text("utf-8"))
    assert config["base_model_name_or_path"] == "Qwen/Qwen3-4B"


@pytest.mark.parametrize(("name", "kind"), [("llama-3-taiwan-8b", "llama"), ("qwen3-4b", "qwen3")])
@torch.no_grad()
def test_losses_are_those_of_the_plain_model(name: str, kind: str, models: dict[str, Path]) -> None:
    """Scored with and without bos, in one pass of several rows, as one by one by transformers."""
    given = {"model.path": str(models[kind]), "quantization.method": "none"}
    profile = files.load(name, given)
    builder = prompt_builder.builder_for(profile, [])
    texts = [("翻譯成文言文：\n他走了。", "去矣。"), ("問", "其為人也孝弟，而好犯上者鮮矣")]
    encoded = [builder.encode(*text) for text in texts]
    computed = PlainModel(load_base(profile, CPU, lambda message, hint: None))
    (batch,) = plan_passes(encoded, row_tokens=0, tokens_per_pass=4096, pad_id=0)
    found = computed.losses(batch)

    plain = AutoModelForCausalLM.from_pretrained(models[kind], dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(models[kind])
    for number, (instruction, output) in enumerate(texts):
        chat = [{"role": "user", "content": instruction}]
        prompt = tokenizer.apply_chat_template(
            chat, add_generation_prompt=True, enable_thinking=False, return_dict=False
        )
        answer = tokenizer(output, add_special_tokens=False).input_ids + [tokenizer.eos_token_id]
        ids = torch.tensor([prompt + answer])
        logits = plain(ids).logits[0, len(prompt) - 1 : -1]
        expected = torch.nn.functional.cross_entropy(logits, torch.tensor(answer), reduction="none")
        torch.testing.assert_close(found[batch.samples == number], expected, rtol=1e-4, atol=1e-4)


def test_the_seeds_loop_learns_from_the_last_micro_batch_of_eight(make_run: RunMaker) -> None:
    """24 pairs in batches of 8 x 1: three updates, each of one pair, none of the other seven."""
    small = make_run(
        profile="gemma-2-2b-kyara-seed",
        model__path=BUILTIN_PROFILES / "tiny",
        training__seed_bug_compatible=True,
        training__max_steps=0,
        training__epochs=2,
        training__evaluate_every=6,
        lora__dropout=0,
        evaluation__samples=0,
    )
    said = events_of(small)
    settings = small.run.settings.profile
    builder = prompt_builder.builder_for(settings, [])
    session = Session(small.run, Reporter(lambda event: None))
    encoded = plan.encode_for_training(settings.training, builder, session.read("train")).encoded
    steps = [event for event in said if isinstance(event, Step)]
    assert len(steps) == 6
    learnt = [
        encoded[batch[7]]
        for epoch in (0, 1)
        for batch in epoch_order(24, 8, settings.training.seed, epoch)
    ]
    counts = [step.tokens for step in steps]
    spent = [after - before for before, after in zip([0, *counts], counts)]
    assert spent == [len(one.ids) for one in learnt]
    computed = PlainModel(load_base(settings, CPU, lambda message, hint: None))
    (first,) = plan_passes(learnt[:1], row_tokens=0, tokens_per_pass=4096, pad_id=0)
    with torch.no_grad():
        assert steps[0].loss == pytest.approx(float(computed.losses(first).mean()), rel=1e-4)
    assert any("as the seed homework did" in w.message for w in said if isinstance(w, Warned))


def test_a_batch_that_is_never_full_is_refused_for_the_seeds_loop(make_run: RunMaker) -> None:
    small = make_run(
        training__seed_bug_compatible=True, training__batch_size=32, evaluation__samples=0
    )
    with pytest.raises(UserError, match="24 training pairs make no batch of training.batch_size"):
        events_of(small)


def test_pairs_that_are_too_long_are_cut_and_none_is_left_out(make_run: RunMaker) -> None:
    small = make_run(
        training__too_long="cut",
        training__max_output_tokens=4,
        training__max_steps=1,
        training__evaluate_every=1,
        evaluation__samples=0,
    )
    said = events_of(small)
    started = next(event for event in said if isinstance(event, Started))
    assert (started.pairs, started.left_out) == (24, 0)
    assert any(isinstance(event, Evaluated) for event in said)


def test_products_in_another_type_are_named_with_the_number() -> None:
    """As the seed's are on a GPU: float16 with 4-bit weights, bfloat16 for the rest."""
    profile = files.load("tiny")
    base = load_base(profile, CPU, lambda message, hint: None)
    builder = prompt_builder.builder_for(profile)
    assert evaluate.definition(profile, builder, PlainModel(base), 9)["base"] == "nf4 double"
    for module in base.modules():
        if isinstance(module, bnb.nn.Linear4bit):
            module.compute_dtype = torch.float16
    said = evaluate.definition(profile, builder, PlainModel(base), 9)
    assert said["base"] == "nf4 double, products in float16"
    assert said["computed in"] == "float32"
