"""A model that is not here is downloaded from the card, from a hub on the loopback."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_hub import FakeHub, serving
from looking import seen, wait_for
from samples import MODEL

from engine.models import hub
from tui.app import YiwenApp

ID = "owner/tiny"
WEIGHTS = "model.safetensors"


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """The embedded model on a hub, and a profile that asks for it from there."""
    for name, value in {
        "HF_HUB_CACHE": str(tmp_path / "cache"),
        "XDG_DATA_HOME": str(tmp_path / "share"),
        "HF_TOKEN": "",
        "HF_TOKEN_PATH": str(tmp_path / "no-token"),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "hub"
    folder.mkdir()
    for name in ("config.json", "tokenizer.json", WEIGHTS):
        shutil.copy(MODEL / name, folder)
    profile = tmp_path / "profiles" / "far.toml"
    profile.parent.mkdir()
    profile.write_text(
        f"model.path = '{ID}'\nprompt.template = '{{instruction}}'\n"
        f"data.train = '{MODEL / 'data' / 'train.json'}'\n"
        f"data.test = '{MODEL / 'data' / 'test.json'}'\n",
        "utf-8",
    )
    with serving(FakeHub({ID: folder})) as found:
        monkeypatch.setenv("HF_ENDPOINT", found.url)
        yield found
        found.holds.clear()


@pytest.mark.parametrize("size", [(80, 24), (60, 16)])
async def test_a_model_comes_from_the_card_and_the_card_is_renewed(
    root: Path, there: FakeHub, size: tuple[int, int]
) -> None:
    app = YiwenApp(root, "far")
    async with app.run_test(size=size, notifications=True) as pilot:
        text = await wait_for(pilot, "D downloads the model")
        assert "D Download" in text or size[0] < 80
        await pilot.press("D")
        await wait_for(pilot, f"{ID} is here.")
        await wait_for(pilot, lambda: "not on this machine" not in seen(app))
    assert hub.state(ID) == "here"


async def test_a_download_is_stopped_and_goes_on_where_it_was(root: Path, there: FakeHub) -> None:
    there.breaks_at = [5_000_000]
    there.holds.set()
    app = YiwenApp(root, "far")
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await wait_for(pilot, "D downloads the model")
        await pilot.press("D")
        text = await wait_for(pilot, WEIGHTS)
        assert "MB of" in text
        await pilot.press("escape")
        await wait_for(pilot, "What will happen")
        await pilot.press("D")  # it went on behind
        await wait_for(pilot, WEIGHTS)
        await pilot.press("x")
        await wait_for(pilot, "D goes on from here")
        (part,) = (root.parent / "cache").rglob("*.part")
        arrived = part.stat().st_size
        assert arrived > 0
        there.holds.clear()
        await pilot.press("D")
        await wait_for(pilot, f"{ID} is here.")
    assert (WEIGHTS, f"bytes={arrived}-") in there.requests


async def test_what_goes_wrong_is_one_sentence(root: Path, there: FakeHub) -> None:
    there.gated = True
    app = YiwenApp(root, "far")
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await wait_for(pilot, "D downloads the model")
        await pilot.press("D")
        await wait_for(pilot, "That did not work")
        assert "Traceback" not in seen(app)
        await wait_for(pilot, "D downloads the model")


async def test_a_model_that_is_here_offers_no_download(app: YiwenApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(pilot, "tokens an epoch")
        await pilot.press("D")
        await pilot.pause()
        assert "D Download" not in seen(app)
        assert "Download owner" not in seen(app)
