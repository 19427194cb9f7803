"""The translator process, asked as a screen asks it: pieces, adapters, cancelling, and its end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil
import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, PreTrainedModel

from engine.data.dataset import Pair
from engine.language.errors import UserError
from engine.machine.paths import BUILTIN_PROFILES
from engine.machine.processes import python
from engine.profile import files
from engine.profile.schema import Generation, Profile
from engine.prompts.builder import PromptBuilder
from engine.translate import protocol
from engine.translate.client import Translator
from engine.worker.fast.ingredients import Ingredients
from engine.worker.jobs.served import Served
from engine.worker.model import computed
from engine.worker.model.adapters import load_adapter
from engine.worker.model.generate import generate
from engine.worker.model.loading import load_base
from engine.worker.model.plain import PlainModel
from engine.worker.process.reporter import Reporter
from engine.worker.scoring.evaluate import Scored, score

NEVER = frozenset({3})
"""<unk>, which the model does not say."""
CLIENT = """
import sys, time
from engine.profile import files as profile_files
from engine.translate.client import Translator
translator = Translator(profile_files.load(sys.argv[1]))
next(translator.load())
print(translator._process.pid, flush=True)
time.sleep(600)
"""


def _short(profile: Profile, tokens: int) -> Profile:
    return files.override(profile, {"generation.max_new_tokens": str(tokens)})


@pytest.fixture(scope="module")
def translator(profile: Profile) -> Iterator[Translator]:
    """One process, that most tests here ask in turn: what one leaves behind the next finds."""
    one = Translator(_short(profile, 16))
    phases = [phase.name for phase in one.load()]
    assert phases == ["loading the model"]
    assert one.device.kind == "cpu" or torch.cuda.is_available()
    yield one
    one.close()


@pytest.fixture(scope="module")
def prompt(builder: PromptBuilder, pairs: list[Pair]) -> list[int]:
    return builder.prompt_ids(pairs[1].instruction)


def _ask(translator: Translator, prompt: list[int], adapter: Path | str = "") -> str:
    return "".join(translator.generate(prompt, NEVER, adapter=str(adapter)))


def test_an_answer_comes_in_pieces(
    translator: Translator, prompt: list[int], builder: PromptBuilder, base: PreTrainedModel
) -> None:
    pieces = list(translator.generate(prompt, NEVER))
    (right,) = generate(base, [prompt], NEVER, Generation(max_new_tokens=16), pad_id=0)
    assert len(pieces) > 8
    assert "".join(pieces) == builder.tokenizer.decode(right)
    assert translator.last is not None
    assert (translator.last.reason, translator.last.tokens) == ("length", 16)


def test_an_answer_ends_at_a_stop_token(
    translator: Translator, prompt: list[int], builder: PromptBuilder
) -> None:
    whole = _ask(translator, prompt)
    (stop,) = builder.tokenizer.encode(whole[5])
    cut = "".join(translator.generate(prompt, frozenset({stop})))
    assert cut == whole[: whole.index(whole[5])]
    assert translator.last is not None
    assert translator.last.reason == "stop"


def test_adapters_take_turns_with_the_base(
    translator: Translator,
    prompt: list[int],
    builder: PromptBuilder,
    profile: Profile,
    adapters: list[Path],
) -> None:
    right: dict[Path | str, str] = {}
    choices: list[Path | str] = ["", *adapters]
    for adapter in choices:
        fresh = load_base(profile, torch.device("cpu"), print)
        model = load_adapter(fresh, Path(adapter), "default") if adapter else fresh
        (ids,) = generate(model, [prompt], NEVER, Generation(max_new_tokens=16), pad_id=0)
        right[adapter] = builder.tokenizer.decode(ids)
    assert len(set(right.values())) == 3
    first, second = adapters
    for adapter in (first, "", second, first, "", "", second):
        assert _ask(translator, prompt, adapter) == right[adapter], adapter


def test_an_unknown_adapter_is_said_and_the_next_request_served(
    translator: Translator, prompt: list[int], tmp_path: Path
) -> None:
    before = _ask(translator, prompt)
    with pytest.raises(UserError, match="holds no adapter"):
        _ask(translator, prompt, tmp_path / "nowhere")
    assert _ask(translator, prompt) == before


def _misfit(kind: str, folder: Path, adapter: Path) -> Path:
    """An adapter that is none of this model's."""
    if kind == "of a larger model":
        lora = LoraConfig(r=4, target_modules=["q_proj"], task_type="CAUSAL_LM")
        config = AutoModelForCausalLM.from_pretrained(BUILTIN_PROFILES / "tiny").config
        config.hidden_size = 128
        model = get_peft_model(AutoModelForCausalLM.from_config(config), lora)
        model.save_pretrained(str(folder), save_embedding_layers=False)
        return folder
    folder.mkdir()
    settings = json.loads((adapter / "adapter_config.json").read_text())
    weights = load_file(str(adapter / "adapter_model.safetensors"))
    if kind == "of other layers":
        settings["target_modules"] = ["query_key_value"]
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    save_file(weights, str(folder / "adapter_model.safetensors"))
    if kind == "torn":
        (folder / "adapter_model.safetensors").write_bytes(b"\x00" * 100)
    return folder


