"""The banner above the views: what happened, and one thing to do about it."""

from collections.abc import Sequence
from typing import Final, Literal, final

from PySide6.QtCore import QPointF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QPainter, QPaintEvent, QResizeEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from lab.ui.icons import bind_icon
from lab.ui.theme import bind_theme, dress, theme
from lab.ui.widgets import Elided, Mark
from lab.ui.words import Text, bind_call

Level = Literal["error", "warning", "note"]

_GROUNDS: Final = {"error": "error_soft", "warning": "warning_soft", "note": "accent_soft"}
_EDGES: Final = {"error": "error", "warning": "warning", "note": "accent"}
_NAMES: Final = {
    "error": Text("Error", "错误"),
    "warning": Text("Warning", "警告"),
    "note": Text("Note", "提示"),
}
_LINES: Final = 3
"""So many lines the detail has at most; its tooltip has all of it."""
_LEAST: Final = 240
_ROOM: Final = 400
"""With fewer pixels for its words the banner has its buttons beneath them."""


@final
class Banner(QFrame):
    """One message with its actions, the first of which is the main one. It stays until acted on or taken away.

    It is as high as its words need.
    """

    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._level: Level = "error"
        self._title = self._detail = Text.plain("")
        self._buttons: list[QPushButton] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(15, 8, 12, 8)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 1)
        self._mark = Mark("error", "error", 18)
        self._grid.addWidget(self._mark, 0, 0)
        words = QVBoxLayout()
        words.setSpacing(1)
        self._first, self._second = Elided(), _Detail()
        dress(self._first, 13, 600)
        dress(self._second, 12)
        words.addWidget(self._first)
        words.addWidget(self._second)
        self._grid.addLayout(words, 0, 1)
        self._side = QWidget()
        self._actions = QHBoxLayout(self._side)
        self._actions.setContentsMargins(0, 0, 0, 0)
        self._actions.setSpacing(8)
        self._grid.addWidget(self._side, 0, 2)
        self._close = QToolButton()
        self._close.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        bind_icon(self._close, self._close.setIcon, "close", "text")
        self._close.clicked.connect(self.clear)
        self._grid.addWidget(self._close, 0, 3)
        bind_call(self, self._show_words)
        bind_theme(self, self.update)
        self.hide()

    def show_message(
        self, title: Text, detail: Text | None = None, actions: Sequence[QAction] = (), level: Level = "error"
    ) -> None:
        """Show a message in place of the one before. Acting on it takes it away."""
        self._title, self._detail, self._level = title, detail or Text.plain(""), level
        for button in self._buttons:
            self._actions.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._buttons = [self._button(action, primary=not index) for index, action in enumerate(actions)]
        self._mark.show_mark(level, _EDGES[level])
        # An error that can be acted on stays until it is; what cannot be acted on can at least be closed.
        self._close.setVisible(level != "error" or not actions)
        self._show_words()
        self._place()
        self.update()
        self.show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Buttons beside the words where there is room for both."""
        super().resizeEvent(event)
        self._place()

    def clear(self) -> None:
        """Take the message away."""
        if not self.isHidden():
            self.hide()
            self.dismissed.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A soft ground, an edge in the colour of the level at the left, a hairline below."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour(_GROUNDS[self._level]))
        painter.fillRect(0, 0, 3, self.height(), theme.colour(_EDGES[self._level]))
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme.colour("line"))
        painter.end()

    def minimumSizeHint(self) -> QSize:
        """Buttons never widen what the banner is in."""
        return QSize(theme.px(_LEAST), super().minimumSizeHint().height())

    def _place(self) -> None:
        """Buttons beside the words, beneath them, or beneath each other there, as there is room."""
        room = self._grid.contentsRect().width()
        wide = sum(button.sizeHint().width() + self._actions.spacing() for button in self._buttons)
        direction, area, where = QBoxLayout.Direction, (0, 2, 1, 1), Qt.AlignmentFlag.AlignVCenter
        if room - wide < theme.px(_ROOM):
            area, where = (1, 1, 1, 3), Qt.AlignmentFlag.AlignLeft
        beside = wide + self._mark.width() + self._grid.horizontalSpacing() <= room
        self._actions.setDirection(direction.LeftToRight if beside else direction.TopToBottom)
        self._grid.removeWidget(self._side)
        self._grid.addWidget(self._side, *area, where)
        self._side.setVisible(bool(self._buttons))

    def _button(self, action: QAction, *, primary: bool) -> QPushButton:
        button = _ActionButton(action, self)
        button.setProperty("primary", primary)
        button.clicked.connect(self.clear)
        self._actions.addWidget(button)
        return button

    def _show_words(self) -> None:
        self._first.setText(str(self._title))
        self._second.setText(str(self._detail))
        self._second.setVisible(bool(str(self._detail)))
        self.setAccessibleName(f"{_NAMES[self._level]}: {self._title} {self._detail}")
        for what in (self._close.setToolTip, self._close.setAccessibleName):
            what(str(Text("Close this message", "关闭此消息")))


@final
class _Detail(QLabel):
    """Words in as many lines as they need, but not more than a few: the last then ends in an ellipsis."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def setText(self, text: str) -> None:
        """Show another text."""
        super().setText(text)
        self.setToolTip(text)
        self.updateGeometry()

    def hasHeightForWidth(self) -> bool:
        """The narrower it is, the higher."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Room for the lines."""
        return len(self.lines(width)) * self.fontMetrics().lineSpacing()

    def sizeHint(self) -> QSize:
        """Room for the lines at the width that it has."""
        return QSize(theme.px(_ROOM), self.heightForWidth(max(self.width(), 1)))

    def minimumSizeHint(self) -> QSize:
        """Room for a few letters."""
        return QSize(theme.px(24), self.fontMetrics().lineSpacing())

    def lines(self, width: int) -> list[str]:
        """What is seen at a width, in pixels."""
        text = self.text()
        layout = QTextLayout(text, self.font())
        options = QTextOption()
        options.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(options)
        layout.beginLayout()
        starts: list[int] = []
        while len(starts) <= _LINES and (line := layout.createLine()).isValid():
            line.setLineWidth(width)
            starts.append(line.textStart())
        layout.endLayout()
        ends = [*starts[1:], len(text)]
        lines = [text[start:end].rstrip() for start, end in zip(starts, ends, strict=True)]
        if len(lines) <= _LINES:
            return lines
        rest = text[starts[_LINES - 1] :]
        return [*lines[: _LINES - 1], self.fontMetrics().elidedText(rest, Qt.TextElideMode.ElideRight, width)]

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the lines, one beneath the other."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        metrics = self.fontMetrics()
        for number, line in enumerate(self.lines(self.width())):
            painter.drawText(QPointF(0, number * metrics.lineSpacing() + metrics.ascent()), line)
        painter.end()


@final
class _ActionButton(QPushButton):
    """A button that looks as its action says."""

    def __init__(self, action: QAction, parent: QWidget) -> None:
        super().__init__(parent)
        self._action = action
        self.clicked.connect(action.trigger)
        action.changed.connect(self._follow)
        self._follow()

    @Slot()
    def _follow(self) -> None:
        self.setText(self._action.text())
        self.setToolTip(self._action.toolTip())
        self.setEnabled(self._action.isEnabled())
