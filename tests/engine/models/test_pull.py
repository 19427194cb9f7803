"""yiwen pull, against a hub on the loopback that serves the embedded model."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from commands import as_json, run_command
from fake_hub import COMMIT, TOKEN, FakeHub, serving
from samples import MODEL, TEST_FILE

from engine.cli.progress_line import ProgressLine
from engine.cli.pull import Pace
from engine.models import hub, resumable, tokenizer
from engine.models.hub_source import HubSource

ID = "owner/tiny"
FILES = {"config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json"}
PROFILE = (
    f'[model]\npath = "{ID}"\n[prompt]\nstop = ["<end_of_turn>"]\ntemplate = "{{examples}}'
    '<start_of_turn>user\\n{instruction}<end_of_turn>\\n<start_of_turn>model\\n"\n'
)
SOURCE = Path(hub.__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _own_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
    monkeypatch.setenv("HF_TOKEN", "")
    monkeypatch.setenv("HF_TOKEN_PATH", str(tmp_path / "no-token"))
    monkeypatch.setattr(resumable, "_PAUSE", 0.0)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded model as it would lie on the hub, with what is not wanted of it."""
    folder = tmp_path_factory.mktemp("hub")
    for name in (*FILES, "model.safetensors"):
        shutil.copy(MODEL / name, folder)
    (folder / "pytorch_model.bin").write_bytes(b"pickle")
    (folder / "modeling_tiny.py").write_text("print('code')")
    (folder / "README.md").write_text("a card")
    return folder


