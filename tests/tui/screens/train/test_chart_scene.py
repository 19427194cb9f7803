"""What the chart is made of: series, scales, marks, legend, for each set of characters."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from samples import make_run, score, step

from engine.language.plain_text import width
from engine.run.events import Evaluated, Event, Finished, Saved, Started
from engine.run.folder import Run
from engine.run.settings import DataFile
from engine.run.steps import METRICS
from engine.table.catalog import Row
from tui.chart.charset import CHARSETS, Charset, choose, following
from tui.chart.curve import Curve
from tui.run.references import find_references
from tui.screens.train import legend, plot
from tui.screens.train.chart_view import ChartView
from tui.screens.train.overlays import MOST, lay_over
from tui.screens.train.plot import Drawing
from tui.screens.train.scene import Scene


def _curve(*losses: float, planned: int = 100) -> Curve:
    curve = Curve()
    events: list[Event] = [Started(steps=planned)]
    events += [step(n, planned, loss=loss) for n, loss in enumerate(losses, 1)]
    curve.extend(events)
    return curve


def _tested(*perplexities: tuple[int, float]) -> list[Event]:
    return [Evaluated(part="test", score=score(value), step=at) for at, value in perplexities]


def _drawn(scene: Scene, width: int = 80, height: int = 20) -> Drawing:
    return plot.draw(scene.compose(width, height), width, height)


def _texts(drawing: Drawing) -> list[str]:
    return ["".join(char for char, _ in row) for row in drawing.rows]


def _parts(drawing: Drawing) -> set[str]:
    return {part for row in drawing.rows for _, part in row}


def _falling(count: int = 80) -> Curve:
    curve = _curve(*[3.0 + (n % 5) / 3 - n / 50 for n in range(count)])
    curve.extend(_tested((0, 800.0), (40, 30.0), (80, 17.0)))
    return curve


@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize("size", [(20, 4), (21, 5), (43, 8), (44, 16), (80, 20), (200, 60)])
def test_every_size_gives_rows_of_its_width(size: tuple[int, int], charset: Charset) -> None:
    rows = _texts(_drawn(Scene(_falling(), charset=charset), *size))
    assert len(rows) == size[1]
    assert {len(row) for row in rows} == {size[0]}
    assert sum(row.count("o") for row in rows) >= 2


def test_parts_are_told_apart() -> None:
    assert _parts(_drawn(Scene(_falling()))) == {"axis", "raw", "loss", "perplexity"}


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 8, 9, 44, 1800, 100_000])
def test_steps_are_labelled_with_whole_numbers(steps: int) -> None:
    labels = _texts(_drawn(Scene(_curve(3.0, planned=steps)), 80, 10))[-1].split()
    assert labels[0] == "0"
    assert all(label.isdigit() for label in labels)


@pytest.mark.parametrize(
    ("steps", "labels"),
    [
        (2, "0 1 2"),
        (7, "0 2 4 6"),
        (9, "0 3 6 9"),
        (10, "0 2 4 6 8 10"),
        (11, "0 3 6 9"),
        (44, "0 11 22 33 44"),
        (1801, "0 450 900 1350 1801"),
    ],
)
def test_few_steps_are_labelled_in_even_parts(steps: int, labels: str) -> None:
    drawn = _texts(_drawn(Scene(_curve(3.0, planned=steps)), 80, 10))
    assert drawn[-1].split() == labels.split()


def test_a_window_is_labelled_at_its_own_steps() -> None:
    scene = Scene(_falling(), ChartView(window=(37, 61)))
    labels = [int(label) for label in _texts(_drawn(scene))[-1].split()]
    assert len(labels) >= 3
    assert all(37 <= label <= 61 for label in labels)


def test_ascii_is_ascii_and_blocks_are_no_braille() -> None:
    curve = _falling()
    curve.extend([Saved(step=80, checkpoint="x", best=True)])
    overlays = lay_over([Run(Path("/runs/other"))], [])
    overlays[0].curve = _falling()
    references = {"zero-shot": 70.0, "few-shot": 50.0}
    scene = Scene(curve, ChartView(), overlays, references, "ascii")
    drawn = "".join(_texts(_drawn(scene)))
    assert drawn.isascii()
    for mark in ("o", "#", "@", "-", "=", overlays[0].letter):
        assert mark in drawn
    block = "".join(_texts(_drawn(Scene(curve, charset="block"))))
    assert any(char in block for char in "▘▝▖▗▀▄▌▐▚▞▛▜▙▟█")
    assert not any("\u2800" < char < "\u28ff" for char in block)


def test_what_one_watches_is_no_flat_line_beside_the_untuned_model() -> None:
    curve = _curve(*[3.0] * 100)
    curve.extend(_tested((0, 39.2), (25, 8.9), (50, 8.75), (75, 8.65), (100, 8.6)))
    drawing = _drawn(Scene(curve, references={"zero-shot": 39.2}))
    heights = [y for y, row in enumerate(drawing.rows) for char, _ in row if char == "o"]
    assert max(heights) - min(heights) >= len(drawing.rows) / 2
    apart = [(x, y) for y, row in enumerate(drawing.rows) for x, (char, _) in enumerate(row)
             if char == "▴"]  # fmt: skip
    assert apart == [(drawing.left, 0)], "the untuned model, at the upper edge"
    assert "zero-shot" not in _parts(drawing)
    head = ["".join(char for char, _ in row)
            for row in legend.rows(Scene(curve, references={"zero-shot": 39.2}), 80, 20,
                                   is_logarithmic=False)]  # fmt: skip
    assert "▴ untuned 39.20" in head[0]
    assert "-- zero-shot 39.20 ▴" in head[1]


def test_an_untuned_model_that_is_near_stays_on_the_scale() -> None:
    curve = _curve(*[3.0] * 100)
    curve.extend(_tested((0, 24.0), (50, 16.0), (100, 10.0)))
    scene = Scene(curve, references={"few-shot": 9.0, "zero-shot": 1.5})
    drawn = "".join(_texts(_drawn(scene)))
    assert "▴" not in drawn
    assert "=" in drawn
    assert "-" not in drawn, "a level far below is only named"
    row = legend.rows(scene, 80, 20, is_logarithmic=False)[1]
    assert "-- zero-shot 1.50 ▾" in "".join(char for char, _ in row)


def test_validation_has_its_own_mark_and_says_which_checkpoint_is_best() -> None:
    curve = _curve(*[3.0] * 80)
    curve.extend(_tested((40, 30.0), (80, 25.0)))
    curve.extend([Evaluated(part="validation", score=score(v), step=at)
                  for at, v in ((40, 20.0), (80, 28.0))])  # fmt: skip
    curve.extend([Saved(step=40, checkpoint="step-000040", best=True)])
    by_validation, by_test = (
        _drawn(Scene(curve, is_chosen_by_test=by_test)) for by_test in (False, True)
    )
    assert "validation" in _parts(by_validation)

    def height(drawing: Drawing, mark: str) -> int:
        return next(y for y, row in enumerate(drawing.rows) for char, _ in row if char == mark)

    assert height(by_validation, "◆") > height(by_test, "◆"), "20 lies below 30"
    for size, said in ((80, "+ validation   o test perplexity"), (58, "+ val ppl   o test ppl")):
        (row,) = legend.rows(Scene(curve), size, 20, is_logarithmic=False)
        assert "".join(char for char, _ in row).endswith(said)


def test_references_are_level_lines_on_the_right_scale() -> None:
    curve = _curve(*[3.0] * 20)
    curve.extend(_tested((0, 800.0)))
    scene = Scene(curve, references={"zero-shot": 800.0, "few-shot": 100.0})
    drawing = _drawn(scene)
    assert {"zero-shot", "few-shot"} <= _parts(drawing)
    rows = {
        part: {y for y, row in enumerate(drawing.rows) for _, cell in row if cell == part}
        for part in ("zero-shot", "few-shot")
    }
    assert len(rows["zero-shot"]) == len(rows["few-shot"]) == 1
    assert rows["zero-shot"] < rows["few-shot"] or min(rows["zero-shot"]) < min(rows["few-shot"])


def test_references_show_before_the_first_evaluation() -> None:
    scene = Scene(_curve(3.0, 2.0), references={"zero-shot": 78.0})
    assert "zero-shot" in _parts(_drawn(scene))


def test_the_best_checkpoint_is_marked_at_its_step() -> None:
    curve = _falling()
    curve.extend([Saved(step=40, checkpoint="step-000040", best=True)])
    drawing = _drawn(Scene(curve))
    columns = [x for row in drawing.rows for x, (char, _) in enumerate(row) if char == "◆"]
    assert columns == [drawing.column_of(40)]


def test_other_runs_bear_their_letters() -> None:
    overlays = lay_over([Run(Path(f"/runs/run-{n}")) for n in range(3)], [])
    for number, overlay in enumerate(overlays, 1):
        overlay.curve = _falling()
        overlay.curve.extend(_tested((20, 100.0 * number)))
    drawn = "".join(_texts(_drawn(Scene(_falling(), ChartView(), overlays))))
    for overlay in overlays:
        assert overlay.letter in drawn
        assert overlay.letter.lower() in drawn
    assert len({overlay.letter for overlay in overlays}) == 3


def test_letters_and_colours_follow_from_the_name() -> None:
    runs = [Run(Path(f"/runs/run-{n}")) for n in range(10)]
    first = lay_over(runs[:3], [])
    again = lay_over(runs[:3], [])
    assert [(o.letter, o.color) for o in first] == [(o.letter, o.color) for o in again]
    fewer = lay_over([runs[2]], first)
    assert fewer[0] is first[2]
    assert len(lay_over(runs, [])) == MOST


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_has_a_chart_without_a_right_axis(metric: str) -> None:
    scene = Scene(_falling(), ChartView(metric=metric))
    drawing = _drawn(scene)
    if metric != "loss":
        assert drawing.right == 80
        assert "perplexity" not in _parts(drawing)
    head = "".join(char for char, _ in legend.rows(scene, 80, 20, is_logarithmic=False)[0])
    assert head.startswith(f" {legend.TITLES[metric]}")


def test_a_log_scale_needs_positive_values() -> None:
    assert Scene(_curve(3.0, math.nan, 2.0)).may_be_logarithmic
    assert not Scene(_curve(3.0, 0.0, 2.0)).may_be_logarithmic
    assert not Scene(_curve(math.nan)).may_be_logarithmic
    view = ChartView(logarithmic=True)
    assert Scene(_curve(3.0, 2.0), view).compose(80, 20).left.logarithmic
    assert not Scene(_curve(3.0, 0.0), view).compose(80, 20).left.logarithmic


def test_a_run_of_bad_numbers_leaves_a_gap() -> None:
    losses = [2.0 if n < 30 or n > 70 else math.nan for n in range(100)]
    drawing = _drawn(Scene(_curve(*losses)))
    columns = {x for row in drawing.rows for x, (_, part) in enumerate(row) if part == "loss"}
    assert drawing.column_of(20) in columns
    assert drawing.column_of(50) not in columns
    assert drawing.column_of(90) in columns


def test_the_legend_gives_the_values_under_the_crosshair() -> None:
    overlays = lay_over([Run(Path("/runs/other"))], [])
    overlays[0].curve = _curve(9.0, 8.0)
    curve = _curve(3.0, 2.5, 2.0)
    curve.extend(_tested((0, 90.0), (2, 41.5)))
    scene = Scene(curve, ChartView(cross=2.0), overlays, {"zero-shot": 78.2})
    rows = legend.rows(scene, 80, 20, is_logarithmic=False)
    text = "\n".join("".join(char for char, _ in row) for row in rows)
    for expected in ("step 2", "loss 2.5000", "smoothed", "o test ppl 41.50 at 2",
                     "-- zero-shot 78.20", f"{overlays[0].letter} 8.0000"):  # fmt: skip
        assert expected in text
    assert all(len(row) == 80 for row in rows)


def test_the_legend_takes_no_more_room_than_there_is() -> None:
    overlays = lay_over([Run(Path(f"/runs/20260101-1200{n}-tiny-qlora")) for n in range(6)], [])
    scene = Scene(_falling(), ChartView(), overlays, {"zero-shot": 1.0, "few-shot": 2.0})
    assert len(legend.rows(scene, 80, 6, is_logarithmic=False)) == 1
    assert 2 <= len(legend.rows(scene, 80, 17, is_logarithmic=False)) <= 3
    assert all(len(row) == 20 for row in legend.rows(scene, 20, 40, is_logarithmic=False))


def test_names_with_chinese_characters_keep_their_width() -> None:
    overlays = lay_over([Run(Path("/runs/20260101-120000-文言文模型-微調-qlora"))], [])
    (_, row) = legend.rows(Scene(_falling(), ChartView(), overlays), 60, 20, is_logarithmic=False)
    text = "".join(char for char, _ in row)
    assert "0101-120000-文言文模型-…" in text
    assert len(row) == width(text) == 60


def test_zoom_stays_inside_the_run() -> None:
    view = ChartView().zoomed(0.5, 1000, 900)
    assert view.window == (500, 1000)
    for _ in range(20):
        view = view.zoomed(0.5, 1000, 900)
    first, last = view.shown(1000)
    assert last - first == 8
    assert first <= 900 <= last
    for _ in range(20):
        view = view.zoomed(2.0, 1000, 900)
    assert view.window is None


def test_the_window_follows_the_crosshair() -> None:
    view = ChartView(window=(100, 200)).crossed(150, 1000)
    assert view.window == (100, 200)
    assert view.crossed(210, 1000).window == (110, 210)
    assert view.crossed(90, 1000).window == (90, 190)
    assert view.crossed(-5, 1000).cross == 0


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"LANG": "zh_TW.UTF-8", "TERM": "xterm-256color"}, "braille"),
        ({"TERM": "xterm"}, "braille"),
        ({"LANG": "C", "TERM": "xterm"}, "ascii"),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8", "TERM": "xterm"}, "ascii"),
        ({"LC_ALL": "zh_TW.Big5", "LANG": "zh_TW.UTF-8", "TERM": "xterm"}, "ascii"),
        ({"LANG": "C.UTF-8", "TERM": "linux"}, "ascii"),
        ({"LANG": "C", "YIWEN_CHARSET": "block"}, "block"),
        ({"LANG": "C.UTF-8", "YIWEN_CHARSET": "nonsense"}, "braille"),
    ],
)
def test_the_terminal_says_which_characters_it_has(
    environment: dict[str, str], expected: Charset
) -> None:
    assert choose(environment=environment) == expected


def test_what_was_asked_for_goes_before_variable_and_settings() -> None:
    environment = {"YIWEN_CHARSET": "block"}
    assert choose("ascii", wished="braille", environment=environment) == "ascii"
    assert choose("auto", wished="ascii", environment=environment) == "block"
    assert choose("auto", wished="ascii", environment={}) == "ascii"
    assert [following(charset) for charset in CHARSETS] == ["block", "ascii", "braille"]


def _row(root: Path, name: str, strategy: str, perplexity: float, sha256: str = "a" * 64) -> Row:
    made = make_run(
        root, Started(), *_tested((0, perplexity)), Finished(score=score(perplexity)),
        run_id=name, job="evaluate", strategy=strategy,
        data={"test": DataFile("/elsewhere/test.json", sha256, 84)},
    )  # fmt: skip
    return Row(made, made.settings, made.summary())


def test_references_are_the_best_of_the_same_profile_and_file(root: Path) -> None:
    trained = make_run(root, Started(), data={"test": DataFile("/x/test.json", "a" * 64, 84)})
    rows = [
        _row(root, "z1", "zero-shot", 80.0),
        _row(root, "z2", "zero-shot", 78.0),
        _row(root, "other-file", "zero-shot", 5.0, "b" * 64),
        _row(root, "f1", "few-shot", 50.0),
        _row(root, "nan", "few-shot", math.nan),
        _row(root, "q", "qlora", 2.0),
    ]
    assert find_references(rows, trained.settings) == {"zero-shot": 78.0, "few-shot": 50.0}
    assert find_references([], trained.settings) == {}
