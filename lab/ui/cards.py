"""One card of the gallery."""

from typing import Final, final

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QFocusEvent,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QAbstractButton, QPushButton, QWidget

from lab.ui.examples import Example
from lab.ui.icons import bind_icon
from lab.ui.keys import shown
from lab.ui.theme import bind_theme, theme
from lab.ui.thumbnails import draw
from lab.ui.words import Text, bind, bind_call

_PICTURE: Final = 0.44
"""Height of the picture by its width."""
_PAD: Final = 14
_RADIUS: Final = 6.0
_LINES: Final = 2
_RUN: Final = Text("Run", "运行")
_RUN_TIP: Final = Text("Open it and run it at once ({keys})", "打开并立即运行（{keys}）")


@final
class Card(QAbstractButton):
    """A picture, a title, a sentence of at most two lines, and how long it takes; Run appears under mouse or focus.

    A click or Enter opens the experiment (`clicked`), the button or Ctrl+Enter runs it.
    """

    run = Signal()
    moved = Signal(int)
    """An arrow key: the key, for the gallery to find the next card."""

    def __init__(self, example: Example, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.example = example
        self._picture: QPixmap | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.button = QPushButton(self)
        self.button.setProperty("primary", True)
        self.button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.button.setCursor(Qt.CursorShape.ArrowCursor)
        self.button.clicked.connect(self.run)
        self.button.hide()
        bind(self, self.button.setText, _RUN)
        bind(self, self.button.setToolTip, _RUN_TIP.with_(keys=shown("Ctrl+Enter")))
        bind_icon(self, self.button.setIcon, "run", "on_accent")
        bind_call(self, self._say)
        bind_theme(self, self._restyle)

    def height_for(self, width: int) -> int:
        """The height of a card of that width."""
        px = theme.px
        return round((width - 2) * _PICTURE) + 1 + px(10) + px(22) + 3 + _LINES * self._line() + px(48)

    def lines(self) -> list[str]:
        """The lines of the sentence, as they are drawn."""
        return self._broken(str(self.example.sentence), self.width() - 2 * _PAD)

    def sizeHint(self) -> QSize:
        return QSize(300, self.height_for(300))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        chosen = self._chosen()
        edge = 1.0 if chosen else 0.5
        frame = QRectF(self.rect()).adjusted(edge, edge, -edge, -edge)
        shape = QPainterPath()
        shape.addRoundedRect(frame, _RADIUS, _RADIUS)
        painter.fillPath(shape, theme.colour("sheet"))
        high = round((self.width() - 2) * _PICTURE)
        painter.save()
        painter.setClipPath(shape)
        painter.drawPixmap(1, 1, self._drawn(high))
        painter.restore()
        painter.fillRect(QRectF(1, high + 1, self.width() - 2, 1), theme.colour("line"))
        painter.setPen(QPen(theme.colour("accent" if chosen else "line"), 2.0 if chosen else 1.0))
        painter.drawPath(shape)
        self._write(painter, high + 2 + theme.px(10))
        painter.end()

    def _write(self, painter: QPainter, top: float) -> None:
        px, width = theme.px, self.width() - 2 * _PAD
        painter.setPen(theme.colour("text"))
        painter.setFont(theme.font(15, 600))
        title = painter.fontMetrics().elidedText(str(self.example.title), Qt.TextElideMode.ElideRight, width)
        painter.drawText(QRectF(_PAD, top, width, px(22)), Qt.AlignmentFlag.AlignVCenter, title)
        top += px(22) + 3
        painter.setFont(theme.font(13))
        for line in self.lines():
            painter.drawText(QRectF(_PAD, top, width, self._line()), Qt.AlignmentFlag.AlignVCenter, line)
            top += self._line()
        painter.setPen(theme.colour("muted"))
        painter.setFont(theme.font(12, 400, tabular=True))
        area = QRectF(_PAD, self.height() - px(40), width, px(30))
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, str(self.example.foot))

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._show_button()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._show_button()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._show_button()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._show_button()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self.run.emit()
            else:
                self.click()
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.moved.emit(key)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._picture = None
        self._place_button()

    def _chosen(self) -> bool:
        return self.hasFocus() or self.underMouse()

    def _show_button(self) -> None:
        self.button.setVisible(self._chosen())
        self._place_button()
        self.update()

    def _place_button(self) -> None:
        size = self.button.sizeHint()
        self.button.setGeometry(
            self.width() - _PAD - size.width(),
            self.height() - theme.px(25) - size.height() // 2,
            size.width(),
            size.height(),
        )

    def _drawn(self, high: int) -> QPixmap:
        if self._picture is None:
            ratio = self.devicePixelRatioF()
            wide = self.width() - 2
            self._picture = QPixmap(round(wide * ratio), round(high * ratio))
            self._picture.setDevicePixelRatio(ratio)
            self._picture.fill(theme.colour("sheet"))
            painter = QPainter(self._picture)
            draw(painter, QRectF(0, 0, wide, high), self.example.arrays, self.example.last)
            painter.end()
        return self._picture

    def _line(self) -> int:
        return theme.px(18)

    def _broken(self, text: str, width: float) -> list[str]:
        """The sentence in lines; what does not fit into two ends in an ellipsis."""
        layout = QTextLayout(text, theme.font(13))
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WordWrap)
        layout.setTextOption(option)
        lines: list[str] = []
        layout.beginLayout()
        while (line := layout.createLine()).isValid():
            line.setLineWidth(width)
            start = line.textStart()
            lines.append(text[start : start + line.textLength()].rstrip())
            if len(lines) == _LINES:
                rest = text[start:]
                lines[-1] = QFontMetrics(theme.font(13)).elidedText(rest, Qt.TextElideMode.ElideRight, int(width))
                break
        layout.endLayout()
        return lines

    def _say(self) -> None:
        self.setAccessibleName(str(self.example.title))
        self.setAccessibleDescription(f"{self.example.sentence} {self.example.foot}")
        self.setToolTip(str(self.example.sentence) or str(self.example.title))
        self.update()

    def _restyle(self) -> None:
        self._picture = None
        self.button.setIconSize(QSize(theme.px(16), theme.px(16)))
        self.update()
