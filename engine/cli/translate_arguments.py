"""The grammar of translating, and of what was translated before."""

from __future__ import annotations

from engine.cli.parser import count
from engine.cli.shared_arguments import Add, Shared
from engine.language.texts import _


def add_translating(add: Add, shared: Shared) -> None:
    """translate, translations."""
    translate = add(
        "translate",
        "translate:translate",
        _("translate a text, or standard input line by line"),
        shared.json,
        shared.root,
        shared.settings,
        shared.checkpoint,
        shared.strategy,
        shared.examples,
        shared.choose,
        shared.draw,
    )
    translate.add_argument("target", metavar="PROFILE|RUN")
    translate.add_argument("text", metavar="TEXT", nargs="?")
    translate.add_argument(
        "--direction", choices=["auto", "to-modern", "to-classical"], default="auto"
    )
    translate.add_argument(
        "--samples", type=count, default=0, metavar="N", help=_("N sampled answers to each text")
    )
    translate.add_argument(
        "--temperature", type=float, metavar="T", help=_("of the samples (default 0.7)")
    )
    translate.add_argument(
        "--reference", default="", metavar="TEXT", help=_("tell its perplexity after each prompt")
    )

    before = add(
        "translations",
        "translations:list_translations",
        _("what was translated in the workbench"),
        shared.json,
    )
    before.add_argument("words", metavar="WORD", nargs="*", help=_("all of which must occur"))
    before.add_argument("--limit", type=count, default=20, metavar="N", help=_("default: 20"))
    before.add_argument(
        "--export", default="", metavar="FILE", help=_("add the accepted ones to a data file")
    )
