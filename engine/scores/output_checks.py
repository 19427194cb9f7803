"""Faults of outputs that no score tells apart: found one by one, and counted over a file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from engine.data import directions
from engine.data.characters import simplified_characters
from engine.prompts.builder import PromptBuilder
from engine.run.judgement import FAULTS, Fault
from engine.scores.result_lines import SampleResult

_ALIKE = 0.9
"""Share of characters in common from which one text is a copy of another."""
_SHOWN = 60
_NO_WORD = re.compile(r"[\W_]+")
_THINKING = re.compile(r"</?(?:think|thinking|thought|reasoning)>", re.I)
_ENGLISH = re.compile(r"[A-Za-z]{3,}")
_WORDS_SHOWN = 5
_AGAIN = re.compile(r"(.{1,60}?)\1{3,}|(.{8,120}?)\2{2,}", re.S)
"""The same four times in a row, or three times if it is long."""
_ENDLESS = 16
"""Characters that such a row takes at least: 哈哈哈哈 is none."""
_LOOKED_AT = 4000
"""Characters of an output, from its end, in which rows are looked for."""


@dataclass(frozen=True)
class OutputChecker:
    """Knows what an output must not hold, however it is prompted."""

    special_tokens: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    """What the prompt says around every instruction."""

    @classmethod
    def of(cls, builder: PromptBuilder) -> OutputChecker:
        """By a model's tokenizer and the profile's prompt."""
        special = tuple(sorted(builder.tokenizer.special_tokens, key=len, reverse=True))
        prompt = builder.prompt
        forms = [prompt.template, prompt.few_shot_template, prompt.system, prompt.example]
        asked = {_around(pair.instruction, pair.source_text) for pair in builder.examples.pairs}
        return cls(special, _phrases([*forms, *sorted(asked)], special))

    def faults(self, result: SampleResult) -> dict[str, str]:
        """What is wrong with an output, by kind, in a few words; nothing where there is none."""
        output = result.output
        if output is None:
            return {}
        if not output.strip():
            return {"empty": "nothing", **self._cut(result), **self._special(result, "")}
        source = directions.source_text(result.instruction)
        right = f"{source}\n{result.reference}\n{result.repaired}"
        prompt = self._prompt(output, result.instruction, source, right)
        special = self._special(result, output)
        return {
            **self._cut(result),
            **_repeats(output, right),
            **_thinking(output),
            **self._copied(result, output, source),
            **_simplified(output, right),
            **self._english(output, f"{right}\n{''.join(prompt.values())}"),
            **prompt,
            **special,
        }

    @staticmethod
    def _cut(result: SampleResult) -> dict[str, str]:
        return {"cut": "no end"} if result.cut else {}

    @staticmethod
    def _copied(result: SampleResult, output: str, source: str) -> dict[str, str]:
        """The source again, where the reference is something else."""
        references = [text for text in (result.reference, result.repaired) if text]
        if not _is_copy(output, source) or any(_is_copy(text, source) for text in references):
            return {}
        return {"copied": "the source" if output.strip() == source else "nearly the source"}

    def _prompt(self, output: str, instruction: str, source: str, right: str) -> dict[str, str]:
        asked = [line.strip() for line in _around(instruction, source).splitlines()]
        wanted = [line for line in asked if _is_telling(line)]
        found = [p for p in (*wanted, *self.phrases) if p in output and p not in right]
        return {"prompt": found[0]} if found else {}

    def _english(self, output: str, right: str) -> dict[str, str]:
        """Words of Latin letters that neither source, reference nor prompt explains."""
        for token in self.special_tokens:
            output = output.replace(token, " ")
        known = right.casefold()
        words = dict.fromkeys(_ENGLISH.findall(_THINKING.sub(" ", output)))
        found = [word for word in words if word.casefold() not in known]
        return {"english": " ".join(found[:_WORDS_SHOWN])} if found else {}

    def _special(self, result: SampleResult, output: str) -> dict[str, str]:
        """Written out in the text, or as tokens that the text leaves out."""
        found = [token for token in self.special_tokens if token in output] + result.special
        found = [token for token in found if not _THINKING.fullmatch(token)]
        return {"special": " ".join(dict.fromkeys(found))} if found else {}


def tally(results: Iterable[SampleResult]) -> dict[str, Fault]:
    """Outputs with each kind of fault, and the first of them; of results that were checked."""
    faulty: dict[str, list[SampleResult]] = {kind: [] for kind in FAULTS}
    for result in results:
        for kind in result.faults:
            faulty[kind].append(result)
    return {kind: _fault(kind, found) for kind, found in faulty.items()}


def _fault(kind: str, found: list[SampleResult]) -> Fault:
    if not found:
        return Fault(0)
    first = found[0]
    output = first.output or ""
    shown = output if len(output) <= _SHOWN else output[:_SHOWN] + "…"
    return Fault(len(found), first.id, first.faults[kind], shown)


def _simplified(output: str, right: str) -> dict[str, str]:
    """What source or reference have is not held against an output."""
    found = [char for char in dict.fromkeys(simplified_characters(output)) if char not in right]
    return {"simplified": "".join(found)} if found else {}


def _thinking(output: str) -> dict[str, str]:
    """What a model says to itself before it answers, or the marks around it."""
    found = _THINKING.search(output)
    return {"thinking": found.group()} if found else {}


def _repeats(output: str, right: str) -> dict[str, str]:
    """The same again and again, as where a model finds no end; a refrain is none."""
    for row in _AGAIN.finditer(output[-_LOOKED_AT:]):
        again = (row.group(1) or row.group(2)).strip()
        if len(row.group()) >= _ENDLESS and again and again * 3 not in right:
            return {"repeats": again[:_SHOWN]}
    return {}


def _is_copy(text: str, source: str) -> bool:
    """The same but for punctuation and a tenth of the characters."""
    one, other = _NO_WORD.sub("", text), _NO_WORD.sub("", source)
    if not one or not other:
        return text.strip() == source.strip()
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.quick_ratio() >= _ALIKE and matcher.ratio() >= _ALIKE


def _around(instruction: str, source: str) -> str:
    """The words that ask for something."""
    return instruction.replace(source, "\n")


def _phrases(forms: Sequence[str], special: Sequence[str]) -> tuple[str, ...]:
    """Lines of the prompt's form, without parts to fill in and without special tokens."""
    ends = [*map(re.escape, special), r"\{[a-z]+\}", "\n"]
    pieces = [piece.strip() for form in forms for piece in re.split("|".join(ends), form)]
    return tuple(dict.fromkeys(filter(_is_telling, pieces)))


def _is_telling(phrase: str) -> bool:
    """Long enough to be no chance when it turns up in an output: `答案：`, `user`."""
    return len(phrase) >= 3 and len(_NO_WORD.sub("", phrase)) >= 2
