"""Icons: drawings on a grid of 16 pixels, in the colours of the theme."""

from collections.abc import Callable
from functools import cache
from typing import Final

from PySide6.QtCore import QByteArray, QObject, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from lab.resources import resource_folder
from lab.ui.theme import bind_theme, theme

_SIZES: Final = (16, 32)
"""Drawn for screens of once and twice the usual resolution; other sizes are made from the larger one."""


def icon(name: str, role: str = "text") -> QIcon:
    """The icon of a file in the folder of icons, in the colour of a role (see `Tokens`), and faint where disabled.

    A name without a file gives an empty icon. It does not follow the theme; `bind_icon` does.
    """
    made = QIcon()
    for mode, colour in ((QIcon.Mode.Normal, theme.colour(role)), (QIcon.Mode.Disabled, theme.colour("faint"))):
        for size in _SIZES:
            made.addPixmap(_drawn(name, colour.name(), size), mode)
    return made


def pixmap(name: str, role: str = "text", size: int = 16, ratio: float = 2.0) -> QPixmap:
    """The icon as a picture of `size` by `size` logical pixels, for a screen of that ratio."""
    drawn = _drawn(name, theme.colour(role).name(), round(size * ratio)).copy()
    drawn.setDevicePixelRatio(ratio)
    return drawn


def bind_icon(owner: QObject, setter: Callable[[QIcon], object], name: str, role: str = "text") -> None:
    """Call `setter` with the icon now, and again whenever the theme changes, until `owner` is gone."""
    bind_theme(owner, lambda: setter(icon(name, role)))


@cache
def _drawn(name: str, colour: str, size: int) -> QPixmap:
    picture = QPixmap(size, size)
    picture.fill(Qt.GlobalColor.transparent)
    source = _source(name).replace("currentColor", colour)
    if source:
        painter = QPainter(picture)
        QSvgRenderer(QByteArray(source.encode())).render(painter, QRectF(0, 0, size, size))
        painter.end()
    return picture


@cache
def _source(name: str) -> str:
    path = resource_folder() / "icons" / f"{name}.svg"
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
