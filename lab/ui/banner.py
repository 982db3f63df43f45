"""The banner above the views: what happened, and one thing to do about it."""

from collections.abc import Sequence
from typing import Final, Literal, final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

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


@final
class Banner(QFrame):
    """One message with its actions, the first of which is the main one. It stays until acted on or taken away."""

    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._level: Level = "error"
        self._title = self._detail = Text.plain("")
        self._buttons: list[QPushButton] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(15, 8, 12, 8)
        row.setSpacing(10)
        self._mark = Mark("error", "error", 18)
        row.addWidget(self._mark)
        words = QVBoxLayout()
        words.setSpacing(1)
        self._first, self._second = Elided(), Elided()
        dress(self._first, 13, 600)
        dress(self._second, 12)
        for label in (self._first, self._second):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
            words.addWidget(label)
        row.addLayout(words, 1)
        self._actions = QHBoxLayout()
        self._actions.setSpacing(8)
        row.addLayout(self._actions)
        self._close = QToolButton()
        self._close.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        bind_icon(self._close, self._close.setIcon, "close", "text")
        self._close.clicked.connect(self.clear)
        row.addWidget(self._close)
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
            button.deleteLater()
        self._buttons = [self._button(action, primary=not index) for index, action in enumerate(actions)]
        self._mark.show_mark(level, _EDGES[level])
        # An error that can be acted on stays until it is; what cannot be acted on can at least be closed.
        self._close.setVisible(level != "error" or not actions)
        self._show_words()
        self.update()
        self.show()

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
