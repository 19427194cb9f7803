"""The training loop of QLoRA (Dettmers et al. 2023): read it from top to bottom."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from accelerate import Accelerator
from peft import PeftModel
from torch.optim.lr_scheduler import LRScheduler

from engine.language.errors import UserError
from engine.language.said import Said
from engine.profile import seed_loop
from engine.profile.schema import Training
from engine.prompts.builder import Encoded
from engine.run import plan, trained_with
from engine.run.events import Finished, Saved, Score, Started, Step, Stopped, worded
from engine.worker.batching.batches import epoch_order
from engine.worker.model.adapters import add_adapter
from engine.worker.model.computed import Computed, choose_engine
from engine.worker.process import devices, memory
from engine.worker.process.reporter import StopRequested
from engine.worker.scoring.session import Session
from engine.worker.training import checkpoints, nonfinite
from engine.worker.training.checkpoints import Found, TrainerState
from engine.worker.training.data import TrainingData
from engine.worker.training.optimizers import make_optimizer, make_scheduler
from engine.worker.training.progress import Progress
from engine.worker.training.step import Gradient, OptimizerSteps, StepResult


class Trainer:
    """One training run: everything that is needed between two steps."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.run = session.run
        self.report = session.reporter
        self.profile = session.settings.profile
        self.settings: Training = self.profile.training
        self.accelerator = Accelerator(cpu=session.device.type == "cpu")

        # Data first: a mistake in it should not cost the loading of a model.
        self.report.phase("reading data")
        self.data = TrainingData.read(session)
        self.plan = self.data.plan
        self.trained_with = trained_with.describe(self.profile, session.builder)
        base = session.load_model()
        if self.settings.gradient_checkpointing:
            base.gradient_checkpointing_enable({"use_reentrant": False})
        model = add_adapter(base, self.profile.lora, self.settings.seed)
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        self.optimizer = make_optimizer(self.settings, self.parameters)
        self.scheduler: LRScheduler = make_scheduler(self.settings, self.optimizer, self.plan.steps)
        self.model: PeftModel = self.accelerator.prepare(model)
        self.computed: Computed = choose_engine(self.model, self.profile)
        gradient = Gradient(
            self.computed,
            self.parameters,
            self.settings,
            session.builder.tokenizer.pad_id,
            self.accelerator,
            self.report,
        )
        self.steps = OptimizerSteps(
            gradient, self.parameters, self.optimizer, self.scheduler, self.settings.max_grad_norm
        )
        self.progress = Progress()
        self.saved = (-1, "")  # step, and the best checkpoint as it was then
        torch.manual_seed(self.settings.seed)  # dropout: the same whatever loading has drawn

    def train(self) -> None:
        """Train to the end, or until asked to stop; either way nothing is lost."""
        found = self._resume()
        self.report.emit(
            Started(
                steps=self.plan.steps,
                resumed_from=self.progress.step,
                skipped=self.progress.skipped,
                **devices.told(self.session.device),
                pairs=self.plan.pairs,
                left_out=self.plan.left_out,
                **worded(engine=self.computed.engine),
            )
        )
        found.tell(self.report)
        self.data.warn(self.profile, self.report)
        try:
            # Before the first step: the untuned model, where the curve begins. Later: a point that
            # a stop cut short.
            if self._evaluation_is_due():
                self._evaluate()
            self._loop()
            self._finish()
        except StopRequested:
            self.settle()
            step = self.progress.step
            if step:
                self._save()
            saved = self.progress.checkpoint if step else ""
            self.report.emit(Stopped(step=step, checkpoint=saved))

    def _loop(self) -> None:
        encoded, settings = self.data.encoded, self.settings
        steps_per_epoch = plan.steps_per_epoch(settings, len(encoded))
        while self.progress.step < self.plan.steps and not self._patience_is_over():
            epoch, first = divmod(self.progress.step, steps_per_epoch)
            order = epoch_order(len(encoded), settings.batch_size, settings.seed, epoch)
            batches = [
                [encoded[i] for i in self._learnt(batch)] for batch in order[first:steps_per_epoch]
            ]
            for batch in batches:
                self.report.check_stop()
                self.take_step(batch)
                asked = self.progress.step + self.steps.pending
                if not (self._is_on_curve(asked) or self._is_saved(asked)):
                    continue
                self.settle()
                if self._evaluation_is_due():
                    self._evaluate()
                if self._is_saved(asked):
                    self._save()
                if asked == self.plan.steps or self._patience_is_over():
                    return
            self.settle()

    def _is_on_curve(self, step: int) -> bool:
        return step % self.plan.evaluate_every == 0 or step == self.plan.steps

    def _is_saved(self, step: int) -> bool:
        return step % self.plan.checkpoint_every == 0 or step == self.plan.steps

    def _learnt(self, batch: Sequence[int]) -> Sequence[int]:
        """What of a batch is learnt: all of it, unless the seed's loop is asked for."""
        if self.settings.seed_bug_compatible:
            return seed_loop.stepped_on(batch, self.settings.batch_size)
        return batch

    def take_step(self, batch: list[Encoded]) -> None:
        """One optimizer step on one effective batch; what comes of it may be known only later."""
        self.report.doing = "training"
        self.model.train()
        if (result := self.steps.take(batch)) is not None:
            self._tell(result)

    def settle(self) -> None:
        """Wait for what came of every step that was asked for."""
        if (result := self.steps.settle()) is not None:
            self._tell(result)

    def _tell(self, result: StepResult) -> None:
        progress = self.progress
        progress.take_step(result.loss, result.tokens, is_applied=result.is_applied)
        self.report.emit(
            Step(
                step=progress.step,
                of=self.plan.steps,
                loss=result.loss,
                lr=result.lr,
                grad_norm=result.grad_norm,
                tokens=progress.tokens,
                tokens_per_second=result.tokens / result.seconds,
                memory=memory.peak_bytes(self.session.device),
            )
        )
        if not result.is_applied:
            nonfinite.skip(result, progress, self.report)
            nonfinite.require_progress(
                result, progress, self.settings, self.plan.steps, self._newest()
            )

    def _newest(self) -> str:
        """The newest checkpoint, or nothing."""
        return next(reversed(self.run.checkpoints()), "")

    def _evaluation_is_due(self) -> bool:
        step = self.progress.step
        return self._is_on_curve(step) and self.progress.evaluated_step < step

    def _evaluate(self) -> None:
        """A point of the learning curve: validation and test perplexity, and a few translations."""
        progress, data = self.progress, self.data
        scores: dict[str, Score] = {}
        files = {"validation": data.validation, "test": data.test}
        for part, file in files.items():
            if file is not None:
                scores[part], _ = self.session.evaluate(
                    self.computed,
                    part,
                    file,
                    step=progress.step,
                    checkpoint=progress.checkpoint if progress.step else "",
                    name=f"{part}-{progress.checkpoint}",
                )
        self.session.translate_samples(self.computed, data.test.pairs, progress.step)
        progress.evaluated_step = progress.step
        chosen_by = scores.get(self._choose_by())
        # The untuned model is no checkpoint.
        if progress.step and chosen_by is not None and progress.is_best(chosen_by.perplexity):
            self._save()

    def _choose_by(self) -> str:
        """The part whose perplexity picks the best checkpoint; `last` when none may."""
        by = self.profile.evaluation.choose_by
        return "last" if by == "validation" and self.data.validation is None else by

    def _patience_is_over(self) -> bool:
        """Early stopping: the perplexity that chooses has not fallen for long enough."""
        patience = self.settings.patience
        return bool(patience) and self.progress.evaluations_without_better >= patience

    def _save(self) -> None:
        """Write a checkpoint, once a step; say so a second time if it turns out to be the best.

        A worker that goes on from it finds that out again.
        """
        progress = self.progress
        if self.saved == (progress.step, progress.best):
            return
        if self.saved[0] != progress.step:
            nonfinite.require_finite(self.parameters, progress.step, self._newest())
            state = TrainerState.now(progress, self.optimizer, self.scheduler)
            self.report.patiently(
                lambda: checkpoints.save(self.run, self.model, state, self.trained_with)
            )
            # The best as it was before too: the checkpoint before this one may have to go on.
            best = {progress.best, self.saved[1]}
            checkpoints.prune(self.run, progress.checkpoint, best, self.settings.keep_checkpoints)
        name, self.saved = progress.checkpoint, (progress.step, progress.best)
        self.report.emit(Saved(step=progress.step, checkpoint=name, best=name == progress.best))

    def _resume(self) -> Found:
        """Go on from the newest checkpoint that is whole, if there is one."""
        found = checkpoints.newest_state(self.run, self.session.builder.tokenizer.folder)
        if found.folder is not None and found.state is not None:
            checkpoints.load_weights(self.model, found.folder)
            found.state.restore(self.optimizer, self.scheduler)
            self.progress = found.state.progress
            self.saved = (self.progress.step, self.progress.best)
        return found

    def _finish(self) -> None:
        """Publish the chosen checkpoint and score it on the test file."""
        progress = self.progress
        if progress.step < self.plan.steps:
            self.report.warn(
                Said.counted(
                    "stopped early after step {step}: {patience} evaluation without a better "
                    "perplexity on the {part} pairs than {best_perplexity:.2f}",
                    "stopped early after step {step}: {patience} evaluations without a better "
                    "perplexity on the {part} pairs than {best_perplexity:.2f}",
                    self.settings.patience,
                    step=progress.step,
                    patience=self.settings.patience,
                    part=self._choose_by(),
                    best_perplexity=progress.best_perplexity,
                ),
                Said("training.patience = 0 goes on to the end"),
            )
        chosen = self._load_chosen()
        self.report.patiently(lambda: checkpoints.publish(self.run, chosen))
        step = int(chosen.removeprefix("step-"))
        score = self.session.conclude(self.computed, self.data.test, step=step, checkpoint=chosen)
        self.report.emit(
            Finished(
                steps=progress.step,
                loss=progress.recent_loss,
                score=score,
                checkpoint=chosen,
                file="evaluations/test.jsonl",
            )
        )

    def _load_chosen(self) -> str:
        """Put the weights of the best checkpoint in place; where it is damaged, keep the last."""
        best, last = self.progress.best, self.progress.checkpoint
        if best in ("", last):
            return last
        try:
            checkpoints.load_weights(self.model, self.run.checkpoints_path / best)
        except UserError as error:
            self.report.warn(
                Said("the best checkpoint is damaged: {error}", error=error),
                Said("the result is the last checkpoint, {name}", name=last),
            )
            return last
        return best
