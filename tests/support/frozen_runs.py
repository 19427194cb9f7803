"""Run folders as version 0.1.0 wrote them in 2026, one of each kind: they open for ever."""

from __future__ import annotations

import shutil
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "engine" / "run" / "frozen"
FINISHED = "20261130-224104-tiny-qlora"
FAILED = "20261130-224124-tiny-few-shot"
"""Its worker spoke Chinese."""
TRANSLATED = "20261130-224133-tiny-zero-shot"
STOPPED = "20261130-224142-tiny-qlora"
INTERRUPTED = "20261130-224220-tiny-qlora"
WARNED = "20261130-224334-tiny-qlora"
"""An evaluation of the finished one. Its worker spoke Chinese."""
ALL = (FINISHED, FAILED, TRANSLATED, STOPPED, INTERRUPTED, WARNED)
WARNING = (
    f"24 個句對中有 24 個與 {FINISHED} 的訓練資料有共同的句子，分數會偏高",
    "yiwen data leaks TRAIN TEST 可列出這些句子",
)
"""What was said of the last one, and its hint."""
FAILURE = "model.path：無法載入「/home/reader/yiwen/profiles/tiny」：Gemma2ForCausalLM does not"
"""How the failed one's message begins."""


def thaw(root: Path) -> None:
    """Lay copies into a folder of runs."""
    for name in ALL:
        shutil.copytree(FOLDER / name, root / name)
