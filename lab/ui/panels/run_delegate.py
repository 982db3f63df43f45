"""How a run looks in the list: its tick, number and name, what it is and how it went, its loss, and its curve."""

import math
from typing import Any, Final, final

import numpy as np
from PySide6.QtCore import QAbstractItemModel, QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from lab.experiment.runs import Run
from lab.ui.panels.run_model import CURRENT, CURVE, RUN, SERIES, Index
from lab.ui.panels.run_words import result, summary, title
from lab.ui.theme import theme

_HIGH: Final = 46
_TICK: Final = 12
"""Left of the tick, whatever the size of text."""
_CURVE: Final = 52
_VALUE: Final = 62


@final
class RunDelegate(QStyledItemDelegate):
    """Paints rows, ticks them with the mouse or the space bar, and edits names in place."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(160, theme.px(_HIGH))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        run: Run = index.data(RUN)
        curve: list[float] = index.data(CURVE)
        series: int = index.data(SERIES)
        current: bool = index.data(CURRENT)
        rect = QRectF(option.rect)
        state = option.state
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        if current or state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme.colour("accent_soft"))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, theme.colour("sunken"))
        if current:
            painter.fillRect(QRectF(rect.left(), rect.top(), 3, rect.height()), theme.colour("accent"))
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(theme.colour("accent"))
            painter.drawRect(rect.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.translate(rect.topLeft())
        _tick(painter, series)
        width, px, left = rect.width(), theme.px, _left()
        painter.setFont(theme.font(13, 600 if current else 400))
        painter.setPen(theme.colour("text"))
        _write(painter, QRectF(left, px(4), width - left - px(_VALUE) - 16, px(20)), title(run))
        painter.setFont(theme.font(13, 400, tabular=True))
        painter.setPen(theme.colour("error" if run.state == "failed" else "text"))
        value = result(run, curve)
        area = QRectF(width - px(_VALUE) - 12, px(4), px(_VALUE), px(20))
        painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, value)
        painter.setFont(theme.font(12, 400, tabular=True))
        painter.setPen(theme.colour("muted"))
        _write(painter, QRectF(left, px(24), width - left - px(_CURVE) - 20, px(18)), str(summary(run)))
        painter.setPen(QPen(theme.colour(f"series{series}" if series else "muted"), 1.2))
        _sparkline(painter, curve, QRectF(width - px(_CURVE) - 12, px(27), px(_CURVE), px(13)))
        painter.restore()

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = QLineEdit(parent)
        editor.setMaxLength(200)
        editor.setFont(theme.font(13))
        return editor

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        if isinstance(editor, QLineEdit):
            editor.setText(index.data(int(Qt.ItemDataRole.EditRole)))
            editor.selectAll()

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        rect = option.rect
        editor.setGeometry(rect.adjusted(_left() - 8, 2, -8, -theme.px(_HIGH - 28)))

    def editorEvent(self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index) -> bool:
        rect = option.rect
        if isinstance(event, QKeyEvent):
            return event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Space and _toggle(model, index)
        released = isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonRelease
        if isinstance(event, QMouseEvent) and released and event.button() == Qt.MouseButton.LeftButton:
            return event.position().x() - rect.left() < _left() - 4 and _toggle(model, index)
        return False


def _left() -> int:
    """Where names begin."""
    return _TICK + theme.px(20)


def _toggle(model: QAbstractItemModel, index: Any) -> bool:
    role = int(Qt.ItemDataRole.CheckStateRole)
    on = index.data(role) == Qt.CheckState.Checked
    return bool(model.setData(index, Qt.CheckState.Unchecked if on else Qt.CheckState.Checked, role))


def _tick(painter: QPainter, series: int) -> None:
    size, top = theme.px(10), theme.px(10)
    if series:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(f"series{series}"))
        painter.drawRoundedRect(QRectF(13, top, size, size), 2, 2)
    else:
        painter.setPen(QPen(theme.colour("field"), 1.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(13.5, top + 0.5, size - 1, size - 1), 2, 2)


def _write(painter: QPainter, area: QRectF, text: str) -> None:
    fitting = QFontMetrics(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, max(0, int(area.width())))
    painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, fitting)


def _sparkline(painter: QPainter, curve: list[float], area: QRectF) -> None:
    """The curve on a log axis where it is above zero, between its own smallest and largest value."""
    if len(curve) < 2:
        return
    values = np.asarray(curve)
    if values.min() > 0:
        values = np.log10(values)
    low, high = float(values.min()), float(values.max())
    if not math.isfinite(high - low):
        return
    steps = np.linspace(area.left(), area.right(), len(values))
    heights = area.bottom() - area.height() * (values - low) / (high - low if high > low else 1.0)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in zip(steps, heights, strict=True)]))
