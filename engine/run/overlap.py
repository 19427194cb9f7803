"""Pairs that an adapter was trained on: a score of them says how well they are remembered."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.data.dataset import Pair
from engine.data.leaks import find_leaks
from engine.language.errors import UserError
from engine.language.said import Said, Words
from engine.run.files import RunFiles
from engine.run.folder import Run


def warning(adapter: str, scored: Sequence[Pair]) -> Words:
    """What is to be known of scoring these pairs with a run's adapter; empty if they are new to it.

    Reads the training file: call it from a thread. An adapter that lies in no run's folder tells
    nothing of its training.
    """
    folders = list(Path(adapter).parents)[:2]  # it may be a checkpoint
    trained = next((Run(folder) for folder in folders if (folder / "run.toml").is_file()), None)
    try:
        if trained is None or "train" not in trained.settings.data:
            return ""
        learnt = RunFiles(trained.settings).read("train").pairs
    except UserError as error:
        return Said(
            "it cannot be told which of these pairs the adapter was trained on: {error}",
            error=error,
        )
    shared = len({leak.test for leak in find_leaks(learnt, scored)})
    if not shared:
        return ""
    return Said.counted(
        "{count:,} of {total:,} pairs shares a sentence with what {run} was trained on; the score "
        "will flatter",
        "{count:,} of {total:,} pairs share a sentence with what {run} was trained on; the score "
        "will flatter",
        shared,
        total=len(scored),
        run=trained.id,
    )
