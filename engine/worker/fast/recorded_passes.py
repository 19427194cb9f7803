"""Training passes as CUDA graphs: recorded by size, so that two launches make a pass.

For labels L and parameters p: the forward graph leaves losses [L], the backward graph adds to each
p's gradient Σ_l weights[l] · ∂losses[l] / ∂p, where `weights`, what autograd hands back for each
loss, is copied in before. A recording is of one frame (sizes of a layout), as graphs have fixed
shapes; all share one pool of memory, for only one is between its two graphs at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from engine.worker.fast.parts.adapters import Adapters
from engine.worker.fast.parts.layout import Frame, Layout, unpack

Compute = Callable[[Layout, Tensor | None], Tensor]
"""Losses [L] of a layout on the device; with a seed, dropout is on."""

LABEL_BLOCK = 256
"""Labels are filled up to a multiple of so many: fewer different frames."""
_SEEN = 2
"""A frame is recorded when it comes for this time; before, it has run as it is, and compiled."""


class RecordedPasses:
    """Answers like `compute`, from recordings where it has one."""

    def __init__(
        self, compute: Compute, parameters: Sequence[nn.Parameter], adapters: Adapters
    ) -> None:
        self._compute = compute
        self._adapters = adapters
        self._gradients = _Gradients(parameters)
        self._recordings: dict[tuple[Frame, bool], _Recording] = {}
        self._times: Counter[tuple[Frame, bool]] = Counter()
        self._pool: Any = None

    def __call__(self, layout: Layout, seed: Tensor | None) -> Tensor:
        """layout is in main memory; its labels are filled up, and so are the losses."""
        key = (layout.frame, seed is not None)
        self._times[key] += 1
        device = self._gradients.flat.device
        if key not in self._recordings:
            if self._times[key] < _SEEN:
                return self._compute(layout.to(device), seed)
            recording = _Recording(
                layout, seed, self._compute, self._gradients, self._adapters, self._pool
            )
            self._pool = recording.pool
            self._recordings[key] = recording
        return _Replayed.apply(self._gradients.anchor, self._recordings[key], layout, seed)


class _Gradients:
    """One flat buffer that recordings add to; its views become the parameters' gradients."""

    def __init__(self, parameters: Sequence[nn.Parameter]) -> None:
        self.parameters = list(parameters)
        device = self.parameters[0].device
        self.flat = torch.zeros(sum(p.numel() for p in self.parameters), device=device)
        parts = self.flat.split([p.numel() for p in self.parameters])
        self.views = [part.view_as(p) for part, p in zip(parts, self.parameters)]
        self.anchor = torch.zeros((), device=device, requires_grad=True)

    def hand_out(self) -> None:
        """See to it that what is added to the buffer is added to the parameters' gradients."""
        if self.parameters[0].grad is self.views[0]:
            return
        self.flat.zero_()
        for parameter, view in zip(self.parameters, self.views):
            if parameter.grad is not None:
                view.copy_(parameter.grad)
            parameter.grad = view


class _Recording:
    """Forward and backward pass of one frame, as two graphs over memory that stays in place."""

    def __init__(
        self,
        layout: Layout,
        seed: Tensor | None,
        compute: Compute,
        gradients: _Gradients,
        adapters: Adapters,
        pool: Any,
    ) -> None:
        frame, device = layout.frame, gradients.flat.device
        self.gradients = gradients
        self._packed = layout.pack().to(device)
        self._seed = None if seed is None else seed.clone()
        self.weights = torch.zeros(frame.labels, device=device)
        self._forward, self._backward = torch.cuda.CUDAGraph(), torch.cuda.CUDAGraph()

        # Leaves of its own: the parameters' may belong to a graph of another stream, if that of
        # the pass before is still alive, and what is recorded must not wait for another stream.
        leaves = {p: p.detach().requires_grad_() for p in gradients.parameters}

        def losses() -> Tensor:
            with adapters.differentiated_by(leaves):
                return compute(unpack(self._packed, frame), self._seed)

        def backward(of: Tensor) -> None:
            found = torch.autograd.grad(of, list(leaves.values()), self.weights)
            torch._foreach_add_(gradients.views, found)

        if pool is None:  # the first one: what is set up once a stream is done outside
            side = torch.cuda.Stream()
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                backward(losses())  # adds nothing: its weights are 0
            torch.cuda.current_stream().wait_stream(side)
        with torch.cuda.graph(self._forward, pool=pool):
            recorded = losses()
        self.pool = self._forward.pool()
        with torch.cuda.graph(self._backward, pool=self.pool):
            backward(recorded)
        self.losses = recorded.detach()

    def forward(self, layout: Layout, seed: Tensor | None) -> Tensor:
        self._packed.copy_(layout.pack(pinned=True), non_blocking=True)
        if seed is not None and self._seed is not None:
            self._seed.copy_(seed)
        self._forward.replay()
        return self.losses.clone()

    def backward(self, weights: Tensor) -> None:
        self.gradients.hand_out()
        self.weights.copy_(weights)
        self._backward.replay()


class _Replayed(torch.autograd.Function):
    """Between its forward and its backward pass no other recording may run: they share memory."""

    @staticmethod
    def forward(
        ctx: Any, anchor: Tensor, recording: _Recording, layout: Layout, seed: Tensor | None
    ) -> Tensor:
        ctx.recording = recording
        return recording.forward(layout, seed)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[None, ...]:
        ctx.recording.backward(grad)
        return None, None, None, None