@pytest.mark.parametrize("used_before", [False, True], ids=["first of all", "after another"])
@pytest.mark.parametrize("kind", ["of a larger model", "of other layers", "torn"])
def test_an_adapter_that_does_not_fit_is_refused_each_time(
    profile: Profile,
    adapters: list[Path],
    tmp_path: Path,
    kind: str,
    used_before: bool,
    prompt: list[int],
) -> None:
    """And leaves the base model, and adapters that fit, as they were."""
    model = load_base(profile, torch.device("cpu"), print)
    short = Generation(max_new_tokens=6)
    (bare,) = generate(model, [prompt], NEVER, short, pad_id=0)
    if used_before:
        model = load_adapter(model, adapters[1], "other")
    folder = _misfit(kind, tmp_path / "misfit", adapters[0])
    for _ in range(2):
        with pytest.raises(UserError, match="misfit"):
            load_adapter(model, folder, "misfit")
    if not used_before:
        assert generate(model, [prompt], NEVER, short, pad_id=0) == [bare]
    tuned = load_adapter(model, adapters[0], "first")
    fresh = load_adapter(load_base(profile, torch.device("cpu"), print), adapters[0], "first")
    right = generate(fresh, [prompt], NEVER, short, pad_id=0)
    assert generate(tuned, [prompt], NEVER, short, pad_id=0) == right != [bare]


def test_cancel_ends_an_answer_early(translator: Translator, prompt: list[int]) -> None:
    whole = _ask(translator, prompt)
    short, translator.profile = translator.profile, _short(translator.profile, 800)
    answer = translator.generate(prompt, NEVER)
    first = next(answer)
    translator.cancel()
    rest = "".join(answer)
    translator.profile = short
    assert translator.last is not None
    assert translator.last.reason == "cancelled"
    assert 0 < translator.last.tokens < 800
    shared = min(len(whole), len(first + rest))
    assert whole[:shared] == (first + rest)[:shared] != ""
    assert _ask(translator, prompt) == whole  # cancelled no more


