"""The editors of single values. None of them changes anything by itself: it says what a person wants."""

from pathlib import Path
from typing import Final, final

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QToolButton,
    QWidget,
)

from lab.ui.icons import bind_icon
from lab.ui.theme import bind_theme, theme
from lab.ui.words import Text, bind

_PAUSE: Final = 400
"""Milliseconds after the last letter of a note until it is taken over."""


def text_in(editor: QPlainTextEdit) -> str:
    """The text of an editor, with the no-break spaces that Qt's own plain text loses.

    Some line ends are lost when Qt takes a text: what was typed is told by comparing with what was in it at first.
    """
    return editor.document().toRawText().replace("\u2029", "\n")


@final
class LineEditor(QLineEdit):
    """One line: a number, a text or a list. Return or leaving the field commits it, Escape puts back what was there."""

    committed = Signal(str)
    stepped = Signal(bool, bool)
    """Up, and whether by the smallest step."""
    left = Signal()

    def __init__(self, parent: QWidget | None = None, *, steps: bool = False) -> None:
        super().__init__(parent)
        self._steps = steps
        self._known = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        bind_theme(self, lambda: self.setFont(theme.font(13, tabular=True)))

    def show_text(self, text: str) -> None:
        """Show a value, unless a person is typing another."""
        if text != self._known or not self.hasFocus():
            self._known = text
            if text != self.text():
                self.setText(text)
                self.setCursorPosition(len(text) if self.hasFocus() else 0)

    @property
    def pending(self) -> bool:
        """Whether something is seen that is not the value."""
        return self.text() != self._known

    def restore(self) -> None:
        """Give up what was typed."""
        self.setText(self._known)

    def event(self, event: QEvent) -> bool:
        """Leave undo and redo to the window while nothing is typed here that could be undone."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and not self.pending
            and (event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo))
        ):
            event.ignore()
            return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return commits, Escape restores, the vertical arrows step."""
        key = event.key()
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.committed.emit(self.text())
            self.left.emit()
            self.selectAll()
        elif key == Qt.Key.Key_Escape and self.pending:
            self.restore()
            self.committed.emit(self.text())
        elif self._steps and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            if self.pending:
                self.committed.emit(self.text())
            self.stepped.emit(key == Qt.Key.Key_Up, fine)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Commit what was typed, but not for a menu or another window, from which one comes back."""
        super().focusOutEvent(event)
        if event.reason() not in (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason):
            if self.pending:
                self.committed.emit(self.text())
            self.left.emit()


@final
class FileEditor(QWidget):
    """A line with the name of a file, and a button that looks for it."""

    def __init__(self, line: LineEditor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = line
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.addWidget(line, 1)
        self._button = QToolButton(self)
        bind_icon(self._button, self._button.setIcon, "folder")
        bind(self._button, self._button.setToolTip, Text("Choose a file", "选择文件"))
        bind(self._button, self._button.setAccessibleName, Text("Choose a file", "选择文件"))
        self._button.clicked.connect(self._choose)
        row.addWidget(self._button)
        bind_theme(self, self._measure)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFocusProxy(line)

    def _measure(self) -> None:
        self.line.setFixedHeight(theme.px(26))
        self._button.setIconSize(QSize(theme.px(16), theme.px(16)))

    def _choose(self) -> None:
        title = Text("Choose a file", "选择文件")
        name, _ = QFileDialog.getOpenFileName(self, str(title), str(Path(self.line.text()).parent))
        if name:
            self.line.setText(name)
            self.line.committed.emit(name)


@final
class ChoiceEditor(QComboBox):
    """One of several values. It elides what does not fit, and the wheel scrolls the form instead of changing it."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.activated.connect(self._activated)
        self._values: list[object] = []

    def show_options(self, options: tuple[tuple[object, Text], ...], value: object) -> None:
        """The names of the options in the language of the window, with `value` chosen, even if it is none of them."""
        if not any(option == value for option, _ in options):
            options = ((value, Text.plain(str(value))), *options)
        self._values = [option for option, _ in options]
        names = [str(name) for _, name in options]
        if names != [self.itemText(index) for index in range(self.count())]:
            self.clear()
            self.addItems(names)
            widest = max((self.fontMetrics().horizontalAdvance(name) for name in names), default=0)
            self.view().setMinimumWidth(widest + 32)
        self.setCurrentIndex(next(index for index, option in enumerate(self._values) if option == value))
        self.setToolTip(self.currentText())

    def minimumSizeHint(self) -> QSize:
        """Room for a few letters."""
        return QSize(theme.px(48), super().minimumSizeHint().height())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Left to the form."""
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """As Qt draws it, with an ellipsis."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        edit = QStyle.SubControl.SC_ComboBoxEditField
        area = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, edit, self)
        room = area.width() - 4
        option.currentText = self.fontMetrics().elidedText(self.currentText(), Qt.TextElideMode.ElideRight, room)
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        painter.end()

    def _activated(self, index: int) -> None:
        self.chosen.emit(self._values[index])


@final
class LinesEditor(QPlainTextEdit):
    """Several lines. They are taken over shortly after the last letter, and when the field is left."""

    typed = Signal(str)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._known = self._seen = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE)
        self._timer.timeout.connect(self.take)
        self.textChanged.connect(self._begin)

    def show_text(self, text: str) -> None:
        """Show a value, unless a person is typing another."""
        if text != self._known:
            self._known = text
            if text != text_in(self):
                self.setPlainText(text)
            self._seen = text_in(self)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take over what was typed."""
        super().focusOutEvent(event)
        self.take()
        self.left.emit()

    def _begin(self) -> None:
        if text_in(self) != self._seen:
            self._timer.start()

    def restore(self) -> None:
        """Give up what was typed."""
        self._timer.stop()
        self.setPlainText(self._known)

    def take(self) -> None:
        """Take over what was typed."""
        self._timer.stop()
        if text_in(self) != self._seen:
            self._known = self._seen = text_in(self)
            self.typed.emit(self._known)
