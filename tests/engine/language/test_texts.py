"""The language of the interface: how it is chosen, and a catalogue that is whole."""

from __future__ import annotations

import gettext
import os
import re
import runpy
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from engine.language import texts as language

ROOT = Path(__file__).resolve().parents[3]
CATALOGUE = language.LOCALES / "zh_TW" / "LC_MESSAGES" / "yiwen.po"


def catalogue() -> Catalog:
    return read_po(BytesIO(CATALOGUE.read_bytes()), locale="zh_TW")


def texts_of(message: Message) -> list[str]:
    return [message.id] if isinstance(message.id, str) else list(message.id)


def translations_of(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


MESSAGES = [message for message in catalogue() if message.id]


@pytest.mark.parametrize(
    ("wished", "locale", "chosen"),
    [
        ("auto", {}, ""),
        ("auto", {"LANG": "en_US.UTF-8"}, ""),
        ("auto", {"LANG": "zh_TW.UTF-8"}, "zh_TW"),
        ("auto", {"LANG": "en_US.UTF-8", "LC_ALL": "zh_TW.UTF-8"}, "zh_TW"),
        ("auto", {"LANG": "zh_TW.UTF-8", "LC_MESSAGES": "C"}, ""),
        ("en", {"LANG": "zh_TW.UTF-8"}, ""),
        ("zh-TW", {"LANG": "en_US.UTF-8"}, "zh_TW"),
    ],
)
def test_the_setting_goes_before_the_locale(
    wished: str, locale: dict[str, str], chosen: str
) -> None:
    assert language.choose(wished, locale) == chosen


def test_every_marked_text_is_in_the_catalogue_and_nothing_else() -> None:
    found = runpy.run_path(str(ROOT / "docs" / "translations.py"))["marked_texts"]()
    marked = {(texts if isinstance(texts, str) else texts[0], context) for texts, context in found}
    assert {(texts_of(message)[0], message.context) for message in MESSAGES} == marked


def test_a_text_is_told_apart_by_its_context() -> None:
    known = gettext.translation("yiwen", language.LOCALES, ["zh_TW"])
    assert known.pgettext("file", "Training") == "訓練檔"
    assert known.gettext("Training") == "訓練"
    assert language.pgettext("file", "Training") == "Training"  # tests speak English


def test_one_is_no_plural() -> None:
    said = [language.plural("{n:g} epoch", "{n:g} epochs", n).format(n=n) for n in (0.5, 1.0, 2)]
    assert said == ["0.5 epochs", "1 epoch", "2 epochs"]


def test_no_half_width_mark_stands_in_a_chinese_sentence() -> None:
    wrong = re.compile(r"[\u4e00-\u9fff][,:;?]|[,:;?] ?[\u4e00-\u9fff]")
    for message in MESSAGES:
        for text in translations_of(message):
            outside = re.sub(r"`[^`]*`|\w+:\w+", "", text)
            assert not wrong.search(outside), text


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: texts_of(message)[0][:40])
def test_a_text_is_translated_with_its_places_and_edges(message: Message) -> None:
    original = texts_of(message)[-1]
    assert translations_of(message)
    for text in translations_of(message):
        assert text.strip()
        assert set(re.findall(r"\{\w*", text)) <= set(re.findall(r"\{\w*", original))
        if isinstance(message.id, str):
            assert set(re.findall(r"\{\w*", text)) == set(re.findall(r"\{\w*", original))
        if re.search(r"\w", original):  # full-width marks bring their own space
            assert text[:1].isspace() == original[:1].isspace()
            assert text[-1:].isspace() == original[-1:].isspace()


def test_the_compiled_catalogue_is_that_of_the_text() -> None:
    compiled = read_mo(BytesIO(CATALOGUE.with_suffix(".mo").read_bytes()))
    said = {
        (texts_of(m)[0], m.context and m.context.decode()): translations_of(m) for m in compiled
    }
    del said["", None]
    assert said == {(texts_of(m)[0], m.context): translations_of(m) for m in MESSAGES}


def test_a_program_speaks_the_language_that_it_was_started_in() -> None:
    text = texts_of(MESSAGES[0])[0]
    code = f"from engine.language.texts import _; print(_({text!r}))"
    said = {}
    for wished in ("en", "zh-TW"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "YIWEN_LANGUAGE": wished, "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            text=True,
            check=True,
        )
        said[wished] = done.stdout.removesuffix("\n")
    known = gettext.translation("yiwen", language.LOCALES, ["zh_TW"])
    assert said == {"en": text, "zh-TW": known.gettext(text)}
