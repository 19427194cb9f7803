"""A run's end tells more than perplexity: BLEU, chrF and faults, in its events and its files."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
import sacrebleu
import torch
from peft import PeftModel
from small_runs import PARTS, RunMaker, SmallRun, cut_data

from engine.data.dataset import Pair
from engine.language.errors import UserError
from engine.profile import files
from engine.profile.schema import Profile
from engine.prompts.builder import PromptBuilder
from engine.run.events import Evaluated, Event, Finished, Judged, Warned
from engine.run.folder import Run
from engine.scores import translation_quality
from engine.scores.result_lines import SampleResult
from engine.worker.jobs import score_file
from engine.worker.model.plain import PlainModel
from engine.worker.process.reporter import Reporter
from engine.worker.scoring import translate
from engine.worker.scoring.session import Session
from engine.worker.scoring.translate import Answer


def events_of(run: Run) -> list[Event]:
    """Do a run's work here."""
    came: list[Event] = []
    score_file.run(Session(run, Reporter(came.append)))
    return came


def results_of(run: Run, name: str = "test") -> list[SampleResult]:
    lines = (run.evaluations_path / f"{name}.jsonl").read_bytes()
    return msgspec.json.Decoder(SampleResult).decode_lines(lines)


@pytest.fixture(scope="module")
def translated(make_run: RunMaker) -> tuple[SmallRun, list[Event]]:
    """A zero-shot run that scores and translates its file."""
    small = make_run(strategy="zero-shot", evaluation__outputs=True, generation__max_new_tokens=6)
    return small, events_of(small.run)


def test_an_evaluation_with_outputs_is_judged_before_its_end(
    translated: tuple[SmallRun, list[Event]],
) -> None:
    small, came = translated
    assert [type(event) for event in came[-2:]] == [Judged, Finished]
    event = came[-2]
    assert isinstance(event, Judged)
    assert (event.part, event.file) == ("test", "evaluations/test.jsonl")
    results = results_of(small.run)
    outputs = [result.output or "" for result in results]
    references = [[result.reference for result in results]]
    expected = sacrebleu.corpus_chrf(outputs, references).score
    assert event.judgement.chrf is not None
    assert event.judgement.chrf.value == pytest.approx(expected)
    assert event.judgement.source_chrf is not None
    assert event.judgement.source_chrf.value > expected  # the untuned model says little of use
    assert event.judgement.perplexity is not None
    end = came[-1]
    assert isinstance(end, Finished)
    assert end.score is not None
    assert event.judgement.perplexity.value == pytest.approx(end.score.perplexity)


def test_outputs_without_an_end_are_counted_as_cut(
    translated: tuple[SmallRun, list[Event]],
) -> None:
    small, came = translated
    results = results_of(small.run)
    cut = [result for result in results if result.cut]
    assert 0 < len(cut) == sum("cut" in result.faults for result in results)
    (event,) = (event for event in came if isinstance(event, Judged))
    assert event.judgement.found["cut"].count == len(cut)
    assert event.judgement.outputs == PARTS["test"]


def test_an_answer_knows_whether_it_ended_and_what_its_text_leaves_out(
    tuned: PeftModel, profile: Profile, builder: PromptBuilder, pairs: list[Pair]
) -> None:
    ids = builder.tokenizer.encode("學而時習之<start_of_turn>")
    answer = Answer.of(ids, builder, len(ids) + 1)
    assert answer == Answer("學而時習之", cut=False, special=("<start_of_turn>",))
    assert Answer.of(ids, builder, len(ids)).cut
    short = files.override(profile, {"generation.max_new_tokens": "3"})
    with torch.random.fork_rng():
        answers = translate.translate_all(
            PlainModel(tuned), builder, [pairs[0].instruction], short, Reporter(lambda _: None)
        )
    assert [answer.cut for answer in answers] == [True]


def test_without_outputs_a_run_still_has_intervals_and_the_source_to_beat(
    finished_run: SmallRun,
) -> None:
    (event,) = finished_run.of_kind(Judged)
    assert event.judgement.bleu is None
    assert event.judgement.source_bleu is not None
    assert event.judgement.perplexity is not None
    assert event.judgement.perplexity.low < event.judgement.perplexity.high
    summary = finished_run.run.summary()
    assert summary.judged == event
    assert set(event.directions) == set(summary.directions)


def test_predictions_are_judged_by_what_there_is(make_run: RunMaker) -> None:
    small = make_run(strategy="zero-shot")
    settings = msgspec.structs.replace(small.run.settings, job="predict")
    run = Run(small.run.folder)
    run._settings = settings
    came = events_of(run)
    (event,) = (event for event in came if isinstance(event, Judged))
    assert event.file == "evaluations/predictions.jsonl"
    assert event.judgement.perplexity is None
    assert event.judgement.bleu is not None
    assert len(results_of(run, "predictions")) == event.judgement.outputs == PARTS["test"]


def test_a_second_reference_goes_from_the_file_to_the_samples_and_the_scores(
    make_run: RunMaker, tmp_path: Path
) -> None:
    items = json.loads(cut_data("test", tmp_path, PARTS["test"]).read_text("utf-8"))
    items[0]["output_repaired"] = "修補了的譯文"
    file = tmp_path / "repaired.json"
    file.write_text(json.dumps(items), "utf-8")
    small = make_run(strategy="zero-shot", evaluation__outputs=True, data__test=file)
    (event,) = (event for event in events_of(small.run) if isinstance(event, Judged))
    found = [result.repaired for result in results_of(small.run)]
    assert found == ["修補了的譯文", *[""] * (PARTS["test"] - 1)]
    assert event.definition["references"].endswith(f"1 of {PARTS['test']} items")
    assert event.definition["BLEU"].startswith("nrefs:var|")


def test_a_run_whose_judge_lacks_a_library_is_finished_all_the_same(
    make_run: RunMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> None:
        raise UserError("BLEU and chrF are counted by sacreBLEU: pip install sacrebleu")

    monkeypatch.setattr(translation_quality, "metrics", missing)
    came = events_of(make_run(strategy="zero-shot").run)
    assert isinstance(came[-1], Finished)
    (warning,) = (event for event in came if isinstance(event, Warned))
    assert "pip install sacrebleu" in warning.message


def test_second_references_are_scored_beside_the_first(make_run: RunMaker, tmp_path: Path) -> None:
    """As a file that holds them in place of the outputs would be."""

    def scores(items: list[dict[str, str]], name: str) -> dict[str, float]:
        path = tmp_path / name
        path.write_text(json.dumps(items, ensure_ascii=False), "utf-8")
        small = make_run(strategy="zero-shot", data__test=path)
        came = events_of(small.run)
        return {
            event.part: event.score.perplexity for event in came if isinstance(event, Evaluated)
        }

    items = json.loads(cut_data("test", tmp_path, 4).read_text("utf-8"))
    repaired = [item | {"output": "了" + item["output"][1:]} for item in items]
    both = [item | {"output_repaired": new["output"]} for item, new in zip(items, repaired)]
    both[3].pop("output_repaired")
    found = scores(both, "both.json")
    assert set(found) == {"test", "repaired"}
    assert found["test"] == pytest.approx(scores(items, "items.json")["test"], rel=1e-6)
    right = scores([*repaired[:3], items[3]], "repaired.json")
    assert found["repaired"] == pytest.approx(right["test"], rel=1e-6)
    assert set(right) == {"test"}
