"""The data files of a run: read as they were when it was made, validation pairs set aside."""

from __future__ import annotations

from dataclasses import replace

from engine.data import dataset, splitting
from engine.data.dataset import Dataset
from engine.language.errors import DataError, UserError
from engine.profile.schema import Profile
from engine.run.settings import Part, RunSettings


class RunFiles:
    """Reads the files of a run when they are asked for, each of them once."""

    def __init__(self, settings: RunSettings) -> None:
        self._settings = settings
        self._data: dict[Part, Dataset] = {}

    def read(self, part: Part) -> Dataset:
        """A part as it was when the run was made. Raises DataError if the file is not."""
        if part not in self._data:
            own: Part = "train" if self._settings.is_set_aside(part) else part
            self._data |= self._parts_of(own)
        return self._data[part]

    def _parts_of(self, part: Part) -> dict[Part, Dataset]:
        """What the file of a part holds: with the training pairs, those set aside from them."""
        settings = self._settings
        named = settings.data[part]
        found = dataset.read(
            named.path,
            skip_bad=settings.profile.data.bad_records == "skip",
            need_output=settings.job != "predict" or part != "test",
        )
        if found.sha256 != named.sha256:
            raise DataError(
                "{path}: has changed since the run was made; start a new run", path=named.path
            )
        if part == "train" and settings.job in ("train", "probe"):
            return set_validation_aside(settings.profile, found)
        return {part: found}


def set_validation_aside(profile: Profile, train: Dataset) -> dict[Part, Dataset]:
    """Training and validation pairs of one file, where the profile names no file of the latter.

    Seeded, and so that no sentence stands on both sides: the checkpoint is chosen on pairs that
    training has not seen, and the test file is left alone. Raises UserError.
    """
    share, seed = profile.data.validation_share, profile.data.validation_seed
    wanted = round(share * len(train.pairs))
    if profile.data.validation or not wanted:
        return {"train": train}
    try:
        parts = splitting.split(train.pairs, wanted, seed=seed)
    except DataError:
        raise UserError(
            "data.validation_share: {share:g} of {path} cannot be set aside, for all its "
            "pairs share sentences; set it to 0, or name a file in data.validation",
            share=share,
            path=train.path,
        ) from None
    return {
        "train": replace(train, pairs=[train.pairs[i] for i in parts.train]),
        "validation": replace(train, pairs=[train.pairs[i] for i in parts.validation]),
    }
