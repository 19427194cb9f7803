"""The setup of a run: what is chosen, row by row, and what will happen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.table import Table
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.language.figures import rate
from engine.language.plain_text import one_line, plain
from engine.language.said import Said
from engine.language.texts import _, marked, plural
from engine.machine.paths import short_path
from engine.machine.words import facts_of_gpu
from engine.profile.schema import Profile
from engine.run.settings import Part
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

    LABEL_WIDTH: ClassVar[int] = 12

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
        self.query_one("#outlook", Static).update(_described(outlook))

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
        room = max(20, self.size.width - self.LABEL_WIDTH - 4)
        for at, (key, label, name) in enumerate(ROWS[: self.rows.option_count]):
            # The cursor's background is the colour that keys have.
            key_style = "bold" if at == self.rows.highlighted else "bold $primary"
            value = _value(name, draft, outlook, room)
            muted = name in ("train", "validation", "test") and not draft.uses(_part(name))
            line = Content.assemble(
                (f" {key} ", key_style),
                f" {set_cell_size(str(label), self.LABEL_WIDTH)}",
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


def _download() -> Content:
    """The remedy, by key or by a click."""
    return Content.from_markup(
        "[@click=screen.download][bold $primary]D[/] $words[/]",
        words=_("downloads the model, with progress; it can be stopped and gone on with"),
    )


def _part(name: str) -> Part:
    return "train" if name == "train" else "validation" if name == "validation" else "test"


def _value(name: str, draft: Draft, outlook: Outlook | None, room: int) -> str:
    profile = outlook.profile if outlook else None
    if name == "gpu":
        return _gpu(draft, outlook, room)
    if name == "profile":
        title = one_line(profile.title) if profile else ""
        return f"{one_line(profile.name if profile else draft.profile)}   {title}"
    if name == "strategy":
        return str(draft.strategy.title)
    if profile is None:
        return "…" if name != "settings" else _changes(draft)
    if name == "settings":
        return _changes(draft) or _main_settings(draft, profile)
    path = {"train": profile.data.train, "validation": profile.data.validation}
    return one_line(short_path(path.get(name, profile.data.test), room)) or _("none")


def _gpu(draft: Draft, outlook: Outlook | None, room: int) -> str:
    """The card, with as much about it as fits; the rest stands in the card's own lines."""
    gpu = outlook.found.gpu if outlook and outlook.found else None
    if gpu is None:
        return draft.gpu or "…"
    sentence = "{gpu}" if draft.gpu else _("{gpu} (the freest)")
    facts = [str(fact) for fact in facts_of_gpu(gpu)]
    while len(facts) > 1 and cell_len(_said_of(facts, sentence)) > room:
        facts.pop()
    return _said_of(facts, sentence)


def _said_of(facts: list[str], sentence: str) -> str:
    return one_line(sentence.format(gpu=_(", ").join(facts)))


def _changes(draft: Draft) -> str:
    changed = draft.changed_settings
    return one_line(",  ".join(f"{key} = {value}" for key, value in changed.items()))


def _main_settings(draft: Draft, profile: Profile) -> str:
    if draft.strategy.shows_examples:
        return plural("{count} example", "{count} examples", profile.few_shot.examples).format(
            count=profile.few_shot.examples
        )
    if not draft.strategy.trains:
        return _("as in the profile")
    training = profile.training
    return plural(
        "{epochs:g} epoch, batch {batch}, learning rate {rate}",
        "{epochs:g} epochs, batch {batch}, learning rate {rate}",
        training.epochs,
    ).format(epochs=training.epochs, batch=training.batch_size, rate=rate(training.learning_rate))


def _described(outlook: Outlook | None) -> Content | Table:
    if outlook is None:
        return Content.styled(_("Reading …"), "dim")
    if outlook.trouble:
        said = Content.assemble(("✗ ", "bold $text-error"), (plain(outlook.trouble), "$text-error"))
        return said if outlook.lacking is None else Content("\n\n").join([said, _download()])
    table = Table.grid(padding=(0, 1))
    table.add_column(width=1, style="bold")
    table.add_column(width=SetupForm.LABEL_WIDTH - 1)
    table.add_column(overflow="fold")
    for line in outlook.lines:
        label = Text(str(line.label), "bold" if line.sign else "dim")
        table.add_row(Text(line.sign), label, Text(plain(line.text)))
    return table
