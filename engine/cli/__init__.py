"""Everything the screens do, headless: the `yiwen` command."""

from engine.cli.commands import main

__all__ = ["main"]
