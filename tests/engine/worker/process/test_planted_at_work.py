"""Workers, translators, mergers and graders run nothing that lies where they work; and who may
read what they write."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest
from planted import Planted
from small_runs import RunMaker, SmallRun

from engine.course import check, export
from engine.profile.schema import Profile
from engine.start import merging
from engine.start.merging import Merge
from engine.translate.client import Translator


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Planted:
    """Code in $TMPDIR and where one stands, both on PYTHONPATH too."""
    made = Planted(tmp_path / "witness")
    for name in ("here", "temporary"):
        made.plant(tmp_path / name)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    paths = ["", str(tmp_path / "here"), str(tmp_path / "temporary"), "."]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    monkeypatch.chdir(tmp_path / "here")
    return made


def test_a_worker_trains_amid_planted_code_and_its_files_honour_the_umask(
    make_run: RunMaker, planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = make_run(training__max_steps=2)
    for folder in (small.run.folder, small.run.root):
        planted.plant(folder)
    monkeypatch.setenv("PYTHONPATH", f":{small.run.folder}:{small.run.root}")
    monkeypatch.chdir(small.run.folder)
    before = os.umask(0o027)
    try:
        small.start()
        assert small.wait().status == "finished", small.log()
    finally:
        os.umask(before)
    assert planted.run == []
    weights = [*small.run.folder.rglob("*.safetensors"), small.run.events_path]
    assert len(weights) >= 4
    assert {oct(stat.S_IMODE(path.stat().st_mode)) for path in weights} == {"0o640"}


def test_a_translator_answers_amid_planted_code(profile: Profile, planted: Planted) -> None:
    translator = Translator(profile)
    try:
        for _phase in translator.load():
            pass
        assert translator.device is not None
        assert translator.device.kind == "cpu"
    finally:
        translator.close()
    assert planted.run == []


def test_a_merger_merges_amid_planted_code(
    profile: Profile, adapters: list[Path], planted: Planted, tmp_path: Path
) -> None:
    asked = Merge(profile, str(adapters[0]), str(tmp_path / "merged"))
    assert merging.merge(asked, lambda phase: None).layers == 56
    assert planted.run == []


def test_a_hand_in_is_graded_by_its_own_scripts_alone(
    finished_run: SmallRun, planted: Planted, tmp_path: Path
) -> None:
    folder = tmp_path / "hand in"
    planted.plant(folder)
    (folder / "utils" / "__init__.py").unlink()
    (folder / "utils" / "__main__.py").unlink()
    (folder / "utils").rmdir()
    made = export.write(finished_run.run, folder)
    grade = check.check(made, lambda text: None)
    assert grade.agrees
    assert planted.run == []
