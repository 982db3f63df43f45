"""The shade of the empty half of a triangle, and of rows that are not measured."""

from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPolygonF

from lab.ui.theme import theme
from lab.ui.views.plot import Plot


@final
class Shade:
    """Shades what lies above the diagonal of a plot of rows over columns, and whole rows in which nothing is."""

    def __init__(self, plot: Plot) -> None:
        self._plot = plot
        self._rows: NDArray[np.bool_] = np.zeros(0, np.bool_)
        plot.ground = self._paint

    def show_rows(self, rows: NDArray[Any]) -> None:
        """Leave these rows open, (T,) bool, up to the diagonal."""
        if not np.array_equal(rows, self._rows):
            self._rows = np.asarray(rows, np.bool_)
            self._plot.update()

    def _paint(self, painter: QPainter) -> None:
        plot, steps = self._plot, len(self._rows)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("shade"))
        corners = [(-0.5, -0.5), (steps - 0.5, -0.5), (steps - 0.5, steps - 0.5)]
        painter.save()
        painter.setClipRect(plot.rect)
        painter.drawPolygon(QPolygonF([*(plot.to_pixels(*corner) for corner in corners), *self._stairs()]))
        for row in np.flatnonzero(~self._rows):
            painter.drawRect(QRectF(plot.to_pixels(-0.5, row - 0.5), plot.to_pixels(row + 0.5, row + 0.5)))
        painter.restore()

    def _stairs(self) -> list[QPointF]:
        """The edge along the diagonal, cell by cell, back from the last corner to the first."""
        places = []
        for row in range(len(self._rows) - 1, 0, -1):
            places += [self._plot.to_pixels(row + 0.5, row - 0.5), self._plot.to_pixels(row - 0.5, row - 0.5)]
        return places
