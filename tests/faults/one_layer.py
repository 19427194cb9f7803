"""The embedded model's first layer, alone: the same calls and files, an eighth of the work."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from engine.machine.paths import BUILTIN_PROFILES

_LATER_LAYER = re.compile(r"layers\.[1-9]")


def write(folder: Path) -> Path:
    """A model folder of it."""
    source = BUILTIN_PROFILES / "tiny"
    folder.mkdir()
    for name in (
        "config.json",
        "generation_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
    ):
        shutil.copy(source / name, folder)
    config = json.loads((source / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 1}))
    _write_weights(source / "model.safetensors", folder / "model.safetensors")
    return folder


def _write_weights(source: Path, target: Path) -> None:
    """A safetensors file: the length of a header, the header in JSON, the tensors' bytes."""
    content = source.read_bytes()
    begin = 8 + int.from_bytes(content[:8], "little")
    header, kept, blocks, at = json.loads(content[8:begin]), {}, [], 0
    for name, entry in header.items():
        if name == "__metadata__":
            kept[name] = entry
        elif not _LATER_LAYER.search(name):
            first, end = entry["data_offsets"]
            kept[name] = {**entry, "data_offsets": [at, at + end - first]}
            blocks.append(content[begin + first : begin + end])
            at += end - first
    written = json.dumps(kept).encode()
    written += b" " * (-len(written) % 8)
    target.write_bytes(len(written).to_bytes(8, "little") + written + b"".join(blocks))
