"""LaTeX in which text from outside stays text; tables by the package booktabs."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.language.plain_text import plain
from engine.language.said import Words

_SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", "±": r"$\pm$",
    "×": r"$\times$", "→": r"$\rightarrow$", "−": r"$-$", "–": "--", "…": r"\ldots{}",
}  # fmt: skip
_FIND = re.compile("|".join(map(re.escape, _SPECIAL)))
HEAD = "% Needs \\usepackage{booktabs}; for Chinese: \\usepackage{xeCJK}, by XeLaTeX or LuaLaTeX.\n"


def escape(text: Words) -> str:
    """A text within a line."""
    line = " ".join(plain(text).split())
    return _FIND.sub(lambda found: _SPECIAL[found.group()], line)


def table(
    caption: Words, label: str, header: Sequence[Words], rows: Sequence[Sequence[Words]], right: int
) -> str:
    """A floating table of plain text; from column `right` on flush right."""
    columns = "l" * right + "r" * (len(header) - right)
    lines = [" & ".join(map(escape, row)) + r" \\" for row in rows]
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{escape(caption)}}}",
            rf"\label{{{label}}}",
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            " & ".join(map(escape, header)) + r" \\",
            r"\midrule",
            *lines,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )
