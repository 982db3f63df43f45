"""Images of arrays in the colours of a map, and the colour bar beside them."""

import math
from collections.abc import Callable
from functools import cache
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from lab.ui.theme import theme
from lab.ui.views.canvas import Canvas
from lab.ui.views.heading import HEIGHT
from lab.ui.views.items import PlotItem
from lab.ui.views.marks import pen
from lab.ui.views.paint import drop_cache
from lab.ui.views.plot import Plot
from lab.ui.views.ticks import Tick, fitting
from lab.ui.words import Text

Array = NDArray[Any]
BAR: Final = 54
"""The width of the column of a colour bar, its labels included."""
_COLOURS: Final = 255
"""Colours of an image; the entry after them is transparent, for what is not finite: the hatch shows through."""


@cache
def _table(name: str, dark: bool) -> NDArray[np.uint8]:
    places = np.linspace(0, 255, _COLOURS).round().astype(np.intp)
    return np.concatenate([theme.colour_map(name)[places], np.zeros((1, 4), np.uint8)])


def coloured(values: Array, low: float, high: float) -> NDArray[np.uint8]:
    """The numbers of the colours of values: 0 to 254 from `low` to `high`, 255 where not finite."""
    scale = (_COLOURS - 1) / max(high - low, 1e-30)
    with np.errstate(invalid="ignore", over="ignore"):
        places = np.clip((values - low) * scale + 0.5, 0, _COLOURS - 1)
    places = np.where(np.isfinite(values), places, _COLOURS)
    return places.astype(np.uint8)


@final
class Picture(PlotItem):
    """An array of values as an image, each value a cell; cells that are not finite are left open."""

    def __init__(self, plot: Plot, colours: str) -> None:
        super().__init__(plot, 0.0)
        self._colours = colours
        self._cells: NDArray[np.uint8] = np.zeros((0, 0), np.uint8)
        self._place = QRectF()
        self._image: QImage | None = None

    def show_values(self, values: Array, low: float, high: float, place: QRectF) -> None:
        """Show values, (rows, columns), between two levels, in a rectangle in data coordinates."""
        self._cells = coloured(values, low, high)
        self._place = place
        self._image = None
        self.update()

    def recolour(self, colours: str) -> None:
        """Use another colour map."""
        if colours != self._colours:
            self._colours = colours
            self.restyle()

    def restyle(self) -> None:
        self._image = None
        self.update()

    def draw(self, painter: QPainter) -> None:
        if not self._cells.size:
            return
        if self._image is None:
            self._pixels = _table(self._colours, theme.tokens.dark)[self._cells]
            rows, columns = self._cells.shape
            self._image = QImage(self._pixels.data, columns, rows, 4 * columns, QImage.Format.Format_RGBA8888)
        corner = self.plot.to_pixels(self._place.left(), self._place.top())
        painter.drawImage(QRectF(corner, self.plot.to_pixels(self._place.right(), self._place.bottom())), self._image)


@final
class Bar(QGraphicsItem):
    """The colour bar of a plot: stands beside it, as high as its data, with its name above and ticks at its right."""

    def __init__(self, canvas: Canvas, plot: Plot, colours: str) -> None:
        super().__init__()
        self._plot = plot
        self._colours = colours
        self._low, self._high = 0.0, 1.0
        self._ticks: Callable[[float, float, int], list[Tick]] = lambda *_: []
        self._name = Text.plain("")
        self._rect = QRectF(0, 0, 1, 1)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        canvas.scene().addItem(self)

    def place(self, left: float) -> None:
        """Stand at `left`, level with the data of the plot."""
        self.prepareGeometryChange()
        self._rect = QRectF(left, self._plot.rect.top(), theme.px(10), self._plot.rect.height())
        drop_cache(self)

    def describe(
        self, name: Text, low: float, high: float, ticks: Callable[[float, float, int], list[Tick]], colours: str = ""
    ) -> None:
        """Say what the colours mean; drawn again only where that has changed."""
        found = (name, low, high, colours or self._colours)
        if found != (self._name, self._low, self._high, self._colours):
            self._name, self._low, self._high, self._colours = found
            self.update()
        self._ticks = ticks

    def boundingRect(self) -> QRectF:
        return self._rect.adjusted(-60, -theme.px(HEIGHT), theme.px(BAR), 8)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        rect = self._rect
        table = np.ascontiguousarray(_table(self._colours, theme.tokens.dark)[_COLOURS - 1 :: -1][:_COLOURS])
        image = QImage(table.data, 1, _COLOURS, 4, QImage.Format.Format_RGBA8888)
        painter.drawImage(rect, image)
        painter.setPen(pen("line"))
        painter.drawRect(rect.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.setFont(theme.font(11, tabular=True))
        painter.setPen(theme.colour("muted"))
        flags = Qt.AlignmentFlag.AlignVCenter
        height = 16 * theme.scale
        metrics = painter.fontMetrics()
        most = max(2, int(rect.height() / (height + 14)))
        found = self._ticks(self._low, self._high, most)
        found, factor = fitting(found, metrics.horizontalAdvance, theme.px(BAR) - 22)
        name = f"{self._name} {factor}".strip()
        width = metrics.horizontalAdvance(name)
        left = min(rect.left(), rect.left() + theme.px(BAR) - 8 - width)
        above = QRectF(left, rect.top() - theme.px(HEIGHT), width + 4, theme.px(HEIGHT) - 2)
        painter.drawText(above, int(flags | Qt.AlignmentFlag.AlignLeft), name)
        lines, last = [], math.inf
        for value, label in found:
            y = rect.bottom() - (value - self._low) / max(self._high - self._low, 1e-30) * rect.height()
            lines.append(QLineF(rect.right(), round(y) + 0.5, rect.right() + 3, round(y) + 0.5))
            at = min(max(y, rect.top() + height / 2 - 4), rect.bottom() - height / 2 + 4)
            if abs(at - last) >= metrics.ascent():
                last = at
                box = QRectF(rect.right() + 6, at - height / 2, theme.px(BAR), height)
                painter.drawText(box, int(flags | Qt.AlignmentFlag.AlignLeft), label)
        painter.setPen(pen("axis"))
        painter.drawLines(lines)
