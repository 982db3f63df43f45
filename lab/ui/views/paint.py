"""How a plot is painted below and above its data."""

import math
from typing import TYPE_CHECKING, Final, final

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from lab.ui.theme import theme
from lab.ui.views.heading import HEIGHT, paint_heading
from lab.ui.views.marks import draw_notes, hatch, pen
from lab.ui.views.ticks import fitting

if TYPE_CHECKING:
    from lab.ui.views.plot import Plot

_TICK: Final = 4
_RIGHT: Final = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
_CENTRE: Final = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignHCenter)


def drop_cache(item: QGraphicsItem) -> None:
    """Have an item painted anew whose size has changed: Qt would keep what was painted of it before, where it was."""
    mode = item.cacheMode()
    item.setCacheMode(QGraphicsItem.CacheMode.NoCache)
    item.setCacheMode(mode)


class _Item(QGraphicsItem):
    """Something painted in the pixels of the canvas."""

    def __init__(self, plot: "Plot") -> None:
        super().__init__()
        self.plot = plot
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def place(self) -> None:
        """The plot stands elsewhere."""
        self.prepareGeometryChange()
        drop_cache(self)

    def cached(self, wanted: bool) -> None:
        """Keep the picture, or paint it each time."""
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache if wanted else QGraphicsItem.CacheMode.NoCache)

    def boundingRect(self) -> QRectF:
        # Labels of the outermost ticks reach a little beyond the axes.
        return self.plot.outer.adjusted(-8, 0, 16, 2)


@final
class Under(_Item):
    """Below the data: bands, hatch, grid, axes with their ticks and names. Kept as pixels until something changes."""

    def __init__(self, plot: "Plot") -> None:
        super().__init__(plot)
        self.setZValue(-10)
        self.cached(True)
        self._names = _Names(self)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        plot = self.plot
        rect = plot.rect
        if rect.width() < 2 or not _finite(plot):
            return
        for band in plot.bands:
            left = max(plot.to_pixels(band.low, 0).x(), rect.left())
            right = min(plot.to_pixels(band.high, 0).x(), rect.right())
            if right > left:
                painter.fillRect(QRectF(left, rect.top(), right - left, rect.height()), theme.colour(band.role))
        if plot.hatched:
            hatch(painter, rect)
        if plot.ground is not None:
            plot.ground(painter)
        painter.setFont(theme.font(11, tabular=True))
        metrics = QFontMetricsF(painter.font())
        self._across(painter, metrics)
        factor = self._up(painter, metrics)
        if plot.heading:
            before = 0.0 if factor else rect.left() - plot.outer.left() + 4
            names = paint_heading(painter, self.top(), plot.y.name, plot.keys, before=before)
            self._names.setToolTip("\n".join(names))

    def place(self) -> None:
        super().place()
        self._names.prepareGeometryChange()

    def top(self) -> QRectF:
        """The row above the data."""
        rect, height = self.plot.rect, theme.px(HEIGHT)
        return QRectF(rect.left(), rect.top() - height, self.plot.outer.right() - rect.left() + 8, height - 2)

    def _up(self, painter: QPainter, metrics: QFontMetricsF) -> str:
        """Draw the vertical axis; the power of ten above it, if there is one, is returned."""
        plot, rect = self.plot, self.plot.rect
        low, high = plot.view()[1]
        if plot.y.ticks is None:
            return ""
        axis = rect.left() - 0.5
        most = max(2, int(rect.height() / (metrics.height() + 14)))
        lines, ticks = [], []
        painter.setPen(theme.colour("muted"))
        width, height = axis - _TICK - 3 - plot.outer.left() + 8, 16 * theme.scale
        found, factor = fitting(plot.y.ticks(low, high, most), metrics.horizontalAdvance, width)
        last = math.inf
        if factor and plot.heading:
            above = QRectF(plot.outer.left() - 8, rect.top() - theme.px(HEIGHT), width + _TICK, theme.px(HEIGHT) - 2)
            painter.drawText(above, _RIGHT, factor)
        for value, label in found:
            y = math.floor(plot.to_pixels(0, value).y()) + 0.5
            if not rect.top() - 1 <= y <= rect.bottom() + 1:
                continue
            ticks.append(QLineF(axis - _TICK, y, axis, y))
            if plot.y.grid and y < rect.bottom() - 2:
                lines.append(QLineF(rect.left(), y, rect.right(), y))
            if abs(y - last) >= metrics.ascent():
                last = y
                painter.drawText(QRectF(plot.outer.left() - 8, y - height / 2, width, height), _RIGHT, label)
        painter.setPen(pen("grid"))
        painter.drawLines(lines)
        painter.setPen(pen("axis"))
        painter.drawLines([*ticks, QLineF(axis, rect.top(), axis, rect.bottom() + 0.5)])
        return factor

    def _across(self, painter: QPainter, metrics: QFontMetricsF) -> None:
        plot, rect = self.plot, self.plot.rect
        low, high = plot.view()[0]
        if plot.x.ticks is None:
            return
        axis = rect.bottom() + 0.5
        height = 16 * theme.scale
        painter.setPen(theme.colour("muted"))
        ticks, last = [], -math.inf
        room = 44 * theme.scale
        found = plot.x.ticks(low, high, max(2, int(rect.width() / room)))
        found, factor = fitting(found, metrics.horizontalAdvance, room)
        for value, label in found:
            x = math.floor(plot.to_pixels(value, 0).x()) + 0.5
            if not rect.left() - 1 <= x <= rect.right() + 1:
                continue
            ticks.append(QLineF(x, axis, x, axis + _TICK))
            width = metrics.horizontalAdvance(label)
            # What the right margin has no room for is moved to the left.
            left = min(x - width / 2, plot.outer.right() + 14 - width)
            if left < last + 8:
                continue
            last = left + width
            painter.drawText(QRectF(left - 2, axis + _TICK, width + 4, height), _CENTRE, label)
        if plot.x.name.en or factor:
            words = f"{plot.x.name} {factor}".strip()
            name = metrics.elidedText(words, Qt.TextElideMode.ElideRight, rect.width() + 30)
            below = QRectF(rect.left() - 20, plot.outer.bottom() - height, rect.width() + 40, height)
            painter.drawText(below, _CENTRE, name)
        painter.setPen(pen("axis"))
        painter.drawLines([*ticks, QLineF(rect.left() - 0.5, axis, rect.right(), axis)])


