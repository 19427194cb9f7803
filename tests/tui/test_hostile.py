"""Text from outside, wherever it is shown, is neither markup nor an escape sequence.

The strings are fed into every place that shows any: names, notes, data, outputs, errors, files,
logs, tokens, other users' processes. Each picture is looked at cell by cell.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

import msgspec
import pytest
import tomli_w
from samples import make_run, score, step, tiny, write_profile
from scenes import BEGAN, evaluation, give_adapter, list_runs, set_up, training, translate, watch
from stage import GPU, Stage, Translator
from textual.events import Paste
from textual.widgets import Input

from engine.machine.hardware import GpuProcess, Machine, Probe
from engine.machine.paths import BUILTIN_PROFILES
from engine.models.tokenizer import Tokenizer
from engine.run import waiting_list
from engine.run.events import Failed, Finished, Judged, Phase, Sample, Started, Warned
from engine.run.folder import Run
from engine.run.judgement import Fault, Judgement
from engine.run.waiting_list import Entry
from tui.app import YiwenApp
from tui.run.queue_dialog import QueueDialog
from tui.screens.evaluate.sample_view import SampleDialog
from tui.screens.evaluate.screen import EvaluateScreen
from tui.screens.runs.note_dialog import NoteDialog
from tui.screens.runs.run_menu import RunMenu
from tui.screens.train.preview_dialog import PreviewDialog
from tui.screens.translate.prompt_sheet import PromptSheet
from tui.screens.translate.text_dialog import TextDialog
from tui.widgets.dialogs import Confirm
from tui.widgets.file_picker import FilePicker
from tui.widgets.log_dialog import LogDialog
from tui.widgets.picker import Picker

BRACKETS = "[/nope][red]x[/]"
"""What must be seen as it is written."""
ESCAPES = (
    "\x1b[31;1m\x1b[2J\x9b5A"  # colours, clear, cursor up
    "\x1b]0;title\x07\x1b]52;c;ZXZpbA==\x1b\\\x1b]8;;http://evil.example\x1b\\"  # title, copy, link
    "\x1bP+q\x1b\\\x1b(0\x1bc"  # terminfo query, line drawing, reset
    "\u202egnp\u2066\u200f\x00\x08\x7f\x85\r\n\t"  # order of writing, and other controls
)
LONG = "長👩‍👩‍👧🇹🇼é\u0301" * 60 + "w" * 300
HOSTILE = f"{BRACKETS}[@click=app.quit]y[/]{ESCAPES}{{w}}{LONG}"
SIZES = pytest.mark.parametrize("size", [(80, 24), (160, 48)], ids="{0[0]}x{0[1]}".format)
_REORDERS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def look(stage: Stage, *, expected: bool = True) -> str:
    """The picture; every row is whole, holds no control, and some hold the brackets."""
    rows = list(stage.app.screen._compositor.render_strips())
    for row in rows:
        assert row.cell_length == stage.app.size.width
        bad = [char for char in row.text if unicodedata.category(char) in ("Cc", "Cs")]
        assert not bad, row.text
        assert not _REORDERS.search(row.text), row.text
        assert not any(segment.control for segment in row)
    text = "\n".join(row.text for row in rows)
    assert stage.app.is_running
    if expected:
        assert BRACKETS in text, text
    return text


def hostile_profile(**changes: Any) -> Any:
    return msgspec.structs.replace(tiny(), name=HOSTILE, title=HOSTILE, **changes)


def bad_run(stage: Stage, run_id: str = "20260105-120000-[red]") -> Run:
    """A training that failed, with everything in it that its settings and events may hold."""
    sample = Sample(step=1, id=HOSTILE, instruction=HOSTILE, output=HOSTILE, reference=HOSTILE)
    run = make_run(
        stage.root,
        Started(at=BEGAN, steps=10, device=HOSTILE, host=HOSTILE),
        Phase(at=BEGAN, name=HOSTILE, done=1, of=2),
        step(1, 10),
        step(2, 10),
        sample,
        Warned(message=HOSTILE, hint=HOSTILE),
        Failed(at=BEGAN + 9, type=HOSTILE, message=HOSTILE, hint=HOSTILE),
        run_id=run_id,
        profile=hostile_profile(),
        overrides={"data.test": HOSTILE},
        checkpoint=HOSTILE,
        adapter_run=HOSTILE,
    )
    written = {"name": HOSTILE, "tags": [HOSTILE], "note": HOSTILE}
    (run.folder / "notes.toml").write_text(tomli_w.dumps(written), "utf-8")
    run.log_path.write_text(HOSTILE + "\n" + HOSTILE, "utf-8")
    return run


@SIZES
async def test_a_run_its_settings_and_its_notes(stage: Stage, size: tuple[int, int]) -> None:
    bad_run(stage)
    async with stage.app.run_test(size=size) as stage.pilot:
        await list_runs(stage, 1)
        await stage.settle()
        look(stage)
        for key, kind in (("enter", RunMenu), ("n", NoteDialog), ("d", Confirm)):
            await stage.press(key)
            await stage.on(kind)
            await stage.settle()
            look(stage, expected=kind is NoteDialog)
            await stage.press("escape")
            await stage.settle()
        await stage.press("slash", *BRACKETS[:7])
        await stage.settle()
        look(stage)


@SIZES
async def test_a_failed_run_its_samples_and_its_log(stage: Stage, size: tuple[int, int]) -> None:
    run = bad_run(stage)
    async with stage.app.run_test(size=size) as stage.pilot:
        await watch(stage, run)
        await stage.settle()
        look(stage)
        await stage.press("m")
        await stage.settle()
        look(stage)
        await stage.press("i", "l")
        await stage.on(LogDialog)
        await stage.settle()
        look(stage, expected=False)


@SIZES
async def test_the_machine_and_a_live_run(
    stage: Stage, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    strangers = tuple(GpuProcess(pid, HOSTILE, HOSTILE, 10**9) for pid in (7, 8))
    gpu = msgspec.structs.replace(GPU, name=HOSTILE, processes=strangers)
    machine = Machine((gpu,), 0.5, 4, 10**10, 10**9)
    monkeypatch.setattr(Probe, "read", lambda _: machine)
    monkeypatch.setattr(Probe, "gpus", lambda _: machine.gpus)
    run = stage.hold(training(stage, Started(at=BEGAN, steps=9), Phase(at=BEGAN, name=HOSTILE)))
    async with stage.app.run_test(size=size) as stage.pilot:
        await watch(stage, run)
        await stage.settle()
        look(stage)
        await stage.press("h", "n")
        await set_up(stage)
        await stage.settle()
        look(stage)
        await stage.press("u")
        await stage.on(Picker)
        await stage.settle()
        look(stage)


@SIZES
async def test_profile_data_and_file_names(stage: Stage, size: tuple[int, int]) -> None:
    folder = stage.root.parent
    (folder / "data").mkdir()
    record = {"id": HOSTILE, "instruction": f"翻譯成文言文：\n{HOSTILE}", "output": HOSTILE,
              "title": HOSTILE}  # fmt: skip
    for name in ("[red]x[.json", "b\x1b[31m.json"):
        records = [{**record, "id": f"{number}{HOSTILE}"} for number in range(3)]
        (folder / "data" / name).write_text(json.dumps(records), "utf-8")
    text = (BUILTIN_PROFILES / "tiny.toml").read_text("utf-8")
    title = json.dumps(BRACKETS + ESCAPES)
    text = re.sub(r"^title = .*$", lambda _: f"title = {title}", text, flags=re.M)
    text = text.replace('path = "tiny"', f'path = "{BUILTIN_PROFILES / "tiny"}"')
    write_profile(text, "profiles/mine.toml")
    stage.app = YiwenApp(stage.root, profile="mine", charset="braille")
    async with stage.app.run_test(size=size) as stage.pilot:
        screen = await set_up(stage)
        look(stage)
        await stage.press("p")
        await stage.on(Picker)
        look(stage)
        await stage.press("escape", "d")
        dialog = await stage.on(FilePicker)
        dialog.query_one(Input).value = "data/"
        await stage.settle()
        assert "[red]x[.json" in look(stage, expected=False)
        await stage.press("escape")
        screen.setup.take(
            screen.setup.draft.with_file("train", str(folder / "data" / "[red]x[.json"))
        )
        await stage.settle()
        assert "[red]x[.json" in look(stage)


@SIZES
async def test_pairs_and_tokens_of_the_data(
    stage: Stage, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Tokenizer, "token", lambda self, index: HOSTILE)
    record = {"instruction": f"翻譯成文言文：\n{BRACKETS}{ESCAPES}", "output": BRACKETS + ESCAPES}
    file = stage.root.parent / "pairs.json"
    file.write_text(json.dumps([{**record, "id": f"{n}{HOSTILE}"} for n in range(3)]), "utf-8")
    async with stage.app.run_test(size=size) as stage.pilot:
        screen = await set_up(stage)
        screen.setup.take(screen.setup.draft.with_file("train", str(file)))
        await stage.settle()
        assert screen.setup.outlook is not None
        assert not screen.setup.outlook.trouble
        await stage.press("i")
        await stage.on(PreviewDialog)
        await stage.settle()
        look(stage)
        await stage.press("h")
        await stage.settle()
        look(stage, expected=False)
        await stage.press("escape", "f3", *"x", "f7")
        await stage.on(PromptSheet)
        await stage.settle()
        look(stage)


@SIZES
async def test_errors_and_a_broken_file(stage: Stage, size: tuple[int, int]) -> None:
    file = stage.root.parent / "bad.json"
    file.write_text(json.dumps([{"id": HOSTILE, "instruction": HOSTILE, HOSTILE: 1}]), "utf-8")
    async with stage.app.run_test(size=size, notifications=True) as stage.pilot:
        screen = await set_up(stage)
        stage.app.fail(ValueError(HOSTILE))
        await stage.settle()
        look(stage)
        screen.setup.take(screen.setup.draft.with_file("train", str(file)))
        await stage.settle()
        assert screen.setup.outlook is not None
        assert screen.setup.outlook.trouble
        await stage.press("s", "a")
        await stage.settle()
        look(stage, expected=False)


@SIZES
async def test_a_result_its_items_and_its_definition(stage: Stage, size: tuple[int, int]) -> None:
    run = evaluation(stage, 2, "zero-shot", 78.2, profile=hostile_profile())
    part = Judgement(samples=2, outputs=2, faults={HOSTILE: Fault(1, HOSTILE, HOSTILE, HOSTILE)})
    judged = Judged(part="test", judgement=part, directions={HOSTILE: part},
                    definition={HOSTILE: HOSTILE})  # fmt: skip
    with run.events_path.open("ab") as log:
        for event in (judged, Finished(score=score(), file="evaluations/test.jsonl")):
            log.write(msgspec.json.encode(event) + b"\n")
    item = {"id": HOSTILE, "direction": HOSTILE, "perplexity": 10**4, "nll": 1.0, "tokens": 3,
            "instruction": HOSTILE, "reference": HOSTILE, "output": HOSTILE,
            "faults": {HOSTILE: HOSTILE}, "repaired": HOSTILE}  # fmt: skip
    with (run.evaluations_path / "test.jsonl").open("ab") as file:
        file.write(msgspec.json.encode(item) + b"\n" + HOSTILE.replace("\n", "").encode() + b"\n")
    bad_run(stage)
    async with stage.app.run_test(size=size) as stage.pilot:
        await set_up(stage)
        stage.app.navigation.evaluate(run)
        screen = await stage.on(EvaluateScreen)
        await stage.until(lambda: screen.view.has_result)
        await stage.settle()
        look(stage)
        await stage.press("enter")
        await stage.on(SampleDialog)
        await stage.settle()
        look(stage)
        for key in ("d", "o", "v", "r", "p"):
            await stage.press("escape", key)
            await stage.settle()
            look(stage, expected=False)


@SIZES
async def test_questions_answers_and_references(
    stage: Stage, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Translator, "said", [(HOSTILE, 2.0)] * 3)
    give_adapter(bad_run(stage))
    async with stage.app.run_test(size=size) as stage.pilot:
        await set_up(stage)
        await translate(stage, BRACKETS + ESCAPES)
        await stage.settle()
        look(stage)
        for key in ("ctrl+t", "ctrl+o"):
            await stage.press(key)
            await stage.on(TextDialog)
            stage.app.post_message(Paste(BRACKETS + ESCAPES))
            await stage.settle()
            look(stage)
            await stage.press("enter")
            await stage.settle()
        look(stage)
        for key in ("ctrl+r", "f5"):
            await stage.press(key)
            await stage.settle()
            look(stage, expected=key == "ctrl+r")
            await stage.press("escape")


@SIZES
async def test_the_queue_and_a_question(stage: Stage, size: tuple[int, int]) -> None:
    run = make_run(stage.root, run_id="20260105-120000-[red]", overrides={"lora.rank": HOSTILE})
    waiting_list.add(stage.root, Entry(run.id, 10**13, BEGAN))
    async with stage.app.run_test(size=size) as stage.pilot:
        await set_up(stage)
        await stage.press("Q")
        dialog = await stage.on(QueueDialog)
        await stage.until(lambda: dialog._waiting)
        await stage.settle()
        assert "20260105-120000-[red]" in look(stage, expected=False)
        stage.app.push_screen(Confirm(HOSTILE, HOSTILE))
        await stage.on(Confirm)
        await stage.settle()
        look(stage)
