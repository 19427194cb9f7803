"""Translates a file of instructions: python predict.py MODEL ADAPTER INPUT.json OUTPUT.json."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import torch
import utils
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig


def main() -> None:
    """Translate every item, the same way each time, and write the answers in the file's order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="folder of the base model")
    parser.add_argument("adapter", help="adapter_checkpoint")
    parser.add_argument("input", type=Path, help="a JSON list of {id, instruction}")
    parser.add_argument("output", type=Path, help="where the list of {id, output} goes")
    given = parser.parse_args()
    items = json.loads(given.input.read_text(encoding="utf-8-sig"))
    tokenizer = AutoTokenizer.from_pretrained(given.model)
    model = load(given.model, given.adapter)
    outputs = translate_all(model, tokenizer, [item["instruction"] for item in items])
    answers = [{"id": item["id"], "output": out} for item, out in zip(items, outputs)]
    part = given.output.with_name(given.output.name + ".part")
    part.write_text(json.dumps(answers, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    os.replace(part, given.output)
    print(f"{len(answers)} translations in {given.output}", file=sys.stderr)


def load(base: str, adapter: str) -> Any:
    """The quantised base model under the adapter."""
    model = AutoModelForCausalLM.from_pretrained(
        base,
        torch_dtype=utils.compute_dtype(),
        quantization_config=utils.get_bnb_config(),
        attn_implementation=utils.ATTENTION,
        device_map={"": 0 if torch.cuda.is_available() else "cpu"},
    )
    for module in model.modules():  # packed for a CPU, 4-bit constants would be rounded
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False
    return PeftModel.from_pretrained(model, adapter).eval()


def translate_all(model: Any, tokenizer: Any, instructions: list[str]) -> list[str]:
    """The answer to each instruction; similar lengths go together, so little is padded."""
    bos = [tokenizer.convert_tokens_to_ids(utils.BOS_TOKEN)] if utils.BOS_TOKEN else []
    prompts = [
        bos + tokenizer(utils.get_prompt(text), add_special_tokens=False).input_ids
        for text in instructions
    ]
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    outputs = [""] * len(prompts)
    size, start, began = utils.BATCH_SIZE, 0, time.monotonic()
    while start < len(order):
        batch = order[start : start + size]
        try:
            answers = translate(model, tokenizer, [prompts[i] for i in batch])
        except torch.cuda.OutOfMemoryError:
            if size == 1:
                raise
            size //= 2
            print(f"GPU memory is short: {size} items at once from here on", file=sys.stderr)
            torch.cuda.empty_cache()
            continue
        for item, answer in zip(batch, answers):
            outputs[item] = answer
        start += len(batch)
        seconds = time.monotonic() - began
        left = seconds / start * (len(order) - start)
        print(f"{start}/{len(order)}, about {left:.0f} s left", file=sys.stderr, flush=True)
    return outputs


@torch.inference_mode()
def translate(model: Any, tokenizer: Any, prompts: list[list[int]]) -> list[str]:
    """Greedy answers to a few prompts, padded on the left; what ends an answer is cut off."""
    stop = {tokenizer.eos_token_id, *map(tokenizer.convert_tokens_to_ids, utils.STOP_TOKENS)}
    pad = tokenizer.eos_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id
    width = max(map(len, prompts))
    ids = torch.tensor([[pad] * (width - len(p)) + p for p in prompts], device=model.device)
    mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts]).to(ids.device)
    settings = {
        "max_new_tokens": utils.MAX_NEW_TOKENS,
        "do_sample": False,
        "eos_token_id": sorted(stop),
        "pad_token_id": pad,
    }
    # transformers 4.45 gives Gemma-2 a cache that does not grow, unless it is told the kind.
    cache = getattr(model.config, "cache_implementation", None)
    if cache:
        settings["cache_implementation"] = cache
    config = GenerationConfig(**settings)
    # The model's own defaults (sampling, penalties) must not change the answers.
    model.generation_config = model.get_base_model().generation_config = config
    rows = model.generate(input_ids=ids, attention_mask=mask, generation_config=config)
    answers = []
    for row in rows[:, width:].tolist():
        end = next((at for at, token in enumerate(row) if token in stop), len(row))
        answers.append(tokenizer.decode(row[:end], skip_special_tokens=True).strip())
    return answers


if __name__ == "__main__":
    main()
