"""What a training run learns from and is scored on, and what its user should know of that."""

from __future__ import annotations

from dataclasses import dataclass

from engine.language.errors import UserError
from engine.language.said import Said
from engine.profile.schema import Profile
from engine.prompts.builder import Encoded
from engine.run import plan
from engine.run.plan import TrainingPlan
from engine.worker.process.reporter import Reporter
from engine.worker.scoring.evaluate import Scored
from engine.worker.scoring.session import Session


@dataclass(frozen=True)
class TrainingData:
    """The files of a training run, encoded."""

    encoded: list[Encoded]
    """The pairs that are learnt."""
    plan: TrainingPlan
    test: Scored
    validation: Scored | None

    @classmethod
    def read(cls, session: Session) -> TrainingData:
        """Raises UserError if there is nothing to learn."""
        training = session.settings.profile.training
        pairs = plan.encode_for_training(training, session.builder, session.read("train"))
        planned = plan.plan_training(training, pairs)
        if not planned.steps:  # with training.seed_bug_compatible: an epoch has no whole batch
            raise UserError(
                Said.counted(
                    "{count} training pair makes no batch of training.batch_size = {batch_size}; "
                    "the seed's loop takes no smaller one",
                    "{count} training pairs make no batch of training.batch_size = {batch_size}; "
                    "the seed's loop takes no smaller one",
                    len(pairs.encoded),
                    batch_size=training.batch_size,
                )
            )
        return cls(
            encoded=pairs.encoded,
            plan=planned,
            test=session.scored("test"),
            validation=session.scored("validation")
            if "validation" in session.settings.data
            else None,
        )

    def warn(self, profile: Profile, reporter: Reporter) -> None:
        """Say what of it may surprise."""
        if profile.training.seed_bug_compatible:
            reporter.warn(
                Said(
                    "training as the seed homework did: of each batch, only the last eighth "
                    "is learnt"
                ),
                Said("set training.seed_bug_compatible = false to train on all of it"),
            )
        if self.plan.left_out:
            reporter.warn(
                Said.counted(
                    "{count} training pair is too long and was left out",
                    "{count} training pairs are too long and were left out",
                    self.plan.left_out,
                ),
                Said("raise training.max_prompt_tokens or max_output_tokens to keep them"),
            )
        by = profile.evaluation.choose_by
        if by == "validation" and self.validation is None:
            reporter.warn(
                Said("no validation pairs, so the last checkpoint is the result"),
                Said("name a file of them in data.validation, or set data.validation_share"),
            )
        if by == "test":
            reporter.warn(
                Said("the checkpoint is chosen on the test file: its score is optimistic")
            )
