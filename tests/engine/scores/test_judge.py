"""A file is judged as a whole and by direction, beside what its untranslated source would score."""

from __future__ import annotations

import math
import statistics

import pytest
import sacrebleu
from samples import TEST_FILE, tiny

from engine.data import dataset
from engine.data.dataset import Pair
from engine.data.directions import source_text
from engine.run import prompt_builder
from engine.run.events import Judged
from engine.scores import judge
from engine.scores.output_checks import OutputChecker
from engine.scores.perplexity import by_direction, combine, of_sample
from engine.scores.result_lines import SampleResult


@pytest.fixture(scope="module")
def checker() -> OutputChecker:
    return OutputChecker.of(prompt_builder.builder_for(tiny(), []))


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    return dataset.read(TEST_FILE).pairs[:24]


def results_of(
    pairs: list[Pair], *, outputs: bool = True, scored: bool = True
) -> list[SampleResult]:
    """As a worker leaves them; every output is the reference without its first character."""
    results = []
    for number, pair in enumerate(pairs):
        tokens, nll = len(pair.output) + 1, (2.0 + number % 5) * len(pair.output)
        results.append(
            SampleResult(
                id=pair.id,
                direction=pair.direction,
                perplexity=of_sample(nll, tokens) if scored else None,
                nll=nll if scored else None,
                tokens=tokens if scored else 0,
                instruction=pair.instruction,
                reference=pair.output,
                output=pair.output[1:] if outputs else None,
            )
        )
    return results


def judged(results: list[SampleResult], checker: OutputChecker) -> Judged:
    return judge.judge(results, checker, part="test", step=3, file="evaluations/test.jsonl")


def test_scores_are_sacrebleus_and_perplexities_those_of_the_evaluation(
    checker: OutputChecker, pairs: list[Pair]
) -> None:
    results = results_of(pairs)
    found = judged(results, checker)
    assert (found.part, found.step, found.file) == ("test", 3, "evaluations/test.jsonl")
    parts = {"all": found.judgement, **found.directions}
    assert set(parts) == {"all", "to_modern", "to_classical"}
    scores = {"all": combine(results), **by_direction(results)}
    for name, part in parts.items():
        chosen = [one for one in results if name in ("all", one.direction)]
        outputs = [one.output or "" for one in chosen]
        references = [[one.reference for one in chosen]]
        sources = [source_text(one.instruction) for one in chosen]
        assert part.samples == part.outputs == len(chosen) > 0
        for measure, expected in (
            (part.perplexity, scores[name].perplexity),
            (part.corpus, scores[name].perplexity_corpus),
            (part.bleu, sacrebleu.corpus_bleu(outputs, references, tokenize="zh").score),
            (part.chrf, sacrebleu.corpus_chrf(outputs, references).score),
            (part.source_bleu, sacrebleu.corpus_bleu(sources, references, tokenize="zh").score),
            (part.source_chrf, sacrebleu.corpus_chrf(sources, references).score),
        ):
            assert measure is not None
            assert measure.value == pytest.approx(expected, rel=1e-9)
            assert measure.low < measure.value < measure.high
        assert part.median == statistics.median(one.perplexity for one in chosen)
    first = sacrebleu.sentence_chrf(results[0].output or "", [results[0].reference]).score
    assert results[0].chrf == pytest.approx(first)


def test_numbers_stand_with_what_is_needed_to_get_them_again(
    checker: OutputChecker, pairs: list[Pair]
) -> None:
    said = judged(results_of(pairs), checker).definition
    assert "tok:zh" in said["BLEU"]
    assert f"version:{sacrebleu.__version__}" in said["chrF"]
    assert "1,000 bootstrap resamples" in said["intervals"]
    assert "references" not in said