def test_cancel_is_not_lost_while_the_model_loads(profile: Profile, prompt: list[int]) -> None:
    ask = protocol.Generate(
        request=1, ids=prompt, stop=[3], generation=Generation(max_new_tokens=600)
    )
    messages = [protocol.Load(profile=profile), ask, protocol.Cancel()]
    process = subprocess.Popen(
        python.command("engine.worker", "translate"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=python.environment(),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"".join(protocol.encode(message) for message in messages))
    process.stdin.flush()
    answers = [protocol.from_worker.decode(process.stdout.readline()) for _ in range(2)]
    while not isinstance(answers[-1], protocol.Done):
        answers.append(protocol.from_worker.decode(process.stdout.readline()))
    process.stdin.close()
    assert process.wait() == 0
    assert answers[-1].reason == "cancelled"
    assert answers[-1].tokens < 100


def test_a_translator_ends_when_closed_starts_anew_and_says_when_it_dies(
    translator: Translator, prompt: list[int]
) -> None:
    before = _ask(translator, prompt)
    process = translator._process
    translator.close()
    translator.close()
    assert process is not None
    assert process.returncode == 0  # it went by itself, not killed after two seconds
    assert _ask(translator, prompt) == before
    assert translator._process is not None
    translator._process.kill()
    with pytest.raises(UserError, match="killed from outside"):
        _ask(translator, prompt)


def test_killing_the_client_ends_the_worker() -> None:
    profile = BUILTIN_PROFILES / "tiny.toml"
    client = subprocess.Popen(
        [sys.executable, "-c", CLIENT, str(profile)],
        stdout=subprocess.PIPE,
        env=python.environment(),
    )
    assert client.stdout is not None
    worker = int(client.stdout.readline())
    assert _lives(worker)
    os.kill(client.pid, signal.SIGKILL)
    client.wait()
    deadline = time.monotonic() + 60
    while _lives(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _lives(worker)


def _lives(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_a_pasted_reference_gets_the_perplexity_that_an_evaluation_gives_it(
    translator: Translator,
    builder: PromptBuilder,
    profile: Profile,
    pairs: list[Pair],
    adapters: list[Path],
) -> None:
    for folder in ("", *map(str, adapters)):
        fresh = load_base(profile, torch.device("cpu"), print)
        model = load_adapter(fresh, Path(folder), "default") if folder else fresh
        file = Scored.prepare(pairs[:3], builder, profile.evaluation.max_tokens)
        right = score(PlainModel(model), file, profile, Reporter(lambda _: None), "test file", 0)
        for pair, result in zip(pairs, right):
            encoded = builder.encode(pair.instruction, pair.output)
            found = translator.perplexity(encoded, adapter=folder)
            assert found == pytest.approx(result.perplexity, rel=1e-5)


def test_a_reference_after_a_prompt_that_fills_the_window_is_refused_in_words(
    translator: Translator, builder: PromptBuilder, pairs: list[Pair]
) -> None:
    encoded = builder.encode("長" * 5000, pairs[0].output)
    with pytest.raises(UserError, match="leaves no room for the answer"):
        translator.perplexity(encoded)


def test_an_adapter_that_is_first_used_for_a_reference_translates_after_it(
    translator: Translator,
    builder: PromptBuilder,
    pairs: list[Pair],
    adapters: list[Path],
    prompt: list[int],
) -> None:
    encoded = builder.encode(pairs[0].instruction, pairs[0].output)
    right = [_ask(translator, prompt, folder) for folder in adapters]
    fresh = Translator(translator.profile)
    list(fresh.load())
    for folder, answer in zip(adapters, right):
        assert fresh.perplexity(encoded, adapter=str(folder)) == pytest.approx(
            translator.perplexity(encoded, adapter=str(folder)), rel=1e-5
        )
        assert _ask(fresh, prompt, folder) == answer
    fresh.close()


def test_references_are_scored_by_the_fast_path_where_it_can_run(
    builder: PromptBuilder,
    profile: Profile,
    pairs: list[Pair],
    adapters: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On one base, between answers, under each adapter in turn; here with torch for kernels."""
    spared = []

    def of_torch(model: object, profile: Profile, *, spare: bool) -> Ingredients:
        spared.append(spare)
        return Ingredients(cached_weights=False)

    monkeypatch.setattr(computed, "refuse_fast", lambda model, profile: None)
    monkeypatch.setattr(computed, "ingredients_for", of_torch)
    encoded = builder.encode(pairs[0].instruction, pairs[0].output)
    ask = protocol.Generate(
        request=1, ids=builder.prompt_ids(pairs[1].instruction), stop=[3],
        generation=Generation(max_new_tokens=6),
    )  # fmt: skip
    right = {}
    for folder in ("", *map(str, adapters)):
        fresh = load_base(profile, torch.device("cpu"), print)
        model = load_adapter(fresh, Path(folder), "default") if folder else fresh
        plain = PlainModel(model)
        with torch.inference_mode():
            nll = float(plain.losses(plain.passes([encoded], 0, 0, 0)[0]).double().sum())
        right[folder] = nll, generate(model, [ask.ids], NEVER, ask.generation, pad_id=0)[0]
    served = Served(profile, torch.device("cpu"))
    first, second = map(str, adapters)
    for folder in ("", first, second, "", second, first):
        nll, answer = right[folder]
        assert served.nll(encoded, folder) == pytest.approx(nll, rel=1e-4), folder
        asked = msgspec.structs.replace(ask, adapter=folder)
        assert served.generate(asked, lambda token: None, lambda: False) == answer, folder
    assert spared == [True] * 6


def test_what_scores_beside_translators_keeps_no_weights(
    base: PreTrainedModel, profile: Profile
) -> None:
    made = computed.ingredients_for(base, profile, spare=True)
    assert not made.cached_weights
    assert not made.graphs
    assert computed.choose_engine(base, profile, beside_others=True).translator is None  # type: ignore[attr-defined]
