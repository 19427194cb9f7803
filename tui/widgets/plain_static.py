"""A text that is never read as markup, and is sent again only when it has changed."""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content
from textual.widgets import Static


class PlainStatic(Static):
    """Put text from outside through `tui.plain` first: Textual hands escape codes on."""

    auto_links = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes, markup=False)
        self._said = Content("")

    def say(self, said: Content | str) -> None:
        """Show a text; laid out anew only if it takes another number of lines or cells."""
        content = Content(said) if isinstance(said, str) else said
        if content == self._said and content.spans == self._said.spans:
            return
        before, self._said = self._said, content
        is_shaped_anew = _shape(before) != _shape(content) or self.size.width == 0
        if is_shaped_anew and self._layout_required:
            # Textual counts a layout that is due once, and keeps what a resize measured meanwhile.
            self._layout_updates += 1
        self.update(content, layout=is_shaped_anew)


def _shape(content: Content) -> tuple[int, ...]:
    return tuple(cell_len(line) for line in content.plain.split("\n"))
