"""Perplexity as the course defines it: python grade.py MODEL ADAPTER TEST.json [--limit N].

Of an item: exp of the mean negative log-likelihood of the output's tokens and the eos, given bos
and prompt. Of the file: the mean over its items. One item at a time, nothing padded.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from typing import Any

import torch
import utils
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

MAX_TOKENS = 2048
"""What is longer is cut from the right."""


def main() -> None:
    """Grade a file, and print what came out as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="folder of the base model")
    parser.add_argument("adapter", help="adapter_checkpoint")
    parser.add_argument("test", type=Path, help="a JSON list of {id, instruction, output}")
    parser.add_argument("--limit", type=int, help="only the first N items")
    given = parser.parse_args()
    items = json.loads(given.test.read_text(encoding="utf-8-sig"))[: given.limit]
    tokenizer = AutoTokenizer.from_pretrained(given.model)
    model = load(given.model, given.adapter)
    values = []
    for number, item in enumerate(items, 1):
        prompt = utils.get_prompt(item["instruction"])
        values.append(perplexity(model, tokenizer, prompt, item["output"]))
        if number % 25 == 0 or number == len(items):
            print(f"graded {number}/{len(items)}", file=sys.stderr, flush=True)
    mean = sum(values) / len(values)
    print(json.dumps({"perplexity": mean, "samples": len(values), "dtype": str(model.dtype)}))


def load(base: str, adapter: str) -> Any:
    """The base as the course's script loads it, under the adapter; on a CPU in float32."""
    on_gpu = torch.cuda.is_available()
    model = AutoModelForCausalLM.from_pretrained(
        base,
        torch_dtype=torch.bfloat16 if on_gpu else torch.float32,
        quantization_config=utils.get_bnb_config(),
        device_map={"": 0 if on_gpu else "cpu"},
    )
    for module in model.modules():  # packed for a CPU, 4-bit constants would be rounded
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False
    return PeftModel.from_pretrained(model, adapter).eval()


@torch.no_grad()
def perplexity(model: Any, tokenizer: Any, prompt: str, output: str) -> float:
    """Of one item; nan where the prompt leaves no room for the answer."""
    first = tokenizer.bos_token or utils.BOS_TOKEN
    bos = [tokenizer.convert_tokens_to_ids(first)] if first else []
    asked = bos + tokenizer(prompt, add_special_tokens=False).input_ids
    answer = [*tokenizer(output, add_special_tokens=False).input_ids, tokenizer.eos_token_id]
    ids = torch.tensor([(asked + answer)[:MAX_TOKENS]], device=model.device)
    if ids.shape[1] <= len(asked):
        return math.nan
    logits = model(ids, attention_mask=torch.ones_like(ids), use_cache=False).logits
    # What predicts a token stands before it. float32, as the course's transformers has it.
    scores = logits[0, len(asked) - 1 : -1].float()
    mean = torch.nn.functional.cross_entropy(scores, ids[0, len(asked) :])
    return float(mean.exp())


if __name__ == "__main__":
    main()
