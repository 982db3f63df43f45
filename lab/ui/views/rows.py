"""A small table on a canvas: in each row a sign, a name and figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from lab.ui.api import Key
from lab.ui.theme import theme
from lab.ui.views.canvas import Canvas
from lab.ui.views.heading import paint_sign
from lab.ui.words import Text

HEIGHT: Final = 19
"""The height of a row, in logical pixels."""
_SIGN: Final = 30.0
"""The room for a sign, which may be a line with a pattern."""
_GAP: Final = 10.0
_LEFT: Final = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
_RIGHT: Final = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)


@final
@dataclass(frozen=True, slots=True)
class Row:
    """A sign with a name, and figures; or in their place words that say why there are none."""

    key: Key
    figures: tuple[str, ...] = ()
    words: Text | None = None


@final
class Rows(QGraphicsItem):
    """The table. Columns are as wide as their widest figure; names give way to them."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__()
        self._heads: Sequence[Text] = ()
        self._rows: Sequence[Row] = ()
        self._rect = QRectF(0, 0, 1, 1)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        canvas.scene().addItem(self)

    @property
    def height(self) -> float:
        """What all rows take, in pixels."""
        return theme.px(HEIGHT) * (len(self._rows) + 1.0)

    def place(self, rect: QRectF) -> None:
        """Stand in a rectangle of the canvas."""
        self.prepareGeometryChange()
        self._rect = rect
        self.update()

    def show_rows(self, heads: Sequence[Text], rows: Sequence[Row]) -> None:
        """Replace all of it; the heads are those of the figures. Drawn again only where something has changed."""
        if (tuple(heads), tuple(rows)) != (tuple(self._heads), tuple(self._rows)):
            self._heads, self._rows = tuple(heads), tuple(rows)
            self.update()

    def boundingRect(self) -> QRectF:
        return self._rect

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painter.setClipRect(self._rect)
        painter.setFont(theme.font(11, tabular=True))
        metrics = QFontMetricsF(painter.font())
        widths = self._widths(metrics)
        self._line(painter, 0, [str(head) for head in self._heads], widths, "muted")
        sign, height = _SIGN * theme.scale, theme.px(HEIGHT)
        room = self._rect.width() - sign - sum(widths)
        for place, row in enumerate(self._rows, 1):
            top = self._rect.top() + place * height
            paint_sign(painter, row.key, QPointF(self._rect.left() + sign / 2 - 2, top + height / 2))
            known = row.words is None
            name = str(row.key.text) if known else f"{row.key.text}: {row.words}"
            wide = room if known else self._rect.width() - sign
            painter.setPen(theme.colour("text" if known else "muted"))
            box = QRectF(self._rect.left() + sign, top, wide, height)
            painter.drawText(box, _LEFT, metrics.elidedText(name, Qt.TextElideMode.ElideRight, wide))
            self._line(painter, place, row.figures, widths, "text")

    def _widths(self, metrics: QFontMetricsF) -> list[float]:
        columns = [[str(head) for head in self._heads], *(row.figures for row in self._rows if row.figures)]
        gap = _GAP * theme.scale
        return [max(map(metrics.horizontalAdvance, cells)) + gap for cells in zip(*columns, strict=True)]

    def _line(self, painter: QPainter, place: int, cells: Sequence[str], widths: Sequence[float], role: str) -> None:
        painter.setPen(theme.colour(role))
        right = self._rect.right()
        top = self._rect.top() + place * theme.px(HEIGHT)
        for cell, width in zip(reversed(cells), reversed(widths), strict=False):
            painter.drawText(QRectF(right - width, top, width, theme.px(HEIGHT)), _RIGHT, cell)
            right -= width
