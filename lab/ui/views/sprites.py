"""Dots, squares and diamonds, drawn once and stamped many times: stroking each of them costs much more."""

from functools import lru_cache
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPaintEngine, QPainter, QPixmap, QPolygonF

Shape = Literal["dots", "square", "diamond"]
_ROOM: Final = 1.0


def stamp(
    painter: QPainter, x: NDArray[np.float64], y: NDArray[np.float64], colour: QColor, size: float, shape: Shape
) -> None:
    """Put a sign on each of these places in pixels, both (n,) and finite."""
    engine = painter.paintEngine()
    if engine is not None and engine.type() != QPaintEngine.Type.Raster:
        for across, down in zip(x.tolist(), y.tolist(), strict=True):
            _draw(painter, QPointF(across, down), colour, size, shape)
        return
    device = painter.device()
    ratio = 1.0 if device is None else device.devicePixelRatioF()
    picture = _sprite(colour.rgba(), size, shape, ratio)
    half = size / 2 + _ROOM
    for across, down in zip(np.round(x - half).tolist(), np.round(y - half).tolist(), strict=True):
        painter.drawPixmap(QPointF(across, down), picture)


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
