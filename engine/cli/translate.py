"""The translate command: one text, or standard input line by line, streamed as it comes."""

from __future__ import annotations

import json
import math
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import msgspec

from engine import directions, jobs, strategies, trained_with
from engine.catalog import finite
from engine.cli.requests import request
from engine.directions import Direction
from engine.errors import UserError
from engine.language import _
from engine.profiles import Generation
from engine.prompts import PromptBuilder
from engine.text import number, one_line
from engine.translator import Translator
from engine.wording import phase_name

_TEMPERATURE = 0.7


def translate(arguments: Namespace) -> int:
    """`yiwen translate PROFILE|RUN [TEXT]`."""
    asked = request(arguments)
    profile = jobs.resolve_profile(asked)
    strategy = strategies.get(asked.strategy)
    adapter = ""
    if strategy.trains and asked.run is not None:
        adapter = str(asked.run.adapter_folder(asked.checkpoint))
    examples = jobs.draw_outside_a_run(profile, strategy)
    builder = jobs.builder_for(profile, examples)
    for difference in trained_with.differences(Path(adapter), profile, builder) if adapter else ():
        print(f"! {one_line(difference)}", file=sys.stderr)
    translator = Translator(profile)
    try:
        for phase in translator.load():
            print(f"{phase_name(phase.name)} …", file=sys.stderr)
        for text in _texts(arguments.text):
            _translate_one(text, arguments, translator, builder, adapter)
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
            print(json.dumps(row, ensure_ascii=False), flush=True)
        else:
            _stream(pieces)
    if arguments.reference and not arguments.json:
        said = _("reference: perplexity {value}")
        print(said.format(value=number(perplexity)), flush=True)


def _sampling(generation: Generation, arguments: Namespace) -> Generation:
    if not arguments.samples:
        return generation
    temperature = arguments.temperature or generation.temperature or _TEMPERATURE
    return msgspec.structs.replace(generation, temperature=temperature)


def _texts(text: str | None) -> Iterator[str]:
    """The texts to translate; empty lines of standard input are passed over."""
    if text is not None:
        if not text.strip():
            raise UserError(_("nothing to translate: the text is empty"))
        yield text.strip()
        return
    if sys.stdin.isatty():
        print(_("Type a sentence and Enter; Ctrl-D ends."), file=sys.stderr)
    for line in sys.stdin:
        if line.strip():
            yield line.strip()


def _direction(asked: str, text: str) -> Direction:
    if asked == "auto":
        return directions.of_text(text)
    return "to_modern" if asked == "to-modern" else "to_classical"


def _stream(pieces: Iterator[str]) -> None:
    """Print an answer as it comes; white space at its end is left out."""
    held = ""
    for piece in pieces:
        text = held + "\n".join(one_line(line) for line in piece.split("\n"))
        kept = text.rstrip()
        held = text[len(kept) :]
        print(kept, end="", flush=True)
    print(flush=True)
