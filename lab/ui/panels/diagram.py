"""The picture of a cell, made of its equations: nobody draws one by hand."""

from typing import Final, final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from lab.trace.tracer import Traced
from lab.ui.panels.drawing import BOX, RADIUS, Drawing, Part
from lab.ui.panels.formula import parse
from lab.ui.panels.layers import in_layers
from lab.ui.panels.rails import on_rails
from lab.ui.panels.structure import Structure, structure
from lab.ui.panels.typeset import Box, Typesetter
from lab.ui.theme import bind_theme, theme
from lab.ui.words import Text, bind

_NAME: Final = Text("Diagram of the cell", "单元的结构图")
_LEAST_WIDTH: Final = 260.0
"""Pixels for which a cell is laid out; with less room all of it is drawn smaller."""
_TINT: Final = 0.12
"""How much of its colour a gate is filled with."""


@final
class DiagramView(QWidget):
    """Draws a cell's structure in the colours of the theme, as wide as the widget."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.structure: Structure | None = None
        self._drawing: Drawing | None = None
        self._made_for = (0, 0.0)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        bind(self, self.setAccessibleName, _NAME)
        bind_theme(self, self._restyle)

    def show_traced(self, traced: Traced | None) -> None:
        """Show the structure of a trace made with `simplify=False`; None shows nothing."""
        self.structure = structure(traced) if traced is not None else None
        self._made_for = (0, 0.0)
        self._restyle()

    def drawing(self) -> Drawing | None:
        """What is drawn at the present width."""
        made_for = (max(self.width(), 1), theme.scale)
        if self.structure is not None and self._made_for != made_for:
            self._made_for = made_for
            width = max(_LEAST_WIDTH, self.width() / theme.scale)
            self._drawing = on_rails(self.structure, width) or in_layers(self.structure, width)
        return self._drawing if self.structure is not None else None

    def sizeHint(self) -> QSize:
        drawing = self.drawing()
        return QSize(theme.px(270), round(drawing.height * self._factor(drawing)) if drawing else 0)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        drawing = self.drawing()
        if drawing is None:
            return
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        factor = self._factor(drawing)
        painter.scale(factor, factor)
        _Pencil(painter).draw(drawing)
        painter.end()

    def _factor(self, drawing: Drawing) -> float:
        return min(theme.scale, self.width() / drawing.width)

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()


@final
class _Pencil:
    def __init__(self, painter: QPainter) -> None:
        self.painter = painter
        self.wire = QPen(theme.colour("muted"), 1.2)

    def draw(self, drawing: Drawing) -> None:
        painter = self.painter
        if drawing.frame is not None:
            x, y, width, height = drawing.frame
            painter.setPen(QPen(theme.colour("hatch"), 1.0))
            painter.setBrush(theme.colour("sheet"))
            painter.drawRoundedRect(QRectF(x + 0.5, y + 0.5, width - 1, height - 1), 8, 8)
        painter.setPen(self.wire)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for points in drawing.wires:
            painter.drawPolyline(QPolygonF([QPointF(x, y + 0.5) for x, y in points]))
        for (x, y), (to_x, to_y) in drawing.curves:
            path = QPainterPath(QPointF(x, y))
            bend = 0.5 * (to_x - x)
            path.cubicTo(QPointF(x + bend, y), QPointF(to_x - bend, to_y), QPointF(to_x, to_y))
            painter.drawPath(path)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("muted"))
        for x, y in drawing.dots:
            painter.drawEllipse(QPointF(x, y + 0.5), 2.2, 2.2)
        for part in drawing.parts:
            self._part(part)

    def _part(self, part: Part) -> None:
        match part.kind:
            case "box":
                self._box(part)
            case "circle":
                self._circle(part)
            case "function":
                self._over_wire(part, 12.0, upright=True)
            case "leaf":
                self._over_wire(part, 14.0, upright=False)
            case _:
                self._text(part.label, part.x, part.y, 14.0)

    def _box(self, part: Part) -> None:
        painter = self.painter
        colour = theme.colour(f"series{part.series}") if part.series else theme.colour("muted")
        width = part.width or BOX[0]
        rect = QRectF(part.x - width / 2, part.y - BOX[1] / 2 + 0.5, width, BOX[1])
        tint = QColor(colour)
        tint.setAlphaF(_TINT)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("sheet"))
        painter.drawRoundedRect(rect, 4, 4)
        painter.setPen(QPen(colour, 1.4))
        painter.setBrush(tint)
        painter.drawRoundedRect(rect, 4, 4)
        self._text(part.label, part.x, part.y + 0.5, 15.0, colour if part.series else None, width - 6)

    def _circle(self, part: Part) -> None:
        painter = self.painter
        painter.setPen(self.wire)
        painter.setBrush(theme.colour("sheet"))
        painter.drawEllipse(QPointF(part.x, part.y + 0.5), RADIUS, RADIUS)
        painter.setPen(theme.colour("text"))
        size = 13 if len(part.label) == 1 else 10
        font = theme.font(size)
        font.setPixelSize(size)
        painter.setFont(font)
        painter.drawText(QRectF(part.x - 12, part.y - 11.5, 24, 23), Qt.AlignmentFlag.AlignCenter, part.label)

    def _over_wire(self, part: Part, pixels: float, *, upright: bool) -> None:
        box = _typeset(part.label, pixels)
        self.painter.setPen(Qt.PenStyle.NoPen)
        self.painter.setBrush(theme.colour("sheet" if upright else "chrome"))
        self.painter.drawRect(QRectF(part.x - box.width / 2 - 2, part.y - 8, box.width + 4, 16))
        self._text(part.label, part.x, part.y, pixels, theme.colour("muted") if upright else None)

    def _text(
        self, label: str, x: float, y: float, pixels: float, colour: QColor | None = None, room: float = 0.0
    ) -> None:
        box = _typeset(label, pixels)
        while room and box.width > room and pixels > 7:
            pixels -= 1
            box = _typeset(label, pixels)
        ink = colour or theme.colour("text")
        middle = 0.26 * pixels if "tilde" not in label else 0.34 * pixels
        box.draw(self.painter, x - box.width / 2, y + middle, lambda _series: ink)


def _typeset(label: str, pixels: float) -> Box:
    return Typesetter(pixels).box(parse(label))
