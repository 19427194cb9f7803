"""Who sees whom: a pass of packed rows, as the spans of tokens that each token attends to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.worker.batching.batches import Pass

BLOCK = 128
"""Rows come in multiples of so many tokens, which the attention kernels ask for."""


@dataclass(frozen=True)
class Spans:
    """A token at place q of its row sees the shared places [0, shared) and [start[q], q]."""

    start: Tensor
    """[R, T] int32."""
    end: Tensor
    """[R, T] int32: the token at place k is seen by none from end[k] on."""
    shared: int

    def allowed(self) -> Tensor:
        """The same as a mask: [R, T, T], true where a token (first T) sees another (second T)."""
        places = torch.arange(self.start.shape[1], device=self.start.device)
        own = places >= self.start[:, :, None]
        return (own | (places < self.shared)) & (places <= places[:, None])


@dataclass(frozen=True)
class Frame:
    """The sizes of a layout: passes of the same frame do the same work on other tokens."""

    rows: int
    width: int
    labels: int
    shared: int
    windows: tuple[tuple[int | None, ...], ...]
    """Windows that have the same spans, together."""

    @property
    def sizes(self) -> list[int]:
        """Numbers in each of a layout's tensors, as they are packed."""
        tokens = self.rows * self.width
        return [tokens, tokens, self.labels, self.labels, *(2 * len(self.windows) * [tokens])]


@dataclass(frozen=True)
class Layout:
    """A pass as the fast engine wants it."""

    frame: Frame
    ids: Tensor
    """[R·T] int64, with rows padded to a multiple of BLOCK."""
    positions: Tensor
    """[R·T] int64."""
    label_rows: Tensor
    """[L] int64, into R·T."""
    targets: Tensor
    """[L] int64."""
    spans: Mapping[int | None, Spans]
    """By sliding window; one and the same for all where no document is longer than the window."""

    def pack(self, *, pinned: bool = False) -> Tensor:
        """All of it as one tensor of int64, to be moved at once.

        Pinned, it is moved to a GPU without waiting for what the GPU is busy with.
        """
        spans = [self.spans[together[0]] for together in self.frame.windows]
        bounds = [bound.reshape(-1).long() for s in spans for bound in (s.start, s.end)]
        packed = torch.cat([self.ids, self.positions, self.label_rows, self.targets, *bounds])
        return packed.pin_memory() if pinned else packed

    def to(self, device: torch.device) -> Layout:
        """The same on a device."""
        packed = self.pack(pinned=device.type == "cuda")
        return unpack(packed.to(device, non_blocking=True), self.frame)


def unpack(packed: Tensor, frame: Frame) -> Layout:
    """The layout that was packed; where there are no spans to convert, it shares its memory."""
    ids, positions, label_rows, targets, *bounds = packed.split(frame.sizes)
    spans: dict[int | None, Spans] = {}
    for number, together in enumerate(frame.windows):
        start, end = (
            bound.view(frame.rows, frame.width).int()
            for bound in bounds[2 * number : 2 * number + 2]
        )
        shared = Spans(start, end, frame.shared)
        spans.update(dict.fromkeys(together, shared))
    return Layout(frame, ids, positions, label_rows, targets, spans)


def lay_out(
    batch: Pass, windows: tuple[int | None, ...], block: int = BLOCK, label_block: int = 1
) -> Layout:
    """Lay a pass out for a decoder with these windows.

    Rows are padded to a multiple of `block` tokens, labels to one of `label_block`: the labels
    added predict token 0 at place 0 and are the last ones.
    """
    rows, width = batch.ids.shape
    more = -width % block
    documents = F.pad(batch.documents, (0, more), value=-1)
    start, end = _document_bounds(documents)
    full = Spans(start, _ends(end, batch.shared), batch.shared)
    longest = int(batch.positions.max()) + 1
    spans = {window: _within(full, window, longest) for window in dict.fromkeys(windows)}
    alike = [window for window in spans if spans[window] is full]
    labels = (0, -len(batch.targets) % label_block)
    label_rows = F.pad(batch.label_rows + batch.label_rows // width * more, labels)
    return Layout(
        frame=Frame(
            rows=rows,
            width=width + more,
            labels=len(label_rows),
            shared=batch.shared,
            windows=tuple([tuple(alike)] if alike else [])
            + tuple((window,) for window in spans if window not in alike),
        ),
        ids=F.pad(batch.ids, (0, more)).reshape(-1),
        positions=F.pad(batch.positions, (0, more)).reshape(-1),
        label_rows=label_rows,
        targets=F.pad(batch.targets, labels),
        spans=spans,
    )


def _document_bounds(documents: Tensor) -> tuple[Tensor, Tensor]:
    """Where each token's document begins and ends in its row: [R, T] int32 each."""
    width = documents.shape[1]
    places = torch.arange(width, device=documents.device).expand_as(documents)
    changes = documents[:, 1:] != documents[:, :-1]
    start = (places * F.pad(changes, (1, 0), value=True)).cummax(1).values
    last = torch.where(F.pad(changes, (0, 1), value=True), places + 1, width)
    end = last.flip(1).cummin(1).values.flip(1)
    return start.int(), end.int()


def _ends(end: Tensor, shared: int) -> Tensor:
    """The shared prefix is seen to the end of the row."""
    if shared:
        end[:, :shared] = end.shape[1]
    return end


def _within(spans: Spans, window: int | None, longest: int) -> Spans:
    """The same spans, narrowed to a sliding window where that changes anything."""
    if window is None or longest <= window:
        return spans
    assert not spans.shared, "a prefix is shared only by documents within the window"
    places = torch.arange(spans.start.shape[1], device=spans.start.device, dtype=torch.int32)
    return Spans(
        torch.maximum(spans.start, places - window + 1),
        torch.minimum(spans.end, places + window),
        0,
    )
