"""The built wheel: whole, small enough, and working outside the source tree."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the content of a freshly built wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    assert wheel.stat().st_size < 20 * 2**20
    zipfile.ZipFile(wheel).extractall(folder / "site")
    return folder / "site"


def _run(installed: Path, *arguments: str) -> str:
    """`yiwen …` with the wheel's modules before any others, away from the source tree."""
    code = (
        f"import sys; sys.path.insert(0, {str(installed)!r}); import tui.__main__ as m; "
        f"assert m.__file__.startswith({str(installed)!r}); sys.exit(m.main({list(arguments)!r}))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=installed.parent, check=True, capture_output=True, text=True)
    return done.stdout


def test_the_wheel_holds_the_styles_and_no_build_scripts(installed: Path) -> None:
    assert (installed / "tui" / "app.tcss").is_file()
    assert not (installed / "profiles" / "tiny" / "build").exists()
    assert not (installed / "tests").exists()


def test_the_source_distribution_holds_what_the_readme_links(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (packed,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(packed) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\((?!https?:)([^)#]+)\)", readme))
    assert {"docs/train.svg", "docs/ARCHITECTURE.md"} <= linked
    assert linked <= held


def test_the_wheel_finds_its_own_profile_model_and_data(installed: Path) -> None:
    profile = json.loads(_run(installed, "profiles", "show", "tiny", "--json"))
    model = Path(profile["model"]["path"])
    assert model == installed / "profiles" / "tiny"
    assert (model / "model.safetensors").stat().st_size > 15_000_000
    assert all(Path(profile["data"][part]).is_file() for part in ("train", "validation", "test"))


def test_a_process_of_the_wheel_runs_the_wheels_code_wherever_it_is_started(
    installed: Path, tmp_path: Path
) -> None:
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "__init__.py").write_text("raise SystemExit(77)")
    (installed / "tells_where.py").write_text("import engine; print(engine.__file__)")
    code = (
        "import os, sys; from engine.machine.processes import python; "
        f"os.chdir({str(tmp_path)!r}); "
        "sys.exit(python.spawn('tells_where', stdout=None, stderr=None).wait(60))"
    )
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd="/",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, str(installed / "engine/__init__.py"))


def test_the_wheel_renders_a_prompt(installed: Path) -> None:
    shown = json.loads(_run(installed, "prompt", "tiny", "--instruction", "翻譯", "--json"))
    assert shown["ids"][0] == 2
    assert shown["text"].startswith("<bos><start_of_turn>user\n翻譯")
