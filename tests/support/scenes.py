"""The pictures that are kept of the workbench: how each screen is brought into each main state.

Nothing here waits for words: the same scenes are played in every language.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from samples import MODEL, TEST_FILE, judged, make_run, score, tiny
from stage import BEGAN, WORKER, Stage
from textual.widgets import Digits, Input

from engine.data.dataset import Pair
from engine.run import notes, waiting_list
from engine.run.events import (
    Evaluated,
    Event,
    Failed,
    Finished,
    Phase,
    Sample,
    Saved,
    Started,
    Step,
    Warned,
)
from engine.run.folder import Run
from engine.run.notes import Notes
from engine.run.settings import DataFile
from engine.run.waiting_list import Entry
from tui.run.queue_dialog import QueueDialog
from tui.screens.evaluate.screen import EvaluateScreen
from tui.screens.runs.run_table import RunTable
from tui.screens.runs.screen import RunsScreen
from tui.screens.train.recent_runs import RecentRuns
from tui.screens.train.screen import TrainScreen
from tui.screens.train.settings_dialog import SettingsDialog
from tui.screens.translate.prompt_box import PromptBox
from tui.screens.translate.screen import TranslateScreen
from tui.screens.translate.text_dialog import Field, TextDialog
from tui.widgets.dialogs import Confirm
from tui.widgets.file_picker import FilePicker
from tui.widgets.help_panel import HelpPanel

Scene = Callable[[Stage], Awaitable[None]]
SCENES: dict[str, Scene] = {}
TEXTS = (
    ("學而時習之，不亦說乎？", "學習並且時常溫習，不也很快樂嗎？"),
    ("有朋自遠方來，不亦樂乎？", "有朋友從遠方來，不也很高興嗎？"),
    ("人不知而不慍，不亦君子乎？", "別人不了解我，我卻不生氣，不也是君子嗎？"),
    ("溫故而知新，可以為師矣。", "溫習舊的知識而有新的體會，就可以當老師了。"),
    ("學而不思則罔，思而不學則殆。", "只學習而不思考就會迷惘，只思考而不學習就會危險。"),
    ("三人行，必有我師焉。", "幾個人一起走，其中必定有可以當我老師的人。"),
)
"""From the Analects, and in modern Chinese."""
STEPS = 120
DATA = {
    "train": DataFile(str(MODEL / "data" / "train.json"), "1" * 64, 700),
    "test": DataFile(str(TEST_FILE), hashlib.sha256(TEST_FILE.read_bytes()).hexdigest(), 84),
}
DEFINITION = {"metric": "mean over samples of exp(mean nats a scored token)", "base": "nf4 double"}


def scene(play: Scene) -> Scene:
    """Keep a picture of how the screen stands at the end: `train_live` is `train-live`."""
    SCENES[play.__name__.replace("_", "-")] = play
    return play


# Runs


def pair(number: int) -> Pair:
    """A pair of the Analects, its direction by turns."""
    classical, modern = TEXTS[number % len(TEXTS)]
    if number % 2:
        return Pair(f"analects-{number}", f"翻譯成文言文：\n{modern}", classical)
    return Pair(f"analects-{number}", f"翻譯成現代文：\n{classical}", modern)


def trained(steps: int = STEPS, of: int = STEPS) -> list[Event]:
    """What a run writes that goes well, a second a step; the test file is scored now and then."""
    said: list[Event] = [
        Started(at=BEGAN, steps=of, device="cuda", pid=WORKER, host="lab", pairs=700),
        Phase(at=BEGAN + 5, name="loading weights", done=3, of=3),
    ]
    for number in range(steps + 1):
        if number:
            said.append(_step(number, of))
        if number % 20 == 0:
            said += _scored(number)
    return said


def _step(number: int, of: int) -> Step:
    falling = 1.2 + 2.3 * math.exp(-4 * number / of) + 0.15 * math.sin(number * 1.7)
    return Step(
        at=BEGAN + 20 + number, step=number, of=of, loss=falling, lr=2e-4 * (1 - number / (of + 1)),
        grad_norm=1.0 + 0.3 * math.cos(number * 1.3), tokens=number * 4000,
        tokens_per_second=5100.0, memory=12_300_000_000,
    )  # fmt: skip


def _scored(number: int) -> list[Event]:
    at, perplexity = BEGAN + 20.5 + number, 12 + 66 * math.exp(-number / 30)
    both = {"to_modern": score(perplexity - 2), "to_classical": score(perplexity + 2)}
    found: list[Event] = [
        Evaluated(at=at, part="validation", score=score(perplexity * 1.08), step=number),
        Evaluated(at=at, part="test", score=score(perplexity), directions=both, step=number),
    ]
    if number:
        outputs = ("有友自遠方來，不亦樂乎？", "別人不知道我，我不生氣，不也是君子嗎？")
        found += [
            Sample(at=at, step=number, id=made.id, instruction=made.instruction, output=output,
                   reference=made.output)
            for made, output in zip(map(pair, (1, 2)), outputs)
        ]  # fmt: skip
        found.append(Saved(at=at, step=number, checkpoint=f"step-{number:06d}", best=True))
    return found


def training(stage: Stage, *said: Event, day: int = 1, **settings: Any) -> Run:
    """A run folder of a training, its log beside."""
    settings = {"data": DATA, "created": _made(day), **settings}
    run = make_run(stage.root, *said, run_id=f"202601{day:02}-120000-tiny-qlora", **settings)
    run.log_path.write_text("loading weights\nquantized 24 layers to nf4\ntraining\n", "utf-8")
    return run


def finish(at: float = BEGAN + 145) -> Finished:
    """The end of a run that went well."""
    return Finished(at=at, steps=STEPS, loss=1.31, score=score(13.2), checkpoint="step-000120")


def give_adapter(run: Run) -> Run:
    """Let a run look as if it had trained something."""
    run.adapter_path.mkdir()
    (run.adapter_path / "adapter_config.json").write_text("{}")
    (run.checkpoints_path / "step-000120").mkdir(parents=True)
    return run


def evaluation(stage: Stage, day: int, strategy: str, perplexity: float, **settings: Any) -> Run:
    """A run that scored and translated the test file."""
    both = {"to_modern": score(perplexity - 3), "to_classical": score(perplexity + 3)}
    run = make_run(
        stage.root,
        Started(at=BEGAN, device="cuda"),
        Evaluated(at=BEGAN + 40, part="test", score=score(perplexity), directions=both,
                  file="evaluations/test.jsonl", definition=DEFINITION),
        judged(at=BEGAN + 80, file="evaluations/test.jsonl"),
        Finished(at=BEGAN + 80 + day, score=score(perplexity), file="evaluations/test.jsonl"),
        run_id=f"202601{day:02}-120000-tiny-{strategy}", job="evaluate", strategy=strategy,
        data={"test": DATA["test"]}, created=_made(day), **settings,
    )  # fmt: skip
    run.evaluations_path.mkdir()
    lines = [_item(number, perplexity) for number in range(12)]
    (run.evaluations_path / "test.jsonl").write_bytes(b"".join(lines))
    return run


def _made(day: int) -> str:
    return f"2026-01-{day:02}T12:00:00+08:00"


def _item(number: int, perplexity: float) -> bytes:
    made = pair(number)
    source = made.instruction.partition("\n")[2]
    item = {
        "id": made.id, "direction": "to_classical" if number % 2 else "to_modern",
        "perplexity": perplexity * (0.4 + number % 5), "nll": 40.0, "tokens": 17 + number,
        "instruction": made.instruction, "reference": made.output,
        "output": source if number % 5 == 4 else made.output,
    }  # fmt: skip
    return msgspec.json.encode(item) + b"\n"


# Train


async def set_up(stage: Stage) -> TrainScreen:
    """The first screen, once it knows what would happen, and which runs there are now."""
    screen: TrainScreen = await stage.on(TrainScreen)
    await stage.until(lambda: screen.setup.outlook is not None)
    recent = screen.query_one(RecentRuns)
    await stage.until(lambda: not recent._is_looking)
    recent.look()  # they may have been made since it looked
    await stage.until(lambda: not recent._is_looking)
    return screen


async def watch(stage: Stage, run: Run) -> None:
    """Follow a run until all of it was read."""
    screen = await set_up(stage)
    stage.app.navigation.watch(run)
    await stage.until(lambda: screen.watching.run == run and screen.view._caught_up)


@scene
async def train_setup(stage: Stage) -> None:
    await set_up(stage)


@scene
async def train_live(stage: Stage) -> None:
    await watch(stage, stage.hold(training(stage, *trained(70))))


@scene
async def train_finished(stage: Stage) -> None:
    evaluation(stage, 2, "zero-shot", 78.2)
    evaluation(stage, 3, "few-shot", 46.1)
    await watch(stage, give_adapter(training(stage, *trained(), finish())))


@scene
async def train_failed(stage: Stage) -> None:
    warned = Warned(
        at=BEGAN + 60, message="The GPU's memory is nearly full.", hint="Close other programs."
    )
    failed = Failed(
        at=BEGAN + 61, type="OutOfMemoryError",
        message="The GPU has no memory left: 1.2 GB were asked for, 0.4 GB were free.",
        hint="Lower training.tokens_per_pass, or choose another GPU with u.",
    )  # fmt: skip
    await watch(stage, training(stage, *trained(40), warned, failed))


# Evaluate


@scene
async def evaluate_new(stage: Stage) -> None:
    evaluation(stage, 2, "zero-shot", 78.2)
    evaluation(stage, 3, "few-shot", 46.1)
    await stage.press("f2")
    await stage.on(EvaluateScreen)


@scene
async def evaluate_running(stage: Stage) -> None:
    run = make_run(
        stage.root,
        Started(at=BEGAN, device="cuda"),
        Phase(at=BEGAN + 100, name="scoring test file", done=0, of=84),
        Phase(at=BEGAN + 120, name="scoring test file", done=42, of=84),
        run_id="20260101-120000-tiny-zero-shot", job="evaluate", strategy="zero-shot",
        data={"test": DATA["test"]},
    )  # fmt: skip
    stage.app.navigation.evaluate(stage.hold(run))
    await stage.on(EvaluateScreen)


@scene
async def evaluate_result(stage: Stage) -> None:
    evaluation(stage, 3, "few-shot", 46.1)
    stage.app.navigation.evaluate(evaluation(stage, 2, "zero-shot", 78.2))
    screen = await stage.on(EvaluateScreen)
    await stage.until(lambda: screen.view.has_result and screen.query_one(Digits).value)


# Translate


async def translate(stage: Stage, *texts: str) -> TranslateScreen:
    """Ask for translations, one after another."""
    await stage.press("f3")
    screen: TranslateScreen = await stage.on(TranslateScreen)
    for number, text in enumerate(texts, 1):
        screen.query_one(PromptBox).text = text
        await stage.press("enter")
        await stage.until(
            lambda n=number: (
                len(screen.conversation.exchanges) == n  # type: ignore[misc]
                and screen.conversation.exchanges[-1].ended
            )
        )
    return screen


@scene
async def translate_empty(stage: Stage) -> None:
    await translate(stage)


@scene
async def translate_answer(stage: Stage) -> None:
    await translate(stage, TEXTS[0][0], TEXTS[1][1])


@scene
async def translate_two(stage: Stage) -> None:
    both = [give_adapter(training(stage, *trained(), finish(), day=day)) for day in (1, 2)]
    await stage.press("f3")
    await stage.on(TranslateScreen)
    stage.app.navigation.translate_side_by_side(both)
    await stage.settle()
    screen = await translate(stage, TEXTS[0][0])
    await stage.press("ctrl+t")
    dialog = await stage.on(TextDialog)
    dialog.query_one(Field).text = TEXTS[0][1]
    await stage.press("enter")
    last = screen.conversation.exchanges[-1]
    await stage.until(lambda: last.ended and last.answers[1].perplexity is not None)


# Runs


async def list_runs(stage: Stage, count: int) -> RunTable:
    """The table, once it has so many rows."""
    await stage.press("f4")
    screen = await stage.on(RunsScreen)
    table: RunTable = screen.query_one(RunTable)
    await stage.until(lambda: table.row_count == count)
    return table


def several(stage: Stage) -> None:
    """A run of every state, two profiles, names and notes."""
    evaluation(stage, 1, "zero-shot", 78.2)
    evaluation(stage, 2, "few-shot", 46.1)
    first = give_adapter(training(stage, *trained(), judged(at=BEGAN + 140), finish(), day=3))
    notes.change(first.folder, lambda _: Notes("first try", ("final",), "Rank 16 was enough."))
    gemma = msgspec.structs.replace(tiny(), name="gemma-2-2b-kyara")
    training(stage, *trained(40), Failed(at=BEGAN + 61, type="OutOfMemoryError",
             message="The GPU has no memory left."), day=4, profile=gemma)  # fmt: skip
    training(stage, *trained(30), day=5, overrides={"lora.rank": "32"})
    stage.hold(training(stage, *trained(70), day=6, overrides={"training.learning_rate": "1e-4"}))


@scene
async def runs_empty(stage: Stage) -> None:
    await list_runs(stage, 0)


@scene
async def runs_several(stage: Stage) -> None:
    several(stage)
    await list_runs(stage, 6)
    await stage.press("down", "down", "down")


@scene
async def runs_marked(stage: Stage) -> None:
    several(stage)
    table = await list_runs(stage, 6)
    await stage.press("down", "down", "down", "space", "space")
    await stage.until(lambda: len(table.marked) == 2)


# Over the screens


@scene
async def help_train(stage: Stage) -> None:
    await set_up(stage)
    await stage.press("question_mark")
    await stage.on(HelpPanel)


@scene
async def dialog_settings(stage: Stage) -> None:
    await set_up(stage)
    await stage.press("o")
    await stage.on(SettingsDialog)
    await stage.press(*"training")


@scene
async def dialog_files(stage: Stage) -> None:
    folder = stage.root.parent / "data"
    for name in ("classics/x.json", "train.json", "test.json", "parallel.txt", "notes.md"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x", "utf-8")
    await set_up(stage)
    await stage.press("d")
    dialog = await stage.on(FilePicker)
    dialog.query_one(Input).value = "data/"


@scene
async def dialog_queue(stage: Stage) -> None:
    for day, memory, overrides in (
        (1, 20 * 10**9, {}), (2, 62 * 10**9, {"training.learning_rate": "1e-4"}), (3, 0, {}),
    ):  # fmt: skip
        run = training(stage, day=day, overrides=overrides)
        waiting_list.add(stage.root, Entry(run.id, memory, BEGAN))
    await set_up(stage)
    await stage.press("Q")
    dialog = await stage.on(QueueDialog)
    await stage.until(lambda: len(dialog._waiting) == 3)


@scene
async def dialog_confirm(stage: Stage) -> None:
    several(stage)
    await list_runs(stage, 6)
    await stage.press("down", "down", "down", "d")
    await stage.on(Confirm)
