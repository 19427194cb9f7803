"""Shows the exact prompt that a model is given, special tokens marked."""

from __future__ import annotations

import re
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from engine.language.plain_text import plain
from engine.language.texts import _, plural
from engine.prompts.builder import Encoded, PromptBuilder


class PromptSheet(ModalScreen[None]):
    """The rendered prompt, its size, and what ends the answer."""

    AUTO_FOCUS = "VerticalScroll"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f7,q,enter", "dismiss", "Close", id="prompt.close", tooltip="Back"),
    ]
    DEFAULT_CSS = """
    PromptSheet Static { width: 1fr; height: auto; }
    PromptSheet .facts { margin-bottom: 1; color: $text-muted; }
    """

    def __init__(self, model: str, builder: PromptBuilder, instruction: str) -> None:
        super().__init__()
        self._model = model
        self._builder = builder
        self._encoded = builder.encode(instruction)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog -broad") as dialog:
            dialog.border_title = Content(_("Prompt for {model}").format(model=plain(self._model)))
            dialog.border_subtitle = Content(_("esc close"))
            for content, classes in (
                (Content(self._facts()), "facts"),
                (mark_special(self._encoded, self._builder), "prompt"),
            ):
                text = Static(content, classes=classes, markup=False)
                text.auto_links = False
                yield text

    def _facts(self) -> str:
        tokenizer, ids = self._builder.tokenizer, self._encoded.ids
        special = sum(index in tokenizer.special_ids for index in ids)
        stops = " ".join(sorted(tokenizer.token(index) for index in self._builder.stop_ids))
        examples = self._builder.examples.count
        said = _(
            "{tokens} tokens, {special} of them special, none scored; the answer ends at {stops}"
        )
        if examples:
            said = plural(
                "{examples} example; {tokens} tokens, {special} of them special, none scored; "
                "the answer ends at {stops}",
                "{examples} examples; {tokens} tokens, {special} of them special, none scored; "
                "the answer ends at {stops}",
                examples,
            )
        return plain(said.format(examples=examples, tokens=len(ids), special=special, stops=stops))


def mark_special(encoded: Encoded, builder: PromptBuilder) -> Content:
    """The prompt's text with its special tokens in another style and its line ends to be seen."""
    names = {builder.tokenizer.token(index) for index in builder.tokenizer.special_ids}
    known = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    styled = {name: (name, "bold $accent") for name in names} | {"\n": ("↵\n", "$text-muted")}
    pieces = re.split(f"({known}|\n)" if known else "(\n)", plain(encoded.text))
    return Content.assemble(*(styled.get(piece, (piece, "")) for piece in pieces if piece))
