"""The data of a run, pair by pair, as the model will see it; and the lengths of all pairs."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from engine.language.errors import UserError
from engine.language.file_names import split
from engine.language.plain_text import one_line
from engine.language.texts import _, marked
from engine.run.settings import Part
from engine.start import preview
from engine.start.preflight import Preflight
from engine.start.preview import Fate
from tui.screens.train import preview_words
from tui.screens.train.example_picks import Picks
from tui.screens.train.pair_find import PairFind
from tui.widgets.plain_static import PlainStatic
from tui.widgets.work import work

_PARTS: dict[Part, str] = {
    "train": marked("train"),
    "validation": marked("validation"),
    "test": marked("test"),
}


class PreviewDialog(ModalScreen[tuple[str, ...] | None]):
    """Reads nothing: the data is what the outlook has read.

    Closes with the ids of the examples, if others were picked than there were.
    """

    AUTO_FOCUS = "VerticalScroll"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", "Before", id="preview.left", tooltip="The pair before"),
        Binding("right", "turn(1)", "Next", id="preview.right",
                tooltip="The next pair"),
        Binding("space", "pick", "Pick", id="preview.pick", key_display="space",
                tooltip="Take the pair as a few-shot example, or give it up"),
        Binding("p", "prompt", "Prompt", id="preview.prompt",
                tooltip="The prompt with the examples that are picked, and back"),
        Binding("slash", "find", "Find", id="preview.find", key_display="/", priority=True,
                tooltip="Go to the next pair with these words, or to a number"),
        Binding("comma", "turn(-100)", "-100", id="preview.back", key_display=",",
                tooltip="A hundred pairs back"),
        Binding("full_stop", "turn(100)", "+100", id="preview.on", key_display=".",
                tooltip="A hundred pairs on"),
        Binding("f", "file", "File", id="preview.file",
                tooltip="Training, validation and test file in turn"),
        Binding("x", "next_unused", "Too long", id="preview.unused",
                tooltip="The next pair that will be left out or cut"),
        Binding("h", "histogram", "Lengths", id="preview.histogram",
                tooltip="Lengths of all pairs as a histogram, and back"),
        Binding("escape,q,i", "close", "Close", id="preview.close",
                tooltip="Close the preview"),
    ]  # fmt: skip
    DEFAULT_CSS = """
    PreviewDialog {
        #about { height: auto; margin-bottom: 1; }
        VerticalScroll { height: 1fr; }
        #shown { width: 1fr; height: auto; }
    }
    PreviewDialog.-short #about { margin-bottom: 0; }
    """

    def __init__(self, found: Preflight) -> None:
        super().__init__()
        self._found = found
        self._parts = [part for part in _PARTS if part in found.data]
        self._part: Part = self._parts[0]
        self._at = 0
        self._fates: list[Fate] = []
        self._shows_lengths = self._shows_prompt = False
        self._picks = Picks(found)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -broad"):
            yield PlainStatic(id="about")
            with VerticalScroll():
                yield PlainStatic(id="shown")
            yield PlainStatic(id="keys", classes="hint")

    def on_mount(self) -> None:
        """Begin with the first pair."""
        self.query_one("#keys", Static).update(_keys())
        self._count()
        self._show()

    @work(exclusive=True, group="count")
    async def _count(self) -> None:
        """Lengths of all pairs of the file."""
        self._fates = []
        found, part = self._found, self._part
        self._fates = await asyncio.to_thread(
            preview.fates, found.profile, found.builder, found.data[part].pairs, part
        )
        self._show()

    def action_turn(self, step: int) -> None:
        """Go to another pair."""
        self._shows_lengths = self._shows_prompt = False
        last = len(self._found.data[self._part].pairs) - 1
        self._at = min(max(0, self._at + step), last)
        self._show()

    def action_pick(self) -> None:
        """Take the pair as an example, or give it up."""
        if self._part != "train":
            self.notify(_("Examples come from the training file: f goes to it."), timeout=3)
            return
        try:
            self._picks.toggle(self._found.data["train"].pairs[self._at])
        except UserError as error:
            self.notify(one_line(str(error)), severity="warning", markup=False, timeout=5)
        self._show()

    def action_prompt(self) -> None:
        """The prompt that the picks make, or the pair again."""
        self._shows_prompt = not self._shows_prompt
        self._show()

    def action_find(self) -> None:
        """Open the line to type in."""
        if not self.query(PairFind):
            line = PairFind(self._found.data[self._part].pairs, self._at, self._go_to)
            self.mount(line)
            self.set_focus(line)

    def _go_to(self, place: int) -> None:
        self._at, self._shows_lengths, self._shows_prompt = place, False, False
        self._show()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While words are typed, letters are letters."""
        return action != "find" or not self.query(PairFind)

    def action_close(self) -> None:
        """Back, with the examples that were picked."""
        self.dismiss(tuple(self._picks.ids) if self._picks.are_changed else None)

    def action_file(self) -> None:
        """Go to the next file."""
        at = self._parts.index(self._part)
        self._part, self._at = self._parts[(at + 1) % len(self._parts)], 0
        self.query(PairFind).remove()
        self._count()
        self._show()

    def action_next_unused(self) -> None:
        """Go to the next pair that is not used whole."""
        order = [*range(self._at + 1, len(self._fates)), *range(self._at + 1)]
        unused = [
            i for i in order if i < len(self._fates) and preview_words.is_unused(self._fates[i])
        ]
        if not unused:
            self.notify(_("Every pair of this file is used whole."), timeout=3)
            return
        self._at, self._shows_lengths = unused[0], False
        self._show()

    def action_histogram(self) -> None:
        """Lengths, or the pair again."""
        self._shows_lengths = not self._shows_lengths
        self._show()

    def _show(self) -> None:
        dialog = self.query_one(".dialog", Vertical)
        title = _("{part}: {file}").format(part=_(_PARTS[self._part]), file=self._file_name())
        dialog.border_title = Content(one_line(title))
        if self._shows_prompt:
            about, shown = preview_words.of_prompt(self._found, self._picks)
        elif self._shows_lengths:
            about, shown = preview_words.of_lengths(self._fates)
        else:
            about, shown = preview_words.of_pair(self._found, self._part, self._at, self._picks)
        self.query_one("#about", Static).update(about)
        self.query_one("#shown", Static).update(shown)
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def _file_name(self) -> str:
        return _(", ").join(
            path.rpartition("/")[2] for path in split(self._found.data[self._part].path)
        )


def _keys() -> Content:
    """What the keys do; a click on the words does it too."""
    offered = (
        ("← →", _("pair"), "turn(1)"),
        (", .", _("by 100"), "turn(100)"),
        ("/", _("find"), "find"),
        ("space", _("pick as example"), "pick"),
        ("p", _("prompt"), "prompt"),
        ("f", _("file"), "file"),
        ("x", _("too long"), "next_unused"),
        ("h", _("lengths"), "histogram"),
        ("esc", _("close"), "close"),
    )
    return Content("  ").join(
        Content.from_markup(f"[@click=screen.{action}]$key $words[/]", key=key, words=words)
        for key, words, action in offered
    )
