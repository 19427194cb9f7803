"""Looking at a run: chart, other runs, samples, machine, log, alarms, the call at its end."""

from __future__ import annotations

import math
import os
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fake_workers import FakeWorkers
from looking import HOSTILE, seen, wait_for
from samples import ENDED, held_by_a_process, make_run, score, step
from textual.pilot import Pilot

from engine.machine.hardware import Gpu, GpuProcess, Machine, Probe
from engine.machine.user_settings import Notify, Settings
from engine.run.events import (
    Evaluated,
    Event,
    EventLog,
    Finished,
    Phase,
    Sample,
    Saved,
    Skipped,
    Started,
    Stopped,
)
from engine.run.folder import Run
from engine.run.settings import DataFile
from tui.app import YiwenApp
from tui.run import calling
from tui.run.status import Speed
from tui.screens.train import loss_chart
from tui.screens.train.loss_chart import LossChart
from tui.widgets.machine_panel import MachinePanel

SIZE = (80, 24)
WIDE = (160, 48)
TEST = {"test": DataFile("/x/test.json", "a" * 64, 84)}
LIVE = ("--end", "hang", "--seconds", "0.3", "--steps", "20")


@pytest.fixture(autouse=True)
def _redraw_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loss_chart, "REDRAW_SECONDS", 0.0)


def _tested(at: int, perplexity: float) -> Evaluated:
    return Evaluated(part="test", score=score(perplexity), step=at)


def _sample(at: int, item: str, output: str) -> Sample:
    return Sample(step=at, id=item, instruction="翻譯成文言文：\n現代句", output=output,
                  reference="參考")  # fmt: skip


def _trained(root: Path, name: str, *more: Event, steps: int = 100, **settings: Any) -> Run:
    falling = [step(n, steps, loss=1 + 2 * math.exp(-n / 20)) for n in range(1, steps + 1)]
    events = [Started(steps=steps), _tested(0, 90.0), *falling, _tested(steps, 20.0)]
    saved = Saved(step=steps, checkpoint=f"step-{steps:06d}", best=True)
    return make_run(root, *events, saved, *more, Finished(steps=steps, score=score(20.0)),
                    run_id=name, data=TEST, **settings)  # fmt: skip


async def _watch(pilot: Pilot[None], app: YiwenApp, run: Run) -> LossChart:
    app.navigation.watch(run)
    await wait_for(pilot, "✓ finished")
    await wait_for(pilot, "o test perplexity")
    return app.screen.query_one(LossChart)


async def test_c_goes_through_all_charts(app: YiwenApp, root: Path) -> None:
    run = _trained(root, "one")
    async with app.run_test(size=SIZE) as pilot:
        await _watch(pilot, app, run)
        for title in ("learning rate", "gradient norm", "tokens per second", "peak memory"):
            await pilot.press("c")
            text = await wait_for(pilot, title)
            assert "o test perplexity" not in text
        await pilot.press("c")
        await wait_for(pilot, "o test perplexity")


async def test_zoom_crosshair_smoothing_and_log_scale(app: YiwenApp, root: Path) -> None:
    run = _trained(root, "one")
    async with app.run_test(size=SIZE) as pilot:
        chart = await _watch(pilot, app, run)
        await pilot.press("left")
        text = await wait_for(pilot, "step 100")
        assert "o test ppl 20.00 at 100" in text
        assert "│" in text
        await pilot.press("left", "shift+left")
        assert chart.view.cross is not None
        assert chart.view.cross < 90
        await pilot.press("plus")
        assert chart.view.window is not None
        await wait_for(pilot, "step")
        await pilot.press("escape")
        await wait_for(pilot, "steps ")
        assert chart.view.cross is None
        await pilot.press("minus")
        assert chart.view.window is None
        await pilot.press("S")
        await wait_for(pilot, "strongly smoothed")
        await pilot.press("S")
        await wait_for(pilot, "not smoothed")
        await pilot.press("L")
        await wait_for(pilot, "log scale")
        await pilot.press("plus", "0")
        assert chart.view.window is None


async def test_a_log_scale_is_refused_with_a_sentence(app: YiwenApp, root: Path) -> None:
    run = make_run(root, Started(steps=3), *(step(n, 3, loss=3.0 - n) for n in (1, 2, 3)),
                   _tested(3, 20.0), Finished())  # fmt: skip
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await _watch(pilot, app, run)
        await pilot.press("L")
        await wait_for(pilot, "A log scale needs positive values")


