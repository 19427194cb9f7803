"""What is known before the start: plan, need, warnings, and the card that says it."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fake_nvml import GIB, Card, FakeNvml
from samples import TINY, make_run, pair, score, step, tiny, write_pairs, write_profile

from engine.data.dataset import Pair
from engine.fast import support
from engine.fast.families import FAMILIES
from engine.language.errors import UserError
from engine.machine.hardware import Probe
from engine.profile.schema import Profile
from engine.prompts.builder import Encoded, PromptBuilder
from engine.run.events import FIRST_PHASE, Evaluated, Finished, Phase, Started
from engine.start import card as preflight_card
from engine.start import preflight
from engine.start.card_line import CardLine
from engine.start.preflight import Preflight
from engine.start.request import Request

NO_GPU = Probe(FakeNvml(driver=False))


@pytest.fixture(autouse=True)
def _all_gpus_visible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(support, "triton_is_here", lambda: False)  # on every machine alike


def look(root: Path, probe: Probe = NO_GPU, **changes: Any) -> Preflight:
    request = Request(root=root, strategy="qlora", profile="tiny")
    return preflight.look_ahead(replace(request, **changes), probe)


def lines(found: Preflight) -> dict[str, CardLine]:
    """The card by label."""
    return {line.label: line for line in preflight_card.card(found) if line.label}


def data(path: Path) -> str:
    return json.dumps(str(path))


def test_the_embedded_profile_has_nothing_to_warn_of(root: Path) -> None:
    found = look(root)
    assert found.plan is not None
    assert (found.plan.steps, found.tokens) == (44, 2 * found.plan.tokens)
    assert (found.leaks, found.cut, found.changes) == (0, 0, [])
    assert [line for line in preflight_card.card(found) if line.sign] == []
    assert "unknown until such a run has ended" in lines(found)["Time"].text


def test_fewer_steps_see_fewer_tokens(root: Path) -> None:
    found = look(root, overrides={"training.max_steps": "11"})
    assert found.plan is not None
    assert found.tokens == round(found.plan.tokens / 2)


def test_what_differs_from_the_profile_is_said_with_both_values(root: Path) -> None:
    changes = {"training.epochs": "1", "training.batch_size": "32", "model.dtype": '"float32"'}
    card = preflight_card.card(look(root, overrides=changes))
    at = [line.label for line in card].index("Changed")
    assert card[at].text == "training.epochs = 1.0 (profile: 2.0)"
    assert card[at + 1].text == 'model.dtype = "float32" (profile: "auto")'
    assert card[at + 2].label == "Training"


def test_test_pairs_that_training_knows_are_counted_in_both_directions(
    root: Path, tmp_path: Path
) -> None:
    long = [f"這是第{n}個相當長的句子，裡面有許多字" for n in "一二三四五六七八九"]
    made = [{"id": n, "instruction": f"翻譯成文言文：\n{text}", "output": f"此第{n}句也，其字甚多"}
            for n, text in enumerate(long)]  # fmt: skip
    turned = {"id": 9, "instruction": "翻譯成現代文：\n此第0句也，其字甚多", "output": long[0]}
    train = write_pairs(tmp_path / "train.json", made[:8])
    test = write_pairs(tmp_path / "test.json", [made[1], turned, {**made[8], "output": "不同"}])
    found = look(root, overrides={"data.train": data(train), "data.test": data(test)})
    assert found.leaks == 2
    assert lines(found)["Leak"].sign == "!"
    assert preflight_card.card(found)[0].sign == "!"


def test_a_batch_of_more_pairs_than_there_are_is_said(root: Path) -> None:
    assert "Batch" not in lines(look(root, overrides={"training.batch_size": "700"}))
    said = lines(look(root, overrides={"training.batch_size": "1000000"}))["Batch"]
    assert str(said.text).startswith(
        "training.batch_size = 1,000,000 is more than the 700 training"
    )
    assert said.sign == "!"


def test_long_items_are_counted_before_they_are_left_out_or_cut(root: Path, tmp_path: Path) -> None:
    train = write_pairs(tmp_path / "train.json", [pair(1), _long(2), pair(3)])
    test = write_pairs(tmp_path / "test.json", [pair(4), _long(5, "output")])
    changes = {"data.train": data(train), "data.test": data(test), "data.validation": '""',
               "data.validation_share": "0", "evaluation.max_tokens": "200"}  # fmt: skip
    found = look(root, overrides=changes)
    assert found.plan is not None
    assert (found.plan.left_out, found.cut) == (1, 1)
    assert "1 training pair will be left out" in lines(found)["Too long"].text
    assert "cut from the right" in lines(found)["Cut"].text
    found = look(root, overrides={**changes, "evaluation.max_tokens": "9"})
    assert found.unscorable == 2
    assert "the run will stop at them" in lines(found)["No room"].text
    found = look(root, overrides={**changes, "training.too_long": '"cut"'})
    assert found.plan is not None
    assert (found.plan.cut, found.plan.left_out) == (1, 0)


def _long(number: int, key: str = "instruction") -> dict[str, object]:
    made = {"id": number, "instruction": f"翻譯成現代文：\n句{number}", "output": f"答{number}"}
    return {**made, key: f"{made[key]}{'長' * 400}"}


def test_every_pair_is_encoded_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten thousand take a second; those that are cut are counted on the way."""
    encoded: list[str] = []
    as_ever = PromptBuilder.encode_all

    def counted(self: PromptBuilder, pairs: Sequence[Pair]) -> Iterator[Encoded]:
        encoded.extend(pair.id for pair in pairs)
        return as_ever(self, pairs)

    monkeypatch.setattr(PromptBuilder, "encode_all", counted)
    cut = {"training.too_long": '"cut"', "training.max_output_tokens": "20"}
    found = look(root, overrides=cut)
    assert found.plan is not None
    assert found.plan.cut > 0
    assert len(encoded) == len(found.data["train"].pairs) + len(found.data["test"].pairs)


