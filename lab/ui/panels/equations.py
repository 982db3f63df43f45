"""The equations of a cell, typeset; each can be chosen and copied as LaTeX."""

import math
from collections.abc import Sequence
from typing import Final, final

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import (
    QAction,
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from lab.trace.rules.latex import Formulas, latex
from lab.trace.tracer import Traced
from lab.ui.keys import shown
from lab.ui.panels.formula import Equation, Fence, Node, Row, Sign, Table, equations
from lab.ui.panels.roles import colours_of
from lab.ui.panels.typeset import Box, Typesetter, beside
from lab.ui.theme import bind_theme, theme
from lab.ui.words import Text, bind, bind_call

_SIZES: Final = (16, 15, 14)
"""Sizes in pixels that are tried until no line has to be broken; where all are too large, lines of the second are."""
_LOW: Final = 2.0
_LEAST: Final = 7
"""The size to which a single formula goes down that cannot be broken."""
_GAP: Final = 7
_KEYS: Final = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
_NAME: Final = Text("Equations of the cell", "单元的方程")
_HINT: Final = Text("Click an equation; {keys} copies it as LaTeX", "单击一个方程，按 {keys} 复制为 LaTeX")
_COPY: Final = Text("Copy equation as LaTeX", "复制此方程（LaTeX）")
_COPY_ALL: Final = Text("Copy all as LaTeX", "全部复制（LaTeX）")


@final
class EquationsView(QWidget):
    """Typeset equations, as high as they need to be. Long ones are made smaller, then broken before an operator."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.latex = ""
        """All equations as an `aligned` block."""
        self.equations: list[Equation] = []
        self.chosen: int | None = None
        self._colours: dict[str, int] = {}
        self._lines: list[tuple[int, Box, float, float]] = []
        self._rows: list[QRectF] = []
        self._laid: tuple[int, float] | None = None
        self._high = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        bind(self, self.setAccessibleName, _NAME)
        bind(self, self.setToolTip, _HINT.with_(keys=shown("Ctrl+C")))
        self.copy_action = QAction(self)
        self.copy_action.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        self.copy_action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self.copy_action.triggered.connect(self.copy)
        self.copy_all_action = QAction(self)
        self.copy_all_action.triggered.connect(self.copy_all)
        self.addActions([self.copy_action, self.copy_all_action])
        bind_call(self, self._name_actions)
        bind_theme(self, self._restyle)

    def show_traced(self, traced: Traced | None) -> None:
        """Show the equations of a trace made with `simplify=False`; None shows nothing."""
        self.chosen = None
        if traced is None:
            self.latex, self.equations, self._colours = "", [], {}
        else:
            self.latex = latex(traced)
            self.equations = equations(self.latex)
            self._colours = colours_of(traced, Formulas(traced))
        self._restyle()
        self.setAccessibleDescription("\n".join(one.source for one in self.equations))

    def copy(self) -> None:
        """Put the chosen equation on the clipboard as LaTeX, or all where none is chosen."""
        if self.chosen is None:
            self.copy_all()
        else:
            QGuiApplication.clipboard().setText(self.equations[self.chosen].source)

    def copy_all(self) -> None:
        """Put all equations on the clipboard as an `aligned` block."""
        QGuiApplication.clipboard().setText(self.latex)

    def choose(self, place: int | None) -> None:
        """Mark an equation, counted from 0, or none."""
        self.chosen = place
        self.update()

    def lines_within(self, width: float) -> bool:
        """True if every line ends before `width`."""
        return all(x + box.width <= width for _, box, x, _ in self._lines)

    def sizeHint(self) -> QSize:
        self._lay_out()
        return QSize(theme.px(270), self._high)

    def minimumSizeHint(self) -> QSize:
        self._lay_out()
        return QSize(80, self._high)

    def hasHeightForWidth(self) -> bool:
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        before = self._high
        self._lay_out()
        if self._high != before:
            self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        self._lay_out()
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        if self.chosen is not None and self.chosen < len(self._rows):
            painter.setPen(theme.colour("accent") if self.hasFocus() else QColor(0, 0, 0, 0))
            painter.setBrush(theme.colour("accent_soft"))
            painter.drawRoundedRect(self._rows[self.chosen].adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        for _, box, x, y in self._lines:
            box.draw(painter, x, y, _colour)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        hits = [place for place, row in enumerate(self._rows) if row.contains(event.position())]
        self.choose(hits[0] if hits else None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        if step and self.equations:
            start = self.chosen if self.chosen is not None else (-1 if step > 0 else len(self.equations))
            self.choose(min(max(start + step, 0), len(self.equations) - 1))
        elif event.key() == Qt.Key.Key_Escape and self.chosen is not None:
            self.choose(None)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        if self.chosen is None and self.equations and event.reason() in _KEYS:
            self.choose(0)
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.addActions([self.copy_action, self.copy_all_action])
        menu.exec(event.globalPos())
        menu.deleteLater()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.update()

    def _name_actions(self) -> None:
        self.copy_action.setText(str(_COPY))
        self.copy_all_action.setText(str(_COPY_ALL))

    def _restyle(self) -> None:
        self._laid = None
        self._lay_out()
        self.updateGeometry()
        self.update()

    def _lay_out(self) -> None:
        width = max(120, self.width() if self.width() > 0 else theme.px(270))
        if self._laid == (width, theme.scale):
            return
        self._laid = (width, theme.scale)
        gap = theme.px(_GAP)
        indent, rows = self._sized(float(width))
        self._lines, self._rows = [], []
        y = 2.0
        for place, row in enumerate(rows):
            top = y
            lines = row.broken()
            for number, box in enumerate(lines):
                ascent = max(box.ascent, row.left.ascent if not number else 0.0)
                y += ascent
                if not number:
                    self._lines.append((place, row.left, max(0.0, indent - row.left.width), y))
                self._lines.append((place, box, indent + (0.0 if not number else row.setter.quad), y))
                y += max(box.descent, row.left.descent if not number else 0.0) + gap
            self._rows.append(QRectF(0, top - gap / 2, width, y - top))
        self._high = round(y) if rows else 0

    def _sized(self, width: float) -> tuple[float, list["_Laid"]]:
        """Where the signs of equality stand, and the equations in the largest size in which all fit on a line."""
        rows: list[_Laid] = []
        indent = 0.0
        sizes = [pixels * theme.scale for pixels in _SIZES]
        # With large text rather a smaller formula than a broken one, down to the normal size.
        sizes += [float(pixels) for pixels in range(round(sizes[-1]) - 1, _SIZES[-1] - 1, -1)]
        for pixels in (*sizes, sizes[1]):
            setter = Typesetter(pixels, self._colours)
            indent = _indent(setter, self.equations, width)
            rows = [_Laid(setter, one, width - indent) for one in self.equations]
            if all(row.fits for row in rows):
                break
        return indent, [_fitted(row, width - indent) for row in rows]


@final
class _Laid:
    """One equation in boxes: the left side, and the right side in pieces that may stand on lines of their own."""

    def __init__(self, setter: Typesetter, equation: Equation, room: float) -> None:
        """`room` is what the right side has, its sign included."""
        self.setter = setter
        self.equation = equation
        self.left = setter.row(equation.left.parts)
        self._sign = setter.box(Sign("=", "operator"))
        self._all = room
        self._room = room - self._sign.width
        self._pieces = _pieces(setter, equation.right, self._room - setter.quad)
        self.fits = sum(piece.width for piece in self._pieces) <= self._room

    @property
    def too_wide(self) -> bool:
        """True where a piece is wider than a line."""
        return any(piece.width > self._room for piece in self._pieces)

    def broken(self) -> list[Box]:
        """The lines of the right side, none wider than the room where that can be."""
        lines = [[self._sign]]
        used = self._sign.width
        for piece in self._pieces:
            if used + piece.width > self._all and (len(lines) > 1 or len(lines[0]) > 1):
                lines.append([])
                used = self.setter.quad
            lines[-1].append(piece)
            used += piece.width
        return [beside(line) for line in lines]


def _indent(setter: Typesetter, equations: Sequence[Equation], width: float) -> float:
    """Where the signs of equality stand: behind the longest left side, very long ones left out."""
    sides = [setter.row(one.left.parts).width for one in equations]
    return max((side for side in sides if side < 0.4 * width), default=0.2 * width)


def _fitted(row: _Laid, room: float) -> _Laid:
    """The same equation, as small as it has to be for its widest piece."""
    pixels = row.setter.quad
    while row.too_wide and pixels > _LEAST * theme.scale:
        pixels -= 1
        row = _Laid(Typesetter(pixels, row.setter.colours), row.equation, room)
    return row


def _pieces(setter: Typesetter, row: Row, room: float) -> list[Box]:
    """A row cut before each + and -, also in parentheses no higher than a line; before other operators if need be."""
    parts = _cut(_flattened(setter, row.parts, _LOW), "+−")
    if any(setter.row(tuple(part)).width > room for part in parts):
        parts = _cut(_flattened(setter, row.parts, math.inf), "+−")
    pieces: list[Box] = []
    for part in parts:
        smaller = [part] if setter.row(tuple(part)).width <= room else _cut(part, "⊙")
        pieces += [setter.row(tuple(one)) for one in smaller]
    return pieces


def _cut(parts: Sequence[Node], operators: str) -> list[list[Node]]:
    """Parts cut before operators; an empty part stands in front of each, which keeps the space around it."""
    cut: list[list[Node]] = [[]]
    for place, part in enumerate(parts):
        if place and isinstance(part, Sign) and part.text in operators and not _opens(parts[place - 1]) and cut[-1]:
            cut.append([Row(())])
        cut[-1].append(part)
    return cut


def _flattened(setter: Typesetter, parts: Sequence[Node], high: float) -> list[Node]:
    """Parts without the fences that are at most `high` times as high as a letter: their delimiters become signs."""
    flat: list[Node] = []
    for part in parts:
        inner = isinstance(part, Fence) and part.left and part.right and not isinstance(part.body.parts[0], Table)
        if isinstance(part, Fence) and inner and setter.box(part.body).height <= high * setter.quad:
            flat += [Sign(part.left, "open"), *_flattened(setter, part.body.parts, high), Sign(part.right, "upright")]
        else:
            flat.append(part)
    return flat


def _opens(part: Node) -> bool:
    return isinstance(part, Sign) and part.kind in ("open", "operator", "comma")


def _colour(series: int) -> QColor:
    return theme.colour(f"series{series}" if series else "text")
