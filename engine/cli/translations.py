"""`yiwen translations`: what was translated in the workbench, found by words, made a data file."""

from __future__ import annotations

from argparse import Namespace

import msgspec

from engine.cli.output import print_json
from engine.cli.table import table
from engine.data.directions import direction_label
from engine.language.errors import UserError
from engine.language.plain_text import one_line
from engine.language.texts import _
from engine.translate import history


def list_translations(arguments: Namespace) -> int:
    """`yiwen translations [WORD…]`."""
    found = history.find(history.read(), " ".join(arguments.words))
    if arguments.export:
        accepted = [one for one in found if one.accepted]
        if not accepted:
            raise UserError(_("no translation is accepted yet; ctrl+o on Translate accepts one"))
        added = history.export(accepted, arguments.export)
        print(_("{count} new records in {file}").format(count=added, file=arguments.export))
        return 0
    found = found[: arguments.limit or None]
    if arguments.json:
        print_json(msgspec.to_builtins(found))
        return 0
    rows = [
        [
            one.at[:16].replace("T", " "),
            direction_label(one.direction),
            one_line(one.text)[:40],
            one_line(one.accepted or next((answer.output for answer in one.answers), ""))[:40],
            "✓" if one.accepted else "",
        ]
        for one in found
    ]
    header = [_("when"), "", _("text"), _("translation"), _("accepted")]
    print(table(header, rows) if rows else _("None yet."))
    return 0
