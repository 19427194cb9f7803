"""The folder boundaries hold at run time: who imports what, in a process of its own."""

from __future__ import annotations

import importlib.util
import json
import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import tomli

ROOT = Path(__file__).resolve().parent.parent
TORCH = {"torch", "transformers", "peft", "bitsandbytes", "accelerate", "numpy", "sacrebleu"}
SCREENS = {"tui", "textual", "rich", "plotext"}

_IMPORTS = """
import importlib, json, sys
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
print(json.dumps(sorted(sys.modules)))
"""


def modules_of(package: str) -> list[str]:
    """All modules of a package, but what stands for a process."""
    spec = importlib.util.find_spec(package)
    assert spec is not None
    walked = pkgutil.walk_packages(spec.submodule_search_locations, package + ".")
    names = [package, *(module.name for module in walked)]
    return [name for name in names if not name.startswith("engine.worker")]


def loaded_by(names: list[str]) -> set[str]:
    """Top-level packages, and the engine's modules, that are loaded once these are imported."""
    done = subprocess.run(
        [sys.executable, "-c", _IMPORTS, json.dumps(names)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    return {name if name.startswith("engine.") else name.split(".")[0] for name in found}


def light_engine() -> list[str]:
    return modules_of("engine")


def test_the_light_engine_loads_neither_torch_nor_screens_nor_the_worker() -> None:
    found = loaded_by(light_engine())
    assert found >= {"engine.run.folder", "engine.cli.commands", "msgspec"}
    assert found & (TORCH | SCREENS | {"engine.worker"}) == set()


def test_the_screens_load_neither_torch_nor_the_worker() -> None:
    found = loaded_by([name for name in modules_of("tui") if name != "tui.__main__"])
    assert found >= {"tui", "textual", "engine.run.folder"}
    assert found & (TORCH | {"engine.worker"}) == set()


def test_the_contract_of_the_light_engine_names_every_module_of_it() -> None:
    contracts = tomli.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    (light,) = (c for c in contracts["contracts"] if "light engine" in c["name"])
    expected = {name for name in light_engine() if name.count(".") == 1}
    assert set(light["source_modules"]) == expected


_HELP = """
import json, sys
before = set(sys.modules)
from tui.__main__ import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def loaded_for(*arguments: str, **environment: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", _HELP, *arguments],
        env={**os.environ, **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return list(json.loads(done.stdout.splitlines()[-1]))


def test_help_and_version_load_nothing_but_the_standard_library_and_the_grammar() -> None:
    for argument, language in (("--help", "en"), ("--version", "en"), ("--help", "")):
        found = loaded_for(argument, YIWEN_LANGUAGE=language, LC_ALL="zh_TW.UTF-8")
        assert "engine.cli.commands" in found
        grammar = {name for name in found if re.fullmatch(r"engine\.cli\.\w+_arguments", name)}
        foreign = {name for name in found if name.split(".")[0] not in sys.stdlib_module_names}
        ours = {"tui", "tui.__main__", "engine", "engine.cli", "engine.cli.commands"}
        words = {"cli.parser", "cli.output", "language", "machine"}
        words |= {"prompts", "prompts.strategies"}  # the choices of --strategy
        words |= {
            f"language.{name}" for name in ("errors", "plain_text", "said", "texts", "wrapping")
        }
        words |= {f"machine.{name}" for name in ("interface_language", "paths", "streams")}
        assert foreign - ours - grammar <= {f"engine.{name}" for name in words}
        assert len(set(found) - grammar) < 55


def test_listing_runs_loads_no_tokenizer_and_no_psutil() -> None:
    found = loaded_for("runs", "--runs", "/nonexistent")
    assert "engine.cli.run_table" in found
    assert {"psutil", "tokenizers", "huggingface_hub", "textual"} & set(found) == set()
