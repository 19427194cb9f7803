"""The grammar of the commands that look at runs, and of what people say of them."""

from __future__ import annotations

from engine.cli.parser import count
from engine.cli.shared_arguments import Add, Shared
from engine.language.texts import _, marked

_FIND = marked(
    """\
Finds runs by words and fields, all of which must hold:

  yiwen runs strategy:qlora 'ppl<20' tag:final text
  yiwen runs '!status:failed' 'lora.rank>8' 'time<2h' tag:good,final

`field:part`, `field=whole`, `<` `<=` `>` `>=`; commas give alternatives,
`!` turns a term round.
Fields are the table's columns, tag, note, job, and any setting.
"""
)


def add_run_tables(add: Add, shared: Shared) -> None:
    """runs, note, diff, items, show, compare."""
    json, root = shared.json, shared.root
    listing = add(
        "runs", "run_table:list_runs", _("list all runs, newest first; find some"), json, root
    )
    listing.description = _(_FIND)
    listing.add_argument("query", metavar="QUERY", nargs="*", help=_("see above"))
    listing.add_argument("--limit", type=count, default=0, metavar="N", help=_("only the first N"))
    listing.add_argument("--sort", default="", metavar="COLUMN", help=_("e.g. ppl; best first"))
    listing.add_argument("--reverse", action="store_true", help=_("the other way round"))
    listing.add_argument("--columns", default="", metavar="A,B", help=_("which, in which order"))
    form = listing.add_mutually_exclusive_group()
    form.add_argument(
        "--seeds",
        action="store_true",
        help=_("runs that differ in seeds alone as one, each beneath"),
    )
    form.add_argument("--csv", action="store_true", help=_("print a file for spreadsheets"))
    form.add_argument("--markdown", action="store_true", help=_("print a table for a report"))

    note = add(
        "note", "run_table:note", _("give a run a name, tags, a note; or read them"), json, root
    )
    note.add_argument("run", metavar="RUN")
    note.add_argument("--name", metavar="TEXT")
    note.add_argument(
        "--tag", action="append", default=[], metavar="WORD", help=_("may be repeated")
    )
    note.add_argument(
        "--untag", action="append", default=[], metavar="WORD", help=_("take one away")
    )
    note.add_argument("--note", metavar="TEXT", help=_('"" takes it away'))

    diff = add("diff", "run_table:diff", _("the settings in which runs differ"), json, root)
    diff.add_argument("run", metavar="RUN", nargs="+")

    one = add(
        "items", "items:list_items", _("an evaluation item by item, the worst first"), json, root
    )
    one.add_argument("run", metavar="RUN")
    one.add_argument("--versus", default="", metavar="RUN", help=_("set against another run"))
    one.add_argument(
        "--sort", choices=["ppl", "change", "chrf", "faults", "file"], help=_("default: ppl")
    )
    one.add_argument("--reverse", action="store_true", help=_("the best first"))
    one.add_argument("--find", default="", metavar="WORDS", help=_("only items that hold them all"))
    one.add_argument(
        "--faults",
        nargs="?",
        const="",
        metavar="KIND",
        help=_("only faulty outputs, or those with one kind of fault"),
    )
    one.add_argument(
        "--direction", choices=["to-modern", "to-classical"], help=_("only items of one direction")
    )
    one.add_argument("--limit", type=count, default=0, metavar="N", help=_("only the first N"))
    one.add_argument("--markdown", action="store_true", help=_("with outputs, for a report"))

    one = add("show", "show:show", _("one run: settings, result, checkpoints"), json, root)
    one.add_argument("run", metavar="RUN")
    compare = add("compare", "compare:compare", _("runs side by side, by perplexity"), json, root)
    compare.add_argument(
        "run",
        metavar="RUN",
        nargs="*",
        help=_("default: all with a result; two are compared item by item too, with tests"),
    )
