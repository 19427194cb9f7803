"""The files that a text names: one, or two parallel ones with a comma between them."""

from __future__ import annotations

from pathlib import Path

from engine.language.errors import DataError


def files_of(path: str | Path) -> list[Path]:
    """The file that a path names, or the two parallel ones. Raises DataError."""
    text = str(path)
    if any("\udc80" <= char <= "\udcff" for char in text):
        shown = text.encode(errors="surrogateescape").decode(errors="replace")
        raise DataError("{path}: its name is not UTF-8; rename it", path=shown)
    parts = split(text)
    if not parts or len(parts) > 2:
        raise DataError(
            "{path}: expected one file, or two parallel ones as source.txt,target.txt", path=path
        )
    return [Path(part) for part in parts]


def split(text: str, folder: Path = Path()) -> list[str]:
    """The names in a text, looked for in a folder.

    A comma may also be part of one: what is there decides.
    """
    if "," not in text or _is_there(text, folder):
        return [text] if text else []
    commas = [place for place, char in enumerate(text) if char == ","]
    halves = [(text[:place], text[place + 1 :]) for place in commas]
    for left, right in halves:
        if _is_there(left, folder) and _is_there(right, folder):
            return [left, right]
    names = [part for part in text.split(",") if part]
    # Of two texts each has a name of its own; in a folder `data,v2` only the whole has one.
    return names if all(Path(name).suffix for name in names) else [text]


def joined(files: list[Path]) -> str:
    """The text that names these files."""
    return ",".join(map(str, files))


def _is_there(name: str, folder: Path) -> bool:
    try:
        return bool(name) and (folder / Path(name).expanduser()).exists()
    except (OSError, RuntimeError, ValueError):
        return False
