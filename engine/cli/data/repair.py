"""`yiwen data repair`: damage by conversion shown in context, and a repaired reference written."""

from __future__ import annotations

from argparse import Namespace
from collections import defaultdict
from pathlib import Path
from typing import Any

from engine.cli.data.progress import Progress
from engine.cli.output import print_json
from engine.cli.table import table
from engine.data import damage, records
from engine.data.damage import Change
from engine.data.records import DataFile, Fields
from engine.language import counted
from engine.language.errors import UserError
from engine.language.plain_text import one_line
from engine.language.said import labelled
from engine.language.texts import _, plural
from engine.machine.paths import short_path

_CONTEXT = 6
"""Characters shown on each side."""


def repair(arguments: Namespace) -> int:
    """`yiwen data repair FILE [-o OUT]`."""
    target = Path(arguments.output) if arguments.output else None
    if target:
        records.check_free(target, force=arguments.force)
    elif arguments.replace:
        raise UserError(_("--replace: needs -o FILE, where the repaired copy is written"))
    file = records.load(arguments.file, need_output=False, keep_values=True)
    with Progress() as progress:
        progress.phase(_("looking for damage"))
        outputs = damage.find_damage([pair.output for pair in file.pairs])
        instructions = damage.find_damage([pair.instruction for pair in file.pairs])
    if target:
        copies = _repaired(file, outputs, instructions, arguments)
        records.write(target, copies, force=arguments.force)
    found = _by_character([pair.output for pair in file.pairs], outputs)
    asked = sum(map(bool, instructions))
    summary = {
        "file": file.path,
        "pairs": len(file.pairs),
        "damaged_outputs": sum(map(bool, outputs)),
        "damaged_instructions": asked,
        "damaged_pairs": sum(bool(a or b) for a, b in zip(outputs, instructions)),
        "characters": sum(map(len, outputs)),
        "written": str(target) if target else None,
    }
    if arguments.json:
        changes = [{"found": k[0], "repaired": k[1], **v} for k, v in found.items()]
        print_json({**summary, "changes": changes})
        return 0
    if found:
        rows = [
            (
                "→".join(change),
                f"{entry['count']:,}",
                f"{entry['pairs']:,}",
                "  ".join(entry["contexts"][: arguments.examples]),
            )
            for change, entry in found.items()
        ]
        header = [_("output"), _("times"), _("pairs"), _("in context")]
        print(table(header, rows, right=(1, 2)) + "\n")
    said = plural(
        "{file}: damage in {damaged:,} of {outputs} ({characters:,} characters) and "
        "{count:,} instruction",
        "{file}: damage in {damaged:,} of {outputs} ({characters:,} characters) and "
        "{count:,} instructions",
        asked,
    )
    print(
        said.format(
            file=short_path(file.path),
            damaged=summary["damaged_outputs"],
            outputs=counted.outputs(len(file.pairs)),
            characters=summary["characters"],
            count=asked,
        )
    )
    if target:
        print(labelled(short_path(str(target)), _what(arguments)))
    return 0


def _what(arguments: Namespace) -> str:
    """What the written file holds."""
    said = _("written, output_repaired beside output where they differ")
    if arguments.replace:
        said = _("written, output repaired, output_original as it was")
    return _("{said}, instruction repaired").format(said=said) if arguments.instruction else said


def _repaired(
    file: DataFile,
    outputs: list[list[Change]],
    instructions: list[list[Change]],
    arguments: Namespace,
) -> list[Fields]:
    copies = []
    for pair, value, in_output, in_instruction in zip(
        file.pairs, file.values, outputs, instructions
    ):
        fields = dict(value)
        if in_output:
            mended = damage.repair(pair.output, in_output)
            if arguments.replace:
                fields |= {"output": mended, "output_original": pair.output}
            else:
                fields["output_repaired"] = mended
        if in_instruction and arguments.instruction:
            fields["instruction"] = damage.repair(pair.instruction, in_instruction)
            fields.pop("input", None)  # it is in the instruction now
        copies.append(fields)
    return copies


def _by_character(
    texts: list[str], found: list[list[Change]]
) -> dict[tuple[str, str], dict[str, Any]]:
    """Count, number of pairs and contexts of each change, most frequent first."""
    entries: dict[tuple[str, str], dict[str, Any]] = defaultdict(
        lambda: {"count": 0, "pairs": 0, "contexts": []}
    )
    for text, changes in zip(texts, found):
        for change in changes:
            entry = entries[change.found, change.repaired]
            entry["count"] += 1
            start, end = max(0, change.place - _CONTEXT), change.place + _CONTEXT + 1
            before, after = text[start : change.place], text[change.place + 1 : end]
            entry["contexts"].append(one_line(f"{before}[{change.found}]{after}"))
        for key in {(change.found, change.repaired) for change in changes}:
            entries[key]["pairs"] += 1
    return dict(sorted(entries.items(), key=lambda item: -item[1]["count"]))
