"""What a setup says: the value in each row of its form, and the card of what will happen."""

from __future__ import annotations

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text
from textual.content import Content

from engine.language.figures import rate
from engine.language.plain_text import one_line, plain
from engine.language.texts import _, plural
from engine.machine.paths import short_path
from engine.machine.words import facts_of_gpu
from engine.profile.schema import Profile
from engine.run.settings import Part
from tui.screens.train.draft import Draft
from tui.screens.train.outlook import Outlook

LABEL_WIDTH = 12
"""Cells of what stands before a value."""


def part_of(name: str) -> Part:
    """The data that a row's file holds."""
    return "train" if name == "train" else "validation" if name == "validation" else "test"


def value(name: str, draft: Draft, outlook: Outlook | None, room: int) -> str:
    """What a row shows, in so many cells."""
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


def described(outlook: Outlook | None) -> Content | Table:
    """The card: what will happen, or why that cannot be said."""
    if outlook is None:
        return Content.styled(_("Reading …"), "dim")
    if outlook.trouble:
        said = Content.assemble(("✗ ", "bold $text-error"), (plain(outlook.trouble), "$text-error"))
        return said if outlook.lacking is None else Content("\n\n").join([said, _download()])
    table = Table.grid(padding=(0, 1))
    table.add_column(width=1, style="bold")
    table.add_column(width=LABEL_WIDTH - 1)
    table.add_column(overflow="fold")
    for line in outlook.lines:
        label = Text(str(line.label), "bold" if line.sign else "dim")
        table.add_row(Text(line.sign), label, Text(plain(line.text)))
    return table


def _download() -> Content:
    """The remedy, by key or by a click."""
    return Content.from_markup(
        "[@click=screen.download][bold $primary]D[/] $words[/]",
        words=_("downloads the model, with progress; it can be stopped and gone on with"),
    )
