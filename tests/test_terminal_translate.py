"""The Translate screen in a real terminal: what streaming sends, at both sizes of a screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from streaming import streaming_bytes

STREAMING_BYTES_A_SECOND = 6_000


@pytest.mark.parametrize(("models", "columns", "rows"), [(1, 80, 24), (3, 80, 24), (3, 160, 48)])
def test_streaming_sends_little(tmp_path: Path, models: int, columns: int, rows: int) -> None:
    mean, most = streaming_bytes(tmp_path, models, columns, rows)
    print(f"{mean:,.0f} bytes a second, at most {most:,.0f}")
    assert 500 <= mean <= STREAMING_BYTES_A_SECOND
