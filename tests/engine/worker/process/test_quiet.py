"""Starting a worker imports no compilers."""

from __future__ import annotations

import subprocess
import sys


def test_bitsandbytes_is_imported_without_compilers() -> None:
    code = (
        "from engine.worker.process import quiet\n"
        "quiet.prepare()\n"
        "import sys, torch\n"
        "compiling = torch.compile\n"
        "quiet.import_bitsandbytes()\n"
        "assert torch.compile is compiling\n"
        "assert 'bitsandbytes' in sys.modules\n"
        "assert 'torch._inductor.compile_fx' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