async def test_f_goes_through_the_characters(
    root: Path, workers: FakeWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YIWEN_CHARSET", "ascii")
    app = YiwenApp(root)
    run = _trained(root, "one")
    async with app.run_test(size=SIZE) as pilot:
        chart = await _watch(pilot, app, run)

        def drawn() -> str:
            return "".join(chart.render_line(y).text for y in range(chart.size.height))

        assert drawn().isascii()
        await pilot.press("C")
        await wait_for(pilot, lambda: any("\u2800" < char < "\u28ff" for char in drawn()))
        await pilot.press("C")
        await wait_for(pilot, lambda: any(char in drawn() for char in "▘▝▖▗▀▄▌▐"))


async def test_other_runs_are_laid_over_and_taken_away(app: YiwenApp, root: Path) -> None:
    first = _trained(root, "20260101-first")
    _trained(root, "20260102-second", steps=50)
    make_run(root, Started(), Finished(score=score()), run_id="20260103-scored", job="evaluate")
    async with app.run_test(size=SIZE) as pilot:
        chart = await _watch(pilot, app, first)
        await pilot.press("O")
        text = await wait_for(pilot, "Runs to lay over the chart")
        assert "20260102-second" in text
        assert "scored" not in text
        await pilot.press("enter")
        await wait_for(pilot, "● 20260102-second")
        await pilot.press("escape")
        (overlay,) = chart.overlays
        await wait_for(pilot, f"{overlay.letter} 0102-second")
        await wait_for(pilot, lambda: len(overlay.curve.steps) == 50)
        await pilot.press("left")
        await wait_for(pilot, f"{overlay.letter} –")  # it has not come so far
        await pilot.press(*["shift+left"] * 5)
        await wait_for(pilot, f"{overlay.letter} 1.")
        app.navigation.watch(Run(root / "20260102-second"))
        await wait_for(pilot, lambda: not chart.overlays)


async def test_a_run_without_a_curve_says_so_in_the_legend(app: YiwenApp, root: Path) -> None:
    first = _trained(root, "20260101-first")
    other = make_run(root, Started(), _tested(0, 60.0), Finished(score=score()),
                     run_id="20260103-scored", job="evaluate")  # fmt: skip
    async with app.run_test(size=SIZE) as pilot:
        chart = await _watch(pilot, app, first)
        app.screen.lay_over([other])
        (overlay,) = chart.overlays
        await wait_for(pilot, f"{overlay.letter} 0103-scored: no curve")


async def test_the_score_of_the_chosen_checkpoint_is_told_from_the_curve(
    app: YiwenApp, root: Path
) -> None:
    run = _trained(root, "one", _tested(80, 18.0))
    async with app.run_test(size=WIDE) as pilot:
        await _watch(pilot, app, run)
        lines = (await wait_for(pilot, "the result, of the chosen checkpoint")).splitlines()
        at = next(n for n, line in enumerate(lines) if "the result, of the" in line)
        assert "100    20.00" in lines[at - 1]
        assert "80    18.00" in lines[at + 1]


async def test_without_other_runs_there_is_nothing_to_lay_over(app: YiwenApp, root: Path) -> None:
    run = _trained(root, "one")
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await _watch(pilot, app, run)
        await pilot.press("O")
        await wait_for(pilot, "There is no other run with a curve yet")


async def test_scores_without_training_are_lines(app: YiwenApp, root: Path) -> None:
    run = _trained(root, "one")
    for strategy, perplexity in (("zero-shot", 78.2), ("few-shot", 46.1)):
        make_run(root, Started(), _tested(0, perplexity), Finished(score=score(perplexity)),
                 run_id=strategy, job="evaluate", strategy=strategy, data=TEST)  # fmt: skip
    async with app.run_test(size=SIZE) as pilot:
        await _watch(pilot, app, run)
        await wait_for(pilot, "-- zero-shot 78.20 ▴   == few-shot 46.10 ▴")


async def test_samples_step_by_step_and_one_through_the_run(app: YiwenApp, root: Path) -> None:
    samples = [
        _sample(at, item, f"{item}之譯{at if at < 60 else 40}")
        for at in (20, 40, 60)
        for item in ("甲", "乙")
    ]
    run = _trained(root, "one", *samples)
    async with app.run_test(size=WIDE) as pilot:
        await _watch(pilot, app, run)
        text = await wait_for(pilot, "evaluation 3 of 3")
        assert "甲之譯40" in text
        await pilot.press("comma", "comma")
        text = await wait_for(pilot, "evaluation 1 of 3")
        assert "Samples after step 20" in text
        assert "乙之譯20" in text
        await pilot.press("full_stop", "full_stop", "full_stop")
        await wait_for(pilot, "evaluation 3 of 3")
        await pilot.press("I")
        text = await wait_for(pilot, "Sample 1 of 2 through the run")
        assert "甲之譯20" in text
        assert "甲之譯40" in text
        assert "the same" in text
        assert "乙之譯" not in text
        await pilot.press("I")
        await wait_for(pilot, "Sample 2 of 2 through the run")
        await pilot.press("I")
        await wait_for(pilot, "evaluation 3 of 3")


@pytest.mark.parametrize(
    ("on", "back"),
    [(["end"], ["home"]), (["pagedown"] * 3, ["pageup"] * 3), (["down"] * 40, ["up"] * 40)],
    ids=["ends", "pages", "lines"],
)
async def test_the_samples_scroll_at_once(
    app: YiwenApp, root: Path, on: list[str], back: list[str]
) -> None:
    run = _trained(root, "one", *(_sample(20, str(n), "譯" * 90) for n in range(6)))
    async with app.run_test(size=SIZE) as pilot:
        await _watch(pilot, app, run)
        await pilot.press("m")
        text = await wait_for(pilot, "evaluation 1 of 1")
        assert "Test perplexity by step" not in text
        await pilot.press(*on)
        await wait_for(pilot, "Test perplexity by step")
        await pilot.press(*back)
        await wait_for(pilot, "evaluation 1 of 1")


async def test_where_there_is_no_room_samples_take_the_charts_place(
    app: YiwenApp, root: Path
) -> None:
    run = _trained(root, "one", *(_sample(at, "甲", f"譯{at}") for at in (20, 40)))
    async with app.run_test(size=SIZE) as pilot:
        await _watch(pilot, app, run)
        await pilot.press("comma")
        text = await wait_for(pilot, "evaluation 1 of 2")
        assert "譯20" in text
        await pilot.press("full_stop")
        await wait_for(pilot, "evaluation 2 of 2")
        await pilot.press("m")
        await wait_for(pilot, "o test perplexity")


class FakeProbe:
    """A machine with a GPU that two people share."""

    def __init__(self) -> None:
        self.used = 40e9
        self.reads = 0

    def read(self) -> Machine:
        self.reads += 1
        processes = (
            GpuProcess(os.getpid(), "alice", "python", 30_000_000_000),
            GpuProcess(4242, HOSTILE, HOSTILE, None),
        )
        gpu = Gpu("GPU-1", 0, f"H100 {HOSTILE}", 80_000_000_000, int(self.used), 1, 87, 64, 310.0,
                  700.0, processes)  # fmt: skip
        return Machine((gpu,), 0.5, 8, 64_000_000_000, 32_000_000_000)


async def test_the_machine_panel_shows_who_uses_the_gpu(app: YiwenApp, root: Path) -> None:
    run = _trained(root, "one")
    probe: Any = FakeProbe()
    async with app.run_test(size=SIZE) as pilot:
        await _watch(pilot, app, run)
        panel = app.screen.query_one(MachinePanel)
        panel._probe = probe
        await pilot.pause(0.1)
        assert probe.reads == 0, "nobody sees it"
        await pilot.press("h")
        text = await wait_for(pilot, "40.0 of 80.0 GB")
        for expected in ("GPU 0  H100 [/nope] [red]x", "87%  64 °C  310/700 W", "alice", "python",
                         "30.0 GB", "4.0 of 8 cores busy", "32.0 of 64.0 GB"):  # fmt: skip
            assert expected in text
        assert "\x1b" not in text
        probe.used = 40.5e9
        panel.look()
        await wait_for(pilot, lambda: probe.reads >= 2)
        await pilot.pause(0.1)
        assert "40.0 of 80.0 GB" in seen(app)
        probe.used = 41e9
        panel.look()
        await wait_for(pilot, "41.0 of 80.0 GB")
        await pilot.press("h")
        await wait_for(pilot, "o test perplexity")
        reads = probe.reads
        panel.look()
        await pilot.pause(0.1)
        assert probe.reads == reads


async def test_what_stays_is_not_sent_again(
    app: YiwenApp, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = _trained(root, "one")
    probe: Any = FakeProbe()
    async with app.run_test(size=SIZE) as pilot:
        await _watch(pilot, app, run)
        panel = app.screen.query_one(MachinePanel)
        panel._probe = probe
        await pilot.press("h")
        await wait_for(pilot, "40.0 of 80.0 GB")
        repainted: list[Any] = []
        monkeypatch.setattr(panel, "refresh", lambda *regions, **_: repainted.append(regions))
        panel.say(panel.lines(80, 20))
        assert repainted == []
        probe.used = 60e9
        panel.say(panel.lines(80, 20))
        assert [len(regions) for regions in repainted] == [1]


async def test_wide_and_tall_screens_show_machine_and_log(
    app: YiwenApp, root: Path, workers: FakeWorkers
) -> None:
    workers.options = LIVE
    run = make_run(root)
    run.log_path.write_text(f"before\n{HOSTILE}\n", "utf-8")
    workers.start(run)
    async with app.run_test(size=WIDE) as pilot:
        text = await wait_for(pilot, "fake worker: begins")
        assert "\x1b" not in text
        await wait_for(pilot, "cores")
        with run.log_path.open("a") as log:
            log.write("a new line\n")
        await wait_for(pilot, "a new line")
        await pilot.resize_terminal(*SIZE)
        await wait_for(pilot, lambda: "a new line" not in seen(app))


async def test_an_alarm_is_one_line_with_its_remedy(app: YiwenApp, root: Path) -> None:
    bad = [step(n, 20, loss=math.nan) for n in range(8, 11)]
    run = make_run(root, Started(steps=20), *(step(n, 20) for n in range(1, 8)), *bad,
                   Stopped(step=10))  # fmt: skip
    async with app.run_test(size=SIZE) as pilot:
        app.navigation.watch(run)
        text = await wait_for(pilot, "! Loss or gradient is no number")
        assert "lower training.learning_rate" in " ".join(text.split())


async def test_skipped_batches_are_counted_beside_the_loss(app: YiwenApp, root: Path) -> None:
    bad = [step(8, 20, loss=math.nan), Skipped(step=8, loss=math.nan, grad_norm=math.nan, count=2)]
    run = make_run(root, Started(steps=20), *(step(n, 20) for n in range(1, 8)), *bad)
    with held_by_a_process(run):
        async with app.run_test(size=SIZE) as pilot:
            await wait_for(pilot, "2 skipped")


async def test_an_alarm_goes_when_its_cause_has_gone(app: YiwenApp, root: Path) -> None:
    run = make_run(root, Started(steps=90), *(step(n, 90) for n in range(1, 20)))
    log = EventLog(run.events_path)
    with held_by_a_process(run):
        async with app.run_test(size=SIZE) as pilot:
            await wait_for(pilot, "● running")
            log.append(step(20, 90, loss=math.nan))
            await wait_for(pilot, "was no number at step 20")
            for number in range(21, 50):
                log.append(step(number, 90))
            await wait_for(pilot, lambda: "was no number at step 20" not in seen(app))


async def test_the_user_is_called_once_when_a_live_run_ends(
    app: YiwenApp, root: Path, workers: FakeWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(calling, "send", lambda _, codes: sent.append(codes))
    monkeypatch.delenv("TMUX", raising=False)
    workers.options = ("--seconds", "2", "--steps", "20")
    run = make_run(root)
    workers.start(run)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await wait_for(pilot, "● running")
        await pilot.press("f4")
        await wait_for(pilot, f"Yiwen: run {run.id} finished")
        await pilot.press("f1")
        await wait_for(pilot, "✓ finished")
        assert sent == [f"\a\x1b]9;Yiwen: run {run.id} finished, test perplexity 12.50\x1b\\"]
        app.navigation.watch(Run(run.folder))
        await pilot.pause(0.5)
        assert len(sent) == 1, "an old run's end was rung"


async def test_bell_and_notice_can_be_switched_off(app: YiwenApp, root: Path) -> None:
    run = make_run(root, Started(), Finished())
    app.personal = Settings(notify=Notify(bell=False, osc9=False))
    written: list[str] = []
    async with app.run_test(size=SIZE) as pilot:
        await wait_for(pilot, "✓ finished")
        assert app._driver is not None
        app._driver.write = written.append  # type: ignore[method-assign]
        calling.call(app, run, run.summary(), is_seen=True)
        assert written == []
        app.personal = msgspec.structs.replace(app.personal, notify=Notify(osc9=False))
        calling.call(app, run, run.summary(), is_seen=True)
        assert written == ["\a"]


async def test_a_slip_in_the_settings_is_said(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "yiwen").mkdir()
    (tmp_path / "yiwen" / "settings.toml").write_text("[notify]\nbel = true\n", "utf-8")
    app = YiwenApp(root)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        text = await wait_for(pilot, "That did not work")
        assert "notify.bel" in text


async def test_a_storm_of_resizes_leaves_a_whole_screen(app: YiwenApp, root: Path) -> None:
    run = _trained(root, "one")
    async with app.run_test(size=SIZE) as pilot:
        chart = await _watch(pilot, app, run)
        for width, height in [
            (200, 60),
            (60, 16),
            (30, 8),
            (160, 48),
            (61, 17),
            (99, 29),
            (80, 24),
        ]:
            await pilot.resize_terminal(width, height)
        await wait_for(pilot, "o test perplexity")
        rows = [chart.render_line(y).text for y in range(chart.size.height)]
        assert {len(row) for row in rows} == {chart.size.width}
        assert rows[-1].split()[-1] == "100"


async def test_keys_of_the_chart_are_not_offered_without_a_curve(app: YiwenApp, root: Path) -> None:
    make_run(root, Started(), _tested(0, 20.0), Finished(score=score(20.0)), job="evaluate",
             strategy="zero-shot")  # fmt: skip
    async with app.run_test(size=SIZE) as pilot:
        await wait_for(pilot, "What will happen")
        await pilot.press("left", "plus", "C", "h")
        await pilot.press("w")
        text = await wait_for(pilot, "✓ finished")
        assert "c Chart" not in text
        await pilot.press("c", "left", "L", "escape", "comma", "I")
        assert "20.00" in seen(app)


def test_a_speed_is_that_of_many_steps_and_of_training_alone() -> None:
    speed = Speed()
    speed.extend([Started(steps=90)])
    assert math.isnan(speed.tokens_per_second)
    speed.extend([step(n, 90, at=1000.0 + n, tokens_per_second=4.4e6) for n in range(1, 11)])
    assert speed.tokens_per_second == pytest.approx(100.0)
    speed.extend([Evaluated(part="test", score=score(20.0), step=10, at=2000.0)])
    speed.extend([step(n, 90, at=2100.0 + n) for n in range(11, 14)])
    assert speed.tokens_per_second == pytest.approx(100.0), "scoring is no training"
    speed.extend([step(n, 90, at=3000.0 + n / 2) for n in range(14, 90)])
    assert speed.tokens_per_second == pytest.approx(200.0), "what is long past counts no more"


@pytest.mark.parametrize("width", [40, 44, 60])
def test_nothing_in_the_machine_panel_is_cut(width: int) -> None:
    gpu = Gpu(
        index=0,
        uuid="u",
        name="NVIDIA H200",
        total=150_000_000_000,
        used=138_000_000_000,
        free=12_000_000_000,
        utilization=100,
        temperature=71,
        power=208,
        power_limit=700,
    )
    machine = Machine((gpu,), 1.1 / 16, 16, 1_500_000_000_000, 300_000_000_000)
    panel = MachinePanel(StillProbe(machine))
    lines = panel.lines(width, 20)
    assert all(line.cell_length <= width for line in lines), [line.plain for line in lines]
    text = "\n".join(line.plain for line in lines)
    assert "71 °C  208/700 W" in text
    assert "1.1 of 16 cores busy" in text


def test_the_first_look_at_the_processor_says_something() -> None:
    panel = MachinePanel(Probe())
    (said,) = [line.plain for line in panel.lines(40, 20) if line.plain.startswith("cpu")]
    assert "nan" not in said


class StillProbe(Probe):
    """A machine on which nothing changes."""

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self._machine = machine

    def read(self) -> Machine:
        return self._machine


async def test_wide_terminals_have_the_newest_runs_beside_the_setup(app: YiwenApp) -> None:
    make_run(app.runs_root, *ENDED)
    async with app.run_test(size=(160, 48)) as pilot:
        await wait_for(pilot, "Recent runs")
        await wait_for(pilot, "✓ finished  tiny · qlora  12.50  01-01 12:00  01:40")
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        assert "Recent runs" not in seen(app)


async def test_how_long_one_has_waited_is_told(app: YiwenApp) -> None:
    run = make_run(app.runs_root, job="evaluate")
    with held_by_a_process(run):
        log = EventLog(run.events_path)
        log.append(Started(at=time.time() - 75))
        log.append(Phase(name="loading weights", at=time.time() - 62))
        async with app.run_test(size=(80, 24)) as pilot:
            await wait_for(pilot, "loading weights 01:0")


async def test_a_run_that_ends_worse_than_untuned_says_so_once(app: YiwenApp) -> None:
    scored = [
        Evaluated(part="test", score=score(value), step=at) for at, value in ((0, 40.0), (9, 45.0))
    ]
    steps = [step(n, 9) for n in range(1, 10)]
    run = make_run(app.runs_root, Started(steps=9), *steps, *scored, Finished(steps=9))
    async with app.run_test(size=(80, 24)) as pilot:
        await _watch(pilot, app, run)
        text = await wait_for(pilot, "! test perplexity 45.00   worse than untuned, 40.00")
        assert text.count("worse than untuned") == 1
        assert "✓ test perplexity" not in text
