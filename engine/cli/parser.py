"""The parser of command lines: it speaks the language of the interface, and counts in columns."""

from __future__ import annotations

import argparse
import re
from typing import Any

from engine.language.plain_text import width
from engine.language.said import labelled
from engine.language.texts import _, marked

WORDS = (
    marked("positional arguments"),
    marked("options"),
    marked("show this help message and exit"),
    marked("%(prog)s: error: %(message)s\n"),
    marked("argument %(argument_name)s: %(message)s"),
    marked("the following arguments are required: %s"),
    marked("one of the arguments %s is required"),
    marked("unrecognized arguments: %s"),
    marked("ambiguous option: %(option)s could match %(matches)s"),
    marked("not allowed with argument %s"),
    marked("ignored explicit argument %r"),
    marked("expected one argument"),
    marked("expected at least one argument"),
    marked("invalid choice: %(value)r (choose from %(choices)s)"),
    marked("invalid %(type)s value: %(value)r"),
)
"""What argparse says by itself, as far as a user can come to read it."""

argparse._ = _  # type: ignore[attr-defined]  # it looks its words up by this name
_FILLER = "\0"
"""Takes no column, but counts as one for argparse, which takes a character for a column."""


class Formatter(argparse.HelpFormatter):
    """Lays help out by columns: a Chinese character takes two, and a line may end after it."""

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        if prefix is None:
            prefix = _usage_label()
            prefix += _FILLER * (width(prefix) - len(prefix))
        super().add_usage(usage, actions, groups, prefix)

    def start_section(self, heading: str | None) -> None:
        # Its colon is that of the language; argparse adds one of its own, which goes again.
        super().start_section(heading and str(labelled(heading, "")).rstrip() + _FILLER)

    def format_help(self) -> str:
        return re.sub(f"{_FILLER}:?", "", super().format_help())

    def _split_lines(self, text: str, width: int) -> list[str]:
        return _wrapped(" ".join(text.split()), width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        """A text of several lines stands as it is."""
        lines = text.splitlines() if "\n" in text else self._split_lines(text, width)
        return "\n".join(indent + line for line in lines)


class Parser(argparse.ArgumentParser):
    """Lets the arguments of a command stand among its options, as in `translate RUN --json TEXT`.

    argparse does so only when asked by another method, which sub-commands are not parsed with.
    """

    _is_asked = False

    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=Formatter, **options)

    def parse_known_args(self, args=None, namespace=None):  # type: ignore[no-untyped-def]
        if self._is_asked or self._subparsers is not None:
            return super().parse_known_args(args, namespace)
        self._is_asked = True
        # That method would print this usage too, but takes its first word for an English one.
        usage, self.usage = self.usage, self.format_usage().removeprefix(_usage_label())
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._is_asked, self.usage = False, usage


def count(text: str) -> int:
    """The type of an argument: a whole number from 0 on."""
    try:
        number = int(text)
    except ValueError:
        number = -1
    if number < 0:
        raise argparse.ArgumentTypeError(_("invalid count value: {text!r}").format(text=text))
    return number


def share(text: str) -> float:
    """The type of an argument: a number from 0 to 1."""
    try:
        number = float(text)
    except ValueError:
        number = -1
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(_("invalid share value: {text!r}").format(text=text))
    return number


def _usage_label() -> str:
    return str(labelled(_("usage"), ""))


def _wrapped(text: str, columns: int) -> list[str]:
    if width(text) == len(text):
        import textwrap  # here, for only help needs it

        return textwrap.wrap(text, columns)
    from engine.language.wrapping import flowed

    return flowed(text, columns)
