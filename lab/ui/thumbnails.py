"""The pictures on the cards of the gallery, drawn from real results in the colours of the theme."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QImage, QPainter, QPen, QPolygonF

from lab.ui.theme import theme

Arrays = Mapping[str, NDArray[Any]]

_EDGE: Final = 12.0
_TOP_ROWS: Final = 5
"""Probabilities that are shown under each letter, the greatest first."""
_NEWLINE: Final = "↵"


def draw(painter: QPainter, area: QRectF, arrays: Arrays, last: int = 0) -> None:
    """Draw what there is: a series with its forecast, marked numbers, or symbols with their probabilities."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if "truth" in arrays:
        _series(painter, area, arrays, last)
    elif "numbers" in arrays:
        _numbers(painter, area, arrays)
    elif "probabilities" in arrays:
        _symbols(painter, area, arrays)
    painter.restore()


def _series(painter: QPainter, area: QRectF, arrays: Arrays, last: int) -> None:
    truth, forecast = arrays["truth"][-last:], arrays["forecast"][-last:]
    begin = int(arrays["test_from"]) - (len(arrays["truth"]) - len(truth))
    low, high = float(min(truth.min(), forecast.min())), float(max(truth.max(), forecast.max()))
    inner = area.adjusted(_EDGE, _EDGE + 2, -_EDGE, -_EDGE)
    across = np.linspace(inner.left(), inner.right(), len(truth))
    left = float(across[max(0, begin)])
    painter.fillRect(QRectF(left, area.top(), area.right() - left, area.height()), theme.colour("shade"))
    for values, role in ((truth, "text"), (forecast, "series2")):
        heights = inner.bottom() - (values - low) / (high - low) * inner.height()
        painter.setPen(QPen(theme.colour(role), 1.25))
        painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in zip(across, heights, strict=True)]))


def _numbers(painter: QPainter, area: QRectF, arrays: Arrays) -> None:
    numbers, marks = arrays["numbers"], {int(mark) for mark in arrays["marks"]}
    inner = area.adjusted(_EDGE, _EDGE, -_EDGE, 0)
    high, base = inner.height() * 0.5, inner.top() + inner.height() * 0.56
    across = np.linspace(inner.left(), inner.right() - 2.2, len(numbers))
    thin = min(2.2, 0.8 * inner.width() / len(numbers))
    for step in sorted(range(len(numbers)), key=lambda step: step in marks):
        wide = 2.2 if step in marks else thin
        top = QRectF(across[step], base - high * numbers[step], wide, high * numbers[step])
        painter.fillRect(top, theme.colour("series2" if step in marks else "hatch"))
    first, second = (float(numbers[mark]) for mark in sorted(marks))
    painter.setPen(theme.colour("text"))
    painter.setFont(theme.font(13, 600, tabular=True))
    text = f"{first:.2f} + {second:.2f} = {float(arrays['answer'][0]):.2f}"
    painter.drawText(QRectF(area.left(), base + 6, area.width(), area.bottom() - base - 10), _MIDDLE, text)


def _symbols(painter: QPainter, area: QRectF, arrays: Arrays) -> None:
    symbols, shares = arrays["symbols"], arrays["probabilities"].astype(np.float64)
    if len(shares) > 2 * _TOP_ROWS:
        shares = np.sort(shares, axis=0)[::-1][:_TOP_ROWS]
    inner = area.adjusted(_EDGE, _EDGE - 2, -_EDGE, -_EDGE)
    wide = inner.width() / len(symbols)
    size = min(14.0, wide * 1.45)
    font = theme.code_font(size / theme.scale)
    font.setWeight(QFont.Weight.Medium)
    painter.setFont(font)
    painter.setPen(theme.colour("text"))
    high = size + 8
    for place, symbol in enumerate(symbols):
        letter = QRectF(inner.left() + place * wide - 4, inner.top(), wide + 8, high)
        painter.drawText(letter, _MIDDLE, _NEWLINE if symbol == "\n" else str(symbol))
    _image(painter, shares, QRectF(inner.left(), inner.top() + high + 2, inner.width(), inner.height() - high - 2))


def _image(painter: QPainter, shares: NDArray[Any], area: QRectF) -> None:
    """A heatmap of values from 0 to 1, each a block without smoothing."""
    table = theme.colour_map("gate")
    pixels = np.ascontiguousarray(table[np.clip(np.nan_to_num(shares) * 255, 0, 255).astype(np.intp)])
    rows, columns = shares.shape
    picture = QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_RGBA8888).copy()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.drawImage(area, picture)


_MIDDLE: Final = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter)
