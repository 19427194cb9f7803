"""The grammar of the commands about profiles: which there are, their models, their prompts."""

from __future__ import annotations

from argparse import ArgumentParser

from engine.cli.shared_arguments import Add, Shared
from engine.language.texts import _
from engine.prompts import strategies


def add_profiles(add: Add, shared: Shared) -> None:
    """profiles, pull, prompt."""
    _add_list(add("profiles", "profile:list_profiles", _("list profiles, show or check one"),
                  shared.json), shared)  # fmt: skip
    _add_pull(add("pull", "pull:pull_model", _("download a profile's model"), shared.json))
    _add_prompt(
        add(
            "prompt", "profile:prompt", _("print exactly what the model sees"),
            shared.json, shared.settings, shared.examples, shared.choose, shared.draw,
        )
    )  # fmt: skip


def _add_list(profiles: ArgumentParser, shared: Shared) -> None:
    profiles.set_defaults(profile_does="list")
    which = profiles.add_subparsers(metavar="show|check")
    shown = which.add_parser(
        "show", parents=[shared.json, shared.settings], help=_("print a profile as resolved")
    )
    shown.add_argument("profile", metavar="NAME")
    shown.set_defaults(does="profile:show")
    checked = which.add_parser("check", help=_("look for mistakes in a profile file"))
    checked.add_argument("profile", metavar="FILE")
    checked.set_defaults(does="profile:check")


def _add_pull(pull: ArgumentParser) -> None:
    pull.add_argument("model", metavar="PROFILE|OWNER/NAME")
    pull.add_argument("--revision", metavar="R", default="", help=_("branch, tag or commit"))
    pull.add_argument(
        "--from",
        dest="source",
        metavar="DIR|URL",
        default="",
        help=_(
            "a folder that holds the model (used where it is, or copied with --to), or a mirror "
            "of the hub (default: $HF_ENDPOINT or https://huggingface.co)"
        ),
    )
    pull.add_argument(
        "--to", metavar="DIR", default="", help=_("a folder of its own instead of the hub's cache")
    )


def _add_prompt(prompt: ArgumentParser) -> None:
    prompt.add_argument("profile", metavar="PROFILE")
    prompt.add_argument(
        "--strategy", choices=list(strategies.STRATEGIES), default=strategies.ZERO_SHOT.name
    )
    prompt.add_argument("--instruction", required=True, metavar="TEXT")
    prompt.add_argument(
        "--output", metavar="TEXT", help=_("the answer, to see which tokens are scored")
    )
