"""A model's own chat template, to hold a profile's prompt against it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.language.plain_text import one_line
from engine.language.said import Said
from engine.machine import reading
from engine.prompts.builder import PromptBuilder

_PROBE = "翻譯成文言文：\n他走了。"


def compare(builder: PromptBuilder) -> Said:
    """One sentence: is the prompt what the model's chat template makes of one user's turn?"""
    own = render(builder.tokenizer.folder, [{"role": "user", "content": _PROBE}])
    if own is None:
        return Said("the model has no chat template to compare the prompt with")
    prompt = builder.bos_token + builder.text(_PROBE)
    if prompt == own:
        return Said("its prompt is the model's own chat template")
    return Said(
        "its prompt is not the model's own chat template: {prompt} is not {own}",
        prompt=one_line(repr(prompt)),
        own=one_line(repr(own)),
    )


def render(folder: Path, messages: list[dict[str, str]]) -> str | None:
    """The turns, and the beginning of an answer without thinking; None without a template.

    As transformers' `apply_chat_template` renders it; a template that fails counts as none.
    """
    config = _config(folder)
    source = _template(folder, config)
    if source is None:
        return None
    from jinja2 import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    tokens = {key: _text(config.get(key)) for key in ("bos_token", "eos_token", "pad_token")}
    try:
        return environment.from_string(source).render(
            messages=messages,
            add_generation_prompt=True,
            enable_thinking=False,
            **tokens,
        )
    except (TemplateError, TypeError, ValueError):
        return None


def _config(folder: Path) -> dict[str, Any]:
    try:
        return reading.json_file(folder / "tokenizer_config.json", dict[str, Any])
    except (OSError, ValueError):
        return {}


def _template(folder: Path, config: dict[str, Any]) -> str | None:
    """In a file of its own, or in the tokenizer's settings: one, or several by name."""
    file = folder / "chat_template.jinja"
    if file.is_file():
        return reading.read_text(file)
    found = config.get("chat_template")
    if isinstance(found, list):
        named = {one.get("name"): one.get("template") for one in found if isinstance(one, dict)}
        found = named.get("default")
    return found if isinstance(found, str) else None


def _text(token: Any) -> str:
    if isinstance(token, dict):
        token = token.get("content")
    return token if isinstance(token, str) else ""
