"""How a run is made again: the commands, and its profile as it was then."""

from __future__ import annotations

import shlex

import msgspec
import tomli_w

from engine.language.said import Said
from engine.profile.schema import Profile
from engine.run.folder import Run


def profile_toml(profile: Profile) -> str:
    """A profile as a file that gives the same settings wherever it lies on this machine."""
    table = msgspec.to_builtins(profile)
    del table["name"], table["folder"]
    return tomli_w.dumps(table)


def profile_name(run: Run) -> str:
    """The file of a run's profile within a report."""
    return f"profiles/{run.id}.toml"


def commands(run: Run) -> list[str]:
    """By the profile's name with what was changed, and by the file that the report holds."""
    settings = run.settings
    changed = [f"--set {shlex.quote(f'{k}={v}')}" for k, v in settings.overrides.items()]
    if settings.adapter_run:
        test = shlex.quote(settings.data["test"].path)
        run_id = shlex.quote(settings.adapter_run)
        verb = f"predict {run_id} {test}"
        if settings.job == "evaluate":
            verb = f"evaluate {run_id} --test {test}"
        checkpoint = (
            [f"--checkpoint {shlex.quote(settings.checkpoint)}"] if settings.checkpoint else []
        )
        return [" ".join(["yiwen", verb, *checkpoint, *changed])]
    verb, after = settings.job, [f"--strategy {shlex.quote(settings.strategy)}"]
    if settings.job == "train":
        after = []
    elif settings.job == "predict":
        after.insert(0, shlex.quote(settings.data["test"].path))
    elif settings.data["test"].path != settings.profile.data.test:
        after.append(f"--test {shlex.quote(settings.data['test'].path)}")
    name = shlex.quote(settings.profile.name)
    again = Said("or, from this folder, with the profile as it was then:")
    return [
        " ".join(["yiwen", verb, name, *after, *changed]),
        f"# {again}",
        " ".join(["yiwen", verb, shlex.quote(profile_name(run)), *after]),
    ]
