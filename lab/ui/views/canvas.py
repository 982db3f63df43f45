"""The canvas: a white sheet on which plots stand at exact pixels."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, final

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QFrame

from lab.ui.theme import theme
from lab.ui.views.marks import pen

if TYPE_CHECKING:
    from lab.ui.views.plot import Plot

# Row after row is how numpy keeps an image; a live curve of a pixel's width needs no smoothing and is several times
# faster without.
pg.setConfigOptions(imageAxisOrder="row-major", antialias=False)

MARGINS: Final = (10, 0, 18, 4)
"""Left, top, right and bottom of every canvas, in pixels."""
_BY_KEY: Final = frozenset(
    {Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason}
)
"""Focus that came by a key has a ring; a click shows by itself where it went."""
_STEPS: Final = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


@final
class Canvas(pg.GraphicsView):  # type: ignore[misc]
    """Holds plots and tells where the mouse is in which of them.

    `arrange` is called with the rectangle inside the margins whenever the size, or the size of text, has changed: it
    places the plots. `pointer` is the plot under the mouse with the place in data coordinates.
    """

    pointed = Signal()
    """The mouse is elsewhere."""
    stepped = Signal(int, int)
    """An arrow key: right and down are positive."""
    entered = Signal()
    """Return or F2: what was chosen with the arrows is to be opened."""
    whole = Signal()
    """All of the data is wanted again, after zooming."""

    def __init__(self, arrange: Callable[[QRectF], None], *, keys: bool = False) -> None:
        super().__init__(background=None)
        self.plots: list[Plot] = []
        self.pointer: tuple[Plot, float, float] | None = None
        self._arrange = arrange
        self._keys = keys
        self._dragged: Plot | None = None
        self._ringed = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if keys else Qt.FocusPolicy.ClickFocus)
        self.setMinimumSize(60, 60)
        self.setBackground(theme.colour("sheet"))

    def sizeHint(self) -> QSize:
        return QSize(384, 180)

    def arranged(self) -> None:
        """Place the plots anew."""
        left, top, right, bottom = MARGINS
        self._arrange(QRectF(self.rect()).adjusted(left, top, -right, -bottom))

    def restyle(self) -> None:
        """Colours and sizes of the theme have changed."""
        self.setBackground(theme.colour("sheet"))
        for plot in self.plots:
            plot.restyle()
        self.arranged()

    def smooth(self, wanted: bool) -> None:
        """Draw curves antialiased: for pictures that stand still."""
        for plot in self.plots:
            plot.smooth(wanted)

    def as_vectors(self, wanted: bool) -> None:
        """Draw without caches of pixels, for a file of vectors."""
        for plot in self.plots:
            plot.as_vectors(wanted)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if hasattr(self, "_arrange"):
            self.arranged()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        plot = self._at(event.position())
        if plot is not None and plot.drag is not None and event.button() == Qt.MouseButton.LeftButton:
            self._dragged = plot
            plot.drag(*plot.to_data(event.position()))
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            event.accept()
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        plot = self._dragged or self._at(event.position())
        self.pointer = None if plot is None else (plot, *plot.to_data(event.position()))
        if self._dragged is not None and self._dragged.drag is not None and self.pointer is not None:
            self._dragged.drag(*self.pointer[1:])
            event.accept()
        else:
            super().mouseMoveEvent(event)
        self.pointed.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._dragged is not None:
            self._dragged = None
            event.accept()
        else:
            super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        plot = self._at(event.position())
        if plot is not None and plot.opened is not None:
            plot.opened(*plot.to_data(event.position()))
        elif plot is not None and plot.free:
            plot.free = False
            self.whole.emit()
        else:
            super().mouseDoubleClickEvent(event)

    def leaveEvent(self, event: Any) -> None:
        super().leaveEvent(event)
        self.pointer = None
        self.pointed.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._ringed = event.reason() in _BY_KEY
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._ringed = False
        self.viewport().update()

    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        super().drawForeground(painter, rect)
        if self._ringed:
            painter.setPen(pen("accent", width=2.0))
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(Qt.Key(event.key())) if self._keys and not event.modifiers() else None
        if self._keys and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2) and not event.modifiers():
            self.entered.emit()
            event.accept()
        elif step is None:
            super().keyPressEvent(event)
        else:
            self.stepped.emit(*step)
            event.accept()

    def _at(self, place: QPointF) -> "Plot | None":
        return next((plot for plot in self.plots if plot.rect.contains(place)), None)
