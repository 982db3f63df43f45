"""Items of a plot that are painted in the pixels of its canvas: the base of curves, dots and pictures."""

from abc import abstractmethod
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from lab.ui.views.plot import Plot

Array = NDArray[Any]
_FAR = 1e5
"""Pixels beyond which painters lose their precision; nothing there can be seen."""


class PlotItem(QGraphicsItem):
    """Abstract: fills the data rectangle of a plot, and is painted again when its range changes.

    Painting pixels instead of data coordinates is what keeps a live curve cheap: no transformed pens, no paths.
    """

    def __init__(self, plot: Plot, z: float) -> None:
        super().__init__()
        self.plot = plot
        self.antialiased = False
        self.setZValue(z)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        plot.add(self)

    @abstractmethod
    def draw(self, painter: QPainter) -> None:
        """Draw, clipped to its rectangle."""

    def restyle(self) -> None:
        """Colours of the theme have changed."""
        self.update()

    def place(self) -> None:
        """The plot stands elsewhere."""
        self.prepareGeometryChange()

    def boundingRect(self) -> QRectF:
        return self.plot.rect

    @final
    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painter.setClipRect(self.boundingRect())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, self.antialiased)
        self.draw(painter)

    def pixels(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Where points of the data stand on the canvas, both (n,)."""
        zero = self.plot.to_pixels(0.0, 0.0)
        one = self.plot.to_pixels(1.0, 1.0)
        with np.errstate(invalid="ignore", over="ignore"):
            across = np.clip(zero.x() + (one.x() - zero.x()) * x, -_FAR, _FAR)
            down = np.clip(zero.y() + (one.y() - zero.y()) * y, -_FAR, _FAR)
        return across, down


def runs(known: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Beginnings and ends of the stretches in which all is known, (n,) bool."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]]).astype(np.int8)))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]
