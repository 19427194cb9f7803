"""The jobs that do not train: evaluate a file, or only translate it."""

from __future__ import annotations

from engine.language.said import Said
from engine.run import overlap
from engine.run.events import Finished, Started, Stopped
from engine.scores.result_lines import SampleResult
from engine.worker.model.computed import choose_engine
from engine.worker.process import devices
from engine.worker.process.reporter import StopRequested
from engine.worker.scoring import evaluate, translate
from engine.worker.scoring.session import Session


def run(session: Session) -> None:
    """Score, or translate, the run's file."""
    session.reporter.emit(Started(**devices.told(session.device)))
    try:
        if session.settings.job == "predict":
            _predict(session)
        else:
            _evaluate(session)
    except StopRequested:
        session.reporter.emit(Stopped())


def _evaluate(session: Session) -> None:
    file = session.scored("test")
    if told := overlap.warning(session.settings.adapter, file.pairs):
        session.reporter.warn(told, Said("yiwen data leaks TRAIN TEST lists them"))
    computed = choose_engine(session.load_model(), session.settings.profile)
    score = session.conclude(computed, file, step=0, checkpoint=session.settings.checkpoint)
    session.reporter.emit(Finished(score=score, file="evaluations/test.jsonl"))


def _predict(session: Session) -> None:
    pairs = session.read("test")
    room = session.settings.profile.generation.max_new_tokens
    prompts = [(pair.id, len(session.builder.prompt_ids(pair.instruction))) for pair in pairs]
    session.warn_of_context("test", [(item, length + room) for item, length in prompts])
    computed = choose_engine(session.load_model(), session.settings.profile)
    answers = translate.translate_all(
        computed,
        session.builder,
        [pair.instruction for pair in pairs],
        session.settings.profile,
        session.reporter,
        ids=[pair.id for pair in pairs],
    )
    results = [
        SampleResult(
            id=pair.id,
            direction=pair.direction,
            perplexity=None,
            nll=None,
            tokens=0,
            instruction=pair.instruction,
            reference=pair.output,
            output=answer.text,
            repaired=pair.repaired,
            cut=answer.cut,
            special=list(answer.special),
            has_number=pair.has_number,
        )
        for pair, answer in zip(pairs, answers, strict=True)
    ]
    path = session.run.evaluations_path / "predictions.jsonl"
    session.reporter.patiently(lambda: evaluate.write_results(path, results))
    session.judge(results, "test", step=0, name="predictions")
    session.reporter.emit(Finished(file="evaluations/predictions.jsonl"))
