"""The application: keys that lead to screens, help, palette, leaving."""

from __future__ import annotations

import gc
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from fake_workers import FakeWorkers
from looking import HOSTILE, seen, wait_for
from rich.text import Text
from samples import make_run, score, step
from textual.app import App
from textual.binding import Binding

from engine.run import runs_folder
from engine.run.events import Finished, Started
from tui import palette, remembered
from tui.app import YiwenApp
from tui.run.leaving import CONTINUES
from tui.widgets.dialogs import Confirm
from tui.widgets.help_panel import HelpPanel
from tui.widgets.too_small import SMALLEST, TooSmall

SIZE = (80, 24)


@pytest.mark.parametrize("key", ["f1", "f2", "f3", "f4"])
async def test_function_keys_lead_to_screens(app: YiwenApp, key: str) -> None:
    modes = {"f1": "train", "f2": "evaluate", "f3": "translate", "f4": "runs"}
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press(key)
        await wait_for(pilot, lambda: app.current_mode == modes[key])
        assert modes[key].capitalize() in seen(app).splitlines()[0]


async def test_styles_are_read_once(app: YiwenApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of all screens: at a first visit, reading them anew takes a tenth of a second."""
    async with app.run_test(size=SIZE) as pilot:
        read: list[str] = []
        monkeypatch.setattr(app.stylesheet, "reparse", lambda: read.append(app.current_mode))
        for key, mode in {"f2": "evaluate", "f3": "translate", "f4": "runs"}.items():
            await pilot.press(key)
            await wait_for(pilot, lambda mode=mode: app.current_mode == mode)
        assert not read


async def test_what_was_imported_is_not_walked_through_by_the_collector(app: YiwenApp) -> None:
    gc.unfreeze()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("f4")
        await wait_for(pilot, lambda: app.current_mode == "runs")
        assert gc.get_freeze_count() > 40_000


async def test_help_lists_every_key_of_screen_and_app(app: YiwenApp) -> None:
    async with app.run_test(size=(120, 100)) as pilot:
        train = app.screen
        await pilot.press("question_mark")
        await wait_for(pilot, lambda: isinstance(app.screen, HelpPanel))
        text = await wait_for(pilot, "Everywhere") if "Everywhere" in seen(app) else seen(app)
        for owner in (train, app):
            for key, binding in owner._bindings:
                meanings = owner._bindings.key_to_bindings[key]  # one of them at a time
                said = any(meaning.description in text for meaning in meanings)
                assert not binding.tooltip or said
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.screen is train)


async def test_palette_finds_what_other_screens_do_and_goes_there(app: YiwenApp) -> None:
    make_run(app.runs_root, Started(at=1000.0), Finished(score=score()))
    async with app.run_test(size=SIZE) as pilot:
        await wait_for(pilot, "What will happen")
        await pilot.press("ctrl+p", *"report")
        text = await wait_for(pilot, "Report (Runs, R)")
        assert "Runs: Write a report" in text
        await pilot.press("down", "enter")
        await wait_for(pilot, "Report in the folder")
        assert app.current_mode == "runs"


@pytest.mark.parametrize(
    ("sought", "title", "said", "mode"),
    [
        ("score", "Score (Evaluate, s)", "Press s to go on: Start the evaluation", "evaluate"),
        ("send", "Send (Translate, ", "to go on: Translate what is typed", "translate"),
    ],
)
async def test_what_the_palette_would_begin_elsewhere_is_left_to_a_key_there(
    app: YiwenApp, workers: FakeWorkers, sought: str, title: str, said: str, mode: str
) -> None:
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await wait_for(pilot, "What will happen")
        await pilot.press("ctrl+p", *sought)
        await wait_for(pilot, title)
        await pilot.press("down", "enter")
        await wait_for(pilot, said)
        assert app.current_mode == mode
        assert not workers.started
        assert not runs_folder.list_all(app.runs_root)


def test_every_action_that_must_be_seen_first_is_the_action_of_a_key() -> None:
    modules = [import_module(f"tui.screens.{mode}.keys") for mode in palette.SCREENS]
    assert {key.action for module in modules for key in module.KEYS} >= palette.TO_BE_SEEN


async def test_what_the_palette_cannot_do_elsewhere_is_said(
    app: YiwenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(palette, "_PATIENCE", 0.2)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await wait_for(pilot, "What will happen")
        await pilot.press("ctrl+p", *"versus")
        await wait_for(pilot, "Versus (Evaluate, v)")
        await pilot.press("down", "enter")
        await wait_for(pilot, "There is nothing to do that with now.")
        assert app.current_mode == "evaluate"


async def test_the_palette_says_in_the_interfaces_language_that_nothing_was_found(
    app: YiwenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.widgets.command_palette._", lambda text: f"<{text}>")
    async with app.run_test(size=SIZE) as pilot:
        await wait_for(pilot, "What will happen")
        await pilot.press("ctrl+p", *"zqzq")
        await wait_for(pilot, "<No matches found>")


async def test_help_tells_what_keys_do_nothing_now(app: YiwenApp) -> None:
    async with app.run_test(size=(120, 100)) as pilot:
        await wait_for(pilot, "What will happen")
        await pilot.press("question_mark")
        text = await wait_for(pilot, "Not now:")
        now, _, later = text.partition("Not now:")
        assert "Start the run that is set up" in now
        for idle in ("Let a run that was cut short go on", "Half as many steps"):
            assert idle not in now
            assert idle in later


async def test_help_lists_only_the_help_key_that_works(app: YiwenApp) -> None:
    async with app.run_test(size=(120, 60)) as pilot:
        await pilot.press("f3", "f9")
        text = await wait_for(pilot, "Keys: Translate")
        assert "│ f9 " in text
        assert "│ ? " not in text


async def test_a_theme_is_kept_unless_the_environment_names_one(
    root: Path, workers: FakeWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TEXTUAL_THEME", raising=False)
    app = YiwenApp(root)
    async with app.run_test(size=SIZE) as pilot:
        await wait_for(pilot, "What will happen")
        assert remembered.look().theme == ""
        await pilot.press("ctrl+p", *"theme")
        await wait_for(pilot, "Change the colours")
        await pilot.press("enter")
        await wait_for(pilot, "Search for themes")
        await pilot.press(*"ansi-light")
        await wait_for(pilot, lambda: seen(app).count("ansi-light") > 1)
        await pilot.press("enter")
        await wait_for(pilot, lambda: remembered.look().theme == "ansi-light")
    assert YiwenApp(root).theme == "ansi-light"
    monkeypatch.setenv("TEXTUAL_THEME", "nord")
    named = YiwenApp(root)
    async with named.run_test(size=SIZE) as pilot:
        await wait_for(pilot, "What will happen")
    assert named.theme != "ansi-light"
    assert remembered.look().theme == "ansi-light"


async def test_palette_offers_what_the_keys_do(app: YiwenApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await wait_for(pilot, "What will happen")
        titles = " ".join(command.title for command in app.get_system_commands(app.screen))
        for word in ("Start", "Settings", "Profile", "Evaluate", "Translate", "Runs", "Quit"):
            assert word in titles
        await pilot.press("ctrl+p")
        await pilot.press(*"strategy")
        await wait_for(pilot, "Choose zero-shot, few-shot or QLoRA")
        await pilot.press("down", "enter")
        await wait_for(pilot, "type to filter")


@pytest.mark.parametrize("owner", [YiwenApp, "tui.screens.train.screen:TrainScreen"])
def test_every_key_has_an_id_and_an_explanation(owner: Any) -> None:
    if isinstance(owner, str):
        module, _, name = owner.partition(":")
        owner = getattr(__import__(module, fromlist=[name]), name)
    for binding in owner.BINDINGS:
        assert isinstance(binding, Binding)
        assert binding.id
        assert binding.tooltip


async def test_ctrl_c_quits_when_pressed_twice(app: YiwenApp) -> None:
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await pilot.press("ctrl+c")
        await wait_for(pilot, "Press ctrl+c again")
        assert app.is_running
        await pilot.press("ctrl+c")
        await wait_for(pilot, lambda: app.return_code is not None)


async def test_quitting_says_that_training_goes_on(
    app: YiwenApp, root: Path, workers: FakeWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages: list[Any] = []

    def note(self: App[Any], *args: Any, message: Any = None, **rest: Any) -> None:
        messages.append(message)

    monkeypatch.setattr(YiwenApp, "exit", note)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("ctrl+q")
        await wait_for(pilot, lambda: messages == [None])
        workers.options = ("--end", "hang")
        workers.start(make_run(root))
        await pilot.press("ctrl+q")
        await wait_for(pilot, lambda: len(messages) == 2)
        assert isinstance(messages[1], Text)
        assert messages[1].plain == CONTINUES
        monkeypatch.undo()


async def test_small_terminal_gets_a_sentence(app: YiwenApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await wait_for(pilot, "What will happen")
        await pilot.resize_terminal(50, 10)
        await wait_for(pilot, "Yiwen needs a terminal of 60×16")
        await pilot.resize_terminal(20, 3)
        await wait_for(pilot, "Yiwen")
        await pilot.resize_terminal(60, 16)
        await wait_for(pilot, "What will happen")
        assert not isinstance(app.screen, TooSmall)


async def test_errors_are_shown_as_they_are(app: YiwenApp) -> None:
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        app.fail(HOSTILE)
        await wait_for(pilot, "[/nope] [red]x[/]")
        assert "\x1b" not in seen(app)


async def test_a_long_error_is_cut_and_can_be_read_in_full(app: YiwenApp) -> None:
    mistakes = "\n".join(f"data.json: record {number}: output: missing" for number in range(40))
    async with app.run_test(size=SMALLEST, notifications=True) as pilot:
        app.fail(mistakes)
        await wait_for(pilot, "record 4: output")
        text = await wait_for(pilot, "… ctrl+g shows all of it")
        assert "record 5: output" not in text
        assert "Train" in text.splitlines()[0]  # nothing grows over the top
        await pilot.press("ctrl+g")
        await wait_for(pilot, "record 5: output")
        await pilot.press("end")
        await wait_for(pilot, "record 39: output")
        await pilot.press("escape")
        await wait_for(pilot, lambda: len(app.screen_stack) == 1)


@pytest.mark.parametrize(("key", "answer"), [("y", True), ("n", False), ("escape", False)])
async def test_confirm_answers_by_key(app: YiwenApp, key: str, answer: bool) -> None:
    answers: list[bool | None] = []
    async with app.run_test(size=SIZE) as pilot:
        app.push_screen(Confirm(HOSTILE, HOSTILE, yes="Stop"), answers.append)
        await wait_for(pilot, "[/nope]")
        await pilot.press(key)
        await wait_for(pilot, lambda: answers == [answer])


async def test_confirm_is_safe_by_default(app: YiwenApp) -> None:
    answers: list[bool | None] = []
    async with app.run_test(size=SIZE) as pilot:
        for keys in (["enter"], ["left", "enter"], ["tab", "enter"]):
            app.push_screen(Confirm("Stop?"), answers.append)
            await wait_for(pilot, "Stop?")
            await pilot.press(*keys)
            await wait_for(pilot, "What will happen")
    assert answers == [False, True, True]


async def test_watch_run_leads_to_the_run_from_any_screen(app: YiwenApp, root: Path) -> None:
    run = make_run(root, Started(steps=100), step(1), Finished(steps=100, score=score(12.5)))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("f4")
        await wait_for(pilot, lambda: app.current_mode == "runs")
        app.navigation.watch(run)
        await wait_for(pilot, "✓ test perplexity 12.50")
        assert app.current_mode == "train"


def _python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )


def test_the_command_is_parsed_before_textual_is_imported() -> None:
    code = "import sys, tui.__main__; print('textual' in sys.modules, 'torch' in sys.modules)"
    assert _python(code).stdout.split() == ["False", "False"]


def test_the_workbench_loads_no_model_library() -> None:
    code = (
        "import sys, importlib; from tui.app import YiwenApp\n"
        "for name in ('train', 'evaluate', 'translate', 'runs'):\n"
        "    importlib.import_module(f'tui.screens.{name}.screen')\n"
        "print([m for m in ('torch', 'transformers', 'peft', 'numpy', 'plotext', 'engine.worker')"
        " if m in sys.modules])"
    )
    assert _python(code).stdout.strip() == "[]"


@pytest.mark.parametrize(
    "options", [[], ["--no-mouse", "--charset", "ascii"], ["tui", "--no-mouse"]]
)
def test_without_a_terminal_it_says_so(options: list[str]) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "tui", *options],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 2
    assert "terminal" in result.stderr
    assert len(result.stderr.splitlines()) == 1
