"""From command-line arguments to a request: which profile or run, strategy, settings, files."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

from engine.language.errors import ProfileError, RunError, UserError
from engine.language.file_names import joined, split
from engine.language.texts import _
from engine.machine.paths import in_full, runs_root
from engine.profile import files
from engine.prompts import strategies
from engine.prompts.strategies import ZERO_SHOT
from engine.run import runs_folder
from engine.run.folder import Run
from engine.start.request import Request


def overrides(arguments: Namespace) -> dict[str, str]:
    """`--set` and the options that stand for settings, as dotted keys. Raises UserError."""
    found: dict[str, str] = {}
    for item in getattr(arguments, "set", []):
        key, equals, value = item.partition("=")
        if not equals:
            raise UserError(
                _("--set {item}: expected KEY=VALUE, e.g. training.epochs=1").format(item=item)
            )
        key, value = key.strip(), value.strip()
        if key in ("data.train", "data.validation", "data.test"):
            value = absolute(value)
        found[key] = value
    for option in ("examples", "choose", "seed"):
        key = f"few_shot.{option}"
        if getattr(arguments, option, None) is not None:
            found[key] = str(getattr(arguments, option))
    if getattr(arguments, "ids", None) is not None:
        names = [name.strip() for name in arguments.ids.split(",") if name.strip()]
        found |= {"few_shot.choose": "ids", "few_shot.ids": json.dumps(names, ensure_ascii=False)}
    if getattr(arguments, "same_direction", False):
        found["few_shot.direction"] = "same"
    for part in ("train", "validation", "test"):
        path = getattr(arguments, part, "")
        if path:
            found[f"data.{part}"] = absolute(path)
    if getattr(arguments, "no_outputs", False):
        found["evaluation.outputs"] = "false"
    return found


def absolute(path: str) -> str:
    """A data file (or two, with a comma) from where the user stands, not from the profile."""
    return joined([in_full(part) for part in split(path)])


def request(arguments: Namespace, *, strategy: str = "", predict: bool = False) -> Request:
    """What the user asked to be scored or translated: a profile's base model, or a run's.

    A name that is both is taken as the profile's. Raises UserError.
    """
    root = runs_root(arguments.runs)
    target = arguments.target
    run = None if _is_profile(target) else find_run(root, target)
    asked = strategy or arguments.strategy or (run.settings.strategy if run else ZERO_SHOT.name)
    of_strategy = strategies.get(asked)
    if run is None and of_strategy.trains:
        raise UserError(
            _("{strategy} needs an adapter: name a run that trained one, not '{target}'").format(
                strategy=asked, target=target
            )
        )
    if run is not None and of_strategy.trains and run.settings.job != "train":
        run, checkpoint = _trained_by(root, run), arguments.checkpoint or run.settings.checkpoint
    else:
        checkpoint = arguments.checkpoint
    if not of_strategy.shows_examples:
        _refuse_examples(arguments, asked)
    if checkpoint and not of_strategy.trains:
        raise UserError(
            _("--checkpoint: {strategy} uses the base model, which has no checkpoints").format(
                strategy=asked
            )
        )
    return Request(
        root=root,
        strategy=asked,
        profile="" if run else target,
        run=run,
        checkpoint=checkpoint,
        overrides=overrides(arguments),
        predict=predict,
        gpu=getattr(arguments, "gpu", ""),
    )


def _refuse_examples(arguments: Namespace, strategy: str) -> None:
    """Options about examples would be passed over without a word where none are shown."""
    for option in ("examples", "choose", "ids", "same_direction"):
        if getattr(arguments, option, None) not in (None, False):
            raise UserError(
                _("--{name}: {strategy} shows no examples; add --strategy {others}").format(
                    name=option.replace("_", "-"),
                    strategy=strategy,
                    others=strategies.either(strategies.showing_examples()),
                )
            )


def _trained_by(root: Path, run: Run) -> Run:
    """The run whose adapter an evaluation took."""
    return runs_folder.find(root, run.settings.adapter_run)


def _is_profile(target: str) -> bool:
    try:
        files.find(target)
    except ProfileError:
        return target.endswith(".toml")  # so that the message is about the file
    return True


def find_run(root: Path, target: str) -> Run:
    """A run, or the message that it is neither a profile nor a run."""
    try:
        return runs_folder.find(root, target)
    except RunError as error:
        try:
            files.find(target)
        except ProfileError as other:
            raise RunError("\n       ".join(map(str, (error, other)))) from None
        raise
