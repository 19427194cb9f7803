"""What the jobs share: the model, the files of the run, and how an evaluation is reported."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec
import torch
from peft import PeftModel
from transformers import PreTrainedModel

from engine.data.dataset import Pair
from engine.language.errors import UserError
from engine.language.plain_text import one_line
from engine.language.said import Said
from engine.models import context
from engine.prompts.builder import PromptBuilder
from engine.run import definition, prompt_builder, trained_with
from engine.run.events import Evaluated, Sample, Score
from engine.run.files import RunFiles
from engine.run.folder import Run
from engine.run.settings import Part, RunSettings
from engine.scores import judge, perplexity
from engine.scores.output_checks import OutputChecker
from engine.scores.result_lines import SampleResult
from engine.worker.batching.passes import PassSize
from engine.worker.model.adapters import load_adapter
from engine.worker.model.computed import Computed
from engine.worker.model.loading import load_base
from engine.worker.process import memory
from engine.worker.process.devices import check_device, pick_device
from engine.worker.process.reporter import Reporter
from engine.worker.scoring import evaluate, translate
from engine.worker.scoring.evaluate import Scored


@dataclass
class Session:
    """One run at work."""

    run: Run
    reporter: Reporter

    @cached_property
    def settings(self) -> RunSettings:
        return self.run.settings

    @cached_property
    def device(self) -> torch.device:
        return pick_device()

    @cached_property
    def builder(self) -> PromptBuilder:
        return prompt_builder.builder_of(self.settings, self._files)

    @cached_property
    def _files(self) -> RunFiles:
        return RunFiles(self.settings)

    @cached_property
    def _pass_size(self) -> PassSize:
        """Of scoring: what did not fit once is not tried at every point of the curve."""
        return PassSize(self.settings.profile.evaluation.tokens_per_pass)

    def load_model(self) -> PreTrainedModel | PeftModel:
        """The base model, with the run's adapter if it names one."""
        self.reporter.phase("loading the model")
        check_device(self.device, self.reporter.warn)
        profile = self.settings.profile
        memory.limit(self.device, profile.model.gpu_memory)
        model: PreTrainedModel | PeftModel = load_base(profile, self.device, self.reporter.warn)
        if self.settings.adapter:
            folder = Path(self.settings.adapter)
            model = load_adapter(model, folder, "default", self.reporter.warn)
            for difference in trained_with.differences(folder, profile, self.builder):
                self.reporter.warn(
                    difference, Said("the score is not that of the adapter as trained")
                )
        self.reporter.check_stop()
        return model

    def read(self, part: Part) -> list[Pair]:
        """The pairs of one of the run's files. Raises DataError if it is not what it was."""
        found = self._files.read(part)
        if found.skipped:
            self.reporter.warn(
                Said.counted(
                    "data.{part}: {count} record skipped: {first}",
                    "data.{part}: {count} records skipped, first: {first}",
                    len(found.skipped),
                    part=part,
                    first=found.skipped[0],
                )
            )
        return found.pairs

    def scored(self, part: Part) -> Scored:
        """One of the run's files, ready to be scored."""
        max_tokens = self.settings.profile.evaluation.max_tokens
        file = Scored.prepare(self.read(part), self.builder, max_tokens)
        if file.cut:
            self.reporter.warn(
                Said.counted(
                    "data.{part}: {count} answer does not fit in evaluation.max_tokens = "
                    "{max_tokens} and is scored in part",
                    "data.{part}: {count} answers do not fit in evaluation.max_tokens = "
                    "{max_tokens} and are scored in part",
                    file.cut,
                    part=part,
                    max_tokens=max_tokens,
                ),
                Said("raise it, or use fewer few-shot examples"),
            )
        self.warn_of_context(part, [(i.id, len(e.ids)) for i, e in zip(file.pairs, file.encoded)])
        return file

    def warn_of_context(self, part: Part, lengths: Sequence[tuple[str, int]]) -> None:
        """Say which items, of so many tokens each, are longer than what the model was made for."""
        tokens = context.of_folder(self.builder.tokenizer.folder)
        long = [item for item, length in lengths if tokens and length > tokens]
        if long:
            self.reporter.warn(
                Said.counted(
                    "data.{part}: {count} item is longer than the model's context of {tokens} "
                    "tokens, first {id}; what it gives there is worth little",
                    "data.{part}: {count} items are longer than the model's context of {tokens} "
                    "tokens, first {id}; what it gives there is worth little",
                    len(long),
                    part=part,
                    tokens=tokens,
                    id=one_line(long[0]),
                ),
                Said("shorten them, or use fewer few-shot examples"),
            )

    def evaluate(
        self,
        computed: Computed,
        part: str,
        file: Scored,
        *,
        step: int,
        checkpoint: str,
        name: str,
        is_final: bool = False,
    ) -> tuple[Score, list[SampleResult]]:
        """Score a file, keep the samples in evaluations/`name`.jsonl, and report.

        Raises RunFailed for a perplexity that is not finite, unless the run may go on from it.
        """
        began = time.monotonic()
        profile = self.settings.profile
        results = evaluate.score(
            computed,
            file,
            profile,
            self.reporter,
            f"{part} file",
            self.builder.tokenizer.pad_id,
            self._pass_size,
        )
        score = perplexity.combine(results)
        path = self.run.evaluations_path / f"{name}.jsonl"
        self._keep(path, results)
        self.reporter.emit(
            Evaluated(
                part=part,
                score=score,
                directions=perplexity.by_direction(results),
                step=step,
                checkpoint=checkpoint,
                file=str(path.relative_to(self.run.folder)),
                **definition.as_keys(
                    evaluate.definition(profile, self.builder, computed, score.tokens)
                ),
                seconds=time.monotonic() - began,
                memory=memory.peak_bytes(self.device),
            )
        )
        if not math.isfinite(score.perplexity):
            wrong = evaluate.nonfinite(results, part, step)
            if is_final or profile.training.nonfinite == "stop":
                raise wrong
            self.reporter.warn(wrong.said, wrong.hint)
        return score, results

    def _keep(self, path: Path, results: list[SampleResult]) -> None:
        self.reporter.patiently(lambda: evaluate.write_results(path, results))

    def conclude(self, computed: Computed, file: Scored, *, step: int, checkpoint: str) -> Score:
        """The evaluation of the test file that a run ends with, and all that is said of it."""
        score, results = self.evaluate(
            computed,
            "test",
            file,
            step=step,
            checkpoint=checkpoint,
            name="test",
            is_final=True,
        )
        self._evaluate_repaired(computed, file, step=step, checkpoint=checkpoint)
        if self.settings.profile.evaluation.outputs:
            self._add_outputs(computed, results)
        self.judge(results, "test", step=step)
        return score

    def _evaluate_repaired(
        self, computed: Computed, file: Scored, *, step: int, checkpoint: str
    ) -> None:
        """Score the test file's second references too, where it has some.

        How much of its perplexity is due to damage by conversion is the difference.
        """
        if not any(pair.repaired for pair in file.pairs):
            return
        pairs = [
            msgspec.structs.replace(pair, output=pair.repaired or pair.output)
            for pair in file.pairs
        ]
        max_tokens = self.settings.profile.evaluation.max_tokens
        repaired = Scored.prepare(pairs, self.builder, max_tokens)
        self.evaluate(
            computed,
            "repaired",
            repaired,
            step=step,
            checkpoint=checkpoint,
            name="repaired",
            is_final=True,
        )

    def _add_outputs(self, computed: Computed, results: list[SampleResult]) -> None:
        """Translate every item of an evaluation, and write the outputs beside the references."""
        instructions = [result.instruction for result in results]
        outputs = translate.translate_all(
            computed,
            self.builder,
            instructions,
            self.settings.profile,
            self.reporter,
            ids=[result.id for result in results],
        )
        for result, answer in zip(results, outputs, strict=True):
            result.output, result.cut = answer.text, answer.cut
            result.special = list(answer.special)
        self._keep(self.run.evaluations_path / "test.jsonl", results)

    def judge(
        self, results: list[SampleResult], part: Part, *, step: int, name: str = "test"
    ) -> None:
        """Say of a final evaluation what perplexity does not; without it, the run is no failure."""
        began = time.monotonic()
        self.reporter.phase("judging the results")
        path = self.run.evaluations_path / f"{name}.jsonl"
        file = str(path.relative_to(self.run.folder))
        checker = OutputChecker.of(self.builder)
        try:
            judged = judge.judge(results, checker, part=part, step=step, file=file)
        except UserError as error:
            self.reporter.warn(
                Said("the results are not judged beyond perplexity: {error}", error=error)
            )
            return
        self._keep(path, results)
        judged.seconds = time.monotonic() - began
        self.reporter.emit(judged)

    def translate_samples(self, computed: Computed, pairs: list[Pair], step: int) -> None:
        """Translate the first few pairs, to be read along the way."""
        pairs = pairs[: self.settings.profile.evaluation.samples]
        if not pairs:
            return
        # Its own random numbers: sampling must not change what dropout draws next.
        devices = [self.device] if self.device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices):
            outputs = translate.translate_all(
                computed,
                self.builder,
                [pair.instruction for pair in pairs],
                self.settings.profile,
                self.reporter,
                "translating samples",
                [pair.id for pair in pairs],
            )
        for pair, output in zip(pairs, outputs, strict=True):
            self.reporter.emit(
                Sample(
                    step=step,
                    id=pair.id,
                    instruction=pair.instruction,
                    output=output.text,
                    reference=pair.output,
                )
            )