def test_faults_are_noted_in_the_samples_and_counted_by_direction(
    checker: OutputChecker, pairs: list[Pair]
) -> None:
    results = results_of(pairs)
    modern = next(one for one in results if one.direction == "to_modern")
    modern.output = "这个"
    found = judged(results, checker)
    assert modern.faults == {"simplified": "这个"}
    assert found.judgement.found["simplified"].id == modern.id
    assert found.directions["to_modern"].found["simplified"].count == 1
    assert "simplified" not in found.directions["to_classical"].found
    assert found.directions["to_classical"].faults["simplified"].count == 0


def test_without_outputs_the_source_still_shows_what_there_is_to_beat(
    checker: OutputChecker, pairs: list[Pair]
) -> None:
    found = judged(results_of(pairs, outputs=False), checker).judgement
    assert (found.bleu, found.chrf, found.outputs, found.faults) == (None, None, 0, {})
    assert found.perplexity is not None
    assert found.source_bleu is not None


def test_a_file_that_was_only_translated_has_no_perplexity_and_without_references_no_bleu(
    checker: OutputChecker, pairs: list[Pair]
) -> None:
    results = results_of(pairs, scored=False)
    with_references = judged(results, checker).judgement
    assert (with_references.perplexity, with_references.median) == (None, None)
    assert with_references.bleu is not None
    for result in results:
        result.reference, result.output = "", "这"
    without = judged(results, checker)
    assert (without.judgement.bleu, without.judgement.source_bleu) == (None, None)
    assert without.judgement.found["simplified"].count == len(pairs)
    assert without.definition == {}


def test_items_without_a_reference_do_not_count_for_bleu(
    checker: OutputChecker, pairs: list[Pair]
) -> None:
    results = results_of(pairs)
    whole = judged(results[1:], checker).judgement
    results[0].reference, results[0].output = "", "胡言亂語"
    found = judged(results, checker).judgement.bleu
    assert found is not None
    assert whole.bleu is not None
    assert found.value == whole.bleu.value


def test_a_repaired_reference_counts_as_a_second_one_and_is_spoken_of(
    checker: OutputChecker, pairs: list[Pair]
) -> None:
    results = results_of(pairs)
    once = judged(results, checker).judgement
    results[0].repaired = results[0].output or ""
    twice = judged(results, checker)
    assert once.bleu is not None
    assert twice.judgement.bleu is not None
    assert twice.judgement.bleu.value > once.bleu.value
    assert twice.definition["references"] == "the file's, and a repaired one of 1 of 24 items"
    assert twice.definition["BLEU"].startswith("nrefs:var|")


def test_directions_stand_in_the_order_in_which_they_are_shown(
    checker: OutputChecker, pairs: list[Pair]
) -> None:
    assert list(judged(results_of(pairs), checker).directions) == ["to_modern", "to_classical"]


def test_outputs_belong_to_results_one_by_one(pairs: list[Pair]) -> None:
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        judge.Texts.of(results_of(pairs), ["a"])


def test_how_the_copied_source_is_scored_is_said_where_there_are_no_outputs(
    checker: OutputChecker, pairs: list[Pair]
) -> None:
    assert "tok:zh" in judged(results_of(pairs, outputs=False), checker).definition["BLEU"]


def test_of_a_file_of_which_an_item_was_not_scored_there_is_no_perplexity(
    checker: OutputChecker, pairs: list[Pair]
) -> None:
    results = results_of(pairs)
    results[0].tokens = 0
    found = judged(results, checker)
    assert (found.judgement.perplexity, found.judgement.median) == (None, None)
    assert "intervals" in found.definition
    for result in results:
        result.reference = ""
    assert "intervals" in judged(results, checker).definition, "some were scored"


def test_by_character_the_end_of_an_answer_counts_as_one(pairs: list[Pair]) -> None:
    results = results_of(pairs)
    found = judge.perplexity_by_character(results)
    nats = sum(one.nll or 0.0 for one in results)
    characters = sum(len(one.reference) + 1 for one in results)
    assert found.of(range(len(results))) == pytest.approx(math.exp(nats / characters))
    results[0].nll = None
    assert math.isnan(judge.perplexity_by_character(results).of(range(len(results))))
