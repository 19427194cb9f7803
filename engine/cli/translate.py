"""The translate command: one text, or standard input line by line, streamed as it comes."""

from __future__ import annotations

import math
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import msgspec

from engine.cli import typed
from engine.cli.output import print_json
from engine.cli.requests import request
from engine.data import directions
from engine.data.directions import Direction
from engine.language.errors import UserError
from engine.language.figures import number
from engine.language.plain_text import one_line
from engine.language.texts import _
from engine.models import context
from engine.profile.schema import Generation
from engine.prompts import strategies
from engine.prompts.builder import PromptBuilder
from engine.run import prompt_builder, trained_with
from engine.run.words import phase_name
from engine.start.request import check_adapter, check_model, resolve_profile
from engine.table.catalog import finite
from engine.translate.client import Translator

_TEMPERATURE = 0.7


def translate(arguments: Namespace) -> int:
    """`yiwen translate PROFILE|RUN [TEXT]`."""
    texts = _texts(arguments.text)
    asked = request(arguments)
    profile = resolve_profile(asked)
    strategy = strategies.get(asked.strategy)
    check_model(profile)
    adapter = ""
    if strategy.trains and asked.run is not None:
        adapter = str(asked.run.adapter_folder(asked.checkpoint))
        check_adapter(adapter, profile)
    examples = prompt_builder.draw_outside_a_run(profile, strategy)
    builder = prompt_builder.builder_for(profile, examples)
    for difference in trained_with.differences(Path(adapter), profile, builder) if adapter else ():
        print(f"! {one_line(difference)}", file=sys.stderr)
    translator = Translator(profile)
    try:
        for phase in translator.load():
            print(f"{phase_name(phase.name)} …", file=sys.stderr)
        for text in texts:
            if text:
                _translate_one(text, arguments, translator, builder, adapter)
            else:
                _pass_over(arguments)
    finally:
        translator.close()
    return 0


def _translate_one(
    text: str, arguments: Namespace, translator: Translator, builder: PromptBuilder, adapter: str
) -> None:
    """Print the answer or the samples, and what the model thinks of the reference."""
    direction = _direction(arguments.direction, text)
    instruction = builder.instruction(text, direction)
    ids = builder.prompt_ids(instruction)
    if wrong := context.too_long(len(ids), context.of_folder(builder.tokenizer.folder)):
        if arguments.text is not None:
            raise UserError(wrong)
        print(f"! {wrong}", file=sys.stderr)  # the other lines are translated all the same
        _pass_over(arguments)
        return
    row: dict[str, object] = {"text": text, "direction": direction}
    perplexity = math.nan
    if arguments.reference:
        encoded = builder.encode(instruction, arguments.reference)
        perplexity = translator.perplexity(encoded, adapter=adapter)
        row["reference_perplexity"] = finite(perplexity)
    generation = _sampling(translator.profile.generation, arguments)
    for seed in range(1, arguments.samples + 1) if arguments.samples else (0,):
        pieces = translator.generate(
            ids, builder.stop_ids, adapter=adapter, seed=seed, generation=generation
        )
        if arguments.json:
            row["output"] = "".join(pieces).strip()
            print_json(row)
        else:
            _stream(pieces, is_one_line=arguments.text is None)
    if arguments.reference and not arguments.json:
        said = _("reference: perplexity {value}")
        print(said.format(value=number(perplexity)), flush=True)


def _sampling(generation: Generation, arguments: Namespace) -> Generation:
    if not arguments.samples:
        return generation
    temperature = arguments.temperature or generation.temperature or _TEMPERATURE
    return msgspec.structs.replace(generation, temperature=temperature)


def _pass_over(arguments: Namespace) -> None:
    """Of an empty line comes an empty line: what comes out stands beside what went in."""
    if arguments.json:
        print_json({"text": "", "direction": "unknown", "output": ""})
    else:
        print("\n" * (max(1, arguments.samples or 1) - 1), flush=True)


def _texts(text: str | None) -> Iterator[str]:
    """The texts to translate; an empty one for an empty line of standard input."""
    if text is None:
        return _typed_lines() if sys.stdin and sys.stdin.isatty() else typed.lines()
    if not text.strip():
        raise UserError(_("nothing to translate: the text is empty"))
    return iter([typed.checked(text.strip(), "TEXT")])


def _typed_lines() -> Iterator[str]:
    print(_("Type a sentence and Enter; Ctrl-D ends."), file=sys.stderr)
    return filter(None, typed.lines())


def _direction(asked: str, text: str) -> Direction:
    if asked == "auto":
        return directions.of_text(text)
    return "to_modern" if asked == "to-modern" else "to_classical"


def _stream(pieces: Iterator[str], *, is_one_line: bool) -> None:
    """Print an answer as it comes; white space at its end is left out.

    Of a line of a file comes one line, whatever the model says.
    """
    held = ""
    newline = " " if is_one_line else "\n"
    for piece in pieces:
        text = held + newline.join(one_line(line) for line in piece.split("\n"))
        kept = text.rstrip()
        held = text[len(kept) :]
        print(kept, end="", flush=True)
    print(flush=True)
