"""Owns the proof that a saved model gives the same logits in transformers as in training."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import torch
from gemma2 import Gemma2, Shape
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

TOLERANCE = 1e-4
"""Largest difference between two logits that rounding explains."""


@torch.no_grad()
def largest_difference(folder: Path) -> float:
    """Between logits at random tokens, from rows short and as long as the training's."""
    shape = Shape.from_config(json.loads((folder / "config.json").read_text(encoding="utf-8")))
    ours = Gemma2(shape)
    weights = load_file(folder / "model.safetensors")
    ours.load_state_dict({name: weight.float() for name, weight in weights.items()})
    theirs = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager"
    )
    differences: list[float] = []
    for length in (shape.context // 8, shape.context):
        ids = torch.randint(shape.vocabulary, (2, length))
        differences.append((ours.logits(ids) - theirs(ids).logits).abs().max().item())
    return max(differences)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder that pretrain.py wrote")
    torch.manual_seed(0)
    difference = largest_difference(parser.parse_args().folder)
    print(f"largest difference between two logits: {difference:.1e}")
    if difference > TOLERANCE:
        sys.exit(f"The logits differ by more than {TOLERANCE}: transformers reads another model.")


if __name__ == "__main__":
    main()
