"""What one does on Train before a start: card, GPU, settings, data, probe, queue, profile."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from desk import choose_broken_training_file
from fake_nvml import GIB, Card, FakeNvml
from fake_workers import FakeWorkers
from looking import HOSTILE, seen, wait_for
from samples import pair, write_pairs
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from engine.machine import hardware
from engine.profile import files
from engine.queue import scheduler
from engine.run import waiting_list
from engine.run.events import Phase, Probed
from engine.run.folder import Run
from engine.run.summary import Status
from engine.start import launch, probing
from engine.start.probing import Measured
from tui.app import YiwenApp
from tui.run.queue_dialog import QueueDialog
from tui.screens.train.draft import Draft
from tui.screens.train.pair_find import PairFind

SIZE = (80, 24)
BOTH = pytest.mark.parametrize("size", [SIZE, (60, 16), (160, 48)])


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> FakeNvml:
    """The machine has two, the second with a stranger on it."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    cards = Card("GPU-aaaa", "1", used=79 * GIB), Card("GPU-bbbb", "2", HOSTILE)
    cards[1].compute = {2**22 + 5: GIB}
    nvml = FakeNvml(*cards)
    monkeypatch.setattr(hardware, "_nvml", lambda: nvml)
    return nvml


@pytest.fixture
def no_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits goes on waiting."""
    monkeypatch.setattr(scheduler, "ensure", lambda root: False)


def _clipboard(app: YiwenApp, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    copied: list[str] = []
    monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
    return copied


# Card and GPU


async def test_warnings_come_first_and_do_not_block(
    app: YiwenApp, workers: FakeWorkers, two_gpus: FakeNvml
) -> None:
    two_gpus.cards[1].used = 79 * GIB
    async with app.run_test(size=SIZE) as pilot:
        text = await wait_for(pilot, "it will probably not fit")
        card = text[text.index("What will happen") :].splitlines()
        assert card[1].split()[:2] == ["!", "Memory"]
        await pilot.press("s")
        await wait_for(pilot, lambda: workers.started)
    assert workers.started[0].settings.gpu == ""


async def test_a_gpu_is_chosen_and_stays_with_the_run(
    app: YiwenApp, workers: FakeWorkers, two_gpus: FakeNvml
) -> None:
    async with app.run_test(size=(100, 40)) as pilot:
        await wait_for(pilot, "(the freest)")
        await pilot.press("u")
        await wait_for(pilot, "used by somebody")
        assert "\x1b" not in seen(app)
        await pilot.press(*"nope", "enter")
        await wait_for(pilot, "GPU 1 [/nope]")
        await wait_for(pilot, "another user or container")
        assert "will probably not fit" not in seen(app)
        await pilot.press("s")
        await wait_for(pilot, lambda: workers.started)
    assert workers.started[0].settings.gpu == "GPU-bbbb"


async def test_what_is_free_is_looked_at_again_when_one_comes_back(
    app: YiwenApp, two_gpus: FakeNvml
) -> None:
    two_gpus.cards[1].used = 79 * GIB
    async with app.run_test(size=(100, 40)) as pilot:
        await wait_for(pilot, "it will probably not fit")
        two_gpus.cards[0].used = 0
        await pilot.press("f4")
        await wait_for(pilot, "No runs yet")
        await pilot.press("f1")
        await wait_for(pilot, lambda: "will probably not fit" not in seen(app))
        assert "85.9 GB free" in seen(app)


async def test_without_a_gpu_there_is_no_row_for_it(app: YiwenApp) -> None:
    async with app.run_test(size=(100, 40)) as pilot:
        text = await wait_for(pilot, "of main memory")
        assert "GPU" not in text


async def test_the_command_is_sent_to_the_clipboard(
    app: YiwenApp, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = _clipboard(app, monkeypatch)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await wait_for(pilot, "tokens an epoch")
        await pilot.press("y")
        await wait_for(pilot, "Sent to clipboard")
    assert copied == [f"yiwen train tiny --runs {root}"]


# Settings


async def test_a_choice_is_listed_and_a_switch_turned(app: YiwenApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("o")
        await wait_for(pilot, "passes over the training file")
        await pilot.press(*"training.sched", "enter")
        await wait_for(pilot, "● cosine")
        await pilot.press(*"linear", "enter")
        await wait_for(pilot, '● training.scheduler = "linear"')
        assert 'profile: "cosine"' in seen(app)
        await pilot.press(*"packing", "enter")
        await wait_for(pilot, "● training.packing = false")
        await pilot.press("ctrl+r")
        await wait_for(pilot, lambda: "● training.packing" not in seen(app))
        await pilot.press("escape")
        text = await wait_for(pilot, "(profile:")
        assert "training.scheduler" in text


async def test_a_setting_is_found_by_what_it_means(app: YiwenApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("o")
        await wait_for(pilot, "passes over")
        await pilot.press(*"tied")
        await pilot.press(*["backspace"] * 4)
        await pilot.press(*"scaled down")
        text = await wait_for(pilot, "training.max_grad_norm")
        assert "training.epochs" not in text


async def test_all_changes_are_taken_back_after_a_question(app: YiwenApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("o")
        await wait_for(pilot, "passes over")
        for typed in ("lora.rank = 2", "training.epochs = 1"):
            await pilot.press(*typed, "enter")
            await wait_for(pilot, f"● {typed}")
        await pilot.press("ctrl+x")
        await wait_for(pilot, "Put 2 settings back")
        await pilot.press("y")
        await wait_for(pilot, lambda: "●" not in seen(app))
        await pilot.press("escape")
        await wait_for(pilot, "2 epochs, batch 32")


@BOTH
async def test_every_line_of_the_settings_can_be_reached(
    app: YiwenApp, size: tuple[int, int]
) -> None:
    async with app.run_test(size=size) as pilot:
        await pilot.press("o")
        await wait_for(pilot, "esc done")
        choices = app.screen.query_one(OptionList)
        await pilot.press(*["pagedown"] * 12)
        assert choices.highlighted == choices.option_count - 1
        await wait_for(pilot, "data.")
        await pilot.press(*["pageup"] * 14)
        await wait_for(pilot, "training.epochs = 2.0")
        assert "esc done" in seen(app)


# A profile of one's own


async def test_settings_are_kept_as_a_profile_and_never_overwrite_one_unasked(
    app: YiwenApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await wait_for(pilot, "tokens an epoch")
        await pilot.press("o")
        await wait_for(pilot, "passes over")
        await pilot.press(*"training.epochs = 5", "enter", "escape")
        await wait_for(pilot, "training.epochs = 5")
        await pilot.press("K")
        await wait_for(pilot, "Keep these settings")
        await pilot.press(*"mine", "enter")
        await wait_for(pilot, "Profile written")
        await wait_for(pilot, "5 epochs, batch 32")
        assert files.load("mine").training.epochs == 5
        path = files.find("mine")
        path.write_text(path.read_text("utf-8") + "# by hand\n", "utf-8")
        await pilot.press("K")
        await wait_for(pilot, "Keep these settings")
        await pilot.press(*"mine", "enter")
        await wait_for(pilot, "Replace the profile mine?")
        await pilot.press("enter")
        await wait_for(pilot, "Keep these settings")  # for another name
        assert "# by hand" in path.read_text("utf-8")
        await pilot.press(*"/b", "enter")
        await wait_for(pilot, "cannot name a profile")
        await pilot.press("backspace", "backspace", "2", "enter")
        await wait_for(pilot, "mine2.toml")
        assert files.load("mine2").training.epochs == 5


# Data


@BOTH
async def test_pairs_are_read_as_the_model_sees_them(app: YiwenApp, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        await wait_for(pilot, "350 文→白")
        await pilot.press("i")
        text = await wait_for(pilot, "1 of 700")
        assert "⟦<bos>⟧⟦<start_of_turn>⟧user⏎" in text
        assert "scored" in text
        await pilot.press("right")
        await wait_for(pilot, "2 of 700")
        await pilot.press("full_stop")
        await wait_for(pilot, "102 of 700")
        await pilot.press("left", "comma", "comma")
        await wait_for(pilot, "1 of 700")
        await pilot.press("h")
        await wait_for(pilot, "median")
        await pilot.press("h", "f", "f")
        await wait_for(pilot, "test: test.json")
        await pilot.press("escape")
        await wait_for(pilot, "What will happen")


@BOTH
async def test_examples_are_picked_in_their_order(app: YiwenApp, size: tuple[int, int]) -> None:
    async with app.run_test(size=size, notifications=True) as pilot:
        await wait_for(pilot, "350 文→白")
        screen: Any = app.screen
        screen.setup.take(Draft("tiny", "few-shot"))
        await wait_for(pilot, "4 drawn")
        await pilot.press("i")
        await wait_for(pilot, "1 of 700")
        await pilot.press("slash", *"30", "enter", "escape")
        await wait_for(pilot, "30 of 700")
        await pilot.press("space")
        text = await wait_for(pilot, "● example 1")
        await pilot.press("left", "space")
        text = await wait_for(pilot, "● example 2")
        data = screen.setup.outlook.found.data["train"].pairs
        later, earlier = data[29].id, data[28].id
        assert f"2 picked: {later}, {earlier}" in text
        await pilot.press("p")
        await wait_for(pilot, "behind 2 examples")
        await pilot.press("p", "left", "space", "space")  # picked, and given up
        await wait_for(pilot, "28 of 700")
        await pilot.press("escape")
        await wait_for(pilot, "few_shot.ids = ")
        await wait_for(pilot, lambda: screen.setup.outlook and screen.setup.outlook.found)
        assert screen.setup.draft.overrides == {"few_shot.ids": f'["{later}", "{earlier}"]'}
        assert screen.setup.outlook.found.builder.examples.pairs == (data[29], data[28])


async def test_words_lead_to_a_pair(app: YiwenApp) -> None:
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await wait_for(pilot, "350 文→白")
        pairs = app.screen.setup.outlook.found.data["train"].pairs  # type: ignore[attr-defined]
        await pilot.press("i")
        await wait_for(pilot, "1 of 700")
        await pilot.press("slash")
        line = app.screen.query_one(PairFind)
        line.value = pairs[400].output
        await wait_for(pilot, "401 of 700")
        line.value = "no such words"
        await wait_for(pilot, "No pair holds that.")
        await pilot.press("escape", "right")
        await wait_for(pilot, "402 of 700")


async def test_a_pair_that_is_scored_is_no_example(app: YiwenApp, tmp_path: Path) -> None:
    records = [pair(number) for number in range(9)]
    train, test = (write_pairs(tmp_path / name, records) for name in ("a.json", "b.json"))
    test.write_text(test.read_text("utf-8") + "\n", "utf-8")
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await wait_for(pilot, "350 文→白")
        screen: Any = app.screen
        draft = Draft("tiny").with_file("train", str(train)).with_file("test", str(test))
        screen.setup.take(draft)
        await wait_for(pilot, lambda: screen.setup.outlook and screen.setup.outlook.found)
        await pilot.press("i")
        await wait_for(pilot, "1 of 9")
        await pilot.press("space")
        await wait_for(pilot, "also stands in the file that is scored")
        assert "picked:" not in seen(app)


async def test_the_next_pair_that_is_too_long_is_found(app: YiwenApp, tmp_path: Path) -> None:
    long = {"id": "long", "instruction": "翻譯成現代文：\n" + "長" * 400, "output": HOSTILE}
    path = write_pairs(tmp_path / "train.json", [*(pair(n) for n in range(30)), long])
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await wait_for(pilot, "tokens an epoch")
        screen: Any = app.screen
        screen.setup.take(Draft("tiny").with_file("train", str(path)))
        await wait_for(pilot, "1 training pair will be left out")
        await pilot.press("i")
        await wait_for(pilot, "1 of 31")
        await pilot.press("x")
        text = await wait_for(pilot, "It will be left out of training")
        assert "31 of 31" in text
        assert "\x1b" not in text
        await pilot.press("f", "x")
        await wait_for(pilot, "Every pair of this file is used whole")


# Probe


async def test_a_probe_shows_how_far_it_is_and_what_it_found(
    app: YiwenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def probe(request: Any, *, say: Any, is_cancelled: Any) -> Measured:
        say(Phase(name=HOSTILE, done=1, of=3))
        probed = Probed(
            seconds_load=5.0, seconds_step=1.0, tokens_step=2000, memory=10**9,
            memory_scoring=2 * 10**9, scored_tokens_per_second=9000.0,
        )  # fmt: skip
        return Measured(probed, [HOSTILE])

    monkeypatch.setattr(probing, "probe", probe)
    async with app.run_test(size=SIZE) as pilot:
        await wait_for(pilot, "tokens an epoch")
        await pilot.press("P")
        text = await wait_for(pilot, "2.0 GB at most were in use")
        assert "2.0k tok/s" in text
        assert "! Warning" in text
        assert "\x1b" not in text
        await pilot.press("escape")
        await wait_for(pilot, lambda: "were in use" not in seen(app))
        await _the_measurement_stays(pilot)


async def _the_measurement_stays(pilot: Pilot[None]) -> None:
    """On the card, as long as nothing is changed that it depends on; and it comes back."""
    found = "Measured    2.0 GB memory at most"
    screen: Any = pilot.app.screen
    text = await wait_for(pilot, found)
    assert "2.0k tok/s; about" in text
    assert "a probe measures it" not in text
    screen.setup.take(Draft("tiny", overrides={"training.batch_size": "8"}))
    text = await wait_for(pilot, "Measured    with other settings")
    assert "at most" not in text
    screen.setup.take(Draft("tiny", overrides={"training.epochs": "5"}))
    await wait_for(pilot, "training.epochs = 5")
    await wait_for(pilot, found)
    await pilot.press("f4")
    await wait_for(pilot, "No runs yet")
    await pilot.press("f1")
    await wait_for(pilot, found)


async def test_a_probe_that_fails_says_why(app: YiwenApp, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(HOSTILE)

    monkeypatch.setattr(probing, "probe", fail)
    async with app.run_test(size=SIZE) as pilot:
        await wait_for(pilot, "tokens an epoch")
        await pilot.press("P")
        await wait_for(pilot, "✗ RuntimeError: [/nope]")


async def test_closing_ends_a_probe(app: YiwenApp, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[bool] = []

    def probe(request: Any, *, say: Any, is_cancelled: Any) -> None:
        say(Phase(name="waiting"))
        while not is_cancelled():
            time.sleep(0.01)
        ended.append(True)

    monkeypatch.setattr(probing, "probe", probe)
    async with app.run_test(size=SIZE) as pilot:
        await wait_for(pilot, "tokens an epoch")
        await pilot.press("P")
        await wait_for(pilot, "waiting …")
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert "waiting …" in seen(app)
        assert not ended, "only escape ends what takes minutes"
        await pilot.press("escape")
        await wait_for(pilot, lambda: ended)


# Queue


async def test_runs_wait_and_are_put_in_order_copied_and_removed(
    app: YiwenApp, root: Path, no_scheduler: None
) -> None:
    def order() -> list[str]:
        return [entry.run for entry in waiting_list.read(root)]

    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await wait_for(pilot, "tokens an epoch")
        await pilot.press("A")
        await wait_for(pilot, "1 run waits")
        await pilot.press("A")
        await wait_for(pilot, "2 runs wait")
        first, second = order()
        await pilot.press("Q")
        await wait_for(pilot, "starts in a moment")
        await pilot.press("plus")
        await wait_for(pilot, lambda: order() == [second, first])
        await pilot.press("minus")
        await wait_for(pilot, lambda: order() == [first, second])
        await pilot.press("c")
        await wait_for(pilot, "but for")
        await pilot.press(*"lora.rank = 0", "enter")
        await wait_for(pilot, "lora.rank: found 0, expected a whole number")
        app.screen.query_one(Input).clear()
        await pilot.press(*"training.epochz=1", "enter")
        await wait_for(pilot, "training.epochz: unknown key; did you mean")
        await pilot.press("backspace", "backspace", "backspace", *"s=1", "enter")
        await wait_for(
            pilot, lambda: isinstance(app.screen, QueueDialog) and len(app.screen._waiting) == 3
        )
        assert "training.epochs=1" in seen(app)
        assert len(order()) == 3
        await pilot.press("d")
        text = await wait_for(pilot, "What differs between the runs that wait")
        assert "from its profile tiny:" in text
        assert "training.epochs: 2 → 1" in text
        await pilot.press("escape")
        await wait_for(pilot, "- earlier")
        await pilot.press("x")
        await wait_for(pilot, "Remove")
        await pilot.press("y")
        await wait_for(pilot, lambda: order()[0] == second)
        assert not (root / first).exists()
        await pilot.press("escape", "f4")
        text = await wait_for(pilot, "◷ waiting")
        assert text.count("◷ waiting") == 2


async def test_a_run_that_waits_is_watched_until_it_starts(
    app: YiwenApp, root: Path, workers: FakeWorkers, no_scheduler: None
) -> None:
    workers.options = ("--seconds", "0.3")
    async with app.run_test(size=SIZE) as pilot:
        await wait_for(pilot, "tokens an epoch")
        await pilot.press("A")
        await wait_for(pilot, "1 run waits")
        await pilot.press("w")
        await wait_for(pilot, "Waits in the queue")
        (entry,) = waiting_list.read(root)
        run = Run(root / entry.run)
        assert run.summary().status is Status.WAITING
        launch.start(run)
        waiting_list.remove(root, run.id)
        await wait_for(pilot, "✓ finished")


async def test_a_broken_setup_is_not_queued(
    app: YiwenApp, root: Path, tmp_path: Path, no_scheduler: None
) -> None:
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await choose_broken_training_file(pilot, tmp_path)
        await pilot.press("A")
        await wait_for(pilot, lambda: "record 1: output: missing" in "".join(app._errors))
        assert "That did not work" not in seen(app), "the card says it already"
        await pilot.press("i")
        await pilot.press("P")
        await pilot.pause()
        assert app.is_running
    assert waiting_list.read(root) == []


@BOTH
async def test_an_empty_queue_says_what_fills_it(app: YiwenApp, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        await wait_for(pilot, "350 文→白")
        await pilot.press("Q")
        await wait_for(pilot, "Nothing waits.")
        await pilot.press("c", "d", "plus", "minus", "escape")
        await wait_for(pilot, "What will happen")
