"""Definitions of scores that old events tell in English are retold where they are shown."""

from __future__ import annotations

import pytest

from engine.language import texts
from engine.language.said import english
from engine.run import definition
from engine.scores import comparison, judge, words

SAID = {
    "metric": "macro, the mean over samples of exp(mean nats of output tokens and <eos>)",
    "corpus": "exp(mean nats over all 2,682 such tokens)",
    "cut at": "1024 tokens",
    "references": "the file's, and a repaired one of 1 of 24 items",
    "intervals": english(judge.INTERVAL),
}


def test_what_workers_write_is_retold_with_its_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "_", lambda sentence: f"¶ {sentence}")
    retold = words.in_words(definition.as_words(SAID, {}))
    assert retold == {f"¶ {name}": f"¶ {said}" for name, said in SAID.items()}
    compared = words.in_words({"p": comparison.TEST})
    assert compared == {"p": f"¶ {english(comparison.TEST)}"}


def test_what_this_version_does_not_know_stays_as_it_is() -> None:
    said = {"BLEU": "nrefs:1|tok:zh", "{end}": "exp({end})", "attention": "eager\n2 tokens"}
    assert words.in_words(definition.as_words(said, {})) == said
