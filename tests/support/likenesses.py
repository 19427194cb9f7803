"""Model folders in the likeness of Gemma-2, Llama-3 and Qwen3: the embedded tokenizer with their
special tokens, and their chat templates in the fewest words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import tokenizers
from samples import MODEL


@dataclass(frozen=True)
class Family:
    """What tells a family's tokenizer from others."""

    bos: str | None
    eos: str
    special: tuple[str, ...]
    chat: str
    """In Jinja."""


GEMMA = Family(
    "<bos>",
    "<eos>",
    ("<start_of_turn>", "<end_of_turn>"),
    "{{ bos_token }}{% for m in messages %}<start_of_turn>"
    "{{ 'model' if m.role == 'assistant' else m.role }}\n{{ m.content | trim }}<end_of_turn>\n"
    "{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}",
)
LLAMA = Family(
    "<|begin_of_text|>",
    "<|eot_id|>",
    ("<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>"),
    "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n"
    "{{ m.content | trim }}<|eot_id|>{% endfor %}{% if add_generation_prompt %}"
    "<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}",
)
QWEN = Family(
    None,
    "<|im_end|>",
    ("<|im_start|>", "<|endoftext|>"),
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n"
    "{% endif %}{% endif %}",
)

FAMILY_OF = {
    "gemma-2-2b-kyara": GEMMA,
    "gemma-2-2b-kyara-seed": GEMMA,
    "gemma-2-9b-it": GEMMA,
    "llama-3-taiwan-8b": LLAMA,
    "llama-3-taiwan-8b-seed": LLAMA,
    "llama-3.1-taiwan-8b": LLAMA,
    "qwen3-4b": QWEN,
}
"""By profile: all that are not embedded."""


def write_tokenizer(family: Family, folder: Path) -> Path:
    """A model folder without weights."""
    folder.mkdir(parents=True, exist_ok=True)
    made = tokenizers.Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    made.add_special_tokens([*filter(None, [family.bos]), family.eos, *family.special])
    made.save(str(folder / "tokenizer.json"))
    config = {"bos_token": family.bos, "eos_token": family.eos, "chat_template": family.chat}
    config["tokenizer_class"] = "PreTrainedTokenizerFast"  # as it lies in tokenizer.json
    (folder / "tokenizer_config.json").write_text(json.dumps(config), "utf-8")
    return folder
