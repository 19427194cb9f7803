"""`python warm_commands.py`: loads what commands load, and forks a process for each deed."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from collections.abc import Callable
from pathlib import Path

import command_world
import forks
from command_world import World

import engine
from engine.machine import lock
from engine.run import waiting_list


def main() -> None:
    answers = forks.answers()
    for module in pkgutil.walk_packages(engine.__path__, "engine."):
        if "worker" not in module.name and "__main__" not in module.name:
            importlib.import_module(module.name)
    for name in ("tomlkit", "psutil", "tokenizers"):
        importlib.import_module(name)
    forks.serve(_do, answers)


def _do(task: list[str], arm: Callable[[], None]) -> int:
    """Do a deed in a world, with a stand-in for the worker where one is started."""
    name, folder = task
    world = World(Path(folder))
    os.environ.update(world.environment)
    os.chdir(world.folder)
    held = lock.acquire(waiting_list.folder_of(world.runs))  # as if a scheduler were at work
    sys.executable = str(world.folder / "worker")
    arm()
    with held:
        return command_world.DEEDS[name].do(world)


if __name__ == "__main__":
    main()
