"""`yiwen data import`: a clone of NiuTrans/Classical-Modern as course JSON."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from engine.cli.data.progress import Progress
from engine.cli.output import print_json
from engine.data import composing, damage, file_kinds, niutrans, records, text_file
from engine.data.characters import converter
from engine.data.niutrans import Aligned, Excluded, book_of
from engine.language import counted
from engine.language.errors import UserError
from engine.language.plain_text import one_line
from engine.language.said import labelled
from engine.language.texts import _, plural
from engine.machine.paths import short_path
from engine.profile import files


def import_corpus(arguments: Namespace) -> int:
    """`yiwen data import DIR -o FILE`."""
    target = Path(arguments.output)
    held_out_target = target.with_name(f"{target.stem}-held-out{target.suffix}")
    targets = [target, held_out_target] if arguments.held_out else [target]
    for path in targets:
        records.check_free(path, force=arguments.force)
    templates = _templates(arguments)
    clone = Path(arguments.clone)
    chapters = niutrans.find_chapters(clone)
    named = _named_books(arguments.held_out, {book_of(clone, chapter) for chapter in chapters})
    excluded = _excluded(arguments.exclude)
    counts: Counter[str] = Counter()
    with Progress() as progress:
        aligned = niutrans.read_chapters(clone, chapters, progress.phase(_("reading chapter")))
        pairs = list(niutrans.clean(aligned, excluded, counts))
        held_out = named or _drawn_books(arguments, pairs)
        sides = [
            [pair for pair in pairs if pair.book not in held_out],
            [pair for pair in pairs if pair.book in held_out],
        ]
        written: dict[str, int] = {}
        for path, side in zip(targets, sides):
            if not side:
                raise UserError(_("{path}: no pairs are left to write").format(path=path))
            converting = _("converting for {file}: pair").format(file=path.name)
            values = list(
                composing.compose(
                    composing.draw(side, arguments.limit, arguments.seed),
                    templates,
                    directions=composing.DIRECTION_CHOICES[arguments.direction],
                    seed=arguments.seed,
                    progress=progress.phase(converting),
                )
            )
            records.write(path, values, force=arguments.force)
            written[str(path)] = len(values)
    counts["kept"] = len(pairs)
    _report(arguments, counts, written, held_out, len(chapters))
    return 0


def _templates(arguments: Namespace) -> composing.Templates:
    if arguments.templates == "course":
        return composing.course_templates()
    prompt = files.load(arguments.profile).prompt if arguments.profile else None
    return composing.plain_templates(prompt)


def _excluded(paths: Sequence[str]) -> Excluded:
    """The lines of test files, of whichever edition, in Simplified characters."""
    texts: list[str] = []
    for path in paths:
        if path.endswith(file_kinds.WRITTEN):
            pairs = records.load(path, need_output=False).pairs
            texts += [text for pair in pairs for text in (pair.source_text, pair.output)]
        else:
            texts += text_file.read(Path(path)).replace("\t", "\n").split("\n")
    lines = (line.removeprefix("答案：") for text in texts for line in text.split("\n"))
    return Excluded.from_lines(damage.undone("\n".join(lines)).split("\n"))


def _named_books(asked: Sequence[str], books: set[str]) -> set[str]:
    """Books as the corpus writes them, from names in either script; none where a share is asked."""
    if len(asked) == 1 and _is_number(asked[0]):
        return set()
    named = {converter("t2s")(name): name for name in asked}
    unknown = [name for book, name in named.items() if book not in books]
    if unknown:
        raise UserError(
            _("--held-out: no book {unknown}; there are {books}").format(
                unknown="、".join(unknown), books="、".join(sorted(books))
            )
        )
    return set(named)


def _drawn_books(arguments: Namespace, pairs: Sequence[Aligned]) -> set[str]:
    if not arguments.held_out:
        return set()
    share = float(arguments.held_out[0])
    if not 0 < share < 1:
        raise UserError(
            _("--held-out {share}: a share lies between 0 and 1").format(
                share=arguments.held_out[0]
            )
        )
    return set(composing.draw_books(pairs, share, arguments.seed))


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()


def _report(
    arguments: Namespace,
    counts: Counter[str],
    written: dict[str, int],
    held_out: set[str],
    chapters: int,
) -> None:
    if arguments.json:
        content = {
            "chapters": chapters,
            "pairs": sum(counts.values()),
            "counts": dict(counts.most_common()),
            "held_out": sorted(held_out),
            "written": written,
            "seed": arguments.seed,
        }
        print_json(content)
        return
    said = plural("{pairs} in {chapters:,} chapter:", "{pairs} in {chapters:,} chapters:", chapters)
    print(said.format(pairs=counted.pairs(sum(counts.values())), chapters=chapters))
    for reason, count in counts.most_common():
        print(f"{count:>10,} {niutrans.FATES[reason]}")
    if held_out:
        print(_("held out: {books}").format(books=one_line("、".join(sorted(held_out)))))
    for path, count in written.items():
        records_ = plural("{count:,} record", "{count:,} records", count).format(count=count)
        print(labelled(short_path(path), records_))
