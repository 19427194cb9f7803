"""Commands about profiles and prompts: profiles, profiles show, profiles check, prompt."""

from __future__ import annotations

from argparse import Namespace

import msgspec
import tomli_w

from engine.cli.output import print_json
from engine.cli.requests import overrides
from engine.cli.table import table
from engine.language.errors import ProfileError
from engine.language.plain_text import one_line
from engine.language.texts import _, plural
from engine.machine.paths import short_path
from engine.models import hub
from engine.profile import files
from engine.prompts import chat_template, strategies
from engine.prompts.builder import Encoded
from engine.prompts.token_marks import mark
from engine.run import prompt_builder
from engine.run.words import model_state
from engine.start import request


def list_profiles(arguments: Namespace) -> int:
    """`yiwen profiles`."""
    found = []
    for path in files.list_all():
        try:
            profile = files.load(path)
            model = profile.model
            state = hub.state(model.path, model.revision)
            found.append((path.stem, profile.title, model.path, str(path), state))
        except ProfileError as error:
            found.append((path.stem, f"! {str(error).splitlines()[0]}", "", str(path), ""))
    if arguments.json:
        keys = ("name", "title", "model", "file", "state")
        print_json([dict(zip(keys, row)) for row in found])
        return 0
    rows = [
        (name, model_state(state), title, short_path(file))
        for name, title, _model, file, state in found
    ]
    print(table([_("profile"), _("model"), _("title"), _("file")], rows))
    if any(state in ("not downloaded", "incomplete") for *_, state in found):
        print("\n" + _("`yiwen pull PROFILE` downloads a model."))
    return 0


def show(arguments: Namespace) -> int:
    """`yiwen profiles show NAME`."""
    profile = files.load(arguments.profile, overrides(arguments))
    content = msgspec.to_builtins(profile)
    if arguments.json:
        print_json(content)
    else:
        del content["name"], content["folder"]
        print(f"# {files.find(arguments.profile)}\n{tomli_w.dumps(content)}", end="")
    return 0


def check(arguments: Namespace) -> int:
    """`yiwen profiles check FILE`."""
    profile = files.load(arguments.profile)
    good = _("{file}: good ({title})")
    file = files.find(arguments.profile)
    print(good.format(file=file, title=profile.title or profile.name))
    if hub.state(profile.model.path, profile.model.revision) == "here":
        for remark in request.check_model(profile):
            print(f"! {one_line(remark)}")
        print(chat_template.compare(prompt_builder.builder_for(profile, [])))
    return 0


def prompt(arguments: Namespace) -> int:
    """`yiwen prompt PROFILE --strategy S --instruction TEXT`."""
    profile = files.load(arguments.profile, overrides(arguments))
    examples = prompt_builder.draw_outside_a_run(profile, strategies.get(arguments.strategy))
    builder = prompt_builder.builder_for(profile, examples)
    encoded = builder.encode(arguments.instruction, arguments.output)
    if arguments.json:
        print_json({"text": encoded.text, "ids": encoded.ids, "scored": encoded.scored})
    else:
        print(mark(encoded, builder.tokenizer))
        ids = [pair.id for pair in builder.examples.before(arguments.instruction)]
        print("\n" + _counts(encoded, builder.digest, ids, scored=arguments.output is not None))
    return 0


def _counts(encoded: Encoded, digest: str, examples: list[str], *, scored: bool) -> str:
    count = len(encoded.ids)
    said = plural("{count:,} token", "{count:,} tokens", count).format(count=count)
    if scored:
        said = _("{tokens}, {count} scored").format(tokens=said, count=encoded.scored_count)
    parts = [said, _("prompt {digest}").format(digest=digest)]
    if examples:
        parts.append(_("examples {ids}").format(ids=_(", ").join(examples)))
    return _("; ").join(parts)
