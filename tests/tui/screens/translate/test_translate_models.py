"""The Translate screen: what translates, and the prompt that it is given."""

from __future__ import annotations

import shutil
from pathlib import Path

import fake_translator
import pytest
from fake_translator import Fake
from translate_desk import MODERN, open_desk, prompt_of

from engine.profile import files
from engine.run import notes, runs_folder
from engine.run.folder import Run
from engine.run.notes import Notes
from engine.start.request import Request, prepare
from tui.run.model_choice import list_all


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Fake:
    return fake_translator.install(monkeypatch, tmp_path)


async def test_models_are_chosen_and_the_process_stays(fake: Fake, root: Path) -> None:
    async with open_desk(root) as desk:
        await desk.answered()
        await desk.pilot.press("f5")
        await desk.until(lambda: desk.app.screen is not desk.screen)
        await desk.pilot.press(*"few-shot", "enter")
        await desk.until(lambda: "tiny · few-shot" in desk.header)
        await desk.answered()
        zero, few = map(prompt_of, fake.generates())
        assert zero.count("<start_of_turn>model") == 1
        assert few.count("<start_of_turn>model") == 1 + files.load("tiny").few_shot.examples
        assert fake.starts == 1


async def test_the_exact_prompt_is_shown(fake: Fake, root: Path) -> None:
    async with open_desk(root) as desk:
        await desk.paste(MODERN)
        await desk.pilot.press("f7")
        await desk.until(lambda: desk.app.screen is not desk.screen)
        await desk.pilot.pause()
        shown = desk.app.screen.query_one(".prompt").render().plain  # type: ignore[union-attr]
        assert shown == (
            f"<bos><start_of_turn>user↵\n翻譯成文言文：↵\n{MODERN}<end_of_turn>↵\n"
            "<start_of_turn>model↵\n"
        )
        facts = desk.app.screen.query_one(".facts").render().plain  # type: ignore[union-attr]
        assert "none scored" in facts
        await desk.pilot.press("escape")
        assert desk.app.screen is desk.screen


def trained_run(root: Path, overrides: dict[str, str] | None = None) -> Run:
    """A run with a result and two checkpoints."""
    run = runs_folder.create(
        root,
        job="train",
        strategy="qlora",
        profile=files.load("tiny", overrides),
        data={},
    )
    for folder in ("adapter", "checkpoints/step-000010", "checkpoints/step-000020"):
        (run.folder / folder).mkdir(parents=True)
    (run.adapter_path / "adapter_config.json").write_text("{}")
    return run


async def test_a_run_translates_on_the_loaded_base(fake: Fake, root: Path) -> None:
    run = trained_run(root)
    async with open_desk(root) as desk:
        await desk.answered()
        desk.app.navigation.translate(run)
        await desk.until(lambda: run.id in desk.header)
        await desk.answered()
        assert run.id in desk.said
        bare, tuned = fake.generates()
        assert (bare.adapter, tuned.adapter) == ("", str(run.adapter_path))
        assert fake.starts == 1


async def test_a_run_is_found_by_the_name_that_it_was_given(fake: Fake, root: Path) -> None:
    named = trained_run(root)
    notes.change(named.folder, lambda _: Notes("best", ("final",)))
    trained_run(root)
    async with open_desk(root) as desk:
        await desk.pick("best #final")
        await desk.until(lambda: "Which state" in desk.dialog and named.id in desk.dialog)


async def test_a_checkpoint_is_chosen(fake: Fake, root: Path) -> None:
    run = trained_run(root)
    async with open_desk(root) as desk:
        await desk.pick(run.id)
        await desk.until(lambda: "Which state" in desk.dialog)
        await desk.pilot.press("down", "enter")
        await desk.until(lambda: "step-000020" in desk.header)
        await desk.answered()
        assert fake.generates()[0].adapter == str(run.checkpoints_path / "step-000020")


async def test_another_base_model_gets_another_process(fake: Fake, root: Path) -> None:
    run = trained_run(root, {"quantization.method": "none"})
    async with open_desk(root) as desk:
        await desk.answered()
        desk.screen.choose_run(run)
        await desk.until(lambda: "not loaded" in desk.header)
        await desk.answered()
        assert fake.starts == 2


async def test_a_scored_run_translates_as_it_was_scored(fake: Fake, root: Path) -> None:
    request = Request(root, "few-shot", profile="tiny")
    run = prepare(request)
    async with open_desk(root) as desk:
        desk.screen.choose_run(run)
        await desk.answered()
        shown = run.settings.examples
        assert shown
        assert all(pair.output in prompt_of(fake.generates()[0]) for pair in shown)


async def test_a_run_without_adapter_is_refused_in_words(fake: Fake, root: Path) -> None:
    run = trained_run(root)
    shutil.rmtree(run.adapter_path)
    shutil.rmtree(run.checkpoints_path)
    async with open_desk(root) as desk:
        desk.screen.choose_run(run)
        await desk.until(lambda: "no checkpoint" in desk.toasts)
        await desk.answered()
        assert "✗ run " in desk.said
        assert fake.starts == 0


async def test_the_memory_can_be_had_back(fake: Fake, root: Path) -> None:
    async with open_desk(root) as desk:
        await desk.answered()
        await desk.pick("free the memory")
        await desk.until(lambda: "not loaded" in desk.header)
        await desk.answered()
        assert fake.starts == 2


def test_base_models_that_are_not_downloaded_are_not_offered(root: Path) -> None:
    assert [choice.key for choice in list_all(root)] == ["zero-shot tiny", "few-shot tiny"]
