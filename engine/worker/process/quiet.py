"""Settles, before torch and its friends are imported, what they read, print or do at import."""

from __future__ import annotations

import logging
import os
import warnings

from engine.machine.processes.python import WORKER_ENVIRONMENT


def prepare() -> None:
    """Call this first. A worker's standard error is a log for people, so noise stays out of it."""
    for name, value in WORKER_ENVIRONMENT.items():  # already set, unless started by hand
        os.environ.setdefault(name, value)
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("BITSANDBYTES_NOWELCOME", "1")
    # On CPUs with AVX512-BF16 the import complains that an optional package is missing, which we
    # do not want: with it, the import asks the network.
    logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", message=".*Paged optimizers are not supported on CPU.*")
    warnings.filterwarnings("ignore", category=FutureWarning)


def import_bitsandbytes() -> None:
    """Import it without its fallbacks for machines that it has no library for being compiled.

    No path here takes them, and torch.compile alone imports torch's compilers: a good part of what
    importing takes.
    """
    import torch

    compiling = torch.compile
    torch.compile = lambda function=None, **_: function or (lambda one: one)  # type: ignore[assignment]
    try:
        import bitsandbytes  # noqa: F401
    finally:
        torch.compile = compiling


def silence_progress_bars() -> None:
    """transformers' own bars; imports it, so call this after `prepare`."""
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
