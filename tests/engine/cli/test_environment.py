"""Machines as they are: locales, closed and full outputs, proxies, folders of other users."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from samples import make_run

from engine.language.errors import ProfileError, RunError
from engine.profile import files
from engine.run import runs_folder
from engine.run.folder import Run
from engine.table.catalog import Catalog

_MAIN = "import sys; from tui.__main__ import main; sys.exit(main())"
_AS_ANOTHER = (
    "setpriv",
    "--bounding-set=-dac_override,-dac_read_search,-fowner,-chown",
    "--inh-caps=-all",
)
"""Root without root's right to read everything: another user."""


def yiwen(
    *arguments: str | bytes, before: tuple[str, ...] = (), out: object = subprocess.PIPE, **env: str
) -> subprocess.CompletedProcess[bytes]:
    """Run the command in a process of its own."""
    source = Path(__file__).resolve().parents[3]
    return subprocess.run(
        [*before, sys.executable, "-c", _MAIN, *arguments],
        stdout=out,  # type: ignore[call-overload]
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(source), "YIWEN_LANGUAGE": "en", **env},
        timeout=60,
    )


def test_a_full_disk_behind_standard_output_is_one_sentence() -> None:
    with open("/dev/full", "wb") as full:
        done = yiwen("profiles", out=full)
    said = "yiwen: standard output cannot be written: No space left on device\n"
    assert (done.returncode, done.stderr.decode()) == (2, said)


def test_a_reader_that_has_gone_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = yiwen("profiles", out=writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_locale_without_our_signs_gets_question_marks() -> None:
    done = yiwen("profiles", "show", "tiny", PYTHONIOENCODING="ascii", YIWEN_LANGUAGE="zh-TW")
    assert done.returncode == 0, done.stderr
    assert b"?" in done.stdout
    assert yiwen("profiles", "--json", PYTHONIOENCODING="big5").stdout.decode("utf-8")


def test_arguments_in_another_encoding_are_one_sentence() -> None:
    for command in (["data", "check"], ["evaluate"], ["train"], ["show"]):
        done = yiwen(*command, "天氣.json".encode("big5"))
        assert done.returncode == 2
        assert done.stderr.count(b"\n") <= 3
        assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "nonsense://127.0.0.1:9"])
def test_a_proxy_that_cannot_be_used_is_named(proxy: str) -> None:
    done = yiwen("pull", "owner/name", "--from", "http://127.0.0.1:9", ALL_PROXY=proxy)
    said = done.stderr.decode().splitlines()[-1]
    assert done.returncode == 2
    if proxy.startswith("nonsense") or "socks" in said.lower():
        assert "(set by ALL_PROXY: mend or unset it)" in said


def test_a_folder_that_is_gone_is_one_sentence(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    inside = ("sh", "-c", f'cd {gone}; rmdir {gone}; exec "$@"', "sh")
    done = yiwen("train", "tiny", before=inside)
    said = "yiwen: the folder in which yiwen was started is gone; change into another\n"
    assert (done.returncode, done.stderr.decode()) == (2, said)


needs_setpriv = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("setpriv"), reason="needs root, to become another user"
)


def two_runs(root: Path) -> tuple[Run, Run]:
    """A newer and an older one."""
    newer, older = (make_run(root, run_id=f"2026010{day}-120000-tiny") for day in (2, 1))
    return newer, older


@needs_setpriv
def test_a_private_run_among_others_leaves_them_listed(tmp_path: Path) -> None:
    ours, theirs = two_runs(tmp_path)
    theirs.folder.chmod(0o700)
    shutil.chown(theirs.folder, "nobody")
    for command in (["runs"], ["show", "latest"], ["queue"]):
        done = yiwen(*command, "--runs", str(tmp_path), before=_AS_ANOTHER)
        assert b"Traceback" not in done.stderr
        assert done.returncode == 0, done.stderr
    assert ours.id.encode() in yiwen("runs", "--runs", str(tmp_path), before=_AS_ANOTHER).stdout
    named = yiwen("show", theirs.id, "--runs", str(tmp_path), before=_AS_ANOTHER)
    assert named.stderr.decode().endswith(": cannot be read: Permission denied\n")


@needs_setpriv
def test_a_private_file_of_a_run_leaves_the_others_listed(tmp_path: Path) -> None:
    ours, theirs = two_runs(tmp_path)
    for path in (theirs.folder / "run.toml", theirs.events_path):
        path.touch()
        path.chmod(0o600)
        shutil.chown(path, "nobody")
        done = yiwen("runs", "--runs", str(tmp_path), before=_AS_ANOTHER)
        assert (done.returncode, ours.id.encode() in done.stdout) == (0, True)
        assert b"cannot be read: Permission denied" in done.stderr
        shutil.chown(path, "root")


@needs_setpriv
def test_settings_that_may_not_be_read_stop_nothing(tmp_path: Path) -> None:
    config = tmp_path / "yiwen"
    config.mkdir()
    (config / "settings.toml").write_text("")
    config.chmod(0o700)
    shutil.chown(config, "nobody")
    done = yiwen("profiles", before=_AS_ANOTHER, XDG_CONFIG_HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("content", ["a = " + "[" * 100_000, "a = " + "9" * 5000])
def test_toml_that_the_parser_cannot_bear_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "run.toml").write_text(content)
    with pytest.raises(RunError, match="cannot be read: (nested too|a number of too many)"):
        Run(tmp_path).read_settings()
    (tmp_path / "p.toml").write_text(content)
    with pytest.raises(ProfileError, match="not valid TOML: (nested too|a number of too many)"):
        files.load(tmp_path / "p.toml")


@pytest.mark.parametrize("number", [str(1 << 63), "9" * 5000, "-" + "9" * 30])
def test_a_number_beyond_64_bits_is_no_setting(number: str) -> None:
    with pytest.raises(ProfileError, match=r"training\.seed"):
        files.load("tiny", {"training.seed": number})


def test_a_number_in_run_toml_that_json_cannot_hold_ends_no_list(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    path = run.folder / "run.toml"
    text = path.read_text()
    assert "\nseed = " in text
    path.write_text(text.replace("\nseed = 0", f"\nseed = {1 << 70}"))
    catalog = Catalog(tmp_path)
    assert len(catalog.rows()) + len(catalog.troubles) == 1


def test_a_pipe_in_the_place_of_a_settings_file_is_named_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    os.mkfifo(folder / "run.toml")
    with pytest.raises(RunError, match="is a pipe, a socket or a device; put a file in its place"):
        Run(folder).read_settings()
    os.mkfifo(tmp_path / "p.toml")
    with pytest.raises(ProfileError, match="is a pipe, a socket or a device"):
        files.load(tmp_path / "p.toml")
    assert runs_folder.list_all(tmp_path) == [Run(folder)]
