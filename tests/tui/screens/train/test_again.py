"""What one wants after a run: translate, evaluate, the same with a change; and what is kept."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from looking import seen, wait_for
from samples import MODEL, TEST_FILE, make_run, score, step, tiny, write_profile
from textual.pilot import Pilot

from engine.run.events import Failed, Finished, Started, Stopped
from engine.run.folder import Run
from engine.run.settings import DataFile
from tui import remembered
from tui.app import YiwenApp
from tui.screens.train.draft import Draft
from tui.screens.train.recalled import recall

SIZES = ((80, 24), (60, 16))
DATA = {"test": DataFile(str(TEST_FILE), "0" * 64, 84)}


def trained(root: Path, **settings: Any) -> Run:
    """A run that ended well, with a result that could translate."""
    run = make_run(
        root,
        Started(steps=2),
        step(1, 2),
        step(2, 2),
        Finished(steps=2, score=score(9.0)),
        **settings,
    )
    run.adapter_path.mkdir()
    (run.adapter_path / "adapter_config.json").write_text("{}")
    return run


def header(app: YiwenApp) -> str:
    return seen(app).splitlines()[0]


async def watch(pilot: Pilot[None], run: Run, words: str = "a again with a change") -> str:
    app = pilot.app
    assert isinstance(app, YiwenApp)
    app.navigation.watch(run)
    return await wait_for(pilot, words)


@pytest.mark.parametrize("size", SIZES)
async def test_a_finished_run_offers_what_comes_next(
    app: YiwenApp, root: Path, size: tuple[int, int]
) -> None:
    run = trained(root)
    async with app.run_test(size=size) as pilot:
        text = await watch(pilot, run)
        assert "t translate with it" in text
        assert "e evaluate" in text
        await pilot.press("t")
        await wait_for(pilot, lambda: "Translate" in header(app) and run.id[:15] in header(app))
        await pilot.press("f1")
        await wait_for(pilot, "a again with a change")
        await pilot.press("e")
        await wait_for(pilot, lambda: "Evaluate" in header(app) and run.id[:15] in header(app))


async def test_the_words_are_clicked_too(app: YiwenApp, root: Path) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        text = await watch(pilot, trained(root))
        lines = text.splitlines()
        row = next(y for y, line in enumerate(lines) if "again with a change" in line)
        await pilot.click(offset=(lines[row].index("again with") + 2, row))
        await wait_for(pilot, "What will happen")


async def test_a_run_that_failed_early_can_only_be_had_again(app: YiwenApp, root: Path) -> None:
    run = make_run(root, Started(steps=2), Failed(type="X", message="no memory"))
    async with app.run_test(size=(80, 24)) as pilot:
        text = await watch(pilot, run)
        assert "translate with it" not in text
        await pilot.press("t", "e")
        await pilot.pause()
        assert "✗ failed" in header(app)


async def test_the_setup_is_filled_from_a_run(app: YiwenApp, root: Path) -> None:
    profile = msgspec.structs.replace(
        tiny(), training=msgspec.structs.replace(tiny().training, epochs=7.0)
    )
    run = make_run(root, Started(steps=2), Stopped(), profile=profile, overrides={})
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await watch(pilot, run)
        await pilot.press("a")
        text = await wait_for(pilot, "training.epochs = 7.0")
        assert "Set up like" in text
        screen: Any = app.screen
        assert screen.form.rows.highlighted == 5
        assert screen.form.rows.has_focus


@pytest.mark.parametrize("key", ["f2", "f3"])
async def test_the_other_screens_follow_the_run_that_was_watched(
    app: YiwenApp, root: Path, key: str
) -> None:
    run = trained(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await watch(pilot, run)
        await pilot.press(key)
        await wait_for(pilot, lambda: run.id in header(app))
    again = YiwenApp(root)  # the next session
    async with again.run_test(size=(80, 24)) as pilot:
        await wait_for(pilot, "What will happen")
        await pilot.press(key)
        await wait_for(pilot, lambda: run.id in header(again))


@pytest.mark.parametrize("key", ["f2", "f3"])
async def test_why_the_base_model_is_shown_is_said(app: YiwenApp, root: Path, key: str) -> None:
    run = make_run(root, Started(steps=2), Failed(type="X", message="no memory"))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await watch(pilot, run)
        await pilot.press(key)
        await wait_for(pilot, "has trained nothing")


async def test_a_choice_of_ones_own_is_kept(app: YiwenApp, root: Path) -> None:
    watched, chosen = trained(root), trained(root, run_id="20260102-chosen")
    async with app.run_test(size=(80, 24)) as pilot:
        await watch(pilot, watched)
        app.navigation.translate(chosen)
        await wait_for(pilot, lambda: chosen.id in header(app))
        await pilot.press("f1")
        await wait_for(pilot, lambda: "Train" in header(app))
        await pilot.press("f3")
        await wait_for(pilot, lambda: "Translate" in header(app))
        for _ in range(10):
            await pilot.pause(0.02)
        assert chosen.id in header(app)


async def test_the_menu_of_a_run_offers_it_again(app: YiwenApp, root: Path) -> None:
    trained(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("f4")
        await wait_for(pilot, "9.00")
        await pilot.press("enter")
        await wait_for(pilot, "a again with a change")
        await pilot.press("a")
        await wait_for(pilot, "What will happen")


async def test_what_was_set_up_is_there_the_next_time(app: YiwenApp, root: Path) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(pilot, "tokens an epoch")
        screen: Any = app.screen
        screen.setup.take(Draft("tiny", "few-shot", {"few_shot.examples": "3"}))
        await wait_for(pilot, "few_shot.examples = 3")
        await wait_for(pilot, lambda: remembered.desk().strategy == "few-shot")
    again = YiwenApp(root)
    async with again.run_test(size=(80, 24), notifications=True) as pilot:
        await wait_for(pilot, "few_shot.examples = 3")
        await pilot.press("n")
        await wait_for(pilot, lambda: "few_shot.examples" not in seen(again))
        await wait_for(pilot, "n brings your changes back")
        await pilot.press("n")
        await wait_for(pilot, "few_shot.examples = 3")
    asked_for = YiwenApp(root, "tiny")
    async with asked_for.run_test(size=(80, 24)) as pilot:
        await wait_for(pilot, "tokens an epoch")
        assert "few_shot" not in seen(asked_for)


async def test_a_run_that_cannot_be_read_is_had_again_too(app: YiwenApp, root: Path) -> None:
    run = make_run(root, overrides={"training.epochs": "3"})
    path = run.folder / "run.toml"
    path.write_text(path.read_text("utf-8").replace('job = "train"', "job = 7"), "utf-8")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("f4")
        await wait_for(pilot, "U again")
        await pilot.press("U")
        await wait_for(pilot, "What will happen")


# What of a run can be restored


def test_all_of_a_run_is_restored(root: Path, tmp_path: Path) -> None:
    train = tmp_path / "train.json"
    train.write_bytes((MODEL / "data" / "train.json").read_bytes())
    profile = msgspec.structs.replace(
        tiny(),
        training=msgspec.structs.replace(tiny().training, seed=9),
        lora=msgspec.structs.replace(tiny().lora, target_modules=("q_proj",)),
    )
    made = make_run(
        root,
        profile=profile,
        data={**DATA, "train": DataFile(str(train), "1", 700)},
        overrides={"training.seed": "9"},
    )
    found = recall(made, "tiny")
    assert found.lost == ()
    assert found.draft.request(root).strategy == "qlora"
    assert dict(found.draft.overrides) == {
        "training.seed": "9",
        "lora.target_modules": '["q_proj"]',
        "data.train": f'"{train}"',
    }


def test_what_cannot_be_restored_is_said(root: Path) -> None:
    gone = {"train": DataFile("/nowhere/train.json", "1", 7), **DATA}
    run = make_run(root, data=gone, gpu="GPU-nowhere")
    path = run.folder / "run.toml"
    text = path.read_text("utf-8").replace('strategy = "qlora"', 'strategy = "magic"')
    path.write_text(text.replace('name = "tiny"', 'name = "lost"') + "\n", "utf-8")
    found = recall(run, "tiny")
    assert found.draft.profile == "tiny"
    assert found.draft.strategy_name == "qlora"
    assert not found.draft.gpu
    said = "\n".join(found.lost)
    for words in ("profile lost", "strategy", "train.json is gone", "GPU-nowhere"):
        assert words in said


def test_a_run_whose_settings_are_of_another_version_is_restored_as_far_as_it_goes(
    root: Path,
) -> None:
    run = make_run(root)
    path = run.folder / "run.toml"
    text = re.sub(r"epochs = [0-9.]+", 'epochs = "many"', path.read_text("utf-8"))
    path.write_text(text.replace('job = "train"', "job = 7"), "utf-8")
    found = recall(run, "tiny")
    assert found.draft.profile == "tiny"
    assert dict(found.draft.overrides) == {}
    assert found.lost == ('the setting training.epochs = "many" is none any more',)


def test_settings_of_a_profile_that_has_changed_since_stand_over_it(root: Path) -> None:
    path = write_profile(
        f"model.path = '{MODEL}'\nprompt.template = '{{instruction}}'\ntraining.epochs = 5\n",
        str(root.parent / "mine.toml"),
    )
    profile = msgspec.structs.replace(tiny(), name=str(path))
    run = make_run(root, profile=profile)
    found = recall(run, "tiny")
    assert found.draft.overrides["prompt.template"] != ""
    assert "training.epochs" in found.draft.overrides