@final
class _Names(QGraphicsItem):
    """Tells all names of a heading under the mouse, where not all of them can be written."""

    def __init__(self, under: Under) -> None:
        super().__init__(under)
        self._under = under
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def boundingRect(self) -> QRectF:
        return self._under.top()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Nothing: the heading is painted with all that is below the data."""


@final
class Over(_Item):
    """Above the data: rules, the time cursor among them, and notes."""

    def __init__(self, plot: "Plot") -> None:
        super().__init__(plot)
        self.setZValue(10)
        self.cached(True)

    def boundingRect(self) -> QRectF:
        return self.plot.rect.adjusted(-2, 0, 2, 1)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        plot, rect = self.plot, self.plot.rect
        if not _finite(plot):
            return
        for rule in plot.rules:
            place = plot.to_pixels(0, rule.at) if rule.level else plot.to_pixels(rule.at, 0)
            if rule.level:
                at = math.floor(place.y()) + 0.5
                line = QLineF(rect.left(), at, rect.right(), at)
                inside = rect.top() <= at <= rect.bottom()
            else:
                at = math.floor(place.x()) + 0.5
                line = QLineF(at, rect.top(), at, rect.bottom())
                inside = rect.left() - 1 <= at <= rect.right() + 1
            if not inside:
                continue
            if rule.halo:
                painter.setPen(pen("sheet", width=3.0, alpha=170))
                painter.drawLine(line)
            painter.setPen(pen(rule.role, dash=rule.dash, width=2.0 if theme.enlarged and not rule.halo else 1.0))
            painter.drawLine(line)
        placed = [(note, plot.to_pixels(note.x, note.y)) for note in plot.notes]
        known = [(note, place) for note, place in placed if math.isfinite(place.x()) and math.isfinite(place.y())]
        draw_notes(painter, [note for note, _ in known], [place for _, place in known], rect)


def _finite(plot: "Plot") -> bool:
    (x0, x1), (y0, y1) = plot.view()
    return bool(x1 > x0 and y1 > y0 and all(map(math.isfinite, (x0, x1, y0, y1))))
