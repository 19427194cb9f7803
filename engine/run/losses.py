"""Alarms of what training does to a model: bad numbers, nothing to learn, divergence."""

from __future__ import annotations

import math

from engine.language.figures import number
from engine.language.said import Said
from engine.run.alarm import Alarm
from engine.run.events import Evaluated, Step

_HUGE = math.inf
"""What is neither below it nor above its opposite is no number that one can train with."""
_RECENT = 20
"""Steps after which a bad loss no longer counts."""
_ZERO = 1e-7
_ZERO_STEPS = 3
_MEMORY = 2 / 31
"""Weight of a new loss in the mean that divergence is judged by: about thirty steps."""
_SPIKE = 3.0
"""A loss counts at most so many times the mean: one bad step is no divergence."""
_SETTLED = 10
"""Steps before the mean means something."""
_FACTOR, _NATS = 1.5, 0.5
"""A run has diverged if its mean loss is so many times, and so much, above its lowest mean …"""
_LONG, _LONG_SHARE = 20, 0.02
"""… for so many steps, and this share of those planned."""
_FAR, _FAR_NATS = 2.0, 2.0
"""Or if its loss is so many times, and so much, above what the untuned model scored …"""
_FAR_STEPS = 3
"""… for so many steps in a row: hardly ever a single pair is, no batch of a good run ever."""


class Losses:
    """A fold over one worker's steps and scores; what was known of the untuned model stays."""

    def __init__(self) -> None:
        self._untuned = math.nan
        """Loss before training: the higher of the first step's and the test file's."""
        self._untuned_score = math.nan
        """Perplexity on the test file before training."""
        self.begin(0, 0)

    def begin(self, planned: int, step: int) -> None:
        """Another worker: nothing that was noticed before counts."""
        self._planned, self._step = planned, step
        self._score = (step, math.nan)
        """The latest perplexity on the test file, and its step."""
        self._bad_at = self._bad_first = -math.inf
        self._zeros = 0
        self._mean = self._far_loss = math.nan
        self._means = self._far = 0
        self._start_from(self._untuned)
        self._above_since: int | None = None

    def _start_from(self, untuned: float) -> None:
        """Judge by this loss until there is a lower mean; not at all if it is nan."""
        self._untuned = self._lowest = untuned
        self._limit = max(_FACTOR * untuned, untuned + _NATS)
        """Above it the mean is too high …"""
        self._far_limit = max(_FAR * untuned, untuned + _FAR_NATS)
        """… and above this one every single loss."""

    def take_score(self, event: Evaluated) -> None:
        """The test file was scored."""
        self._score = (event.step, event.score.perplexity)
        if not event.step:
            self._untuned_score = event.score.perplexity
            self._start_from(math.log(max(1.0, event.score.perplexity_corpus)))

    def take_step(self, event: Step) -> None:
        """Long runs have a hundred thousand of them, so it does little."""
        step, loss = event.step, event.loss
        self._step = step
        if not (-_HUGE < loss < _HUGE and -_HUGE < event.grad_norm < _HUGE):
            if step - self._bad_at > _RECENT:
                self._bad_first = step
            self._bad_at = step
            return
        self._means += 1
        self._zeros = 0 if loss > _ZERO or loss < -_ZERO else self._zeros + 1
        self._far = self._far + 1 if loss > self._far_limit else 0
        if self._far <= _FAR_STEPS:  # what is said of it does not change with every step
            self._far_loss = loss
        if self._means == 1:
            self._planned = event.of or self._planned
            self._mean = loss
            if step == 1 and loss > self._untuned:
                self._start_from(loss)
            return
        mean = self._mean
        self._mean = mean = mean + _MEMORY * (min(loss, _SPIKE * abs(mean)) - mean)
        if self._means < _SETTLED:
            return
        if not mean >= self._lowest:  # lower, or the first
            self._lowest, self._limit = mean, max(_FACTOR * mean, mean + _NATS)
        if mean <= self._limit:
            self._above_since = None
        elif self._above_since is None:
            self._above_since = step

    def find(self) -> list[Alarm]:
        """What is wrong, the worst first."""
        found = [self._not_a_number(), self._zero(), self._diverged(), self._worse()]
        return [alarm for alarm in found if alarm is not None]

    def _not_a_number(self) -> Alarm | None:
        if self._step - self._bad_at > _RECENT:
            return None
        once = self._bad_first == self._bad_at
        message = Said("Loss or gradient was no number at step {step:,.0f}")
        if not once:
            message = Said("Loss or gradient is no number again and again since step {step:,.0f}")
        return Alarm(
            "nan",
            message.filled(step=self._bad_first),
            Said("lower training.learning_rate, or set model.dtype = float32"),
        )

    def _zero(self) -> Alarm | None:
        if self._zeros < _ZERO_STEPS:
            return None
        return Alarm(
            "zero",
            Said("Loss is 0 since step {step:,}", step=self._step - self._zeros + 1),
            Said("nothing is learned: look at the pairs and the prompt's template"),
        )

    def _diverged(self) -> Alarm | None:
        since, mean, lowest = self._above_since, self._mean, self._lowest
        if self._far >= _FAR_STEPS:
            since, mean, lowest = self._step - self._far + 1, self._far_loss, self._untuned
        elif since is None or self._step - since < max(_LONG, _LONG_SHARE * self._planned):
            return None
        return Alarm(
            "diverged",
            Said(
                "Loss is near {mean:.1f} since step {since:,} and was {lowest:.1f}",
                mean=mean,
                since=since,
                lowest=lowest,
            ),
            Said("stop the run and lower training.learning_rate"),
        )

    def _worse(self) -> Alarm | None:
        step, perplexity = self._score
        if not perplexity > self._untuned_score:
            return None
        return Alarm(
            "worse",
            Said(
                "Test perplexity is {value} after step {step:,}: worse than untuned, {before}",
                value=number(perplexity),
                step=step,
                before=number(self._untuned_score),
            ),
            Said("lower training.learning_rate, or look at the pairs and the prompt's template"),
        )
