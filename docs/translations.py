"""Brings the catalogue of translations up to date with the marked texts, and compiles it.

python docs/translations.py [MORE.po …]     further files of translations are taken in
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.profile import setting_list  # noqa: E402 (found by the path above)

CATALOGUE = ROOT / "engine" / "language" / "locale" / "zh_TW" / "LC_MESSAGES" / "yiwen.po"
ONE_TEXT = {
    "_", "marked", "Said", "DataError", "ProfileError", "QueryError", "RunError",
    "SettingsError", "TranslatorEnded", "Unsupported", "UserError",
}  # fmt: skip
"""What takes a text that a person reads first: functions, and errors, which are raised with one."""
TWO_TEXTS = {"plural", "counted"}
"""What takes one for a count of one, and one for any other."""
IN_CONTEXT = {"pgettext", "in_context"}
"""What takes a word of context and a text."""
Texts = str | tuple[str, str]
"""One text, or its singular and plural."""
HEADER = """\
# Yiwen in Traditional Chinese, as written in Taiwan.
msgid ""
msgstr ""
"Language: zh_TW\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"
"Content-Type: text/plain; charset=utf-8\\n"

"""


def marked_texts() -> Iterator[tuple[Texts, str | None]]:
    """Every text of the interface with its context: those marked in the code, and what
    profiles/tiny.toml says of the settings."""
    for folder in ("engine", "tui"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    yield from _of_call(node)
    for text in setting_list.explanations().values():
        yield text, None


def _of_call(node: ast.Call) -> Iterator[tuple[Texts, str | None]]:
    called = node.func
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    written = [arg.value if isinstance(arg, ast.Constant) else None for arg in node.args[:2]]
    first, second = [text if isinstance(text, str) else None for text in [*written, None, None]][:2]
    if name in ONE_TEXT and first:
        yield first, None
    elif name in TWO_TEXTS and first and second:
        yield (first, second), None
    elif name in IN_CONTEXT and first and second:
        yield second, first
    elif name == "Binding":
        yield from ((text, None) for text in _of_key(node))


def _of_key(binding: ast.Call) -> Iterator[str]:
    """What a key is called, and what explains it; of a name like `+100` there is nothing to say."""
    named = [one.value for one in binding.keywords if one.arg in ("description", "tooltip")]
    for written in [*binding.args[2:3], *named]:
        text = written.value if isinstance(written, ast.Constant) else None
        if isinstance(text, str) and any(map(str.isalpha, text)):
            yield text


def main() -> None:
    """Write the catalogue in the order of its texts; say which of them are not translated."""
    known = [
        read_po(BytesIO(Path(path).read_bytes()), locale="zh_TW")
        for path in [CATALOGUE, *sys.argv[1:]]
    ]
    made = Catalog(locale="zh_TW", charset="utf-8")
    for texts, context in marked_texts():
        key = texts if isinstance(texts, str) else texts[0]
        found = [one.get(key, context) for one in known]
        strings = [message.string for message in found if message and message.string]
        made.add(texts, strings[-1] if strings else None, context=context)
    for message in made:
        if message.id and not any(message.string or ""):
            print("not translated:", message.id)
    with CATALOGUE.open("wb") as file:
        file.write(HEADER.encode())
        write_po(file, made, width=0, sort_output=True, omit_header=True)
    with CATALOGUE.with_suffix(".mo").open("wb") as file:
        write_mo(file, read_po(BytesIO(CATALOGUE.read_bytes()), locale="zh_TW"))


if __name__ == "__main__":
    main()
