"""The evaluation being set up: what is scored, how, on which file; and a look ahead."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.data.directions import LABELS
from engine.language.errors import RunError
from engine.language.plain_text import message_of
from engine.language.said import Words
from engine.language.texts import _
from engine.prompts import strategies
from engine.prompts.strategies import Strategy
from engine.run import overlap, prompt_builder, runs_folder
from engine.run.folder import Run
from engine.run.settings import RunSettings
from engine.start.request import Request, read_data, resolve_profile

EXAMPLES = "few_shot.examples"
CHOOSE, DIRECTION = "few_shot.choose", "few_shot.direction"
SEED = "few_shot.seed"


@dataclass(frozen=True)
class Scoring:
    """Choices; nothing is read before `request` or `preview`."""

    profile: str
    run: Run | None = None
    """Takes the place of the profile: its adapter, and the profile as it was then."""
    checkpoint: str = ""
    """Of the run; empty for its result."""
    strategy_name: str = strategies.ZERO_SHOT.name
    test: str = ""
    """Empty for the profile's test file."""
    examples: int | None = None
    """None for the profile's number."""
    selection: tuple[str, str] | None = None
    """How they are chosen, and of which direction; None as in the profile."""
    seed: int | None = None
    """Of their draw; None for the profile's."""

    @classmethod
    def of(cls, settings: RunSettings, trained: Run | None) -> Scoring:
        """What an evaluation had chosen; `trained` is the run whose adapter it took."""
        test = settings.data["test"].path if "test" in settings.data else ""
        chosen = settings.overrides.get(EXAMPLES, "")
        few_shot = settings.profile.few_shot
        chosen_here = {CHOOSE, DIRECTION} & set(settings.overrides)
        return cls(
            profile=settings.profile.name,
            run=trained,
            checkpoint=settings.checkpoint,
            strategy_name=settings.strategy,
            test="" if test == settings.profile.data.test else test,
            examples=int(chosen) if chosen.isdigit() else None,
            selection=(few_shot.choose, few_shot.direction) if chosen_here else None,
            seed=few_shot.seed if SEED in settings.overrides else None,
        )

    @property
    def strategy(self) -> Strategy:
        return strategies.get(self.strategy_name)

    @property
    def draws(self) -> bool:
        """Is there a draw of examples that a seed decides, as far as is known here?"""
        by_chance = self.selection is None or self.selection[0] == "random"
        return self.strategy.shows_examples and by_chance

    def needs(self, choice: str) -> str:
        """What has to be chosen before a choice means anything; empty if it does."""
        if choice == "checkpoint" and not self.strategy.trains:
            return _("A state is that of a run: choose one with r.")
        if choice in ("examples", "selection", "seed") and not self.strategy.shows_examples:
            shown_by = strategies.either(strategies.showing_examples())
            return _("Only {strategies} shows examples: choose it with z.").format(
                strategies=shown_by
            )
        if choice == "seed" and not self.draws:
            return _("Only examples that are drawn have a seed: choose so with W.")
        return ""

    @property
    def strategies(self) -> list[Strategy]:
        """What can be chosen: an adapter needs a run that trained one."""
        return [s for s in strategies.STRATEGIES.values() if self.run is not None or not s.trains]

    def with_profile(self, name: str) -> Scoring:
        """A profile's base model."""
        strategy = strategies.ZERO_SHOT.name if self.strategy.trains else self.strategy_name
        return replace(self, profile=name, run=None, checkpoint="", strategy_name=strategy)

    def with_run(self, run: Run) -> Scoring:
        """What a run has trained. Raises RunError."""
        return replace(
            self,
            profile=run.settings.profile.name,
            run=run,
            checkpoint="",
            strategy_name=run.settings.strategy,
        )

    def with_strategy(self, name: str) -> Scoring:
        """Another strategy."""
        return replace(self, strategy_name=name)

    def with_checkpoint(self, name: str) -> Scoring:
        """Another state of the run."""
        return replace(self, checkpoint=name)

    def with_test(self, path: str) -> Scoring:
        """Another test file."""
        return replace(self, test=path)

    def with_examples(self, count: int | None) -> Scoring:
        """Another number of examples."""
        return replace(self, examples=count)

    def with_selection(self, selection: tuple[str, str] | None) -> Scoring:
        """Other examples."""
        return replace(self, selection=selection)

    def with_seed(self, seed: int | None) -> Scoring:
        """Others of the draw."""
        return replace(self, seed=seed)

    def request(self, root: Path) -> Request:
        """What to ask the engine for."""
        return Request(
            root=root,
            strategy=self.strategy_name,
            profile=self.profile,
            run=self.run,
            checkpoint=self.checkpoint,
            overrides=self._overrides() if self.strategy.shows_examples else {},
            test=self.test,
        )

    def _overrides(self) -> dict[str, str]:
        changed = {} if self.examples is None else {EXAMPLES: str(self.examples)}
        if self.selection is not None:
            changed[CHOOSE], changed[DIRECTION] = self.selection
        if self.seed is not None and self.draws:
            changed[SEED] = str(self.seed)
        return changed


@dataclass(frozen=True)
class Preview:
    """What is known about a scoring; `trouble` says why there is not more."""

    test: str = ""
    sha256: str = ""
    model: str = ""
    pairs: int = 0
    directions: dict[str, int] = field(default_factory=dict)
    examples: int = 0
    warning: Words = ""
    """Why the score would not say what one thinks."""
    trouble: str = ""

    @classmethod
    def of(cls, settings: RunSettings) -> Preview:
        """Of a run that is made already, even if its profile and files are gone."""
        file = settings.data.get("test")
        return cls(
            test=file.path if file else "",
            sha256=file.sha256 if file else "",
            model=settings.profile.model.path,
            pairs=file.pairs if file else 0,
            examples=settings.examples_shown,
        )


def preview(scoring: Scoring, root: Path) -> Preview:
    """Read profile and files; call it from a thread. Never raises: what is wrong is the answer."""
    found = Preview()
    try:
        request = scoring.request(root)
        profile = resolve_profile(request)
        found = Preview(
            test=request.test or profile.data.test,
            model=profile.model.path,
            examples=profile.few_shot.examples,
        )
        shows = scoring.strategy.shows_examples
        data = read_data(profile, "evaluate", needs_train=shows, test=request.test)
        prompt_builder.draw(profile, scoring.strategy, data)
        warning: Words = ""
        if scoring.run is not None and scoring.strategy.trains:
            adapter = scoring.run.adapter_folder(scoring.checkpoint)
            warning = overlap.warning(str(adapter), data["test"].pairs)
        counts = data["test"].count_directions()
        return replace(
            found,
            sha256=data["test"].sha256,
            pairs=len(data["test"].pairs),
            directions={LABELS[direction]: count for direction, count in counts.items()},
            warning=warning,
        )
    except Exception as error:  # whatever a broken file makes a library raise belongs on the screen
        return replace(found, trouble=message_of(error))


def recall(run: Run, before: Scoring, root: Path) -> tuple[Scoring, Preview]:
    """What an evaluation had chosen; or, of a run that trains, its adapter on the file of now.

    Reads files; call it from a thread. Raises RunError.
    """
    settings = run.settings
    if settings.job == "train":
        scoring = before.with_run(run)
        return scoring, preview(scoring, root)
    return Scoring.of(settings, _trained_run(settings, root)), Preview.of(settings)


def _trained_run(settings: RunSettings, root: Path) -> Run | None:
    """The run whose adapter was scored; None if it was none, or is gone."""
    try:
        return runs_folder.find(root, settings.adapter_run) if settings.adapter_run else None
    except RunError:
        return None
