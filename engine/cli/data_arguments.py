"""The grammar of `yiwen data`: describe, check, split, leaks, import, repair."""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli.parser import count, share
from engine.cli.shared_arguments import Shared
from engine.language.texts import _, marked

_FILE = marked(".json (course), .jsonl, .tsv, .csv, or two texts as source.txt,target.txt")


def add_data(data: argparse.ArgumentParser, shared: Shared) -> None:
    """Add the commands about data files to their group."""
    json, settings = shared.json, shared.settings
    which = data.add_subparsers(metavar="describe|check|split|leaks|import|repair", required=True)

    def add(name: str, does: str, text: str, *parents: Any) -> argparse.ArgumentParser:
        command: argparse.ArgumentParser = which.add_parser(
            name, help=text, description=text, parents=list(parents)
        )
        command.set_defaults(does=f"data.{does}")
        return command

    describe = add(
        "describe",
        "describe:describe",
        _("count what a file holds; with a profile, in its tokens"),
        json,
        settings,
    )
    describe.add_argument("file", metavar="FILE", help=_(_FILE))
    describe.add_argument("--profile", metavar="NAME", help=_("whose tokenizer, prompt and limits"))

    check = add("check", "check:check", _("look for mistakes and suspicious pairs"), json)
    check.add_argument("file", metavar="FILE", help=_(_FILE))
    check.add_argument("--all", action="store_true", help=_("list all, not 20 of each kind"))
    check.add_argument("--no-answers", action="store_true", help=_("a test file without outputs"))

    split = add("split", "split:split", _("put pairs aside, so that no sentence is in both"), json)
    split.add_argument("file", metavar="FILE", help=_(_FILE))
    split.add_argument(
        "--validation",
        metavar="N|SHARE",
        required=True,
        help=_("pairs put aside, e.g. 200, 0.1, 10%%"),
    )
    split.add_argument(
        "--by", choices=["source"], help=_("source: whole books of the source field")
    )
    split.add_argument("-o", "--output", metavar="DIR", required=True)
    _add_seed(split)
    _add_force(split)

    leaks = add("leaks", "leaks:leaks", _("sentences of a test file in a training file"), json)
    leaks.add_argument("train", metavar="TRAIN", help=_(_FILE))
    leaks.add_argument("test", metavar="TEST", help=_(_FILE))
    leaks.add_argument(
        "--threshold",
        type=share,
        default=0.8,
        metavar="S",
        help=_(
            "similarity from which two sentences are near, 0-1 (default 0.8); 0: only equal ones"
        ),
    )
    leaks.add_argument("--all", action="store_true", help=_("list all, not 20"))
    leaks.add_argument("--write", metavar="FILE", help=_("write the training file without them"))
    _add_force(leaks)

    corpus = add(
        "import",
        "corpus:import_corpus",
        _("a clone of NiuTrans/Classical-Modern as course JSON"),
        json,
    )
    corpus.add_argument("clone", metavar="DIR", help=_("the clone: it holds 双语数据"))
    corpus.add_argument("-o", "--output", metavar="FILE", required=True)
    corpus.add_argument(
        "--held-out",
        nargs="+",
        default=[],
        metavar="BOOK",
        help=_("books written to FILE-held-out instead (孟子), or a share of all pairs (0.05)"),
    )
    corpus.add_argument(
        "--exclude",
        nargs="+",
        default=[],
        metavar="FILE",
        help=_("test files: pairs that share 10 characters with one are left out"),
    )
    corpus.add_argument(
        "--limit", type=count, default=0, metavar="N", help=_("at most N pairs, drawn")
    )
    corpus.add_argument(
        "--direction",
        choices=["mixed", "both", "to-modern", "to-classical"],
        default="mixed",
        help=_("mixed: each pair one way, drawn (default); both: each pair both ways"),
    )
    corpus.add_argument(
        "--templates",
        choices=["plain", "course"],
        default="plain",
        help=_("plain: the profile's two forms (default); course: its 17, as often as there"),
    )
    corpus.add_argument(
        "--profile", metavar="NAME", help=_("whose two forms (default: the usual ones)")
    )
    _add_seed(corpus)
    _add_force(corpus)

    repair = add(
        "repair",
        "repair:repair",
        _("show damage by conversion to Traditional; with -o, repair it"),
        json,
    )
    repair.add_argument("file", metavar="FILE", help=_(_FILE))
    repair.add_argument(
        "-o", "--output", metavar="FILE", help=_("write a copy with output_repaired beside output")
    )
    repair.add_argument(
        "--replace", action="store_true", help=_("repair output itself; output_original keeps it")
    )
    repair.add_argument("--instruction", action="store_true", help=_("repair the instructions too"))
    repair.add_argument(
        "--examples",
        type=count,
        default=2,
        metavar="N",
        help=_("shown of each character (default 2)"),
    )
    _add_force(repair)


def _add_seed(command: argparse.ArgumentParser) -> None:
    command.add_argument("--seed", type=count, default=0, metavar="N", help=_("default 0"))


def _add_force(command: argparse.ArgumentParser) -> None:
    command.add_argument("--force", action="store_true", help=_("overwrite files"))
