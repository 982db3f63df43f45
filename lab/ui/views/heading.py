"""The row above a plot: the name of the vertical axis at the left, the legend at the right."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPolygonF

from lab.ui.api import Key
from lab.ui.theme import theme
from lab.ui.views.marks import pen
from lab.ui.words import Text

HEIGHT: Final = 21
_GAP: Final = 12.0
_SIGN: Final = 14.0
_DASHED: Final = 28.0
"""The sign of a line with a pattern: it is to be seen twice."""


def colour(series: int) -> str:
    """The role of a series colour: 1-8, 0 for text, -1 for muted, -2 for the colour of errors."""
    return {0: "text", -1: "muted", -2: "error"}.get(series, f"series{series}")


def paint_heading(painter: QPainter, rect: QRectF, axis: Text, keys: Sequence[Key]) -> None:
    """Draw both into a rectangle; the name of the axis gives way to the legend, the legend's end to its beginning."""
    painter.setFont(theme.font(11))
    metrics = QFontMetricsF(painter.font())
    gap = _GAP * theme.scale
    widths = [_wide(key) + metrics.horizontalAdvance(str(key.text)) + gap for key in keys]
    while keys and sum(widths) > rect.width() + gap:
        keys, widths = keys[:-1], widths[:-1]
    x = rect.right() - sum(widths) + (gap if keys else 0.0)
    room = max(x - rect.left() - 10, 0.0)
    if room > 20:
        painter.setPen(theme.colour("muted"))
        name = metrics.elidedText(str(axis), Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(rect.left(), rect.top(), room, rect.height()), _LEFT, name)
    for key, width in zip(keys, widths, strict=True):
        sign = _wide(key)
        paint_sign(painter, key, QPointF(x + sign / 2 - 2, rect.center().y()))
        painter.setPen(theme.colour("text"))
        painter.drawText(QRectF(x + sign, rect.top(), width, rect.height()), _LEFT, str(key.text))
        x += width


_LEFT: Final = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)


def _wide(key: Key) -> float:
    """The room for the sign of an entry, in pixels."""
    return (_DASHED if key.dash else _SIGN) * theme.scale


def paint_sign(painter: QPainter, key: Key, at: QPointF) -> None:
    """Draw the sign of an entry of a legend around a place."""
    role = colour(key.series)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, key.look in ("dots", "diamond"))
    reach = _wide(key) / 2 - 2 * theme.scale
    if key.look in ("line", "dash"):
        dash = key.dash or int(key.look == "dash")
        painter.setPen(pen(role, dash=dash, width=1.0 if dash else 2.0))
        painter.drawLine(QPointF(at.x() - reach, at.y()), QPointF(at.x() + reach, at.y()))
    else:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.colour(role)))
        half = 0.7 * reach
        if key.look == "square":
            painter.drawRect(QRectF(at - QPointF(half, half), QSizeF(2 * half, 2 * half)))
        elif key.look == "diamond":
            half = 0.9 * reach
            corners = [QPointF(0, -half), QPointF(half, 0), QPointF(0, half), QPointF(-half, 0)]
            painter.drawPolygon(QPolygonF([at + corner for corner in corners]))
        else:
            painter.drawEllipse(at, half, half)
    painter.restore()
