"""The chart on a screen: what is drawn, and how little is sent."""

from __future__ import annotations

import math

import pytest
from samples import score, step
from textual.app import App, ComposeResult

from engine.run.events import Evaluated, Event, Started
from tui.screens.train import loss_chart
from tui.screens.train.loss_chart import LossChart
from tui.widgets.cell_canvas import cells


class ChartApp(App[None]):
    """Nothing but a chart."""

    def compose(self) -> ComposeResult:
        yield LossChart()

    @property
    def chart(self) -> LossChart:
        return self.query_one(LossChart)

    def rows(self) -> list[str]:
        """The chart's rows as text."""
        return [self.chart.render_line(y).text for y in range(self.chart.size.height)]


@pytest.fixture(autouse=True)
def _redraw_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loss_chart, "REDRAW_SECONDS", 0.0)


def _falling(first: int, last: int, of: int = 200) -> list[Event]:
    return [step(n, of, loss=1 + 2 * math.exp(-n / 50) + n % 3 / 50) for n in range(first, last)]


async def test_the_chart_is_drawn() -> None:
    app = ChartApp()
    async with app.run_test(size=(80, 20)) as pilot:
        assert set("".join(app.rows())) == {" "}
        tested = Evaluated(part="test", score=score(40.0), step=50)
        app.chart.extend([Started(steps=200), *_falling(1, 100), tested])
        await pilot.pause()
        rows = app.rows()
    assert rows[0].startswith(" loss")
    assert rows[0].rstrip().endswith("o test perplexity")
    assert rows[-1].split() == ["0", "50", "100", "150", "200"]
    assert "o" in "".join(rows[1:-2])
    assert any("\u2800" < char < "\u28ff" for char in "".join(rows))


async def test_new_steps_resend_few_cells() -> None:
    app = ChartApp()
    async with app.run_test(size=(80, 20)) as pilot:
        app.chart.extend([Started(steps=200), *_falling(1, 120)])
        await pilot.pause()
        before = app.chart.cells_sent
        for number in range(120, 140):
            app.chart.extend(_falling(number, number + 1))
            await pilot.pause()
        sent = app.chart.cells_sent - before
    assert 0 < sent <= 20 * 60, f"{sent} cells for 20 redraws of 1,600 cells"


async def test_nothing_new_sends_nothing() -> None:
    app = ChartApp()
    async with app.run_test(size=(80, 20)) as pilot:
        app.chart.extend([Started(steps=200), *_falling(1, 120)])
        await pilot.pause()
        before = app.chart.cells_sent
        app.chart.redraw()
        app.chart.extend([])
        await pilot.pause()
        assert app.chart.cells_sent == before


async def test_events_in_a_burst_are_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loss_chart, "REDRAW_SECONDS", 0.2)
    drawn: list[int] = []
    app = ChartApp()
    async with app.run_test(size=(80, 20)) as pilot:
        original = app.chart.redraw
        monkeypatch.setattr(app.chart, "redraw", lambda: drawn.append(1) or original())
        app.chart.extend([Started(steps=200)])
        for number in range(1, 100):
            app.chart.extend(_falling(number, number + 1))
        await pilot.pause(0.5)
        assert len(drawn) <= 2
        assert any("\u2800" < char < "\u28ff" for char in "".join(app.rows()))


@pytest.mark.parametrize("size", [(1, 1), (19, 10), (20, 4), (80, 3), (30, 8), (200, 60)])
async def test_any_size_is_survived(size: tuple[int, int]) -> None:
    app = ChartApp()
    async with app.run_test(size=size) as pilot:
        app.chart.extend([Started(steps=200), *_falling(1, 120)])
        await pilot.pause()
        assert all(len(row) == app.chart.size.width for row in app.rows())
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "loss" in app.rows()[0]


async def test_a_run_of_bad_numbers_is_survived() -> None:
    app = ChartApp()
    bad = [step(n, 9, loss=loss) for n, loss in enumerate([math.nan, math.inf, -math.inf, 0.0], 1)]
    tested = [Evaluated(part="test", score=score(p), step=n) for n, p in enumerate([math.inf, 0.0])]
    async with app.run_test(size=(80, 20)) as pilot:
        app.chart.extend([Started(steps=9), *bad, *tested])
        await pilot.pause()
        assert app.rows()[0].startswith(" loss")


async def test_another_run_begins_from_nothing() -> None:
    app = ChartApp()
    async with app.run_test(size=(80, 20)) as pilot:
        app.chart.extend([Started(steps=200), *_falling(1, 120)])
        await pilot.pause()
        app.chart.clear()
        await pilot.pause()
        assert set("".join(app.rows())) == {" "}


async def test_what_was_painted_in_a_new_size_is_painted_over() -> None:
    app = ChartApp()
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.pause()
        app.chart.send([cells("x" * 70, "axis")])
        before = app.chart.cells_sent
        app.chart.on_resize()  # nothing to draw
        assert app.chart.cells_sent - before == 70


async def test_wide_characters_are_sent_whole() -> None:
    app = ChartApp()
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.pause()
        app.chart.send([cells("文言", "axis") + cells("x" * 60, "axis")])
        before = app.chart.cells_sent
        app.chart.send([cells("文白", "axis") + cells("x" * 60, "axis")])
        assert app.chart.cells_sent - before == 4
        assert app.chart.render_line(0).text.startswith("文白xxx")
        assert app.chart.render_line(0).cell_length == 80
