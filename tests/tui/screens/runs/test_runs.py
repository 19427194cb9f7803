"""The Runs screen: what is listed, in which order, what is found, and what is done to a run."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

import fake_worker
import msgspec
import pytest
from looking import HOSTILE, seen, wait_for
from samples import held_by_a_process, make_run, score, step, tiny
from textual.events import Key
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widgets import Input

from engine.run import notes
from engine.run.events import Evaluated, EventLog, Failed, Finished, Saved, Started
from engine.run.folder import Run
from engine.run.notes import Notes
from engine.table.catalog import Row
from tui.app import YiwenApp
from tui.screens.runs.run_browser import RunBrowser
from tui.screens.runs.run_details import RunDetails
from tui.screens.runs.run_menu import RunMenu
from tui.screens.runs.run_table import RunTable
from tui.screens.runs.screen import RunsScreen
from tui.widgets.checklist import Checklist
from tui.widgets.dialogs import Confirm

SIZE = (80, 24)
WIDE = (160, 40)


def finished(app: YiwenApp, day: int, perplexity: float, strategy: str = "zero-shot") -> Run:
    """A run that scored the test file, made on a day of January."""
    run = make_run(
        app.runs_root,
        Started(at=1000.0),
        Evaluated(at=1030.0, part="test", score=score(perplexity)),
        Finished(at=1060.0 + day, score=score(perplexity)),
        run_id=f"202601{day:02}-120000-tiny-{strategy}",
        job="train" if strategy == "qlora" else "evaluate",
        strategy=strategy,
    )
    settings = run.folder / "run.toml"
    settings.write_text(settings.read_text("utf-8").replace("2026-01-01T", f"2026-01-{day:02}T"))
    return Run(run.folder)


def give_adapter(run: Run) -> None:
    """Let a run look as if it had trained something."""
    run.adapter_path.mkdir()
    (run.adapter_path / "adapter_config.json").write_text("{}")


async def open_runs(pilot: Pilot[None], rows: int) -> RunTable:
    """Go to the screen and wait for its rows."""
    app = pilot.app
    await pilot.press("f4")
    await wait_for(pilot, lambda: isinstance(app.screen, RunsScreen))
    table = app.screen.query_one(RunTable)
    await wait_for(pilot, lambda: table.row_count == rows)
    return table


async def refresh(pilot: Pilot[None]) -> None:
    """Let the screen list the folder now instead of within two seconds."""
    assert isinstance(pilot.app.screen, RunsScreen)
    pilot.app.screen._keep_listing()
    await pilot.pause(0.2)


def ids(table: RunTable) -> list[str]:
    return table.keys


def column(table: RunTable, key: str) -> list[str]:
    return table.column(key)


async def test_an_empty_folder_says_how_to_begin(app: YiwenApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await open_runs(pilot, 0)
        await wait_for(pilot, "No runs yet. Press f1, then s, to start one.")


async def test_a_row_tells_the_state_in_symbol_word_and_numbers(app: YiwenApp) -> None:
    make_run(app.runs_root, Started(at=1000.0, steps=100), step(23), run_id="20260101-120000-a")
    with held_by_a_process(Run(app.runs_root / "20260101-120000-a")):
        finished(app, 2, 16.62)
        async with app.run_test(size=SIZE) as pilot:
            await open_runs(pilot, 2)
            screen = await wait_for(pilot, "● running 23%")
            assert "✓ finished" in screen
            assert "16.62" in screen
            assert "zero-shot" in screen


async def test_runs_that_cannot_be_read_are_told_below_the_table(app: YiwenApp) -> None:
    finished(app, 1, 16.62)
    broken = finished(app, 2, 17.5).folder / "run.toml"
    whole = broken.read_text("utf-8")
    broken.write_text("x =", "utf-8")
    async with app.run_test(size=SIZE) as pilot:
        await open_runs(pilot, 1)
        await wait_for(pilot, f"! Broken run (D delete, U again): {broken.parent.name}/run.toml")
        broken.write_text(whole, "utf-8")
        await refresh(pilot)
        await wait_for(pilot, lambda: "cannot be read" not in seen(app))


async def test_a_dead_worker_is_told_from_a_living_one(app: YiwenApp) -> None:
    make_run(app.runs_root, Started(at=1000.0, steps=100), step(23))
    async with app.run_test(size=SIZE) as pilot:
        await open_runs(pilot, 1)
        assert "◌ interrupted" in seen(app)


async def test_sorting_by_a_column_puts_runs_without_a_value_last(app: YiwenApp) -> None:
    low, high, middle = (finished(app, day, ppl) for day, ppl in ((1, 5.0), (2, 900.0), (3, 60.0)))
    none = make_run(app.runs_root, Failed(type="X", message="no"), run_id="20260104-120000-none")
    async with app.run_test(size=SIZE) as pilot:
        table = await open_runs(pilot, 4)
        # Newest first by what run.toml says; then, of the same time, by id.
        assert ids(table) == [middle.id, high.id, none.id, low.id]
        await pilot.press("b")
        await wait_for(pilot, "Sort by")
        await pilot.press(*"perplexity", "enter")
        await wait_for(pilot, "by perplexity ▴")
        assert ids(table) == [low.id, middle.id, high.id, none.id]
        await pilot.press("B")
        await wait_for(pilot, "by perplexity ▾")
        assert ids(table) == [high.id, middle.id, low.id, none.id]


async def test_a_click_on_a_heading_sorts_and_a_second_one_turns_round(app: YiwenApp) -> None:
    low, high = finished(app, 1, 5.0), finished(app, 2, 900.0)
    async with app.run_test(size=SIZE) as pilot:
        table = await open_runs(pilot, 2)
        at = seen(app).splitlines()[1].index("ppl")
        await pilot.click(RunTable, offset=(at, 0))
        await wait_for(pilot, "▴ ppl")
        assert ids(table) == [low.id, high.id]
        await pilot.click(RunTable, offset=(at, 0))
        await wait_for(pilot, "▾ ppl")
        assert ids(table) == [high.id, low.id]


async def test_the_filter_wants_every_word(app: YiwenApp) -> None:
    kept = finished(app, 1, 5.0, "few-shot")
    finished(app, 2, 6.0, "zero-shot")
    other = msgspec.structs.replace(tiny(), name="gemma")
    make_run(app.runs_root, run_id="20260103-120000-gemma", strategy="few-shot", profile=other)
    async with app.run_test(size=SIZE) as pilot:
        table = await open_runs(pilot, 3)
        await pilot.press("slash", *"TINY few", "enter")
        await wait_for(pilot, "1 of 3")
        assert ids(table) == [kept.id]
        assert app.focused is table
        await pilot.press("escape")
        await wait_for(pilot, lambda: table.row_count == 3)
        assert not app.screen.query_one(Input).display


async def test_words_typed_ahead_into_the_filter_are_no_commands(app: YiwenApp) -> None:
    finished(app, 1, 5.0)
    async with app.run_test(size=SIZE) as pilot:
        await open_runs(pilot, 1)
        for key in ("slash", "d", "y", "slash"):  # without waiting in between, as in one packet
            app.post_message(Key(key, "/" if key == "slash" else key))
        await wait_for(pilot, "No run is found by")
        assert app.screen.query_one(Input).value == "dy/"
        assert app.screen.query_one(RunBrowser).view.query.text == "dy/"


async def test_the_selected_run_stays_selected(app: YiwenApp) -> None:
    first, second = finished(app, 1, 5.0), finished(app, 2, 6.0)
    async with app.run_test(size=SIZE) as pilot:
        table = await open_runs(pilot, 2)
        await pilot.press("down")
        assert table.selected_key == first.id
        newer = finished(app, 3, 7.0)
        await refresh(pilot)
        assert ids(table) == [newer.id, second.id, first.id]
        assert table.selected_key == first.id
        await pilot.press("greater_than_sign")
        assert table.selected_key == first.id


async def test_only_what_changed_is_painted(app: YiwenApp, monkeypatch: pytest.MonkeyPatch) -> None:
    still, live = finished(app, 1, 5.0), make_run(app.runs_root, run_id="20260102-120000-live")
    dead = make_run(app.runs_root, run_id="20251231-120000-dead")
    async with app.run_test(size=SIZE) as pilot:
        table = await open_runs(pilot, 3)
        painted: list[int] = []
        render = table.render_line

        def paint(y: int) -> Strip:
            painted.append(y)
            return render(y)

        monkeypatch.setattr(table, "render_line", paint)
        EventLog(live.events_path).append(Failed(type="X", message="no"))
        await refresh(pilot)
        assert ids(table) == [live.id, still.id, dead.id]
        assert column(table, "status") == ["✗ failed", "✓ finished", "◌ interrupted"]
        assert set(painted) == {1}


async def test_nothing_is_read_or_repainted_while_nothing_changes(
    app: YiwenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = finished(app, 1, 5.0)
    async with app.run_test(size=WIDE) as pilot:
        table = await open_runs(pilot, 1)
        await wait_for(pilot, "corpus")  # the details are there
        repainted: list[object] = []
        look_into = RunDetails.read

        def read(row: Row) -> RunDetails:
            repainted.append(row)
            return look_into(row)

        monkeypatch.setattr(RunDetails, "read", read)
        original = table.refresh

        def count(*regions: object, **how: object) -> object:
            repainted.append(regions)
            return original(*regions, **how)  # type: ignore[arg-type]

        table.refresh = count  # type: ignore[assignment,method-assign]
        await refresh(pilot)
        await pilot.pause(0.5)
        assert not repainted
        EventLog(run.events_path).append(Failed(type="X", message="no"))
        await refresh(pilot)
        assert repainted


async def test_a_vanished_run_leaves_the_table(app: YiwenApp) -> None:
    gone, stays = finished(app, 1, 5.0), finished(app, 2, 6.0)
    async with app.run_test(size=SIZE) as pilot:
        table = await open_runs(pilot, 2)
        await pilot.press("down")
        shutil.rmtree(gone.folder)
        await refresh(pilot)
        assert ids(table) == [stays.id]
        assert table.selected_key == stays.id


async def test_columns_give_way_from_the_right_to_the_one_that_is_sorted_by(app: YiwenApp) -> None:
    finished(app, 1, 5.0)
    async with app.run_test(size=SIZE) as pilot:
        table = await open_runs(pilot, 1)
        names = table.columns
        assert names[:5] == ["status", "profile", "strategy", "perplexity", "time"]
        assert "id" not in names
        await pilot.resize_terminal(60, 16)
        await wait_for(pilot, lambda: table.columns != names)
        narrow = table.columns
        assert narrow == names[: len(narrow)]
        assert "perplexity" in narrow
        app.screen.arranging.sort_by("seed")  # type: ignore[attr-defined]  # not among the columns chosen
        await wait_for(pilot, lambda: table.columns[-1] == "seed")
        assert "▾ seed" in seen(app)
        await pilot.resize_terminal(*WIDE)
        await wait_for(pilot, lambda: "id" in table.columns)
        assert column(table, "id") == ["20260101-120000-tiny-zero-shot"]
        assert table.virtual_size.width <= table.size.width


async def test_columns_for_which_there_is_no_room_are_scrolled_to(app: YiwenApp) -> None:
    finished(app, 1, 5.0)
    async with app.run_test(size=(60, 16)) as pilot:
        table = await open_runs(pilot, 1)
        every = list(table.arrangement.widths)
        before = table.columns
        seen_columns = set(before)
        assert _signs(app) == "›"
        await pilot.press("right")
        assert _signs(app) == "‹›"
        for _ in every:
            await pilot.press("right")
            assert table.columns[0] == "status"
            seen_columns |= set(table.columns)
        assert seen_columns == set(every)
        assert _signs(app) == "‹"
        assert "20260101-120000-tiny-zero-shot" in seen(app).splitlines()[2]
        await pilot.press(*["left"] * len(every))
        assert table.columns == before
        assert _signs(app) == "›"
        await wait_for(pilot, "5.00")
        await pilot.resize_terminal(160, 16)
        await wait_for(pilot, lambda: table.columns == every)
        assert _signs(app) == ""


def _signs(app: YiwenApp) -> str:
    """Those for columns out of sight, in the line of headings."""
    return "".join(sign for sign in seen(app).splitlines()[1] if sign in "‹›")


async def test_hostile_text_is_shown_as_it_stands(app: YiwenApp) -> None:
    profile = msgspec.structs.replace(tiny(), name=HOSTILE)
    make_run(
        app.runs_root,
        Started(at=1000.0),
        Failed(at=1001.0, type="X", message=f"out of memory {HOSTILE}", hint=HOSTILE),
        run_id="20260101-120000-[red]",
        profile=profile,
        overrides={"data.test": HOSTILE},
    )
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await open_runs(pilot, 1)
        screen = await wait_for(pilot, "out of memory [/nope] [red]x[/]")
        assert "[/nope] [red]x" in screen.splitlines()[2]
        assert "\x1b" not in screen
        for key, word in (("enter", "esc back"), ("escape", ""), ("d", "Delete")):
            await pilot.press(key)
            await wait_for(pilot, word)
        assert "\x1b" not in seen(app)
        await pilot.press("n", "y")
        await wait_for(pilot, "sent to clipboard")
        await pilot.press("slash", *"[/nope]")
        await wait_for(pilot, "1 of 1")


async def test_an_id_is_copied_without_escape_codes(
    app: YiwenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []
    monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
    make_run(app.runs_root, run_id="20260101-120000-\x1b[31mred")
    async with app.run_test(size=SIZE) as pilot:
        await open_runs(pilot, 1)
        await pilot.press("y")
        await wait_for(pilot, lambda: copied == ["20260101-120000-red"])


async def test_a_long_note_stands_below_the_details(app: YiwenApp) -> None:
    run = finished(app, 1, 16.62)
    notes.change(run.folder, lambda _: Notes(note="why\n" * 40))
    async with app.run_test(size=SIZE) as pilot:
        await open_runs(pilot, 1)
        await pilot.press("enter")
        text = await wait_for(pilot, "perplexity  16.62")
        assert "why" in text.partition("16.62")[2]


async def test_details_stand_at_the_side_of_a_wide_terminal(app: YiwenApp) -> None:
    run = finished(app, 1, 16.62, "qlora")
    log = EventLog(run.events_path)
    log.append(Saved(step=60, checkpoint="step-000060", best=True))
    both = {"to_modern": score(13.0), "to_classical": score(20.0)}
    log.append(Started(steps=60))
    log.append(Evaluated(part="test", score=score(16.0)))
    log.append(Evaluated(part="test", score=score(16.62), directions=both, step=60))
    (run.checkpoints_path / "step-000060").mkdir(parents=True)
    async with app.run_test(size=WIDE) as pilot:
        await open_runs(pilot, 1)
        screen = await wait_for(pilot, "checkpoints 1, best step-000060")
        assert "! worse than the untuned model" in screen
        assert "chosen by   the last step" in screen
        assert "文→白       13.00 of 84" in screen
        assert "白→文       20.00 of 84" in screen
        assert "test.json, 84 pairs" in screen


async def test_deleting_asks_says_what_is_lost_and_can_be_left(app: YiwenApp) -> None:
    run, other = finished(app, 1, 5.0, "qlora"), finished(app, 2, 6.0)
    give_adapter(run)
    async with app.run_test(size=SIZE) as pilot:
        table = await open_runs(pilot, 2)
        await pilot.press("down", "d")
        await wait_for(pilot, f"Delete {run.id}?")
        assert "on disk" in seen(app)
        assert "the trained adapter" in seen(app)
        await pilot.press("enter")  # the cautious answer has the focus
        await wait_for(pilot, lambda: isinstance(app.screen, RunsScreen))
        assert run.folder.is_dir()
        await pilot.press("d")
        await wait_for(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await wait_for(pilot, lambda: ids(table) == [other.id])
        assert not run.folder.exists()
        assert other.folder.is_dir()


async def test_a_run_that_cannot_be_read_is_deleted_and_comes_back(app: YiwenApp) -> None:
    kept, broken = finished(app, 1, 5.0), finished(app, 2, 6.0)
    (broken.folder / "run.toml").write_text("x =", "utf-8")
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await open_runs(pilot, 1)
        await wait_for(pilot, "Broken run (D delete, U again)")
        await pilot.press("D")
        text = await wait_for(pilot, f"Delete {broken.id}?")
        assert "kB on disk" in text
        assert "events.jsonl, run.toml" in text
        await pilot.press("y")
        await wait_for(pilot, "u brings it back")
        await wait_for(pilot, lambda: "Broken run" not in seen(app))
        assert not broken.folder.exists()
        await pilot.press("D", "u")  # D finds nothing more
        await wait_for(pilot, "Broken run")
        assert broken.folder.is_dir()
        assert kept.folder.is_dir()


async def test_of_several_that_cannot_be_read_some_are_deleted(app: YiwenApp) -> None:
    broken = [finished(app, day, 5.0) for day in (1, 2, 3)]
    for run in broken:
        (run.folder / "run.toml").write_text("x =", "utf-8")
    async with app.run_test(size=SIZE) as pilot:
        await open_runs(pilot, 0)
        await wait_for(pilot, "3 broken runs (D delete, U again)")
        await pilot.press("D")
        await wait_for(pilot, lambda: isinstance(app.screen, Checklist))
        await pilot.press("tab", "tab", "enter")
        await wait_for(pilot, "Delete 2 marked runs?")
        await pilot.press("y")
        await wait_for(pilot, "Broken run (D delete, U again)")
        assert [run.folder.exists() for run in broken] == [True, False, False]


async def test_a_running_run_is_not_deleted(app: YiwenApp) -> None:
    run = make_run(app.runs_root, Started(steps=10))
    with held_by_a_process(run):
        async with app.run_test(size=SIZE, notifications=True) as pilot:
            await open_runs(pilot, 1)
            await pilot.press("d")
            await wait_for(pilot, "stop it first")
            assert isinstance(app.screen, RunsScreen)
            assert run.folder.is_dir()


async def test_stopping_asks_then_ends_the_worker(app: YiwenApp) -> None:
    run = make_run(app.runs_root)
    fake_worker.launch(run, "--steps", "1000", "--seconds", "60")
    async with app.run_test(size=SIZE) as pilot:
        await open_runs(pilot, 1)
        await wait_for(pilot, "● running")
        await pilot.press("x")
        await wait_for(pilot, f"Stop {run.id}?")
        await pilot.press("y")
        await wait_for(pilot, "■ stopped")
        assert not run.alive()


async def test_stopping_what_does_not_run_is_refused_in_words(app: YiwenApp) -> None:
    finished(app, 1, 5.0)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await open_runs(pilot, 1)
        await pilot.press("x")
        await wait_for(pilot, "is not running")


@pytest.mark.parametrize(
    ("strategy", "key", "method"),
    [
        ("qlora", "o", "watch"),
        ("zero-shot", "o", "evaluate"),
        ("qlora", "e", "evaluate"),
        ("qlora", "t", "translate"),
    ],
)
@pytest.mark.parametrize("by_menu", [False, True])
async def test_a_run_is_taken_to_other_screens(
    app: YiwenApp,
    monkeypatch: pytest.MonkeyPatch,
    strategy: str,
    key: str,
    method: str,
    by_menu: bool,
) -> None:
    run = finished(app, 1, 5.0, strategy)
    if strategy == "qlora":
        give_adapter(run)
    taken: list[str] = []
    monkeypatch.setattr(app.navigation, method, lambda run: taken.append(run.id))
    async with app.run_test(size=SIZE) as pilot:
        await open_runs(pilot, 1)
        if by_menu:
            await pilot.press("enter")
            await wait_for(pilot, lambda: isinstance(app.screen, RunMenu))
        await pilot.press("enter" if by_menu and key == "o" else key)
        await wait_for(pilot, lambda: taken == [run.id])


@pytest.mark.parametrize("size", [SIZE, (60, 16), (160, 48)])
async def test_what_can_be_done_with_a_run_stays_in_sight(
    app: YiwenApp, size: tuple[int, int]
) -> None:
    run = finished(app, 1, 5.0)
    notes.change(run.folder, lambda _: Notes(note="line\n" * 60))
    async with app.run_test(size=size) as pilot:
        await open_runs(pilot, 1)
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.screen, RunMenu))
        await wait_for(pilot, "esc back")


async def test_the_id_goes_to_the_clipboard(app: YiwenApp) -> None:
    run = finished(app, 1, 5.0)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await open_runs(pilot, 1)
        await pilot.press("y")
        await wait_for(pilot, "sent to clipboard")
        assert app.clipboard == run.id


async def test_the_newest_are_shown_before_all_are_read(
    app: YiwenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.runs.screen.NEWEST", 2)
    for day in range(1, 6):
        finished(app, day, 5.0)
    shown: list[int] = []
    show = RunBrowser.show

    def count(browser: RunBrowser, rows: Sequence[Row]) -> None:
        shown.append(len(rows))
        show(browser, rows)

    monkeypatch.setattr(RunBrowser, "show", count)
    async with app.run_test(size=SIZE) as pilot:
        await open_runs(pilot, 5)
        assert shown[:2] == [2, 5]


async def test_a_hidden_screen_reads_nothing(app: YiwenApp) -> None:
    finished(app, 1, 5.0)
    async with app.run_test(size=SIZE) as pilot:
        table = await open_runs(pilot, 1)
        screen = app.screen
        await pilot.press("f1")
        await wait_for(pilot, lambda: app.screen is not screen)
        finished(app, 2, 5.0)
        await pilot.pause(2.5)
        assert table.row_count == 1
        await pilot.press("f4")
        await wait_for(pilot, lambda: table.row_count == 2)