@pytest.fixture
def there(repository: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with serving(FakeHub({ID: repository})) as found:
        monkeypatch.setenv("HF_ENDPOINT", found.url)
        yield found


def pull(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    status, out, err = run_command(capsys, "pull", *arguments)
    return status, out + err


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one message of a pull that could not be done."""
    status, said = pull(capsys, *arguments)
    assert status == 2
    lines = [line for line in said.splitlines() if line.startswith("yiwen: ")]
    assert len(lines) == 1
    return lines[0].removeprefix("yiwen: ")


def part_of(folder: Path) -> Path:
    (part,) = folder.rglob("*.part")
    return part


def test_a_model_comes_into_the_cache_of_the_hub_with_nothing_but_what_is_needed(
    there: FakeHub, capsys: pytest.CaptureFixture[str]
) -> None:
    done = as_json(capsys, "pull", ID)
    folder = Path(done["folder"])
    assert folder == hub.cache_folder() / "models--owner--tiny" / "snapshots" / COMMIT
    assert {path.name for path in folder.iterdir()} == {*FILES, "model.safetensors"}
    for path in folder.iterdir():
        assert path.read_bytes() == (MODEL / path.name).read_bytes()
    assert {name for name, _ in there.requests} == {*FILES, "model.safetensors"}
    assert hub.state(ID) == "here"
    assert tokenizer.load(ID).folder == folder


def test_the_library_of_the_hub_finds_what_was_pulled(
    there: FakeHub, capsys: pytest.CaptureFixture[str]
) -> None:
    pull(capsys, ID)
    look = (
        "from huggingface_hub import snapshot_download, try_to_load_from_cache as find\n"
        f"print(find('{ID}', 'model.safetensors'))\n"
        f"print(snapshot_download('{ID}', local_files_only=True))"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    folder = hub.require(ID)
    assert done.stdout.split() == [str(folder / "model.safetensors"), str(folder)]


def test_a_profile_names_the_model_and_its_prompt_is_compared_with_the_models_own(
    there: FakeHub, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("mine.toml").write_text(PROFILE)
    status, said = pull(capsys, "mine.toml")
    assert status == 0
    assert f"{ID}: 16.0 MB, whole, in " in said
    assert "profile mine: its prompt is the model's own chat template" in said
    Path("mine.toml").write_text(PROFILE.replace("user", "User"))
    assert "its prompt is not the model's own chat template: " in pull(capsys, "mine.toml")[1]


def test_what_is_here_is_not_asked_for_again(
    there: FakeHub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pull(capsys, ID)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert pull(capsys, ID)[0] == 0


def test_progress_is_told_in_bytes_speed_and_time_left(
    there: FakeHub, capsys: pytest.CaptureFixture[str]
) -> None:
    _, said = pull(capsys, ID)
    assert f"asking for {ID} …" in said
    seen: list[str] = []

    class Seen(ProgressLine):
        def show(self, line: str) -> None:
            seen.append(line)

    pace = Pace(Seen())
    pace.show("a", 1_000_000, 4_000_000)
    pace.show("a", 1_000_001, 4_000_000)  # too soon to be shown
    time.sleep(0.11)
    pace.show("b", 2_000_000, 4_000_000)
    assert seen[0] == "1.0 MB of 4.0 MB 25% · a"
    assert seen[1].startswith("2.0 MB of 4.0 MB 50% · ")
    assert seen[1].endswith("MB/s · 00:00 left · b")
    assert len(seen) == 2


def test_a_connection_that_breaks_is_taken_up_again_where_it_broke(
    there: FakeHub, capsys: pytest.CaptureFixture[str]
) -> None:
    there.breaks_at = [3_000_000, 2_000_000]
    assert pull(capsys, ID)[0] == 0
    asked = [ranges for name, ranges in there.requests if name == "model.safetensors"]
    assert asked == ["", "bytes=3000000-", "bytes=5000000-"]
    weights = hub.require(ID) / "model.safetensors"
    assert weights.read_bytes() == (MODEL / "model.safetensors").read_bytes()


def test_a_pull_that_was_given_up_goes_on_with_the_next_command(
    there: FakeHub, capsys: pytest.CaptureFixture[str]
) -> None:
    there.breaks_at = [3_000_000, *[0] * 5]
    said = refused(capsys, ID)
    assert said.startswith("model.safetensors: ")
    assert "the same command goes on from here; --from URL takes a mirror" in said
    assert part_of(hub.cache_folder()).stat().st_size == 3_000_000
    assert hub.state(ID) == "incomplete"
    there.requests.clear()
    assert pull(capsys, ID)[0] == 0
    assert there.requests == [("model.safetensors", "bytes=3000000-")]


def _hear_interrupts() -> None:
    """In the child: a shell's background jobs, and all they start, are deaf to SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_a_killed_pull_goes_on_where_it_stopped(there: FakeHub, tmp_path: Path) -> None:
    there.breaks_at = [5_000_000]
    there.holds.set()
    command = [sys.executable, "-m", "tui", "pull", ID]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    process = subprocess.Popen(
        command,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_hear_interrupts,
    )
    deadline = time.monotonic() + 60
    while not any(part.stat().st_size > 4_000_000 for part in tmp_path.rglob("*.part")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    there.holds.clear()
    assert process.returncode == 130
    assert said.splitlines()[-1] == "stopped; the same command goes on from here"
    kept = part_of(tmp_path).stat().st_size
    there.requests.clear()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    assert there.requests[-1] == ("model.safetensors", f"bytes={kept}-")
    assert hub.state(ID) == "here"


def test_a_server_without_ranges_is_read_from_the_beginning(
    there: FakeHub, capsys: pytest.CaptureFixture[str]
) -> None:
    there.ignores_ranges = True
    there.breaks_at = [3_000_000]
    assert pull(capsys, ID)[0] == 0
    weights = hub.require(ID) / "model.safetensors"
    assert weights.read_bytes() == (MODEL / "model.safetensors").read_bytes()


def test_a_busy_server_is_asked_again(there: FakeHub) -> None:
    source = HubSource.open(ID, "main")
    there.busy = 2
    got = Path("config.json").resolve()
    resumable.fetch(source.files["config.json"], source.read, got, lambda here: None)
    assert got.read_bytes() == (MODEL / "config.json").read_bytes()


def test_what_arrives_damaged_is_thrown_away(
    there: FakeHub, capsys: pytest.CaptureFixture[str]
) -> None:
    there.damages = True
    said = refused(capsys, ID)
    assert said == "config.json: arrived damaged and was thrown away; repeat the command"
    assert list(hub.cache_folder().rglob("*.part")) == []
    assert hub.find(ID) is None


def test_a_gated_model_names_the_page_of_its_licence_and_how_to_log_in(
    there: FakeHub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    there.gated = True
    assert refused(capsys, ID) == (
        f"{ID} is gated: accept its licence at {there.url}/{ID}, then log in with "
        "`hf auth login` or set HF_TOKEN"
    )
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert pull(capsys, ID)[0] == 0


def test_a_wrong_token_is_named(
    there: FakeHub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_old")
    assert refused(capsys, ID).startswith(f"{there.url} does not accept the token it was sent: ")


def test_a_mirror_is_not_sent_the_token(
    there: FakeHub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.delenv("HF_ENDPOINT")
    assert pull(capsys, ID, "--from", there.url)[0] == 0
    assert there.tokens == {""}
    shutil.rmtree(hub.cache_folder())
    there.gated = True
    assert refused(capsys, ID, "--from", there.url) == (
        f"{ID} is gated: accept its licence at {there.url}/{ID}, and set "
        f"HF_ENDPOINT={there.url} instead of --from, which sends your token there"
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["owner/nothing"], "there is no model owner/nothing at {url}; if it is private, log in "
         "with `hf auth login`"),
        ([ID, "--revision", "v9"], "owner/tiny has no revision 'v9' at {url}"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_named(
    there: FakeHub, capsys: pytest.CaptureFixture[str], arguments: list[str], expected: str
) -> None:
    assert refused(capsys, *arguments) == expected.format(url=there.url)


def test_what_is_neither_profile_nor_model_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "gema-2-2b-kyara")
    assert "no profile named 'gema-2-2b-kyara'; did you mean 'gemma-2-2b-kyara" in said
    said = refused(capsys, "tiny")
    assert said == f"profile tiny: its model is the folder {MODEL}; nothing is to be pulled"


def test_no_network_is_said_with_what_to_do(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    said = refused(capsys, ID)
    assert said.startswith("http://127.0.0.1:9 cannot be reached: ")
    assert said.endswith("--from URL, or a folder that holds the model with --from DIR")


def test_a_disk_that_is_too_small_is_said_before_anything_is_downloaded(
    there: FakeHub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")  # noqa: PYI024
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage(10**9, 10**9, 7_000_000))
    said = refused(capsys, ID)
    assert said == (
        f"no room for the model in {hub.cache_folder()}/models--owner--tiny/blobs: it takes "
        "16.0 MB, and 7.0 MB are free; free 9.0 MB there, or choose another disk with "
        "--to DIR; what was downloaded so far is kept"
    )
    assert there.requests == []


def test_a_model_without_safetensors_is_refused(
    there: FakeHub, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    old = tmp_path / "old"
    old.mkdir()
    for name in ("config.json", "tokenizer.json"):
        shutil.copy(MODEL / name, old)
    (old / "pytorch_model.bin").write_bytes(b"pickle")
    there.models["owner/old"] = old
    said = refused(capsys, "owner/old")
    assert said.startswith(f"owner/old at {there.url} holds no model.safetensors; Yiwen loads no")
    assert refused(capsys, ID, "--from", str(old)).startswith(f"{old} holds no model.safetensors;")


def test_a_model_in_several_files_comes_with_those_its_index_names(
    there: FakeHub, capsys: pytest.CaptureFixture[str], sharded: Path
) -> None:
    there.models["owner/sharded"] = sharded
    folder = Path(as_json(capsys, "pull", "owner/sharded")["folder"])
    names = {"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"}
    assert {path.name for path in folder.glob("*.safetensors")} == names
    (folder / "model-00002-of-00002.safetensors").unlink()
    assert hub.state("owner/sharded") == "incomplete"


@pytest.fixture
def sharded(tmp_path: Path) -> Path:
    """A model of two weight files, empty but well-formed, and a third that no index names."""
    folder = tmp_path / "sharded"
    folder.mkdir()
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        shutil.copy(MODEL / name, folder)
    for number in ("00001", "00002", "00003"):
        header = json.dumps({number: {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}})
        content = len(header).to_bytes(8, "little") + header.encode() + bytes(4)
        (folder / f"model-{number}-of-00002.safetensors").write_bytes(content)
    weights = {n: f"model-{n}-of-00002.safetensors" for n in ("00001", "00002")}
    (folder / hub.INDEX).write_text(json.dumps({"metadata": {}, "weight_map": weights}))
    return folder


def test_an_index_cannot_name_files_elsewhere(
    there: FakeHub, capsys: pytest.CaptureFixture[str], sharded: Path
) -> None:
    index = {"weight_map": {"a": "../../evil.safetensors"}}
    (sharded / hub.INDEX).write_bytes(msgspec.json.encode(index))
    there.models["owner/sharded"] = sharded
    assert refused(capsys, "owner/sharded").endswith("names no weights beside it")


def test_a_folder_that_holds_the_model_is_used_where_it_is(
    capsys: pytest.CaptureFixture[str], repository: Path
) -> None:
    assert as_json(capsys, "pull", ID, "--from", str(repository))["folder"] == str(repository)
    assert hub.require(ID) == repository
    assert not hub.cache_folder().exists()


def test_a_folder_is_copied_where_it_is_asked_for(
    capsys: pytest.CaptureFixture[str], repository: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "big disk" / "tiny"
    assert as_json(capsys, "pull", ID, "--from", str(repository), "--to", str(copy))
    assert {path.name for path in copy.iterdir()} == {*FILES, "model.safetensors"}
    assert hub.require(ID) == copy
    assert hub.state(ID, "v1") == "not downloaded"


def test_a_model_is_pulled_into_a_folder_and_found_there(
    there: FakeHub, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = tmp_path / "models" / "tiny"
    assert as_json(capsys, "pull", ID, "--to", str(folder), "--revision", "v1")
    assert hub.require(ID, "v1") == folder
    assert hub.find(ID) is None


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda at: (at / "tokenizer.json").unlink(), "model; it lacks tokenizer.json"),
        (lambda at: os.truncate(at / "model.safetensors", 1000), "is no safetensors file; get it"),
        (lambda at: os.truncate(at / "model.safetensors", 10**6), "has 1000000 bytes and should"),
        (lambda at: (at / "model.safetensors").write_bytes(b"junk"), "is no safetensors file; get"),
        (shutil.rmtree, "no such folder"),
    ],
)
def test_a_folder_that_holds_no_whole_model_is_refused(
    capsys: pytest.CaptureFixture[str], repository: Path, tmp_path: Path, spoil, said: str
) -> None:  # type: ignore[no-untyped-def]
    broken = tmp_path / "broken"
    shutil.copytree(repository, broken)
    spoil(broken)
    assert said in refused(capsys, ID, "--from", str(broken))
    assert hub.find(ID) is None


def test_two_pulls_do_not_write_one_file(
    there: FakeHub, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    with (folder / "config.json.part").open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "another yiwen pull is writing it" in refused(capsys, ID, "--to", str(folder))


def test_a_model_that_is_not_here_is_refused_with_the_command_that_gets_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("mine.toml").write_text(PROFILE.replace("[model]", '[model]\nrevision = "v1"'))
    status, _, said = run_command(capsys, "evaluate", "mine.toml", "--test", str(TEST_FILE))
    assert status == 2
    assert said == (
        f"yiwen: the model {ID} is not on this machine; get it with: "
        f"yiwen pull {ID} --revision v1\n"
    )


def test_a_profile_of_the_list_is_pulled_by_its_name_unless_its_model_was_changed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, _, said = run_command(capsys, "train", "qwen3-4b")
    assert said.endswith("get it with: yiwen pull qwen3-4b\n")
    _, _, said = run_command(capsys, "train", "qwen3-4b", "--set", f"model.path={ID}")
    assert said.endswith(f"get it with: yiwen pull {ID}\n")


def test_a_model_that_is_partly_here_is_refused_naming_what_it_lacks(
    there: FakeHub, capsys: pytest.CaptureFixture[str]
) -> None:
    pull(capsys, ID)
    (hub.require(ID) / "model.safetensors").unlink()
    Path("mine.toml").write_text(PROFILE)
    _, _, said = run_command(capsys, "evaluate", "mine.toml", "--test", str(TEST_FILE))
    assert f"the model {ID} is only partly here: " in said
    assert f"lacks model.safetensors; get the rest with: yiwen pull {ID}\n" in said
