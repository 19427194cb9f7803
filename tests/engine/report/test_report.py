"""A report's folder: what the page says, that nothing from outside becomes markup, the files."""

from __future__ import annotations

import csv
import math
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import msgspec
import pytest
from commands import as_json, run_command
from samples import ENDED, make_run, pair, score, step, tiny

from engine.profile import files
from engine.report import chart, curves, markdown
from engine.report.chart import Level, Line
from engine.run import events
from engine.run.folder import Run
from engine.run.judgement import Fault, Judgement, Measure
from engine.run.settings import DataFile
from engine.scores.result_lines import SampleResult

EVIL = "<script>|`*_[x](http://y)\n# $a$ ~~z~~ &lt; @all"


def results() -> list[SampleResult]:
    return [
        SampleResult(
            f"item-{n}", "to_modern", float(n), float(n), 1, f"問{n} {EVIL}", f"答{n}", "出"
        )
        for n in (3, 1, 9, 2, 7, 5)
    ]


def scored_run(root: Path, strategy: str = "qlora", **more: object) -> Run:
    """A run with a curve, samples on disk and everything that a result may have."""
    run_id = f"20260101-120000-tiny-{strategy}"
    judged = Judgement(
        samples=6,
        bleu=Measure(21.5),
        chrf=Measure(18.25),
        source_bleu=Measure(11.0),
        source_chrf=Measure(14.0),
        outputs=6,
        faults={"copied": Fault(2, "item-1", "copied", EVIL), "empty": Fault(0)},
    )
    trained = [
        events.Started(at=1000.0, steps=4, device="cpu"),
        events.Evaluated(at=1001.0, part="test", score=score(40.0), step=0),
        *[step(number, 4) for number in (1, 2)],
        events.Evaluated(at=1003.0, part="validation", score=score(31.0), step=2),
        events.Evaluated(at=1003.5, part="test", score=score(30.0), step=2),
        *[step(number, 4) for number in (3, 4)],
        events.Evaluated(at=1006.0, part="test", score=score(math.inf), step=4),
    ]
    done = [
        events.Evaluated(
            at=1007.0,
            part="test",
            score=score(30.0),
            step=2,
            file="evaluations/test.jsonl",
            definition={"metric": "<eos>"},
        ),
        events.Judged(at=1008.0, part="test", judgement=judged, definition={"BLEU": "nrefs:1|x"}),
        events.Finished(
            at=1009.0, score=score(30.0), checkpoint="step-000002", file="evaluations/test.jsonl"
        ),
    ]
    job = "train" if strategy == "qlora" else "evaluate"
    written = (trained if job == "train" else [events.Started(at=1000.0)]) + done
    run = make_run(root, *written, run_id=run_id, strategy=strategy, job=job, **more)  # type: ignore[arg-type]
    run.evaluations_path.mkdir()
    lines = msgspec.json.Encoder().encode_lines(results())
    (run.evaluations_path / "test.jsonl").write_bytes(lines)
    return run


