"""The text of the files that are handed in beside the adapter: utils.py, run.sh, download.sh."""

from __future__ import annotations

import ast
from pathlib import Path

from engine.language.errors import UserError
from engine.profile import quantization_methods
from engine.profile.schema import Profile, Quantization
from engine.prompts.builder import PromptBuilder

STANDING = Path(__file__).resolve().parent.parent / "worker" / "handin"
"""Where the scripts lie that are handed in as they stand."""
RUN_SH = """\
#!/usr/bin/env bash
# bash run.sh MODEL_FOLDER adapter_checkpoint INPUT.json OUTPUT.json
set -euo pipefail
if [ $# -ne 4 ]; then
  echo "usage: bash run.sh MODEL_FOLDER adapter_checkpoint INPUT.json OUTPUT.json" >&2
  exit 2
fi
exec "${PYTHON:-python3}" "$(dirname "$0")/predict.py" "$@"
"""
DOWNLOAD_SH = """\
#!/usr/bin/env bash
# Fetches adapter_checkpoint/. The course allows 4 GB and one hour, and nothing but this folder.
# Pack it with:  python3 -m zipfile -c adapter_checkpoint.zip adapter_checkpoint
# put the archive where no login is asked for, and write its address here:
URL=""
set -euo pipefail
cd "$(dirname "$0")"
if [ -z "$URL" ]; then
  echo "download.sh: write the address of adapter_checkpoint.zip into URL first" >&2
  exit 1
fi
curl --fail --location --output adapter_checkpoint.zip "$URL"
python3 -m zipfile -e adapter_checkpoint.zip .
rm adapter_checkpoint.zip
"""
_UTILS = '''\
"""The prompt and the quantisation that the adapter was trained with.

Written by Yiwen; its name for this form of prompt is {digest}.
"""

from __future__ import annotations

import torch
from transformers import BitsAndBytesConfig

MADE_FROM = {run!r}
"""The run."""
BOS_TOKEN = {bos!r}
"""Stands before the prompt; the grader puts the tokenizer's own there."""
STOP_TOKENS = {stop!r}
"""End an answer, besides the tokenizer's eos."""
MAX_NEW_TOKENS = {max_new_tokens}
BATCH_SIZE = {batch_size}
ATTENTION = {attention!r}
_AROUND = (
{around}
)
"""What stands before and after the instruction."""


def get_prompt(instruction: str) -> str:
    """The prompt of an instruction; bos goes before it, and the answer follows at once."""
    return instruction{trimmed}.join(_AROUND)


def get_bnb_config() -> BitsAndBytesConfig:
    """How the base model is quantised."""
{quantization}


def compute_dtype() -> torch.dtype:
    """The type that is computed in: {dtype}."""
{dtype_code}
'''
_FOUR_BIT = """\
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type={method!r},
        bnb_4bit_use_double_quant={double},
        bnb_4bit_compute_dtype={compute_dtype},
    )"""
_EIGHT_BIT = "    return BitsAndBytesConfig(load_in_8bit=True)"
_NONE = """\
    # Not at all, but the grader wants a configuration: one that passes every layer over.
    return BitsAndBytesConfig(load_in_8bit=True, llm_int8_skip_modules=["model", "lm_head"])"""
_AUTO = """\
    if not torch.cuda.is_available():
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16"""


def utils_py(profile: Profile, builder: PromptBuilder, run: str, attention: str) -> str:
    """The utils.py of a run, from which the course imports."""
    dtype = profile.model.dtype
    text = _UTILS.format(
        run=run,
        digest=builder.digest,
        bos=builder.bos_token,
        trimmed=".strip()" if profile.prompt.trim else "",
        stop=list(profile.prompt.stop),
        max_new_tokens=profile.generation.max_new_tokens,
        batch_size=profile.generation.batch_size,
        attention=attention,
        around=_around(builder),
        quantization=_quantization(profile.quantization),
        dtype="bfloat16 on a GPU that has it" if dtype == "auto" else f"{dtype} on a GPU",
        dtype_code=_AUTO if dtype == "auto" else f"    return {_on_gpu(dtype)}",
    )
    _check(text)
    return text


def _check(text: str) -> None:
    """See that nothing of a run became code: constants, and the three functions. Raises UserError.

    Texts are written as Python writes them; this would find the one that was forgotten.
    """
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        body = []
    assigned = [node.value for node in body if isinstance(node, ast.Assign)]
    functions = [node.name for node in body if isinstance(node, ast.FunctionDef)]
    others = {type(node) for node in body} - {ast.Assign, ast.FunctionDef}
    try:
        for value in assigned:
            ast.literal_eval(value)
    except ValueError:
        functions = []
    docstrings = [node.value for node in body if isinstance(node, ast.Expr)]
    if (
        functions != ["get_prompt", "get_bnb_config", "compute_dtype"]
        or others != {ast.Expr, ast.Import, ast.ImportFrom}
        or not all(isinstance(node, ast.Constant) for node in docstrings)
    ):
        raise UserError("utils.py: a text of the run's profile cannot be written as Python")


def _around(builder: PromptBuilder) -> str:
    """The texts around the instruction as Python, a line of text to a line of code."""
    shown = []
    for part in builder.text("\x00").split("\x00"):
        lines = [repr(line) for line in part.split("\n")[:-1]]
        lines = [line[:-1] + "\\n" + line[-1] for line in lines]
        last = part.rsplit("\n", 1)[-1]
        if last or not lines:
            lines.append(repr(last))
        shown.append("\n".join(f"    {line}" for line in lines) + ",")
    return "\n".join(shown)


def _quantization(quantization: Quantization) -> str:
    method = quantization_methods.get(quantization)
    if method.bits is None:
        return _NONE
    if method.bits == 8:
        return _EIGHT_BIT
    asked = quantization.compute_dtype
    return _FOUR_BIT.format(
        method=method.name,
        double=quantization.double,
        compute_dtype="compute_dtype()" if asked == "auto" else _on_gpu(asked),
    )


def _on_gpu(dtype: str) -> str:
    """A type as Python; half types are slow on CPUs."""
    if dtype == "float32":
        return "torch.float32"
    return f"torch.{dtype} if torch.cuda.is_available() else torch.float32"