def test_a_file_of_which_nothing_is_left_is_refused(root: Path) -> None:
    with pytest.raises(UserError, match="every training pair is longer"):
        look(root, overrides={"training.max_prompt_tokens": "1"})


@pytest.mark.parametrize(
    ("used", "sign", "words"),
    [(0, "", "85.9 GB free"), (78.6, "!", "a close fit"), (79.5, "!", "will probably not fit")],
)
def test_memory_is_held_against_what_is_free_on_the_gpu(
    root: Path, used: float, sign: str, words: str
) -> None:
    probe = Probe(FakeNvml(Card("GPU-a", "1", used=round(used * GIB))))
    found = look(root, probe)
    assert found.memory is not None
    assert found.memory_free == round(80 * GIB) - round(used * GIB)
    line = lines(found)["Memory"]
    assert (line.sign, words in line.text) == (sign, True)


@pytest.mark.parametrize(
    ("capability", "triton", "overrides", "engine"),
    [
        ((9, 0), True, {}, "fast engine: weights dequantised once, CUDA graphs"),
        (None, True, {}, "fast engine: weights dequantised once, CUDA graphs"),
        (
            (9, 0),
            True,
            {"model.cached_weights": "false"},
            "fast engine: weights dequantised at each use, CUDA graphs",
        ),
        ((9, 0), False, {}, "plain engine: no Triton"),
        ((7, 5), True, {}, "plain engine: a GPU older than Ampere"),
        ((9, 0), True, {"model.engine": '"plain"'}, 'plain engine: model.engine = "plain"'),
        ((9, 0), True, {"model.dtype": '"float16"'}, "plain engine: not computed in bfloat16"),
        ((9, 0), True, {"quantization.method": '"int8"'}, "plain engine: weights in 8 bits"),
        ((9, 0), True, {"lora.rank": "256"}, "plain engine: an adapter of so high a rank"),
    ],
)
def test_memory_is_that_of_the_engine_that_would_run(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capability: tuple[int, int] | None,
    triton: bool,
    overrides: dict[str, str],
    engine: str,
) -> None:
    monkeypatch.setattr(support, "triton_is_here", lambda: triton)
    probe = Probe(FakeNvml(Card("GPU-a", "1", capability=capability)))
    found = look(root, probe, overrides=overrides)
    assert engine in [line.text for line in preflight_card.card(found)]
    assert found.memory is not None
    assert (found.memory.use is not None) == ("dequantised" in found.memory.parts)