def test_a_report_is_a_page_with_its_curve_and_tables(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scored_run(root, overrides={"training.epochs": "3"})
    scored_run(root, "few-shot", examples=[pair(1)])
    folder = tmp_path / "rep"
    made = as_json(capsys, "report", "qlora", "few-shot", "qlora", "-o", str(folder))
    assert made["runs"] == ["20260101-120000-tiny-qlora", "20260101-120000-tiny-few-shot"]
    page = Path(made["page"]).read_text("utf-8")
    assert "| tiny | qlora | 30.00 | 1.00× |" in page
    assert "| 21.50 | 18.25 | `20260101-120000-tiny-qlora` |" in page
    assert page.count("copy the source") == 1
    assert "| 2 | 50% | 30.00 | 9.50 | 31.00 | 2.625 |" in page
    assert "untranslated copies | 2 of 6 | 33" in page
    assert "yiwen train tiny --set training.epochs=3\n" in page
    assert "yiwen evaluate tiny --strategy few-shot" in page
    assert "| `p1` |" in page  # the example that was shown
    assert page.index("`item-9`") < page.index("`item-7`") < page.index("`item-1`")
    tree = ElementTree.fromstring((folder / "learning_curve.svg").read_text("utf-8"))
    assert tree.tag.endswith("svg")
    points = list(csv.DictReader((folder / "learning_curve.csv").open(encoding="utf-8")))
    assert [(p["step"], p["test_perplexity"], p["validation_perplexity"]) for p in points] == [
        ("0", "40", ""),
        ("2", "30", "31"),
        ("4", "inf", ""),
    ]
    samples = list(csv.DictReader((folder / "samples.csv").open(encoding="utf-8-sig")))
    assert len(samples) == 6
    assert samples[2]["perplexity 20260101-120000-tiny-few-shot"] == "9.0"
    assert samples[0]["instruction"] == f"問3 {EVIL}"


def test_the_profile_of_a_report_is_the_runs_own(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = {"training.epochs": "7", "prompt.system": "先\n後"}
    ours = files.load("tiny", changed)
    run = scored_run(root, profile=ours, overrides=changed)
    assert run_command(capsys, "report", run.id, "-o", str(tmp_path / "rep"))[0] == 0
    again = files.load(tmp_path / "rep" / "profiles" / f"{run.id}.toml")
    assert msgspec.structs.replace(again, name="tiny", folder=ours.folder) == ours


def test_text_from_outside_is_never_markup(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scored_run(root)
    assert run_command(capsys, "report", "latest", "-o", str(tmp_path))[0] == 0
    for line in (tmp_path / "report.md").read_text("utf-8").splitlines():
        assert "<script>" not in line.replace("\\<script\\>", "")
        if "item-" in line and "問" in line:
            assert line.count(" | ") == 5  # six cells: no bar of the text made another
            assert "\\[x\\](http://y)<br>\\# \\$a\\$ \\~\\~z\\~\\~ \\&lt; \\@all" in line


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a", "`a`"), ("a|b", "`a\\|b`"), ("`a``", "``` `a`` ```"), ("", "` `"), ("a\nb", "`a b`")],
)
def test_code_holds_what_it_is_given(text: str, shown: str) -> None:
    assert markdown.code(text) == shown


def test_a_block_of_code_cannot_be_ended_from_within() -> None:
    shown = markdown.block("a\n```\n# no heading")
    assert shown.startswith("````text\n")
    assert shown.endswith("\n````")


def test_a_run_without_results_is_described_all_the_same(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run(root)
    assert run_command(capsys, "report", run.id, "-o", str(tmp_path / "rep"))[0] == 0
    page = (tmp_path / "rep" / "report.md").read_text("utf-8")
    assert "◌ interrupted" in page
    assert not (tmp_path / "rep" / "learning_curve.svg").exists()


def test_a_runs_folder_is_not_written_over(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = make_run(root, *ENDED)
    status, _, err = run_command(capsys, "report", run.id, "-o", str(run.folder))
    assert (status, "name another" in err) == (2, True)


def test_a_step_done_twice_counts_once(root: Path) -> None:
    evaluated = events.Evaluated(part="test", score=score(9.0), step=2)
    run = make_run(
        root,
        events.Started(at=1.0, steps=2),
        step(1, 2, loss=9.0),
        step(1, 2, loss=3.0),
        step(2, 2, loss=1.0),
        evaluated,
    )
    curve = curves.read(run)
    assert curve is not None
    assert [(point.step, point.loss) for point in curve.points] == [(2, 2.0)]


def _labels(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter() if element.text]


def test_a_chart_names_what_lies_far_off_instead_of_flattening_the_curve() -> None:
    line = Line("<b> & c", [(125, 20.7), (250, 16.6), (375, math.nan)])
    shown = _labels(chart.draw([line], [Level("bare", 9342.65), Level("few", 18.0)], "x", "y"))
    assert "<b> & c" in shown
    assert "bare: 9,343, off the scale" in shown
    assert "few: 18.00" in shown
    assert not {"1,000", "10,000"} & set(shown)


@pytest.mark.parametrize("points", [[], [(0, 1.0)], [(1, math.nan)], [(0, 5.0), (9, 5.0)]])
def test_a_chart_of_little_is_still_a_chart(points: list[tuple[float, float]]) -> None:
    assert _labels(chart.draw([Line("a", points)], [], "x", "y"))


def test_a_wide_span_is_drawn_logarithmically() -> None:
    shown = _labels(chart.draw([Line("a", [(1, 9000.0), (10, 9.0)])], [], "x", "ppl"))
    assert "ppl, logarithmic" in shown
    assert {"10", "100", "1,000", "10,000"} <= set(shown)


def test_the_untuned_model_does_not_flatten_the_curve_and_the_chosen_point_is_marked() -> None:
    points = [(0, 39.3), (8, 9.5), (16, 8.9), (24, 8.6)]
    lines = [Line("a, test", points, marked=24), Line("a, validation", points, dashed=True)]
    svg = chart.draw(lines, [Level("few", 9.0), Level("other", 9.05)], "x", "ppl")
    shown = _labels(svg)
    assert "a, test; untuned 39.30 (▲, above the scale)" in shown
    assert "chosen checkpoint of a, test: step 24" in shown
    assert max(float(one) for one in shown if one.replace(".", "").isdecimal()) < 30
    assert svg.count('r="6"') == 2  # on the curve and in the legend


def test_no_label_of_a_chart_lies_on_another_or_on_a_curve() -> None:
    lines = [Line(f"run {n}", [(x, 9 + n / 100) for x in range(5)], marked=3) for n in range(6)]
    levels = [Level(f"level {n}", 9 + n / 1000) for n in range(4)]
    tree = ElementTree.fromstring(chart.draw(lines, levels, "steps", "ppl"))
    space = "{http://www.w3.org/2000/svg}"
    rows = [group.attrib["transform"] for group in tree.iter(f"{space}g")]
    assert len(rows) == len(set(rows)) == 6 + 6 + 4
    plot = min(float(one.attrib["cy"]) for one in tree.findall(f"{space}circle"))
    assert 18 * len(rows) < plot
    texts = [(one.attrib["x"], one.attrib["y"]) for one in tree.findall(f"{space}text")]
    assert len(texts) == len(set(texts))


def test_results_are_written_for_programs_and_papers(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = msgspec.structs.replace(tiny(), name="a_b & 50% {x} \\input{y} $z$ #~^")
    scored_run(root, profile=evil)
    scored_run(root, "few-shot")
    folder = tmp_path / "rep"
    as_json(capsys, "report", "qlora", "few-shot", "-o", str(folder))
    lines = list(csv.DictReader((folder / "results.csv").open(encoding="utf-8")))
    assert {line["perplexity"] for line in lines if line["run"]} == {"30.00"}
    assert [line["chosen by"] for line in lines if "qlora" in line["run"]] == ["the last step"]
    assert {line["validation"] for line in lines if "qlora" in line["run"]} == {"31.00"}
    tex = (folder / "results.tex").read_text("utf-8")
    assert tex.count(r"\begin{table}") == tex.count(r"\end{tabular}") == 3
    assert r"a\_b \& 50\% \{x\} \textbackslash{}input\{y\} \$z\$ \#" in tex
    assert r"\input" not in tex
    for rule in (r"\toprule", r"\midrule", r"\bottomrule"):
        assert tex.count(rule) == 3
    page = (folder / "report.md").read_text("utf-8")
    for name in ("LoRA rank", "LoRA alpha", "LoRA dropout", "target modules", "learning rate",
                 "schedule", "warm-up", "effective batch size", "epochs", "optimizer", "precision",
                 "quantisation", "maximum length (tokens)", "test pairs", "prompt"):  # fmt: skip
        assert f"| {name} |" in page.replace("\\", ""), name
    assert "p corrected" in page


def test_pairs_that_were_put_aside_and_repaired_references_are_told(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = {"data.validation": "", "data.validation_share": "0.2"}
    train, test = DataFile("t.json", "a" * 64, 32), DataFile("s.json", "b" * 64, 6)
    run = scored_run(
        root,
        profile=files.override(tiny(), changed),
        overrides=changed,
        data={"train": train, "validation": DataFile("t.json", "a" * 64, 8), "test": test},
    )
    events.EventLog(run.events_path).append(
        events.Evaluated(at=1010.0, part="repaired", score=score(27.0), step=2)
    )
    page = Path(as_json(capsys, "report", run.id, "-o", str(tmp_path / "r"))["page"]).read_text()
    assert "8 pairs set aside, sha256" in page
    assert page.count("pairs set aside") == 1
    assert "| validation pairs | 8, set aside from the training file |" in page
    assert "| references repaired | perplexity 27.00, corpus 9.50 |" in page
    assert "| `data.validation_share` | `0.2` | `0.03` | this run |" in page
    shown = run_command(capsys, "show", run.id, "--runs", str(root))[1]
    assert "8 pairs set aside" in shown
