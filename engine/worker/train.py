"""The training loop of QLoRA (Dettmers et al. 2023): read it from top to bottom."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Sequence
from statistics import fmean

import torch
from accelerate import Accelerator
from peft import PeftModel
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from engine import plan, seed_loop, trained_with
from engine.errors import UserError
from engine.events import Finished, Saved, Score, Started, Step, Stopped
from engine.language import _, plural
from engine.profiles import Training
from engine.prompts import Encoded
from engine.worker import checkpoints
from engine.worker.batches import Pass, epoch_order
from engine.worker.checkpoints import TrainerState
from engine.worker.evaluate import Scored
from engine.worker.model import add_adapter, device_name, peak_memory
from engine.worker.optimizers import make_optimizer, make_scheduler
from engine.worker.passes import PassSize
from engine.worker.paths import Losses, make_losses
from engine.worker.reporter import StopRequested
from engine.worker.session import Session


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
        pairs = session.read("train")
        self.encoded = plan.encode_for_training(self.settings, session.builder, pairs)
        if not self.encoded:
            raise UserError(
                _(
                    "every training pair is longer than training.max_prompt_tokens or "
                    "max_output_tokens"
                )
            )
        self.left_out = len(pairs) - len(self.encoded)
        self.test = session.scored("test")
        self.validation = (
            session.scored("validation") if "validation" in session.settings.data else None
        )
        self.plan = plan.plan_encoded(self.settings, self.encoded, self.left_out)
        if not self.plan.steps:  # with training.seed_bug_compatible: an epoch has no whole batch
            raise UserError(
                plural(
                    "{count} training pair makes no batch of training.batch_size = {batch_size}; "
                    "the seed's loop takes no smaller one",
                    "{count} training pairs make no batch of training.batch_size = {batch_size}; "
                    "the seed's loop takes no smaller one",
                    len(self.encoded),
                ).format(count=len(self.encoded), batch_size=self.settings.batch_size)
            )

        self.trained_with = trained_with.describe(self.profile, session.builder)
        base = session.load_model()
        if self.settings.gradient_checkpointing:
            base.gradient_checkpointing_enable({"use_reentrant": False})
        model = add_adapter(base, self.profile.lora, self.settings.seed)
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        self.optimizer: Optimizer = make_optimizer(self.settings, self.parameters)
        self.scheduler: LRScheduler = make_scheduler(self.settings, self.optimizer, self.plan.steps)
        self.model: PeftModel
        self.model, self.optimizer = self.accelerator.prepare(model, self.optimizer)
        self.losses: Losses = make_losses(self.model, self.profile)
        self.pass_size = PassSize(self.settings.tokens_per_pass)

        self.step = 0
        self.tokens = 0
        self.saved_step = -1
        self.evaluated_step = -1
        self.best = ""
        self.best_perplexity = math.inf
        self.evaluations_without_better = 0
        self.recent_losses: deque[float] = deque(maxlen=10)
        torch.manual_seed(self.settings.seed)  # dropout: the same whatever loading has drawn

    def train(self) -> None:
        """Train to the end, or until asked to stop; either way nothing is lost."""
        self._resume()
        self.report.emit(
            Started(
                steps=self.plan.steps,
                resumed_from=self.step,
                device=device_name(self.session.device),
                pairs=len(self.encoded),
                left_out=self.left_out,
                path=self.losses.path,
            )
        )
        self._say_what_to_know()
        try:
            # Before the first step: the untuned model, where the curve begins. Later: a point that
            # a stop cut short.
            if self._evaluation_is_due():
                self._evaluate()
            self._loop()
            self._finish()
        except StopRequested:
            if self.step > max(0, self.saved_step):
                self._save()
            saved = checkpoints.name_of(self.step) if self.step else ""
            self.report.emit(Stopped(step=self.step, checkpoint=saved))

    def _loop(self) -> None:
        steps_per_epoch = plan.steps_per_epoch(self.settings, len(self.encoded))
        while self.step < self.plan.steps and not self._patience_is_over():
            epoch, first = divmod(self.step, steps_per_epoch)
            batches = epoch_order(
                len(self.encoded), self.settings.batch_size, self.settings.seed, epoch
            )
            for batch in batches[first:steps_per_epoch]:
                self.report.check_stop()
                self.take_step([self.encoded[i] for i in self._learnt(batch)])
                last = self.step == self.plan.steps
                if self._evaluation_is_due():
                    self._evaluate()
                if last or self.step % self.plan.checkpoint_every == 0:
                    self._save()
                if last or self._patience_is_over():
                    return

    def _learnt(self, batch: Sequence[int]) -> Sequence[int]:
        """What of a batch is learnt: all of it, unless the seed's loop is asked for."""
        if self.settings.seed_bug_compatible:
            return seed_loop.stepped_on(batch, self.settings.batch_size)
        return batch

    def take_step(self, batch: list[Encoded]) -> None:
        """One optimizer step on one effective batch, in as many passes as memory asks for."""
        began = time.monotonic()
        self.model.train()
        # Both are asked of the GPU before the first answer is waited for.
        loss, grad_norm = (float(value) for value in (self._gradient(batch), self._clip()))
        lr = float(self.scheduler.get_last_lr()[0])
        if not math.isfinite(loss) or not math.isfinite(grad_norm):
            self.report.warn(
                _("step {step}: loss {loss:g}, gradient norm {grad_norm:g}; not applied").format(
                    step=self.step + 1, loss=loss, grad_norm=grad_norm
                ),
                _("a lower training.learning_rate or model.dtype = float32 may help"),
            )
        else:
            self.optimizer.step()
        self.scheduler.step()
        self.optimizer.zero_grad(set_to_none=True)

        self.step += 1
        self.recent_losses.append(loss)
        tokens = sum(len(item.ids) for item in batch)
        self.tokens += tokens
        self.report.emit(
            Step(
                step=self.step,
                of=self.plan.steps,
                loss=loss,
                lr=lr,
                grad_norm=grad_norm,
                tokens=self.tokens,
                tokens_per_second=tokens / (time.monotonic() - began),
                memory=peak_memory(self.session.device),
            )
        )

    def _gradient(self, batch: list[Encoded]) -> Tensor:
        """The mean loss of the effective batch; its gradient is left in the parameters.

        Where memory runs out, the batch is begun anew in smaller passes.
        """
        row_tokens = self.settings.row_tokens if self.settings.packing else 0
        pad_id = self.session.builder.tokenizer.pad_id
        while True:
            passes = self.losses.passes(batch, row_tokens, self.pass_size.tokens, pad_id)
            try:
                return self._accumulate(passes)
            except torch.OutOfMemoryError:
                if not self.pass_size.halve(passes):
                    raise
            # After the handler, for the exception holds on to what did not fit.
            self.optimizer.zero_grad(set_to_none=True)
            self.losses.save_memory()
            torch.cuda.empty_cache()
            self.report.warn(
                f"step {self.step + 1}: out of memory; going on with passes of at most "
                f"{self.pass_size.tokens} tokens, the effective batch unchanged",
                f"training.tokens_per_pass = {self.pass_size.tokens} begins with that",
            )

    def _accumulate(self, passes: list[Pass]) -> Tensor:
        # Every scored token of the effective batch weighs the same, whichever pass it is in.
        scored = sum(len(part.targets) for part in passes)
        loss = torch.zeros((), device=self.session.device)
        for part in passes:
            part_loss = self.losses(part).sum() / scored
            self.accelerator.backward(part_loss)
            loss += part_loss.detach()
        return loss

    def _clip(self) -> Tensor:
        limit = self.settings.max_grad_norm or math.inf
        norm: Tensor = self.accelerator.clip_grad_norm_(self.parameters, limit)
        return norm

    def _evaluation_is_due(self) -> bool:
        on_curve = self.step % self.plan.evaluate_every == 0 or self.step == self.plan.steps
        return on_curve and self.evaluated_step < self.step

    def _evaluate(self) -> None:
        """A point of the learning curve: validation and test perplexity, and a few translations."""
        name = checkpoints.name_of(self.step)
        scores: dict[str, Score] = {}
        files: list[tuple[str, Scored | None]] = [
            ("validation", self.validation),
            ("test", self.test),
        ]
        for part, file in files:
            if file is not None:
                scores[part], _ = self.session.evaluate(
                    self.losses,
                    part,
                    file,
                    step=self.step,
                    checkpoint=name if self.step else "",
                    name=f"{part}-{name}",
                )
        self.session.translate_samples(self.losses, self.test.pairs, self.step)
        self.evaluated_step = self.step
        chosen = scores.get(self._choose_by())
        if not self.step or chosen is None:
            return
        self.evaluations_without_better += 1
        if chosen.perplexity < self.best_perplexity:
            self.evaluations_without_better = 0
            self.best, self.best_perplexity = name, chosen.perplexity
            if self.saved_step == self.step:  # by a stop in this evaluation
                self.report.emit(Saved(step=self.step, checkpoint=name, best=True))
            self._save()

    def _patience_is_over(self) -> bool:
        """Early stopping: the perplexity that chooses has not fallen for long enough."""
        patience = self.settings.patience
        return bool(patience) and self.evaluations_without_better >= patience

    def _choose_by(self) -> str:
        """The part whose perplexity picks the best checkpoint; `last` when none may."""
        by = self.profile.evaluation.choose_by
        return "last" if by == "validation" and self.validation is None else by

    def _save(self) -> None:
        """Write a checkpoint, once a step."""
        if self.saved_step == self.step:
            return
        cuda = torch.cuda.get_rng_state_all() if self.session.device.type == "cuda" else []
        state = TrainerState(
            step=self.step,
            tokens=self.tokens,
            evaluated_step=self.evaluated_step,
            best=self.best,
            best_perplexity=self.best_perplexity,
            evaluations_without_better=self.evaluations_without_better,
            optimizer=self.optimizer.state_dict(),
            scheduler=self.scheduler.state_dict(),
            random=torch.get_rng_state(),
            random_cuda=cuda,
        )
        name = checkpoints.save(self.run, self.model, state, self.trained_with)
        self.saved_step = self.step
        self.report.emit(Saved(step=self.step, checkpoint=name, best=name == self.best))

    def _resume(self) -> None:
        """Go on from the newest checkpoint, if there is one."""
        found = checkpoints.newest_state(self.run)
        if found is None:
            return
        folder, state = found
        checkpoints.load_weights(self.model, folder)
        self.optimizer.load_state_dict(state.optimizer)
        self.scheduler.load_state_dict(state.scheduler)
        self.step = self.saved_step = state.step
        self.tokens = state.tokens
        self.evaluated_step = state.evaluated_step
        self.best, self.best_perplexity = state.best, state.best_perplexity
        self.evaluations_without_better = state.evaluations_without_better
        torch.set_rng_state(state.random)
        if state.random_cuda:
            torch.cuda.set_rng_state_all(state.random_cuda)

    def _finish(self) -> None:
        """Publish the chosen checkpoint and score it on the test file."""
        if self.step < self.plan.steps:
            self.report.warn(
                plural(
                    "stopped early after step {step}: {patience} evaluation without a better "
                    "perplexity on the {part} pairs than {best_perplexity:.2f}",
                    "stopped early after step {step}: {patience} evaluations without a better "
                    "perplexity on the {part} pairs than {best_perplexity:.2f}",
                    self.settings.patience,
                ).format(
                    step=self.step,
                    patience=self.settings.patience,
                    part=self._choose_by(),
                    best_perplexity=self.best_perplexity,
                ),
                _("training.patience = 0 goes on to the end"),
            )
        chosen = self.best or checkpoints.name_of(self.step)
        if chosen != checkpoints.name_of(self.step):
            checkpoints.load_weights(self.model, self.run.checkpoints_path / chosen)
        checkpoints.publish(self.run, chosen)
        step = int(chosen.removeprefix("step-"))
        score, results = self.session.evaluate(
            self.losses, "test", self.test, step=step, checkpoint=chosen, name="test"
        )
        self.session.evaluate_repaired(self.losses, self.test, step=step, checkpoint=chosen)
        if self.profile.evaluation.outputs:
            self.session.add_outputs(self.losses, results)
        self.session.judge(results, "test", step=step)
        self.report.emit(
            Finished(
                steps=self.step,
                loss=fmean(self.recent_losses) if self.recent_losses else math.nan,
                score=score,
                checkpoint=chosen,
                file="evaluations/test.jsonl",
            )
        )

    def _say_what_to_know(self) -> None:
        if self.settings.seed_bug_compatible:
            self.report.warn(
                _(
                    "training as the seed homework did: of each batch, only the last eighth "
                    "is learnt"
                ),
                _("set training.seed_bug_compatible = false to train on all of it"),
            )
        if self.left_out:
            self.report.warn(
                plural(
                    "{count} training pair is too long and was left out",
                    "{count} training pairs are too long and were left out",
                    self.left_out,
                ).format(count=self.left_out),
                _("raise training.max_prompt_tokens or max_output_tokens to keep them"),
            )
        by = self.profile.evaluation.choose_by
        if by == "validation" and self.validation is None:
            self.report.warn(
                _("no validation pairs, so the last checkpoint is the result"),
                _("name a file of them in data.validation, or set data.validation_share"),
            )
        if by == "test":
            self.report.warn(
                _("the checkpoint is chosen on the test file: its score is optimistic")
            )
