"""Dots, squares, diamonds and symbols, drawn once and stamped many times: to draw each of them costs much more."""

import math
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, Literal, NamedTuple, final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPaintEngine, QPainter, QPixmap, QPolygonF

Shape = Literal["dots", "square", "diamond"]
_ROOM: Final = 1.0
_FAR: Final = 1000.0
"""Pixels to each side of a symbol, more than any takes."""


@final
class Sign(NamedTuple):
    """One sign: its middle and its size in pixels, and its colour."""

    x: float
    y: float
    size: float
    colour: QColor


def stamp(painter: QPainter, signs: Iterable[Sign], shape: Shape = "dots") -> None:
    """Put signs at their places, one over the other."""
    if not _stamps(painter):
        for sign in signs:
            _draw(painter, QPointF(sign.x, sign.y), sign.colour, sign.size, shape)
        return
    ratio = _ratio(painter)
    for x, y, size, colour in signs:
        half = size / 2 + _ROOM
        painter.drawPixmap(QPointF(round(x - half), round(y - half)), _sprite(colour.rgba(), size, shape, ratio))


def write(painter: QPainter, symbols: Iterable[tuple[str, float]], y: float, colour: QColor) -> None:
    """Write symbols around places in pixels, each at its x and all at one height, in the font of the painter."""
    if not _stamps(painter):
        painter.setPen(colour)
        for symbol, x in symbols:
            around = QRectF(x - _FAR, y - _FAR, 2 * _FAR, 2 * _FAR)
            painter.drawText(around, int(Qt.AlignmentFlag.AlignCenter), symbol)
        return
    font, ratio, rgba = painter.font().key(), _ratio(painter), colour.rgba()
    for symbol, x in symbols:
        picture, half = _written(symbol, font, rgba, ratio)
        painter.drawPixmap(QPointF(round(x - half.x()), round(y - half.y())), picture)


def _stamps(painter: QPainter) -> bool:
    """Whether pixels are painted: files of lines and curves get lines and curves."""
    engine = painter.paintEngine()
    return engine is None or engine.type() == QPaintEngine.Type.Raster


def _ratio(painter: QPainter) -> float:
    device = painter.device()
    return 1.0 if device is None else device.devicePixelRatioF()


@lru_cache(maxsize=1024)
def _written(symbol: str, font: str, colour: int, ratio: float) -> tuple[QPixmap, QPointF]:
    """The picture of a symbol, and its middle."""
    letters = QFont()
    letters.fromString(font)
    metrics = QFontMetricsF(letters)
    wide, high = math.ceil(metrics.horizontalAdvance(symbol)) + 2, math.ceil(metrics.height())
    picture = QPixmap(math.ceil(wide * ratio), math.ceil(high * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setFont(letters)
    painter.setPen(QColor.fromRgba(colour))
    painter.drawText(QRectF(0, 0, wide, high), int(Qt.AlignmentFlag.AlignCenter), symbol)
    painter.end()
    return picture, QPointF(wide / 2, high / 2)


@lru_cache(maxsize=256)
def _sprite(colour: int, size: float, shape: Shape, ratio: float) -> QPixmap:
    side = size + 2 * _ROOM
    picture = QPixmap(round(side * ratio), round(side * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    _draw(painter, QPointF(side / 2, side / 2), QColor.fromRgba(colour), size, shape)
    painter.end()
    return picture


def _draw(painter: QPainter, at: QPointF, colour: QColor, size: float, shape: Shape) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, shape != "square")
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    half = size / 2
    if shape == "dots":
        painter.drawEllipse(at, half, half)
    elif shape == "square":
        painter.drawRect(QRectF(at.x() - half, at.y() - half, size, size))
    else:
        half += 0.5
        corners = ((0.0, -half), (half, 0.0), (0.0, half), (-half, 0.0))
        painter.drawPolygon(QPolygonF([at + QPointF(*corner) for corner in corners]))
