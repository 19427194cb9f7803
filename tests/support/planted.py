"""Code that others have planted: packages of familiar names that tell when they are imported."""

from __future__ import annotations

import os
from pathlib import Path

NAMES = (
    "engine", "tui", "msgspec", "tomli", "tomli_w", "psutil", "torch", "transformers", "peft",
    "bitsandbytes", "safetensors", "tokenizers", "flash_attn", "liger_kernel", "scipy", "apex",
    "sitecustomize", "usercustomize", "argparse", "json", "socket", "signal", "subprocess",
    "tempfile", "typing_extensions", "numpy", "utils", "runpy", "importlib_metadata",
)  # fmt: skip
"""Ours, what we import, what those look for, and Python's own."""
_TELLS = """
import os
handle = os.open({witness!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
os.write(handle, (__file__ + chr(10)).encode())
raise SystemExit(77)
"""


class Planted:
    """Folders with such code, and which of it was run."""

    def __init__(self, witness: Path) -> None:
        self._witness = witness

    def plant(self, folder: Path) -> None:
        """Put it into a folder, as packages, as modules and as a path file."""
        code = _TELLS.format(witness=str(self._witness))
        for name in NAMES:
            (folder / name).mkdir(parents=True, exist_ok=True)
            (folder / name / "__init__.py").write_text(code)
            (folder / name / "__main__.py").write_text(code)
        for module in ("sitecustomize", "usercustomize", "json", "msgspec"):
            (folder / f"{module}.py").write_text(code)
        line = f"import os; os.close(os.open({str(self._witness)!r}, os.O_CREAT | os.O_WRONLY))\n"
        (folder / "evil.pth").write_text(line)

    @property
    def run(self) -> list[str]:
        """The planted files that were run."""
        return self._witness.read_text().splitlines() if self._witness.exists() else []


def environments(*folders: Path) -> list[dict[str, str]]:
    """Ways to point Python at folders, wittingly or by an empty entry in a list of paths."""
    paths = ["", ":", ".", "engine", os.pathsep.join(map(str, folders)), *map(str, folders)]
    safe: list[dict[str, str]] = [{}, {"PYTHONSAFEPATH": ""}, {"PYTHONSAFEPATH": "1"}]
    found = [{"PYTHONPATH": path} for path in paths]
    return [{**found[at % len(found)], **safe[at % len(safe)]} for at in range(len(found) + 2)]
