"""Who sees whom: a pass of packed rows, as the spans of tokens that each token attends to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.worker.batches import Pass

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
class Layout:
    """A pass as the fast path wants it."""

    ids: Tensor
    """[R·T] int64, with rows padded to a multiple of BLOCK."""
    positions: Tensor
    """[R·T] int64."""
    spans: Mapping[int | None, Spans]
    """By sliding window; one and the same for all where no document is longer than the window."""
    label_rows: Tensor
    """[L] int64, into R·T."""
    targets: Tensor
    """[L] int64."""


def lay_out(batch: Pass, windows: tuple[int | None, ...], block: int = BLOCK) -> Layout:
    """Lay a pass out for a decoder with these windows. Its tensors are where the pass's are."""
    rows, width = batch.ids.shape
    more = -width % block
    documents = F.pad(batch.documents, (0, more), value=-1)
    positions = F.pad(batch.positions, (0, more))
    start, end = _document_bounds(documents)
    full = Spans(start, _ends(end, batch.shared), batch.shared)
    longest = int(batch.positions.max()) + 1
    spans = {window: _within(full, window, longest) for window in set(windows)}
    row_starts = batch.label_rows // width * more
    return Layout(
        ids=F.pad(batch.ids, (0, more)).reshape(-1),
        positions=positions.reshape(-1),
        spans=spans,
        label_rows=batch.label_rows + row_starts,
        targets=batch.targets,
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
