"""A histogram of values on both sides of zero."""

import math
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QPainter

from lab.ui.theme import theme
from lab.ui.views.canvas import Canvas
from lab.ui.views.items import PlotItem
from lab.ui.views.marks import pen
from lab.ui.views.plot import Axis, Plot
from lab.ui.views.ticks import linear
from lab.ui.words import Text

Array = NDArray[Any]
BINS: Final = 41
"""An odd number, so that one bin has zero in its middle."""


@final
class Histogram:
    """A plot of how many values there are of each size."""

    def __init__(self, canvas: Canvas) -> None:
        across = Axis(lambda low, high, most: linear(low, high, min(most, 3)), Text("Value", "数值"))
        up = Axis(lambda low, high, most: linear(low, high, most, whole=True), Text("Count", "个数"), grid=True)
        self._plot = Plot(canvas, across, up, left=34)
        self._plot.still()
        self._bars = _Bars(self._plot)

    def show_values(self, values: Array, reach: float) -> None:
        """Count finite values between minus and plus `reach`."""
        counts, edges = np.histogram(values, bins=BINS, range=(-reach, reach))
        self._plot.set_range((-reach, reach), (0.0, max(float(counts.max()) * 1.08, 1.0)))
        self._bars.show_counts(counts, edges)

    def place(self, outer: QRectF | None) -> None:
        """Give it a rectangle of the canvas; None hides it."""
        self._plot.show(outer is not None)
        self._plot.place(outer or QRectF(-1000, 0, 100, 100))


@final
class _Bars(PlotItem):
    def __init__(self, plot: Plot) -> None:
        super().__init__(plot, 3.0)
        self._counts: Array = np.zeros(0, np.int64)
        self._edges: Array = np.zeros(1)

    def show_counts(self, counts: Array, edges: Array) -> None:
        """Draw these counts (n,) between edges (n + 1,)."""
        self._counts, self._edges = counts, edges
        self.update()

    def draw(self, painter: QPainter) -> None:
        # The line at zero stands behind: the bar there can be as thin as a line.
        rect = self.plot.rect
        at = math.floor(self.plot.to_pixels(0.0, 0.0).x()) + 0.5
        painter.setPen(pen("axis"))
        painter.drawLine(QLineF(at, rect.top(), at, rect.bottom()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("series1"))
        for count, left, right in zip(self._counts.tolist(), self._edges[:-1], self._edges[1:], strict=True):
            if count:
                top, bottom = self.plot.to_pixels(float(left), count), self.plot.to_pixels(float(right), 0)
                painter.drawRect(
                    QRectF(top.x() + 0.5, top.y(), max(bottom.x() - top.x() - 1, 1.0), bottom.y() - top.y())
                )
