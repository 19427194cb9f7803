"""The setup of a run: what is chosen, row by row, and what will happen."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import set_cell_size
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.language.said import Said
from engine.language.texts import _, marked, plural
from tui.screens.train import setup_words
from tui.screens.train.draft import Draft
from tui.screens.train.outlook import Outlook
from tui.screens.train.recent_runs import LEAST_WIDTH, RecentRuns
from tui.widgets.key_line import KeyLine

ROWS: tuple[tuple[str, Said, str], ...] = (
    ("p", Said("Profile"), "profile"),
    ("z", Said("Strategy"), "strategy"),
    ("d", Said.in_context("file", "Training"), "train"),
    ("v", Said.in_context("file", "Validation"), "validation"),
    ("f", Said.in_context("file", "Test"), "test"),
    ("o", Said("Settings"), "settings"),
    ("u", Said("GPU"), "gpu"),
)
"""Key, label and name of each row; that of the GPU shows where there is one."""
_BEFORE = (
    ("i", marked("data")),
    ("P", marked("probe")),
    ("A", marked("queue")),
    ("y", marked("command")),
    ("K", marked("keep")),
)
"""What else can be done before a start."""


class SetupForm(Vertical):
    """Shows a draft; says which row the user wants to change."""

    DEFAULT_CSS = """
    SetupForm {
        padding: 1 1 0 1;
        OptionList {
            height: auto; border: none; padding: 0; background: transparent;
            scrollbar-size-vertical: 0; text-wrap: nowrap; text-overflow: ellipsis;
        }
        OptionList:focus { border: none; }
        .title { margin: 1 0 0 2; }
        VerticalScroll { height: 1fr; padding: 0 1 0 0; }
        VerticalScroll:focus { background-tint: $foreground 3%; }
        #latest { margin: 0 0 0 2; color: $text-muted; }
    }
    """

    @dataclass
    class Chosen(Message):
        """A row is to be changed."""

        row: str

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[Draft, Outlook | None] | None = None
        self._lines: dict[str, Content] = {}
        """What each row shows."""

    def compose(self) -> ComposeResult:
        yield RecentRuns()
        rows = OptionList(*[Option("", id=name) for _, _, name in ROWS[:-1]], markup=False)
        rows.auto_links = False
        yield rows
        before = [(key, _(words)) for key, words in _BEFORE]
        yield KeyLine(_("What will happen"), before, classes="title")
        with VerticalScroll():
            outlook = Static(Content(_("Reading …")), id="outlook", markup=False)
            outlook.auto_links = False
            yield outlook
        yield KeyLine(id="latest")

    @property
    def _is_whole(self) -> bool:
        """Not so while the application is taken down, when an answer may still come in."""
        return bool(self.query(OptionList))

    @property
    def rows(self) -> OptionList:
        """What takes the focus."""
        return self.query_one(OptionList)

    @property
    def card(self) -> VerticalScroll:
        """What will happen."""
        return self.query_one(VerticalScroll)

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_id:
            self.post_message(self.Chosen(event.option_id))

    def show(self, draft: Draft, outlook: Outlook | None) -> None:
        """Show a draft, and what is known about it; None while that is being found out."""
        if not self._is_whole:
            return
        if self._shown == (draft, outlook):
            return  # looked at again, and nothing is new
        self._shown = draft, outlook
        self._show_rows()
        self.query_one("#outlook", Static).update(setup_words.described(outlook))

    def highlight(self, name: str) -> None:
        """Put the cursor on a row."""
        self.rows.highlighted = next(at for at, row in enumerate(ROWS) if row[2] == name)
        self.rows.focus()

    def on_resize(self) -> None:
        """Paths show as much of their ends as fits; the newest runs where there is room."""
        self.query_one(RecentRuns).display = self.app.size.width >= LEAST_WIDTH
        self._show_rows()

    @on(OptionList.OptionHighlighted)
    def _show_rows(self) -> None:
        if self._shown is None:
            return
        draft, outlook = self._shown
        if outlook is not None:
            self._offer_gpus(bool(outlook.gpus) or bool(draft.gpu))
        room = max(20, self.size.width - setup_words.LABEL_WIDTH - 4)
        for at, (key, label, name) in enumerate(ROWS[: self.rows.option_count]):
            # The cursor's background is the colour that keys have.
            key_style = "bold" if at == self.rows.highlighted else "bold $primary"
            value = setup_words.value(name, draft, outlook, room)
            is_file = name in ("train", "validation", "test")
            muted = is_file and not draft.uses(setup_words.part_of(name))
            line = Content.assemble(
                (f" {key} ", key_style),
                f" {set_cell_size(str(label), setup_words.LABEL_WIDTH)}",
                (_("not used") if muted else value, "dim" if muted else ""),
            )
            before = self._lines.get(name)
            if before is None or (before, before.spans) != (line, line.spans):
                self._lines[name] = line
                self.rows.replace_option_prompt(name, line)

    def _offer_gpus(self, offer: bool) -> None:
        """Add or remove the last row."""
        is_offered = self.rows.option_count == len(ROWS)
        if offer and not is_offered:
            self._lines.pop(ROWS[-1][2], None)
            self.rows.add_option(Option("", id=ROWS[-1][2]))
        elif is_offered and not offer:
            self.rows.remove_option(ROWS[-1][2])

    def show_latest(self, text: str, waiting: int = 0) -> None:
        """Name the run that can be looked at, and how many wait."""
        if not self._is_whole:
            return
        queue = plural("{count} run waits", "{count} runs wait", waiting).format(count=waiting)
        parts = [("Q", queue)] if waiting else []
        parts += [("w", text)] if text else []
        self.query_one("#latest", KeyLine).tell(parts)
