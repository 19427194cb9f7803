"""How a score is defined, as a person reads it: events say it in English, in every language."""

from __future__ import annotations

import re
from collections.abc import Mapping

from engine.language.texts import _, marked

_NAMES = {
    "metric": _("metric"),
    "corpus": _("corpus"),
    "base": _("base"),
    "computed in": _("computed in"),
    "engine": _("engine"),
    "logits": _("logits"),
    "log-softmax": _("log-softmax"),
    "attention": _("attention"),
    "prompt": _("prompt"),
    "examples": _("examples"),
    "cut at": _("cut at"),
    "references": _("references"),
    "intervals": _("intervals"),
}
_SENTENCES = (
    marked("macro, the mean over samples of exp(mean nats of output tokens and {end})"),
    marked("mean over samples of exp(mean nats of output tokens and {end})"),
    marked("exp(mean nats over all {count} such tokens)"),
    marked("unquantised"),
    marked("{dtype} before log-softmax"),
    marked("{count} tokens"),
    marked("the file's, and a repaired one of {some} of {count} items"),
    marked("95 %, percentiles of {count} bootstrap resamples of the items, seed {seed}"),
    marked(
        "approximate randomisation, two-sided, {count} trials, seed {seed}; "
        "of the split by items: sign test"
    ),
)
"""Those that workers write, or wrote once, and comparisons."""


def _pattern(sentence: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>\\S+)", re.escape(sentence)))


_PATTERNS = {sentence: _pattern(sentence) for sentence in _SENTENCES}


def in_words(definition: Mapping[str, str]) -> dict[str, str]:
    """Names and sentences in the interface's language; unknown ones as they stand."""
    return {_NAMES.get(name, name): _retold(said) for name, said in definition.items()}


def _retold(said: str) -> str:
    for sentence, pattern in _PATTERNS.items():
        if found := pattern.fullmatch(said):
            return _(sentence).format(**found.groupdict())
    return said
