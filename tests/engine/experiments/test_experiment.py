"""The experiment of the seed homework: its stages, how it goes on, its tables; no model runs."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import pytest
import tomli
from commands import as_json, run_command
from samples import MODEL, make_run, score, tiny
from stand_in import FAILS, FINISHES, write_worker

from engine.course import year
from engine.experiments import course, series, tables
from engine.experiments.seed import SEED
from engine.experiments.series import Stage
from engine.machine import lock
from engine.profile.schema import Profile
from engine.run import events, runs_folder
from engine.start.request import Request
from engine.table.catalog import Row

TINY = ("experiment", "seed", "--model", "tiny")


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The worker is a script that finishes at once."""
    path = tmp_path / "worker"
    monkeypatch.setattr(sys, "executable", write_worker(path, FINISHES))
    monkeypatch.chdir(tmp_path)
    return path


def ids(root: Path = Path("runs")) -> list[str]:
    return sorted(run.id for run in runs_folder.list_all(root))


@pytest.mark.usefixtures("worker")
def test_the_reports_runs_are_made_in_its_order(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run_command(capsys, *TINY)
    assert status == 0
    said = [line for line in err.splitlines() if " of 3: Q" in line]
    assert [line.split(": ")[1].split(",")[0] for line in said] == ["Q1", "Q2", "Q2"]
    strategies = [run.settings.strategy for run in reversed(runs_folder.list_all(Path("runs")))]
    assert sorted(strategies) == ["few-shot", "qlora", "zero-shot"]
    assert "tiny   qlora           –     12.50" in out
    assert "The report drew" not in out  # nothing is compared with it
    page = Path("runs/experiments/seed/report/report.md").read_text("utf-8")
    assert "## The report's tables" in page
    assert all(run_id in page for run_id in ids())


@pytest.mark.usefixtures("worker")
def test_a_second_time_nothing_is_run_again(capsys: pytest.CaptureFixture[str]) -> None:
    first = as_json(capsys, *TINY)
    made = ids()
    assert as_json(capsys, *TINY) == first
    assert ids() == made
    assert [one["run"] for one in first["results"]] == [
        entry["run"]
        for entry in tomli.loads(Path("runs/experiments/seed/experiment.toml").read_text("utf-8"))[
            "stages"
        ]
    ]
    again = as_json(capsys, *TINY, "--new")
    assert again["experiment"] == "seed-2"
    assert len(ids()) == 6


def test_what_was_cut_short_goes_on_in_the_same_run(
    capsys: pytest.CaptureFixture[str], worker: Path
) -> None:
    write_worker(worker, "os.kill(os.getpid(), 9)")
    status, _, err = run_command(capsys, *TINY, "--set", "training.epochs=1")
    assert status == 1
    assert err.rstrip().endswith("with: yiwen experiment seed --model tiny --set training.epochs=1")
    (cut_short,) = ids()
    listed = as_json(capsys, "experiment")
    assert [one["status"] for one in listed[0]["stages"]] == ["interrupted", None, None]
    write_worker(worker, FINISHES)
    result = as_json(capsys, *TINY, "--set", "training.epochs=1")
    assert result["results"][0]["run"] == cut_short
    assert len(ids()) == 3


def test_a_failed_run_ends_the_experiment_and_says_why(
    capsys: pytest.CaptureFixture[str], worker: Path
) -> None:
    write_worker(worker, FAILS)
    status, out, err = run_command(capsys, *TINY)
    assert (status, out) == (1, "")
    assert "out of memory\nlower it\n" in err
    assert len(ids()) == 1


@pytest.mark.usefixtures("worker")
def test_other_settings_are_another_experiment_and_keep_what_they_do_not_touch(
    capsys: pytest.CaptureFixture[str],
) -> None:
    first = as_json(capsys, *TINY)
    status, _, err = run_command(capsys, *TINY, "--examples", "2")
    assert status == 0
    assert "settings are not those of experiment seed: few_shot.examples: 4 → 2" in err
    assert "new experiment seed-2" in err
    listed = as_json(capsys, "experiment")
    by_name = {one["name"]: [s["run"] for s in one["stages"]] for one in listed}
    assert by_name["seed"][:2] == by_name["seed-2"][:2]  # QLoRA and zero-shot show no examples
    assert by_name["seed"][2] != by_name["seed-2"][2]
    assert [one["run"] for one in first["results"]] == by_name["seed"]
    assert as_json(capsys, *TINY)["experiment"] == "seed"


@pytest.mark.usefixtures("worker")
def test_a_data_file_that_changed_is_another_experiment(
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = Path("test.json")
    data.write_bytes(Path(tiny().data.test).read_bytes())
    as_json(capsys, *TINY, "--test", "test.json")
    data.write_bytes(data.read_bytes().replace(b"\n", b"\n\n"))
    status, _, err = run_command(capsys, *TINY, "--test", "test.json")
    assert (status, "sha256 of test: " in err) == (0, True)


@pytest.mark.usefixtures("worker")
def test_a_run_that_was_deleted_is_made_again(capsys: pytest.CaptureFixture[str]) -> None:
    first = as_json(capsys, *TINY)
    gone = first["results"][1]["run"]
    assert run_command(capsys, "delete", "--yes", gone)[0] == 0
    status, _, err = run_command(capsys, *TINY)
    assert (status, f"run {gone} is gone; it is made again" in err) == (0, True)
    assert len(ids()) == 3


@pytest.mark.usefixtures("worker")
def test_two_programs_do_not_make_the_same_runs(capsys: pytest.CaptureFixture[str]) -> None:
    as_json(capsys, *TINY)
    held = lock.acquire(Path("runs/experiments/seed"))
    status, _, err = run_command(capsys, *TINY)
    assert (status, "is under way in another program" in err) == (2, True)
    held.close()


def test_a_model_that_is_not_here_is_said_before_anything_runs(
    capsys: pytest.CaptureFixture[str], root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    status, _, err = run_command(capsys, "experiment", "seed", "--runs", str(root))
    assert status == 2
    assert "yiwen pull " in err
    assert "--model tiny" in err
    status, _, err = run_command(capsys, *TINY, "--model", "nope", "--runs", str(root))
    assert (status, "no profile named 'nope'" in err) == (2, True)
    assert list(root.iterdir()) == []


def _stage(profile: Profile, strategy: str, root: Path) -> Stage:
    return Stage("Q1", "title", Request(root, strategy), profile, {}, SEED.reported(profile))


def _named(model: str) -> Profile:
    model_ = msgspec.structs.replace(tiny().model, path=model)
    return msgspec.structs.replace(tiny(), model=model_)


def test_the_reported_curve_stands_beside_points_at_the_same_share(root: Path) -> None:
    curve = [
        events.Evaluated(part="test", score=score(50.0 - n / 50), step=n)
        for n in (0, 125, 250, 1250)
    ]
    end = events.Finished(score=score(24.93), checkpoint="step-001250")
    run = make_run(root, events.Started(steps=1250), *curve, end)
    profile = _named("/models/gemma-2-2b-it-chinese-kyara-dpo")
    stage = _stage(profile, "qlora", root)
    by_strategy, learning = tables.tables(SEED, [stage], [Row(run, run.settings, run.summary())])
    assert by_strategy.rows == [["Q1", "tiny", "qlora", "16.62", "24.93", "1.50×", run.id]]
    assert learning.rows[0] == ["1,000", "10%", "20.71", "47.50", "–", "125"]
    assert learning.rows[1][:4] == ["2,000", "20%", "22.85", "45.00"]
    assert learning.rows[4][3:] == ["–", "–", "–"]  # no point of ours is near 50 %
    assert learning.rows[9] == ["10,000", "100%", "16.62", "25.00", "–", "1250"]
    assert tables.notes(SEED, [stage], [])


def test_what_the_report_says_is_known_of_its_models_alone() -> None:
    gemma = SEED.reported(_named("zake7749/gemma-2-2b-it-chinese-kyara-dpo"))
    assert gemma.by_strategy == {"qlora": 16.62, "zero-shot": 9342.65, "few-shot": 3680.27}
    assert (len(gemma.curve), gemma.curve[3000], max(gemma.curve)) == (10, 21.49, 10000)
    llama = SEED.reported(_named("yentinglin/Llama-3-Taiwan-8B-Instruct"))
    assert (llama.by_strategy, llama.curve[5000], len(llama.curve)) == ({"qlora": 6.91}, 6.91, 8)
    assert SEED.reported(tiny()).curve == {}


def test_the_learning_curve_gets_a_point_for_each_reported_one(root: Path) -> None:
    profile = Path("llama.toml").resolve()
    model = root.parent / "Llama-3-Taiwan-8B-Instruct"
    model.mkdir()
    for file in MODEL.iterdir():
        (model / file.name).symlink_to(file)
    profile.write_text(
        f'[model]\npath = "{model}"\n[prompt]\ntemplate = "{{examples}}{{instruction}}"\n'
        f'[data]\ntrain = "{tiny().data.train}"\ntest = "{tiny().data.test}"\n'
        "validation_share = 0\n",
        "utf-8",
    )
    made = series.stages(SEED, Request(root, "qlora"), [str(profile)])
    steps = -(-700 // 32) * 2
    assert made[0].request.overrides == {"training.evaluate_every": str(-(-steps // 8))}
    assert made[0].settings["training.evaluate_every"] == str(-(-steps // 8))
    chosen = series.stages(
        SEED, Request(root, "qlora", overrides={"training.evaluate_every": "5"}), [str(profile)]
    )
    assert chosen[0].settings["training.evaluate_every"] == "5"


@pytest.mark.parametrize("number", year.years())
def test_the_courses_report_asks_the_same_of_a_years_models(number: int) -> None:
    asked = course.of_year(year.get(number))
    base, bonus = year.get(number).models
    assert (asked.name, asked.profiles) == (f"course-{number}", (base.profile, bonus.profile))
    for known in (base, bonus):
        best = min(one.perplexity for one in year.get(number).results if one.model == known.model)
        assert asked.reported(_named(known.model)).by_strategy["qlora"] == best
    assert asked.notes


@pytest.mark.usefixtures("worker")
def test_the_courses_report_is_made_for_the_newest_year_or_the_one_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = as_json(capsys, "experiment", "course", "--model", "tiny")
    assert made["experiment"] == f"course-{year.years()[0]}"
    assert [one["strategy"] for one in made["results"]] == ["qlora", "zero-shot", "few-shot"]
    asked = as_json(capsys, "experiment", "course", "--year", "2024", "--model", "tiny", "--new")
    assert asked["experiment"] == "course-2024"
    status, _, err = run_command(capsys, "experiment", "seed", "--year", "2024")
    assert (status, "--year belongs to" in err) == (2, True)
