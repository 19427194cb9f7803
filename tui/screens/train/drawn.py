"""A scene drawn as rows of cells: the legend, the plot under it, and the crosshair over that."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tui.screens.train import legend, plot
from tui.screens.train.plot import Drawing
from tui.screens.train.scene import Scene
from tui.widgets.cell_canvas import Row

_SMALLEST = (20, 4)
_CROSS_ROWS = 3
"""The crosshair is dotted: each row it stands in is sent when it moves."""


@dataclass(frozen=True)
class Drawn:
    """A plot without the crosshair, which moves far more often."""

    drawing: Drawing
    lines: int
    """Of the legend above it."""
    is_logarithmic: bool

    def rows(self, scene: Scene, width: int, height: int) -> list[Row]:
        """The plot under its legend, with the crosshair if there is one."""
        head = legend.rows(scene, width, height, is_logarithmic=self.is_logarithmic)[: self.lines]
        head += [[]] * (self.lines - len(head))
        rows, cross = self.drawing.rows, scene.view.cross
        column = self.drawing.column_of(cross) if cross is not None else -1
        if not self.drawing.left <= column < self.drawing.right:
            return head + rows
        mark = "|" if scene.charset == "ascii" else "│"
        crossed = [
            _crossed(row, column, mark) if y % _CROSS_ROWS == 0 else row
            for y, row in enumerate(rows[:-2])
        ]
        return head + crossed + rows[-2:]


def draw(scene: Scene, width: int, height: int) -> Drawn | None:
    """Draw all but the crosshair; None where there is no room or nothing to be seen."""
    if width < _SMALLEST[0] or height < _SMALLEST[1] or not scene.curve:
        return None
    plain = replace(scene, view=replace(scene.view, cross=None))
    lines = len(legend.rows(plain, width, height, is_logarithmic=False))
    picture = plain.compose(width, height - lines)
    drawing = plot.draw(picture, width, height - lines)
    return Drawn(drawing, lines, picture.left.logarithmic)


def _crossed(row: Row, column: int, mark: str) -> Row:
    """A row with the crosshair in a column; what is drawn there already stays."""
    if column < len(row) and row[column][0] == " ":
        return [*row[:column], (mark, "cross"), *row[column + 1 :]]
    return row
