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
_APART: Final = 10.0
"""Pixels between the name of the axis and the legend."""
_WORTH: Final = 20.0
"""Pixels that are enough to write the name of the axis, or its beginning."""
_SHORT: Final = 44.0
"""A name of an axis that is no wider keeps its place: "PC 2" without its number would say nothing."""
_BESIDE: Final = " · "
"""What stands behind this in the name of an axis is left out first."""
_LEAST: Final = 44.0
"""The width to which names in the legend are cut before its end is left out."""
_SIGN: Final = 14.0
_DASHED: Final = 28.0
"""The sign of a line with a pattern: it is to be seen twice."""


def colour(series: int) -> str:
    """The role of a series colour: 1-8, 0 for text, -1 for muted, -2 for the colour of errors."""
    return {0: "text", -1: "muted", -2: "error"}.get(series, f"series{series}")


def paint_heading(
    painter: QPainter, rect: QRectF, axis: Text, keys: Sequence[Key], *, before: float = 0.0
) -> tuple[str, ...]:
    """Draw both into a rectangle and return all names if some are cut or left out, else nothing.

    Long names of the legend give way first, then its end, of which the number is written; then the name of the axis
    unless it is short, which may begin `before` pixels left of the rectangle.
    """
    painter.setFont(theme.font(11))
    metrics = QFontMetricsF(painter.font())
    words = str(axis)
    short = words.partition(_BESIDE)[0]
    named = metrics.horizontalAdvance(short)
    kept = named + 1 + _APART - before if 0 < named <= _SHORT * theme.scale else 0.0
    shown, widths, more = _fitting(keys, metrics, rect.width() - max(kept, 0.0))
    gap = _gap()
    x = rect.right() - sum(widths) - metrics.horizontalAdvance(more) + (gap if shown and not more else 0.0)
    whole = not more
    space = x - rect.left() - _APART
    fitting = words if metrics.horizontalAdvance(words) + 1 <= space + before else short
    left = rect.left() - min(max(metrics.horizontalAdvance(fitting) + 1 - space, 0.0), before)
    space = max(x - left - _APART, 0.0)
    name = metrics.elidedText(fitting, Qt.TextElideMode.ElideRight, space) if space > _WORTH else ""
    whole = whole and name == words
    painter.setPen(theme.colour("muted"))
    painter.drawText(QRectF(left, rect.top(), space, rect.height()), _LEFT, name)
    for key, width in zip(shown, widths, strict=True):
        sign = _wide(key)
        paint_sign(painter, key, QPointF(x + sign / 2 - 2, rect.center().y()))
        painter.setPen(theme.colour("text"))
        text = metrics.elidedText(str(key.text), Qt.TextElideMode.ElideRight, width - sign - gap + 1)
        painter.drawText(QRectF(x + sign, rect.top(), width, rect.height()), _LEFT, text)
        whole = whole and text == str(key.text)
        x += width
    painter.setPen(theme.colour("muted"))
    painter.drawText(QRectF(x, rect.top(), rect.right() - x + 1, rect.height()), _LEFT, more)
    return () if whole else tuple(name for name in (words, *(str(key.text) for key in keys)) if name)


def _fitting(keys: Sequence[Key], metrics: QFontMetricsF, room: float) -> tuple[Sequence[Key], list[float], str]:
    """The entries that are shown, the width of each with the gap after it, and what is written for the others."""
    gap = _gap()
    wanted = [metrics.horizontalAdvance(str(key.text)) for key in keys]
    for count in range(len(keys), 0, -1):
        more = f"+{len(keys) - count}" if count < len(keys) else ""
        taken = sum(_wide(key) + gap for key in keys[:count])
        taken += metrics.horizontalAdvance(more) if more else -gap
        longest = _longest(wanted[:count], room - taken)
        if longest >= min(max(wanted[:count]), _LEAST * theme.scale):
            widths = [_wide(key) + min(width, longest) + gap for key, width in zip(keys, wanted, strict=False)]
            return keys[:count], widths[:count], more
    return (), [], f"+{len(keys)}" if keys else ""


def _longest(wanted: Sequence[float], room: float) -> float:
    """The width to which the longest names are cut so that all have room: the others keep theirs."""
    for place, width in enumerate(sorted(wanted)):
        share = room / (len(wanted) - place)
        if width > share:
            return share
        room -= width
    return max(wanted, default=0.0)


_LEFT: Final = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)


def _gap() -> float:
    return _GAP * theme.scale


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
