"""More than two runs: every pair tested, the chances corrected, what was computed kept."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import pytest
from commands import as_json, run_command
from samples import make_run, score, tiny

from engine.profile.schema import Profile
from engine.run import events
from engine.run.folder import Run
from engine.run.settings import DataFile
from engine.scores import comparison, every_pair, resampling, result_lines
from engine.scores.result_lines import SampleResult
from engine.table import standing
from engine.table.catalog import Row


def scored(
    root: Path, name: str, values: list[float], file: str = "a", profile: Profile | None = None
) -> Run:
    """A run with such perplexities of its items."""
    mean = score(sum(values) / len(values))
    done = events.Evaluated(part="test", score=mean, file="evaluations/test.jsonl")
    run = make_run(
        root,
        done,
        events.Finished(score=mean),
        run_id=f"20260101-120000-{name}",
        job="train",
        strategy="qlora",
        data={"test": DataFile(f"{file}.json", file * 64, len(values))},
        profile=profile or tiny(),
    )
    run.evaluations_path.mkdir()
    write(run, values)
    return run


def write(run: Run, values: list[float]) -> None:
    results = [
        SampleResult(f"i{n}", "to_modern", value, math.log(value), 1, f"問{n}", f"答{n}")
        for n, value in enumerate(values)
    ]
    lines = msgspec.json.Encoder().encode_lines(results)
    (run.evaluations_path / "test.jsonl").write_bytes(lines)


LOW, MIDDLE, HIGH = [[base + n % 3 for n in range(30)] for base in (2.0, 5.0, 5.1)]


def seeded(seed: int) -> Profile:
    training = msgspec.structs.replace(tiny().training, seed=seed)
    return msgspec.structs.replace(tiny(), training=training)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),
        ([0.5, 0.9], [1.0, 1.0]),
        ([0.6, 0.9], [1.0, 1.0]),
        ([math.nan, 0.01, 0.02], [math.nan, 0.02, 0.02]),
        ([], []),
    ],
)
def test_chances_are_corrected_as_holm_does(given: list[float], expected: list[float]) -> None:
    assert every_pair.holm(given) == pytest.approx(expected, nan_ok=True)


def test_every_pair_is_tested_and_told(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [scored(root, name, one) for name, one in (("a", LOW), ("b", MIDDLE), ("c", HIGH))]
    found = as_json(capsys, "compare", *(run.id for run in runs))
    pairs = {(pair["one"][-1], pair["other"][-1]): pair for pair in found["pairs"]}
    assert set(pairs) == {("a", "b"), ("a", "c"), ("b", "c")}
    assert pairs["a", "b"]["line"]["difference"]["value"] == pytest.approx(-3.0)
    assert pairs["a", "b"]["line"]["p"] < pairs["a", "b"]["p_corrected"] < 0.001
    assert found["correction"] == "Holm"
    _, out, _ = run_command(capsys, "compare", *(run.id for run in runs))
    assert "p corrected" in out
    assert "Holm" in out


def test_what_was_computed_is_kept_until_a_file_changes(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = scored(root, "a", LOW), scored(root, "b", MIDDLE)
    first, _ = every_pair.compare_all([one, other])
    both = comparison.compare(one, other)
    computed: list[int] = []
    whole = resampling.exchange_test

    def counting(*given: resampling.Summed, **more: int) -> float:
        computed.append(1)
        return whole(*given, **more)

    monkeypatch.setattr(resampling, "exchange_test", counting)
    assert every_pair.compare_all([one, other])[0] == first
    assert comparison.compare(one, other) == both
    assert computed == []
    write(other, HIGH)
    changed, _ = every_pair.compare_all([one, other])
    assert changed != first
    assert comparison.compare(one, other) != both
    assert computed


def test_a_kept_file_that_is_broken_is_computed_again(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    runs = [scored(root, "a", LOW), scored(root, "b", MIDDLE)]
    first, _ = every_pair.compare_all(runs)
    (kept,) = (tmp_path / "cache" / "yiwen" / "comparisons").iterdir()
    kept.write_bytes(b"nonsense")
    assert every_pair.compare_all(runs)[0] == first
    (tmp_path / "cache").chmod(0o500)
    assert every_pair.compare_all(runs)[0] == first


def test_runs_of_different_files_stand_in_no_common_order(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [scored(root, "a", LOW, "x"), scored(root, "b", HIGH, "y"), scored(root, "c", MIDDLE, "y")]  # fmt: skip  # noqa: E501
    found = as_json(capsys, "compare", *(run.id for run in runs))
    assert [run["id"][-1] for run in found["runs"]] == ["c", "b", "a"]
    assert [(one["one"][-1], one["other"][-1]) for one in found["pairs"]] == [("c", "b")]
    _, out, _ = run_command(capsys, "compare", *(run.id for run in runs))
    first, second = out.split("test file x.json")
    assert first.startswith("test file y.json")
    assert first.count("1.00×") == second.count("1.00×") == 1


def test_runs_that_differ_in_seeds_alone_are_a_row_with_each_beneath(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed, values in ((1, LOW), (2, MIDDLE), (3, HIGH)):
        scored(root, f"s{seed}", values, profile=seeded(seed))
    rank = msgspec.structs.replace(tiny().lora, rank=64)
    scored(root, "other", LOW, profile=msgspec.structs.replace(seeded(4), lora=rank))
    _, out, _ = run_command(capsys, "compare")
    lines = [line.split() for line in out.splitlines()[2:]]
    assert lines[0][-1].endswith("other")
    assert lines[1][:8] == ["tiny", "qlora", "×", "3", "seeds", "5.03", "±", "1.76"]
    assert [line[:3] for line in lines[2:]] == [
        ["seed", "1", "3.00"],
        ["seed", "2", "6.00"],
        ["seed", "3", "6.10"],
    ]


def test_the_same_seed_twice_is_no_spread(root: Path) -> None:
    runs = [scored(root, name, LOW, profile=seeded(1)) for name in "ab"]
    rows = [Row(run, run.settings, run.summary()) for run in runs]
    (found,) = standing.standings(rows)
    assert [entry.is_seeded for entry in found.entries] == [False, False]


def test_a_run_of_which_an_item_was_not_scored_is_not_compared(root: Path) -> None:
    runs = [scored(root, name, one) for name, one in (("a", LOW), ("b", MIDDLE))]
    found = every_pair.compare_all(runs)[0]
    assert found[0].cells()[-1] == "30"
    results = result_lines.of_run(runs[1], runs[1].summary())
    results[3].tokens, results[3].nll = 0, None
    lines = msgspec.json.Encoder().encode_lines(results)
    (runs[1].evaluations_path / "test.jsonl").write_bytes(lines)
    pairs, troubles = every_pair.compare_all(runs)
    assert pairs == []
    assert "one of them only translates" in troubles[0]
