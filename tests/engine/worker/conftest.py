"""Shared by the worker's tests: the embedded model in NF4, loaded once; and small runs to make."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.worker.process import quiet

quiet.prepare()

import torch  # noqa: E402  # reads what `prepare` has set
from fake_nvml import FakeNvml  # noqa: E402
from peft import PeftModel  # noqa: E402
from small_runs import RunMaker, SmallRun  # noqa: E402
from transformers import PreTrainedModel  # noqa: E402

from engine.data import dataset  # noqa: E402
from engine.data.dataset import Pair  # noqa: E402
from engine.machine.hardware import Probe  # noqa: E402
from engine.machine.paths import BUILTIN_PROFILES  # noqa: E402
from engine.profile import files  # noqa: E402
from engine.profile.schema import Profile  # noqa: E402
from engine.prompts.builder import PromptBuilder  # noqa: E402
from engine.run import prompt_builder  # noqa: E402
from engine.worker.model.adapters import add_adapter  # noqa: E402
from engine.worker.model.loading import load_base  # noqa: E402
from engine.worker.process import devices  # noqa: E402

CPU = torch.device("cpu")


@pytest.fixture
def without_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine that has none: for what computes here, and in processes begun from here."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(devices, "Probe", lambda: Probe(FakeNvml()))


@pytest.fixture(scope="session")
def profile() -> Profile:
    """The embedded profile as it ships."""
    return files.load(BUILTIN_PROFILES / "tiny.toml")


@pytest.fixture(scope="session")
def pairs(profile: Profile) -> list[Pair]:
    """The first dozen of the sample test items."""
    return dataset.read(profile.data.test).pairs[:12]


@pytest.fixture(scope="session")
def builder(profile: Profile) -> PromptBuilder:
    return prompt_builder.builder_for(profile, [])


@pytest.fixture(scope="session")
def base(profile: Profile) -> PreTrainedModel:
    """The bare model; not to be changed."""
    return load_base(profile, CPU, _no_warning)


@pytest.fixture(scope="session")
def tuned(profile: Profile) -> PeftModel:
    """The model under an adapter of random weights; not to be changed."""
    return randomly_tuned(profile, seed=1)


@pytest.fixture(scope="session")
def adapters(profile: Profile, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two different adapters, saved by PEFT."""
    folders = [tmp_path_factory.mktemp("adapters") / name for name in ("first", "second")]
    for seed, folder in enumerate(folders, 1):
        randomly_tuned(profile, seed).save_pretrained(str(folder), save_embedding_layers=False)
    return folders


@pytest.fixture(scope="session")
def make_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunMaker]:
    """Makes small runs, and ends their workers when the tests are over."""
    made: list[SmallRun] = []

    def make(**overrides: object) -> SmallRun:
        made.append(SmallRun.prepare(tmp_path_factory.mktemp("run"), overrides))
        return made[-1]

    yield make
    for small in made:
        small.kill()


@pytest.fixture(scope="session")
def finished_run(make_run: Callable[..., SmallRun]) -> SmallRun:
    """A training run that nothing disturbed, with dropout."""
    small = make_run()
    small.start()
    assert small.wait().status == "finished", small.log()
    return small


def randomly_tuned(profile: Profile, seed: int) -> PeftModel:
    """The embedded model under an adapter that says something, not the fresh one of zeros."""
    model = add_adapter(load_base(profile, CPU, _no_warning), profile.lora, seed)
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.02, generator=random)
    return model.eval()


def _no_warning(message: str, hint: str) -> None:
    raise AssertionError(f"unexpected warning: {message}; {hint}")
