"""Attention scores are capped where the model was trained so, on every path: trained weights."""

from __future__ import annotations

import json
import math
from pathlib import Path

import msgspec
import pytest
import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, PreTrainedModel

from engine.data.dataset import Pair
from engine.profile.schema import Profile
from engine.prompts.builder import PromptBuilder
from engine.worker.batching.batches import plan_passes
from engine.worker.model.loading import load_base
from engine.worker.model.plain import PlainModel

CAP = 1.5
"""Low, so that it matters to the embedded model, which was trained without one."""
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def capped(profile: Profile, tmp_path_factory: pytest.TempPathFactory) -> Profile:
    """The embedded model, its weights unquantised, with a cap on its attention scores."""
    own, folder = Path(profile.model.path), tmp_path_factory.mktemp("capped")
    for file in own.iterdir():
        if file.is_file() and file.name != "config.json":
            (folder / file.name).symlink_to(file)
    config = json.loads((own / "config.json").read_text("utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"attn_logit_softcapping": CAP}))
    return msgspec.structs.replace(
        profile,
        model=msgspec.structs.replace(profile.model, path=str(folder)),
        quantization=msgspec.structs.replace(profile.quantization, method="none"),
    )


def with_sdpa(profile: Profile) -> Profile:
    return msgspec.structs.replace(
        profile, model=msgspec.structs.replace(profile.model, attention="sdpa")
    )


@pytest.fixture(scope="module")
def eager(capped: Profile) -> PreTrainedModel:
    """By transformers alone, whose eager path is known to cap."""
    return AutoModelForCausalLM.from_pretrained(
        capped.model.path, dtype=torch.float32, attn_implementation="eager"
    ).eval()


def losses_of(model: PreTrainedModel, builder: PromptBuilder, pair: Pair) -> Tensor:
    encoded = builder.encode(pair.instruction, pair.output)
    ids = torch.tensor([encoded.ids])
    with torch.no_grad():
        logits = model(ids).logits[0, :-1]
    scored = torch.tensor(encoded.scored[1:], dtype=torch.bool)
    return torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="none")[scored]


def test_the_cap_matters_to_these_weights(
    eager: PreTrainedModel, builder: PromptBuilder, profile: Profile, pairs: list[Pair]
) -> None:
    bare = AutoModelForCausalLM.from_pretrained(
        profile.model.path, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    with_cap, without = (losses_of(model, builder, pairs[0]).mean() for model in (eager, bare))
    assert abs(float(with_cap - without)) > 0.05


@pytest.mark.parametrize("packed", [False, True], ids=["one a row", "packed"])
def test_scoring_and_training_cap_even_where_sdpa_is_asked_for(
    packed: bool,
    capped: Profile,
    eager: PreTrainedModel,
    builder: PromptBuilder,
    pairs: list[Pair],
) -> None:
    said: list[str] = []
    computed = PlainModel(load_base(with_sdpa(capped), CPU, lambda text, hint: said.append(text)))
    assert computed.attention == f"eager, scores capped at {CAP:g}"
    assert ["soft-capping" in text for text in said] == [True]
    encoded = [builder.encode(pair.instruction, pair.output) for pair in pairs[:4]]
    found = torch.zeros(4, dtype=torch.float64)
    for part in plan_passes(encoded, row_tokens=400 * packed, tokens_per_pass=4096, pad_id=0):
        with torch.no_grad():
            found.index_add_(0, part.samples, computed.losses(part).double())
    right = [float(losses_of(eager, builder, pair).double().sum()) for pair in pairs[:4]]
    assert found.tolist() == pytest.approx(right, rel=1e-5)


def test_translating_caps_token_by_token(
    capped: Profile, eager: PreTrainedModel, builder: PromptBuilder, pairs: list[Pair]
) -> None:
    model = load_base(with_sdpa(capped), CPU, lambda text, hint: None)
    prompt = torch.tensor([builder.prompt_ids(pairs[0].instruction)])
    with torch.no_grad():
        made = model.generate(
            input_ids=prompt,
            max_new_tokens=6,
            do_sample=False,
            output_logits=True,
            return_dict_in_generate=True,
        )
        whole = eager(made.sequences).logits[0]
    assert len(made.logits) == 6
    for step, logits in enumerate(made.logits):
        right = whole[prompt.shape[1] - 1 + step]
        assert math.isclose(float((logits[0] - right).abs().max()), 0, abs_tol=1e-3)
