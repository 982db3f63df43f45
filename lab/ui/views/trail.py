"""Trajectories in a plane: a thin line for each, with dots whose colour says when, or of which sample."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from lab.ui.theme import theme
from lab.ui.views.marks import pen
from lab.ui.views.plot import Plot

Array = NDArray[Any]
_SHADES: Final = 16
"""Colours along time: dots of one colour are drawn at once."""
MOST_DOTS: Final = 1500


@final
class Trail(QGraphicsItem):
    """Paints paths (T, B, 2) in data coordinates."""

    def __init__(self, plot: Plot) -> None:
        super().__init__()
        self._plot = plot
        self._paths: Array = np.zeros((0, 0, 2))
        self._roles: Sequence[str] = ()
        self.step: int | None = None
        self.setZValue(6)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        plot.canvas.scene().addItem(self)

    def show_paths(self, paths: Array, roles: Sequence[str]) -> None:
        """Draw these paths; `roles` has a colour for each, or nothing: then the colour says when."""
        self._paths, self._roles = paths, roles
        self.update()

    def boundingRect(self) -> QRectF:
        return self._plot.rect

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        steps, samples = self._paths.shape[:2]
        if not steps:
            return
        pixels = self._pixels()
        painter.setClipRect(self._plot.rect)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(pen("axis", alpha=140))
        points = [[QPointF(x, y) for x, y in pixels[:, sample].tolist()] for sample in range(samples)]
        known: NDArray[np.bool_] = np.all(np.isfinite(pixels), axis=2)
        for sample in range(samples):
            end = int(known[:, sample].argmin()) if not known[:, sample].all() else steps
            painter.drawPolyline(QPolygonF(points[sample][:end]))
        every = max(1, steps * samples // MOST_DOTS)
        for sample in range(samples):
            colours = self._colours(sample, steps)
            for shade, (first, last) in enumerate(_parts(steps, len(colours))):
                dots = [points[sample][step] for step in range(first, last, every) if known[step, sample]]
                self._dots(painter, dots, colours[shade], 4.0)
        if self.step is not None and self.step < steps:
            for sample in range(samples):
                if known[self.step, sample]:
                    self._dots(painter, [points[sample][self.step]], theme.colour("sheet"), 11.0)
                    self._dots(painter, [points[sample][self.step]], theme.colour("text"), 8.0)

    def _pixels(self) -> Array:
        zero = self._plot.to_pixels(0, 0)
        across = self._plot.to_pixels(1, 0).x() - zero.x()
        up = self._plot.to_pixels(0, 1).y() - zero.y()
        return np.stack([zero.x() + across * self._paths[..., 0], zero.y() + up * self._paths[..., 1]], axis=-1)

    def _colours(self, sample: int, steps: int) -> list[QColor]:
        if self._roles:
            return [theme.colour(self._roles[sample])]
        table = theme.colour_map("gate")
        # The lightest colours are those of the sheet.
        places = np.linspace(70, 250, min(_SHADES, steps)).astype(int)
        return [QColor(*(int(channel) for channel in table[place][:3])) for place in places]

    def _dots(self, painter: QPainter, dots: list[QPointF], colour: QColor, size: float) -> None:
        if dots:
            style = QPen(colour, size * (1.5 if theme.enlarged else 1.0))
            style.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(style)
            painter.drawPoints(QPolygonF(dots))


def _parts(steps: int, count: int) -> list[tuple[int, int]]:
    edges = np.linspace(0, steps, count + 1).round().astype(int).tolist()
    return list(pairwise(edges))
