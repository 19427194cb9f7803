"""A run's adapter with a fault is refused by every command that would use it, before a worker."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import run_command
from samples import TEST_FILE, make_run
from weight_writing import adapter_shapes, configure, copy_model, write_adapter

from engine.language.errors import UserError
from engine.models import adapter_check

ELSEWHERE = {
    name.replace("model.model.", "model.model.language_model."): shape
    for name, shape in adapter_shapes().items()
}


@pytest.mark.parametrize(
    "command",
    [
        ("evaluate", "RUN", "--test", str(TEST_FILE)),
        ("predict", "RUN", str(TEST_FILE), "-o", "OUT/prediction.json"),
        ("translate", "RUN", "學而"),
        ("export", "RUN", "--course", "OUT/hand"),
        ("export", "RUN", "--merged", "OUT/merged"),
    ],
)
def test_every_command_asks_the_same(
    command: tuple[str, ...], root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run(root)
    write_adapter(run.adapter_path, ELSEWHERE)
    given = [part.replace("RUN", run.id).replace("OUT", str(tmp_path)) for part in command]
    status, out, said = run_command(capsys, *given, "--runs", str(root))
    assert (status, out) == (2, "")
    assert said.count("\n") == 1
    assert f"{run.adapter_path}: layers that the base model does not have: 16 of 16, first" in said
    assert [path.name for path in root.iterdir()] == [run.id]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["runs"]


def check(tmp_path: Path, base: Path, shapes: object = None, **config: object) -> None:
    adapter_check.check(write_adapter(tmp_path / "adapter", shapes, **config), base)  # type: ignore[arg-type]


def test_patterns_and_narrowed_targets_are_left_to_loading(tmp_path: Path) -> None:
    base = copy_model(tmp_path / "base")
    check(tmp_path, base)
    few = adapter_shapes(layers=3)
    check(tmp_path, base, few, layers_to_transform=[0, 1, 2])
    check(tmp_path, base, few, target_modules=r".*\.[012]\.self_attn\.(q|v)_proj")
    check(tmp_path, base, rank_pattern={".*": 4}, r=16)
    with pytest.raises(UserError, match="names 'v_proj'; such layers without matrices: 5"):
        check(tmp_path, base, few)
    with pytest.raises(UserError, match="rank_pattern is no table"):
        check(tmp_path, base, rank_pattern=[1])


def test_an_adapter_of_a_wider_base_does_not_fit(tmp_path: Path) -> None:
    base = copy_model(tmp_path / "base")
    configure(base, hidden_size=128)
    with pytest.raises(UserError, match="has A of 4 × 256 and B of 256 × 4, which does not fit a"):
        check(tmp_path, base)
