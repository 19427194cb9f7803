"""Commands about profiles and prompts: profiles, profiles show, profiles check, prompt."""

from __future__ import annotations

import json
from argparse import Namespace

import msgspec
import tomli_w

from engine import jobs, profile_files, strategies
from engine.cli.requests import overrides
from engine.cli.table import table
from engine.errors import ProfileError
from engine.models import chat_template, hub
from engine.text import counted, short_path
from engine.token_marks import mark


def list_profiles(arguments: Namespace) -> int:
    """`yiwen profiles`."""
    found = []
    for path in profile_files.list_all():
        try:
            profile = profile_files.load(path)
            model = profile.model
            state = hub.state(model.path, model.revision)
            found.append((path.stem, profile.title, model.path, str(path), state))
        except ProfileError as error:
            found.append((path.stem, f"! {str(error).splitlines()[0]}", "", str(path), ""))
    if arguments.json:
        keys = ("name", "title", "model", "file", "state")
        print(json.dumps([dict(zip(keys, row)) for row in found], ensure_ascii=False))
        return 0
    rows = [(name, state, title, short_path(file)) for name, title, _, file, state in found]
    print(table(["profile", "model", "title", "file"], rows))
    if any(state in ("not downloaded", "incomplete") for *_, state in found):
        print("\n`yiwen pull PROFILE` downloads a model.")
    return 0


def show(arguments: Namespace) -> int:
    """`yiwen profiles show NAME`."""
    profile = profile_files.load(arguments.profile, overrides(arguments))
    content = msgspec.to_builtins(profile)
    if arguments.json:
        print(json.dumps(content, ensure_ascii=False))
    else:
        del content["name"], content["folder"]
        print(f"# {profile_files.find(arguments.profile)}\n{tomli_w.dumps(content)}", end="")
    return 0


def check(arguments: Namespace) -> int:
    """`yiwen profiles check FILE`."""
    profile = profile_files.load(arguments.profile)
    print(f"{profile_files.find(arguments.profile)}: good ({profile.title or profile.name})")
    if hub.state(profile.model.path, profile.model.revision) == "here":
        print(chat_template.compare(jobs.builder_for(profile, [])))
    return 0


def prompt(arguments: Namespace) -> int:
    """`yiwen prompt PROFILE --strategy S --instruction TEXT`."""
    profile = profile_files.load(arguments.profile, overrides(arguments))
    examples = jobs.draw_outside_a_run(profile, strategies.get(arguments.strategy))
    builder = jobs.builder_for(profile, examples)
    encoded = builder.encode(arguments.instruction, arguments.output)
    if arguments.json:
        print(json.dumps(msgspec.to_builtins(encoded), ensure_ascii=False))
    else:
        print(mark(encoded, builder.tokenizer))
        scored_count = f", {encoded.scored_count} scored" if arguments.output is not None else ""
        ids = [pair.id for pair in builder.examples.before(arguments.instruction)]
        print(
            f"\n{counted(len(encoded.ids), 'token')}{scored_count}; prompt {builder.digest}", end=""
        )
        print(f"; examples {', '.join(ids)}" if ids else "")
    return 0
