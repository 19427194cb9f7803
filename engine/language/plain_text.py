"""Puts values into words, and makes text from outside harmless to a terminal."""

from __future__ import annotations

import math
import re
import unicodedata
from pathlib import Path

from engine.data.directions import LABELS
from engine.language.errors import UserError
from engine.machine.paths import home

# Whole sequences first, lest their tails stay as litter: ECMA-48 by its grammar, C1 codes in their
# eight-bit form too. A string without an end goes to the end of its line.
_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # control sequences: colours, the cursor
    r"|(?:\x1b[PX\]^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x9c|\x1b\\)?"  # titles
    r"|\x1b[ -/]*[0-~]"  # all others: character sets, resets
)
# C0 and C1 codes, and what reorders text; a newline is the caller's affair.
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb]"
)
_SURROGATE = re.compile(r"[\ud800-\udfff]")
"""Bytes of a name that are no UTF-8; no stream takes them."""


def plain(text: str) -> str:
    """A text of several lines without control characters."""
    return harmless(text.replace("\t", "    "))


def harmless(text: str) -> str:
    """A text as it is, without what a terminal would obey; line breaks and tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    return _SURROGATE.sub("\ufffd", _CONTROL.sub("", _SEQUENCE.sub("", text)))


def escaped(text: str) -> str:
    """A line of JSON that means the same, with all that a terminal would obey in figures."""
    for kind in (_CONTROL, _SURROGATE):
        text = kind.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
    return text


def one_line(text: str) -> str:
    """A text for a place one line high."""
    return " ".join(plain(text).split())


def message_of(error: Exception | str) -> str:
    """An error as a sentence; the kind is named where the error was not foreseen."""
    if isinstance(error, str | UserError):
        return str(error)
    return f"{type(error).__name__}: {error}"


def number(value: float | None, digits: int = 2) -> str:
    """A number for a narrow place: `16.62`, `1,204`, `3.1e+06`; `–` if there is none."""
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if abs(value) >= 1e6:
        return f"{value:.1e}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.{digits}f}"


def interval(low: float, high: float) -> str:
    """Two bounds: `16.62–21.70`; nothing if they are unknown."""
    return f"{number(low)}–{number(high)}" if not math.isnan(low + high) else ""


def chance(p: float | None) -> str:
    """A p-value: `0.041`, `<0.001`; `–` if there is none."""
    if p is None or math.isnan(p):
        return "–"
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def share(count: int, of: int) -> str:
    """`2.4 %`, `100 %`."""
    percent = 100 * count / of if of else math.nan
    return f"{number(percent, 1 if 0 < percent < 99.95 else 0)} %"


def progress(done: int, of: int) -> str:
    """`23%`; 100% only once it is done."""
    return f"{100 * min(done, of) // of}%" if of else "–"


def rate(value: float) -> str:
    """A learning rate: `1.8e-4`, `1e-3`."""
    if not math.isfinite(value):
        return "–"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}" if value else "0"


def thousands(value: float) -> str:
    """A count in few characters: `980`, `5.1k`, `2.3M`."""
    if not math.isfinite(value):
        return "–"
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:.1f}{unit}"
    return f"{value:.0f}"


def size(count: int) -> str:
    """Bytes: `12.3 GB`."""
    for limit, unit in ((1e9, "GB"), (1e6, "MB")):
        if count >= limit:
            return f"{count / limit:.1f} {unit}"
    return f"{count / 1e3:.0f} kB"


def clock(seconds: float) -> str:
    """A duration: `00:41`, `1:02:09`; `–` if unknown."""
    if not math.isfinite(seconds):
        return "–"
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def short_path(path: str, room: int = 1000) -> str:
    """A path (or two, parallel) as one would type it; where room is short, its end counts."""
    from engine.language.file_names import split  # here, for `--help` loads this module too

    text = ",".join(_short(Path(part)) for part in split(path))
    return text if len(text) <= room else "…" + text[1 - room :]


def _short(path: Path) -> str:
    for folder, sign in ((Path.cwd(), ""), (home(), "~/")):
        if path.is_relative_to(folder):
            return sign + str(path.relative_to(folder))
    return str(path)


def direction_label(name: str) -> str:
    """文→白 and its like; as it stands if this version does not know it."""
    labels: dict[str, str] = {str(key): label for key, label in LABELS.items()}
    return labels.get(name, one_line(name))


def cut(text: str, room: int) -> str:
    """A text in so many columns at most, with a sign that there is more."""
    if width(text) <= room:
        return text
    while text and width(text) >= room:
        text = text[:-1]
    return text.rstrip() + "…"


def width(text: str) -> int:
    """Columns that a text takes in a terminal."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )
