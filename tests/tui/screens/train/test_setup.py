"""The Train screen's setup: choices, what will happen, and starting."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from desk import choose_broken_training_file
from fake_workers import FakeWorkers
from looking import HOSTILE, seen, wait_for
from samples import TINY, held_by_a_process, make_run, pair, score, write_pairs
from textual.widgets import Input

from engine.run.events import EventLog, Finished, Started
from engine.start import preflight, request
from tui.app import YiwenApp
from tui.run.surroundings import Surroundings, look_again
from tui.screens.train import screen
from tui.screens.train.setup_form import SetupForm

SIZE = (80, 24)


def _app(root: Path, folder: Path, text: str) -> YiwenApp:
    """The app with a profile of its own: tiny's text, changed."""
    path = folder / "own.toml"
    path.write_text(text.replace('"tiny', f'"{TINY.parent}/tiny'), "utf-8")
    return YiwenApp(root, str(path))


async def test_setup_says_what_will_happen(app: YiwenApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        text = await wait_for(pilot, "learning rate 0.001 cosine")
    assert "350 文→白, 350 白→文" in text
    assert "tokens an epoch" in text
    assert "chooses the checkpoint" in text


async def test_the_card_scrolls_at_once(app: YiwenApp) -> None:
    async with app.run_test(size=(60, 16)) as pilot:
        text = await wait_for(pilot, "350 文→白")
        last = "every 8 steps and at the"
        assert last not in text
        await pilot.press("end")
        await wait_for(pilot, last)
        await pilot.press("home")
        await wait_for(pilot, "350 文→白")
        await pilot.press("pagedown", "pagedown", "pagedown")
        await wait_for(pilot, last)


async def test_s_starts_the_embedded_run_and_follows_it(
    app: YiwenApp, workers: FakeWorkers
) -> None:
    workers.options = ("--steps", "20", "--seconds", "0.5")
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("s")
        text = await wait_for(pilot, "✓ finished")
        assert "tiny · qlora" in text
        assert "test perplexity 12.50" in text
    assert workers.started[0].settings.job == "train"


async def test_the_newest_run_is_kept_up_to_date_on_the_setup(
    app: YiwenApp, root: Path, workers: FakeWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen, "LOOK_SECONDS", 0.1)
    async with app.run_test(size=SIZE) as pilot:
        await wait_for(pilot, "tokens an epoch")
        run = make_run(root, Started(steps=2))
        await wait_for(pilot, f"w {run.id}  ◌ interrupted")
        EventLog(run.events_path).append(Finished(score=score(12.5)))
        await wait_for(pilot, f"w {run.id}  ✓ finished  test ppl 12.50")
        run.folder.rename(root.parent / "elsewhere")
        await wait_for(pilot, lambda: run.id not in seen(app))


async def test_the_newest_run_is_looked_up_when_one_comes_back_to_the_setup(
    app: YiwenApp, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen, "LOOK_SECONDS", 1e6)
    async with app.run_test(size=SIZE) as pilot:
        await wait_for(pilot, "tokens an epoch")
        await pilot.press("f4")
        await wait_for(pilot, lambda: "tokens an epoch" not in seen(app))
        run = make_run(root, Started(steps=2), Finished(score=score(12.5)))
        await pilot.press("f1")
        await wait_for(pilot, f"w {run.id}  ✓ finished")


def test_nothing_is_looked_up_again_while_nothing_happens(root: Path) -> None:
    before = look_again(root, Surroundings())
    run = make_run(root, Started(steps=2))
    found = look_again(root, before)
    assert found is not before
    assert look_again(root, found) is found
    with held_by_a_process(run):
        assert look_again(root, found).active == run


async def test_s_pressed_thrice_starts_one_run(app: YiwenApp, workers: FakeWorkers) -> None:
    workers.options = ("--seconds", "0.2")
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("s", "s", "s")
        await wait_for(pilot, "✓ finished")
    assert len(workers.started) == 1


async def test_a_second_run_beside_an_active_one_is_asked_for(
    app: YiwenApp, workers: FakeWorkers
) -> None:
    workers.options = ("--end", "hang", "--seconds", "0.2")
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("s")
        await wait_for(pilot, "● running")
        await pilot.press("n")
        await wait_for(pilot, "What will happen")
        await pilot.press("s")
        await wait_for(pilot, "Start another run beside the one that is active?")
        await pilot.press("enter")
        await wait_for(pilot, "What will happen")
        assert len(workers.started) == 1
        await pilot.press("s")
        await wait_for(pilot, "Start another run")
        await pilot.press("y")
        await wait_for(pilot, lambda: len(workers.started) == 2)


async def test_strategy_is_chosen_by_keyboard(app: YiwenApp, workers: FakeWorkers) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("z")
        await wait_for(pilot, "Few-shot: examples in the prompt")
        await pilot.press(*"few", "enter")
        text = await wait_for(pilot, "4 drawn, of 700 pairs")
        assert "Validation  not used" in text
        await pilot.press("z")
        await wait_for(pilot, "● Few-shot")
        await pilot.press(*"zero", "enter")
        text = await wait_for(pilot, "scored once")
        assert "Training    not used" in text
        await pilot.press("s")
        await wait_for(pilot, lambda: workers.started)
    assert workers.started[0].settings.job == "evaluate"


async def test_rows_open_with_enter(app: YiwenApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await wait_for(pilot, "What will happen")
        await pilot.press("down", "enter")
        await wait_for(pilot, "Zero-shot")


async def test_settings_change_the_plan_and_the_run(app: YiwenApp, workers: FakeWorkers) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("o")
        await wait_for(pilot, "Settings of this run")
        await pilot.press(*"training.max_steps = 3", "enter", "escape")
        text = await wait_for(pilot, "at most 3 steps")
        assert "training.max_steps = 3" in text
        await pilot.press("s")
        await wait_for(pilot, lambda: workers.started)
    settings = workers.started[0].settings
    assert settings.overrides == {"training.max_steps": "3"}
    assert settings.profile.training.max_steps == 3


async def test_another_file_is_chosen_and_stays_with_its_name(
    app: YiwenApp, tmp_path: Path
) -> None:
    path = write_pairs(tmp_path / "2026.json", [pair(n) for n in range(9)])
    async with app.run_test(size=SIZE) as pilot:
        await wait_for(pilot, "tokens an epoch")
        await pilot.press("f")
        await wait_for(pilot, "what perplexity is reported on")
        field = app.screen.query_one(Input)
        field.value = str(path)
        await pilot.press("enter")
        await wait_for(pilot, "9 pairs (9 文→白)")
        assert "2026.json" in seen(app)


async def test_the_profiles_own_file_is_no_change(app: YiwenApp, tmp_path: Path) -> None:
    other = write_pairs(tmp_path / "2026.json", [pair(number) for number in range(9)])
    async with app.run_test(size=SIZE) as pilot:
        await wait_for(pilot, "tokens an epoch")
        for path, shown, changes in (
            (TINY.parent / "tiny/data/test.json", "84 pairs", {}),
            (other, "9 pairs", {"data.test": f'"{other}"'}),
            (TINY.parent / "tiny/data/test.json", "84 pairs", {}),
        ):
            await pilot.press("f")
            await wait_for(pilot, "what perplexity is reported on")
            app.screen.query_one(Input).value = str(path)
            await pilot.press("enter")
            await wait_for(pilot, shown)
            assert app.screen.setup.draft.overrides == changes  # type: ignore[attr-defined]


async def test_bad_data_is_named_in_place_and_starting_says_it_too(
    app: YiwenApp, tmp_path: Path, workers: FakeWorkers
) -> None:
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await choose_broken_training_file(pilot, tmp_path)
        await pilot.press("s")
        await wait_for(pilot, lambda: "record 1: output: missing" in "".join(app._errors))
        assert "That did not work" not in seen(app), "the card says it already"
        assert app.is_running
    assert workers.started == []


@pytest.mark.parametrize("profile", ["nope", "/nope.toml"])
async def test_a_missing_profile_is_said_in_place(root: Path, profile: str) -> None:
    app = YiwenApp(root, profile)
    async with app.run_test(size=SIZE) as pilot:
        await wait_for(pilot, "no such profile file" if "/" in profile else "no profile named")
        await pilot.press("p", *"tiny", "enter")
        await wait_for(pilot, "tokens an epoch")


async def test_hostile_profile_title(root: Path, tmp_path: Path) -> None:
    title = f"title = {json.dumps(HOSTILE)}"
    text = TINY.read_text("utf-8")
    app = _app(root, tmp_path, f"{title}\n" + text[text.index("[model]") :])
    async with app.run_test(size=SIZE) as pilot:
        await wait_for(pilot, "[/nope] [red]x[/]")
        assert "\x1b" not in seen(app)


async def test_unforeseen_error_of_a_library_is_shown(
    app: YiwenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(HOSTILE)

    for reader in (preflight, request):
        monkeypatch.setattr(reader, "read_data", fail)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await wait_for(pilot, "RuntimeError: [/nope]")
        await pilot.press("s")
        await wait_for(pilot, lambda: app._errors)
        assert app.is_running


async def test_skipped_records_are_counted(root: Path, tmp_path: Path) -> None:
    good = [{"id": n, "instruction": f"翻譯成文言文：\n句{n}", "output": "文"} for n in range(8)]
    train = tmp_path / "train.json"
    train.write_text(json.dumps([*good, {"id": 99}]), "utf-8")
    text = TINY.read_text("utf-8").replace('bad_records = "error"', 'bad_records = "skip"')
    app = _app(root, tmp_path, text.replace('"tiny/data/train.json"', f'"{train}"'))
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_for(pilot, "1 record of data.train: record 9: instruction: missing")


async def test_the_smallest_size_shows_all_choices(app: YiwenApp) -> None:
    async with app.run_test(size=(60, 16)) as pilot:
        text = await wait_for(pilot, "350 文→白")
    for label in ("Profile", "Strategy", "Training", "Validation", "Test", "Settings", "s Start"):
        assert label in text


async def test_a_model_that_is_not_downloaded_is_said_with_the_command_that_gets_it(
    root: Path,
) -> None:
    app = YiwenApp(root, "gemma-2-2b-kyara")
    async with app.run_test(size=SIZE) as pilot:
        text = await wait_for(pilot, "yiwen pull gemma-2-2b-kyara")
    assert "the model zake7749/gemma-2-2b-it-chinese-kyara-dpo is not on this" in text


async def test_the_list_of_profiles_marks_the_models_that_are_not_downloaded(
    app: YiwenApp,
) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await wait_for(pilot, "learning rate 0.001 cosine")
        await pilot.press("p")
        text = await wait_for(pilot, "qwen3-4b")
    assert "(not downloaded) Qwen3 4B" in text
    assert "Gemma-2, 8 M, embedded" in text


async def test_the_key_of_the_chosen_row_is_not_drawn_in_its_own_background(app: YiwenApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await wait_for(pilot, "p  Profile")
        for _ in range(2):
            rows = app.screen.query_one(SetupForm).rows
            for y in range(rows.option_count):
                for segment in rows.render_line(y):
                    style = segment.style
                    assert not segment.text.strip() or style is None or style.color != style.bgcolor
            await pilot.press("down")
            await pilot.pause()
