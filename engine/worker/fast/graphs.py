"""CUDA graphs: a step recorded once, and then started as a whole."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


class Recorded:
    """A function of tensors that stay where they are, recorded at its first call."""

    def __init__(self, function: Callable[[], Tensor]) -> None:
        self._function = function
        self._graph: torch.cuda.CUDAGraph | None = None
        self._result: Tensor | None = None

    def __call__(self) -> Tensor:
        if self._graph is None:
            self._record()
        assert self._graph is not None
        assert self._result is not None
        self._graph.replay()
        return self._result

    def _record(self) -> None:
        """Runs twice first, on another stream: what is done once, like compiling, is then done."""
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(2):
                self._function()
        torch.cuda.current_stream().wait_stream(side)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph):
            self._result = self._function()
