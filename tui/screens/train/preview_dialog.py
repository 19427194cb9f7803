"""The data of a run, pair by pair, as the model will see it; and the lengths of all pairs."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from engine.data.file_names import split
from engine.language import _, plural
from engine.lookahead import preview
from engine.lookahead.preflight import Preflight
from engine.lookahead.preview import Fate
from engine.run_settings import Part
from engine.text import direction_label, one_line, plain
from engine.token_marks import Piece, pieces

_BAR = 40
_PARTS: dict[Part, str] = {
    "train": _("train"),
    "validation": _("validation"),
    "test": _("test"),
}


class PreviewDialog(ModalScreen[None]):
    """Reads nothing: the data is what the outlook has read."""

    AUTO_FOCUS = "VerticalScroll"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", _("Before"), id="preview.left", tooltip=_("The pair before")),
        Binding("right,space", "turn(1)", _("Next"), id="preview.right",
                tooltip=_("The next pair")),
        Binding("comma", "turn(-100)", "-100", id="preview.back", key_display=",",
                tooltip=_("A hundred pairs back")),
        Binding("full_stop", "turn(100)", "+100", id="preview.on", key_display=".",
                tooltip=_("A hundred pairs on")),
        Binding("f", "file", _("File"), id="preview.file",
                tooltip=_("Training, validation and test file in turn")),
        Binding("x", "next_unused", _("Too long"), id="preview.unused",
                tooltip=_("The next pair that will be left out or cut")),
        Binding("h", "histogram", _("Lengths"), id="preview.histogram",
                tooltip=_("Lengths of all pairs as a histogram, and back")),
        Binding("escape,q,i", "dismiss(None)", _("Close"), id="preview.close",
                tooltip=_("Close the preview")),
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
        self._shows_lengths = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -broad"):
            yield _plain("about")
            with VerticalScroll():
                yield _plain("shown")
            yield Static(
                _("← → pair   , . by 100   f file   x too long   h lengths   esc close"),
                classes="hint",
                markup=False,
            )

    def on_mount(self) -> None:
        """Begin with the first pair."""
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
        self._shows_lengths = False
        last = len(self._found.data[self._part].pairs) - 1
        self._at = min(max(0, self._at + step), last)
        self._show()

    def action_file(self) -> None:
        """Go to the next file."""
        at = self._parts.index(self._part)
        self._part, self._at = self._parts[(at + 1) % len(self._parts)], 0
        self._count()
        self._show()

    def action_next_unused(self) -> None:
        """Go to the next pair that is not used whole."""
        order = [*range(self._at + 1, len(self._fates)), *range(self._at + 1)]
        unused = [i for i in order if i < len(self._fates) and _is_unused(self._fates[i])]
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
        title = _("{part}: {file}").format(part=_PARTS[self._part], file=self._file_name())
        dialog.border_title = Content(one_line(title))
        about, shown = self._lengths() if self._shows_lengths else self._pair()
        self.query_one("#about", Static).update(about)
        self.query_one("#shown", Static).update(shown)
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def _file_name(self) -> str:
        return _(", ").join(
            path.rpartition("/")[2] for path in split(self._found.data[self._part].path)
        )

    def _pair(self) -> tuple[Content, Content]:
        """One pair: what it is, and its text with marks."""
        pairs, found = self._found.data[self._part].pairs, self._found
        pair = pairs[self._at]
        encoded = preview.encode(found.builder, pair)
        fate = preview.fate_of(found.profile, encoded, self._part)
        about = Content.assemble(
            (_("{at:,} of {count:,}").format(at=self._at + 1, count=len(pairs)), "bold"),
            f"  {one_line(pair.id)}  {direction_label(pair.direction)}  ",
            _("{total:,} tokens, {answer:,} of them scored").format(
                total=fate.total, answer=fate.answer
            ),
        )
        if _is_unused(fate):
            about = Content.assemble(about, "\n", (f"! {_why(fate)}", "bold $text-warning"))
        return about, Content.assemble(
            *(_styled(piece) for piece in pieces(encoded, found.builder.tokenizer))
        )

    def _lengths(self) -> tuple[Content, Content]:
        """All pairs: how many are how long."""
        if not self._fates:
            return Content(_("Counting …")), Content("")
        totals = sorted(fate.total for fate in self._fates)
        unused = sum(map(_is_unused, self._fates))
        about = Content(
            plural(
                "Tokens of prompt and answer, {count:,} pair: median {median:,}, longest "
                "{longest:,}; {unused:,} will be left out or cut",
                "Tokens of prompt and answer, {count:,} pairs: median {median:,}, longest "
                "{longest:,}; {unused:,} will be left out or cut",
                len(totals),
            ).format(
                count=len(totals),
                median=totals[len(totals) // 2],
                longest=totals[-1],
                unused=unused,
            )
        )
        bins = preview.histogram(totals)
        most = max(one.count for one in bins)
        room = len(f"{bins[-1].high:,}")
        rows = [
            Content.assemble(
                (f"{one.low:>{room},} – {one.high - 1:>{room},}  ", "dim"),
                ("━" * -(-one.count * _BAR // most), "$primary"),
                f" {one.count:,}",
            )
            for one in bins
        ]
        return about, Content("\n").join(rows)


def _is_unused(fate: Fate) -> bool:
    return fate.is_left_out or fate.is_cut


def _why(fate: Fate) -> str:
    if fate.is_cut:
        said = _("It is too long, {total:,} tokens, and will be cut from the right.")
        return said.format(total=fate.total)
    return _(
        "It will be left out of training: {prompt:,} tokens of prompt, {answer:,} of answer."
    ).format(prompt=fate.prompt, answer=fate.answer)


def _styled(piece: Piece) -> tuple[str, str]:
    text = plain(piece.marked).replace("\n", "⏎\n")
    if piece.scored:
        return text, "$text-success"
    return text, "$text-accent" if piece.special else ""


def _plain(name: str) -> Static:
    """A text that is never markup, and not repainted as the mouse passes."""
    widget = Static(id=name, markup=False)
    widget.auto_links = False
    return widget