def test_a_model_that_the_fast_engine_does_not_know_takes_the_plain_one(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(support, "triton_is_here", lambda: True)
    monkeypatch.delitem(FAMILIES, "gemma2")
    found = look(root, Probe(FakeNvml(Card("GPU-a", "1"))))
    assert found.memory is not None
    assert found.memory.why_plain == "the fast engine does not know gemma2 models"


def test_a_run_may_begin_with_less_memory_than_it_would_use(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Passes of the fast engine are as large as there is room for: little room is no warning."""
    monkeypatch.setattr(support, "triton_is_here", lambda: True)
    wants = look(root, Probe(FakeNvml(Card("GPU-a", "1"))))
    assert wants.memory is not None
    signs = {}
    for free in (wants.memory.least * 4 // 5, wants.memory.least * 5 // 4):
        probe = Probe(FakeNvml(Card("GPU-a", "1", used=80 * GIB - free)))
        signs[free] = lines(look(root, probe))["Memory"].sign
        request = Request(root=root, strategy="qlora", profile="tiny")
        assert preflight.least_memory(request, probe) == wants.memory.least
    assert list(signs.values()) == ["!", ""]
    assert wants.memory.least < wants.memory.total


def test_the_gpu_is_chosen_by_index_or_uuid_and_its_users_are_named(root: Path) -> None:
    cards = Card("GPU-aaaa", "1"), Card("GPU-bbbb", "2", compute={2**22 + 5: GIB})
    probe = Probe(FakeNvml(*cards))
    assert [gpu.index for gpu in look(root, probe).gpus] == [0, 1]
    assert look(root, probe).gpu == look(root, probe, gpu="0").gpu
    found = look(root, probe, gpu="GPU-b")
    assert found.gpu is not None
    assert found.gpu.index == 1
    said = "\n".join(str(line.text) for line in preflight_card.card(found))
    assert "GPU 1 NVIDIA H100 80GB HBM3" in said
    assert f"another user or container: process {2**22 + 5}, 1.1 GB" in said


def test_a_gpu_that_is_not_there_is_refused(root: Path) -> None:
    with pytest.raises(UserError, match="no GPU '7' on this machine"):
        look(root, gpu="7")


def test_time_is_judged_by_an_earlier_run_of_the_profile_here(root: Path) -> None:
    here = {"host": socket.gethostname()}
    began = Started(at=1000.0, steps=44, device="CPU, 2 threads")
    ended = Finished(at=1100.0)
    tokens = step(44, 44, tokens=30_000, tokens_per_second=1500.0)
    scored = [
        Evaluated(part=part, score=score(), seconds=seconds, step=0)
        for part, seconds in (("validation", 2.0), ("test", 3.0)) * 2
    ]
    make_run(root, began, tokens, ended, run_id="elsewhere", host="another")
    make_run(root, Started(device="H100"), tokens, ended, run_id="gpu", **here)
    make_run(root, began, tokens, run_id="unfinished", **here)
    resumed = Started(at=1050.0, steps=44, resumed_from=20, device="CPU, 2 threads")
    make_run(root, began, resumed, tokens, ended, run_id="resumed", **here)
    assert look(root).time is None
    other = tiny_without_outputs()
    make_run(root, began, tokens, ended, run_id="other", profile=other, **here)
    assert look(root).time is None
    loads = Phase(name=FIRST_PHASE, at=977.0)  # as long as the user waits
    make_run(root, loads, began, tokens, *scored, ended, run_id="like", **here)
    found = look(root)
    assert found.time is not None
    assert found.time.run_id == "like"
    training, loading = found.tokens / 1500, 123 - 30_000 / 1500 - 2 * (2 + 3)
    points = 1 + 6 + 1  # of 44 steps every 8 are scored
    assert found.time.seconds == pytest.approx(training + points * (2 + 3) + loading)
    assert "for 111,852 tokens at 1.5k tok/s" in lines(found)["Time"].text


def tiny_without_outputs() -> Profile:
    quiet = msgspec.structs.replace(tiny().evaluation, outputs=False)
    return msgspec.structs.replace(tiny(), evaluation=quiet)


@pytest.mark.parametrize(
    ("keep", "choose_by", "kept"),
    [
        ("0", "last", 6),
        ("1", "test", 3),
        ("2", "last", 2),
        ("3", "validation", 4),
        ("9", "test", 6),
    ],
)
def test_disk_is_for_the_checkpoints_that_are_kept(
    root: Path, keep: str, choose_by: str, kept: int
) -> None:
    every = look(root)
    changes = {"training.keep_checkpoints": keep, "evaluation.choose_by": f'"{choose_by}"'}
    found = look(root, overrides=changes)
    assert found.memory is not None
    assert every.disk - found.disk == (6 - kept) * found.memory.parts["adapter"]
    assert f"{kept} checkpoints kept, about" in str(lines(found)["Disk"].text)


def test_disk_is_for_one_adapter_a_checkpoint_and_the_result_and_three_states(root: Path) -> None:
    found = look(root)
    assert found.memory is not None
    adapter = found.memory.parts["adapter"]
    state = found.memory.parts["optimizer"]
    assert (found.checkpoints, found.disk) == (6, 7 * adapter + 3 * state)
    nearly_full = replace(found, disk_free=found.disk)
    assert lines(nearly_full)["Disk"].sign == "!"


def test_an_evaluation_has_no_steps_and_needs_less(root: Path) -> None:
    found = look(root, strategy="few-shot")
    assert found.plan is None
    assert found.memory is not None
    assert look(root).memory is not None
    assert "Steps" not in lines(found)
    assert "scored once" in lines(found)["Test"].text


def test_a_model_without_its_config_is_refused_before_anything_is_reckoned(
    root: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    model.mkdir()
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (model / name).write_bytes((TINY.parent / "tiny" / name).read_bytes())
    text = TINY.read_text("utf-8").replace('path = "tiny"', f'path = "{model}"')
    profile = write_profile(
        text.replace('"tiny/', f'"{TINY.parent}/tiny/'), str(tmp_path / "m.toml")
    )
    with pytest.raises(UserError, match="config.json: no such file"):
        look(root, profile=str(profile))
