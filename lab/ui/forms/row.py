"""One row of the form: what has changed, the name, the value, its unit, and beneath it what is wrong with it."""

from functools import partial
from typing import Any, Final, final

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QContextMenuEvent, QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from lab.ui.forms.checking import RefusedError, allowed, name_of, text_of, value_of
from lab.ui.forms.editors import ChoiceEditor, FileEditor, LineEditor, LinesEditor
from lab.ui.forms.fields import Field
from lab.ui.forms.numbers import stepped
from lab.ui.theme import bind_theme, dress, theme
from lab.ui.widgets import Elided
from lab.ui.words import Text, bind_call

LABEL_WIDTH: Final = 94
DOT_WIDTH: Final = 14

ON, OFF, NOTHING = Text("On", "开"), Text("Off", "关"), Text("None", "无")
MISSING: Final = object()
"""In place of a value that a key does not have."""


@final
class Dot(QToolButton):
    """Says that a value has been changed, and puts it back when pressed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        bind_theme(self, lambda: self.setFixedSize(DOT_WIDTH, theme.px(22)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """A dot in the accent, in a ring while it has the focus."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(self.rect().center() + QPoint(1, 1))
        radius = theme.px(3) + (1 if self.underMouse() else 0)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("accent"))
        painter.drawEllipse(QPoint(0, 0), radius, radius)
        if self.hasFocus():
            painter.setPen(QColor(theme.colour("accent")))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(QPoint(0, 0), radius + 3, radius + 3)
        painter.end()


@final
class Row(QWidget):
    """One key of the experiment.

    It shows a value and says what a person wants to make of it: `edited` with a value (None for nothing) and whether
    more of the same will follow; `reset` to the default, `reverted` to the file. What is refused stays on the screen,
    with the reason beneath it, and changes nothing.
    """

    edited = Signal(object, bool)
    settled = Signal()
    reset = Signal()
    reverted = Signal()
    refused_changed = Signal()

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self.refused: Text | None = None
        self._wrong: Text | None = None
        self._value: object = field.default
        self._original: object = MISSING
        self._changed = False
        self._editable = True
        self._editor = self._make_editor()
        self.plain = Elided(parent=self)
        dress(self.plain, tabular=True)
        self._arrange()
        bind_call(self, self._show)
        bind_theme(self, self._measure)

    @property
    def message(self) -> Text | None:
        """What is said beneath the value: why what was last asked for cannot be, or what is wrong with the value."""
        return self.refused or self._wrong

    @property
    def typed(self) -> Text | None:
        """Why what is seen was refused; None where the value of the experiment is seen, whatever was asked for."""
        return self.refused if self._line is not None and self._line.pending else None

    @property
    def wrong(self) -> Text | None:
        """What is wrong with the value that is seen, or None."""
        return self.typed or self._wrong

    def show_value(self, value: object, *, wrong: Text | None, original: object, changed: bool) -> None:
        """Show what the experiment says. `original` is what the file has, MISSING where it has nothing."""
        fresh = value != self._value or type(value) is not type(self._value)
        before = (self._wrong, self._original, self._changed)
        self._value, self._wrong, self._original, self._changed = value, wrong, original, changed
        if fresh:
            self._accept()
        if fresh or before != (wrong, original, changed):
            self._show()

    def show_editable(self, editable: bool) -> None:
        """With a frame where it can be edited now, as plain text otherwise."""
        if editable != self._editable:
            self._editable = editable
            if not editable:
                self._accept()
            self._show()

    def refuse(self, why: Text) -> None:
        """Say that what was last asked for cannot be."""
        self.refused = why
        self._show()
        self.refused_changed.emit()

    def forget(self) -> None:
        """Give up what was typed or refused."""
        self._accept()
        if isinstance(self.control, LineEditor | LinesEditor):
            self.control.restore()
        self._show()

    def focus(self) -> None:
        """Go to the value."""
        self._editor.setFocus(Qt.FocusReason.OtherFocusReason)
        if isinstance(self._line, LineEditor):
            self._line.selectAll()

    @property
    def control(self) -> QWidget:
        """What the value is edited with."""
        return self._line or self._editor

    def _make_editor(self) -> QWidget:
        self._line: LineEditor | None = None
        if self.field.options:
            choice = ChoiceEditor(self)
            choice.chosen.connect(partial(self._ask, typing=False))
            return choice
        if self.field.kind == "flag":
            box = QCheckBox(self)
            dress(box)
            box.clicked.connect(self._tick)
            return box
        if self.field.kind == "lines":
            lines = LinesEditor(self)
            lines.typed.connect(partial(self._ask, typing=True))
            lines.left.connect(self.settled)
            return lines
        line = self._line = LineEditor(self, steps=self.field.kind in ("whole", "real"))
        line.committed.connect(self._commit)
        line.stepped.connect(self._step)
        line.left.connect(self.settled)
        line.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        return FileEditor(line, self) if self.field.kind == "file" else line

    def _arrange(self) -> None:
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 1, 0, 1)
        whole.setSpacing(0)
        line = QHBoxLayout()
        line.setSpacing(0)
        self.dot = Dot(self)
        self.dot.clicked.connect(self.reverted)
        place = QWidget(self)
        place.setFixedWidth(DOT_WIDTH)
        inside = QHBoxLayout(place)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.dot)
        self.label = Elided(parent=self)
        self.label.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.label.setBuddy(self.control)
        self._unit = QLabel(self)
        self._unit.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        dress(self._unit, 12, role="muted")
        self._error = QLabel(self)
        self._error.setWordWrap(True)
        self._error.setTextFormat(Qt.TextFormat.PlainText)
        self._error.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._error.setContentsMargins(DOT_WIDTH, 2, 0, 5)
        dress(self._error, 12, role="error")
        line.addWidget(place)
        line.addWidget(self.label)
        line.addSpacing(4)
        if self.field.kind == "lines":
            whole.addLayout(line)
            below = QHBoxLayout()
            below.setContentsMargins(DOT_WIDTH, 2, 0, 4)
            below.addWidget(self._editor, 1)
            below.addWidget(self.plain, 1)
            whole.addLayout(below)
            line.addStretch(1)
        else:
            line.addWidget(self._editor, 1)
            line.addWidget(self.plain, 1)
            line.addWidget(self._unit)
            whole.addLayout(line)
        whole.addWidget(self._error)

    def _measure(self) -> None:
        tall = 72 if self.field.kind == "lines" else 26
        self._editor.setFixedHeight(theme.px(tall))
        self.plain.setMinimumHeight(theme.px(26))
        self.label.setFixedWidth(theme.px(LABEL_WIDTH))
        wide = self._unit.fontMetrics().horizontalAdvance(self._unit.text()) + 6
        self._unit.setFixedWidth(wide if self._unit.text() else 0)

    def _show(self) -> None:
        """Everything anew, in the language of the window."""
        field, wrong = self.field, self.message
        self.label.setText(str(field.label))
        self.label.setToolTip(self._tooltip())
        dress(self.label, role="text" if self._editable else "muted")
        self.dot.setVisible(self._changed)
        was = text_of(field, self._original) if self._original is not MISSING else ""
        back = (
            Text("Changed from {was}; press to put it back", "原为 {was}；按下可恢复")
            if was
            else Text("Changed; press to put it back", "已更改；按下可恢复")
        )
        self.dot.setToolTip(str(back.with_(was=was)))
        self.dot.setAccessibleName(str(back.with_(was=was)))
        self._unit.setText(str(field.unit))
        self._show_value()
        self._editor.setVisible(self._editable)
        self.plain.setVisible(not self._editable)
        self.control.setAccessibleName(str(field.label))
        self.control.setAccessibleDescription(str(wrong or field.help))
        self._error.setText(str(wrong or ""))
        self._error.setVisible(wrong is not None)
        _mark(self.control, wrong is not None and self._editable)
        dress(self.plain, role="text" if wrong is None else "error", tabular=True)
        self._measure()

    def _show_value(self) -> None:
        value, field = self._value, self.field
        text = str(name_of(field, value)) if field.options else text_of(field, value)
        if field.kind == "flag":
            text = str(ON if value else OFF)
        self.plain.setText(text or str(NOTHING))
        if isinstance(self._editor, ChoiceEditor):
            self._editor.show_options(field.options, value)
        elif isinstance(self._editor, QCheckBox):
            self._editor.setChecked(bool(value))
            self._editor.setText(text)
            self._editor.setToolTip(self._tooltip())
        elif isinstance(self._editor, LinesEditor):
            self._editor.show_text(str(value or ""))
        elif self._line is not None:
            if self.refused is None:
                self._line.show_text(text)
            self._line.setPlaceholderText(str(NOTHING) if field.optional or field.kind == "list" else "")
            self._line.setToolTip(text if len(text) > 12 else self._tooltip())

    def _tooltip(self) -> str:
        field = self.field
        parts = [str(field.help)] if str(field.help) else []
        if field.kind in ("whole", "real") or (field.kind == "list" and field.item in ("whole", "real")):
            words = str(allowed(field))
            parts.append(words[:1].upper() + words[1:])
        if field.default is not None and field.default != "":
            default = str(name_of(field, field.default)) if field.options else text_of(field, field.default)
            default = str(ON if field.default else OFF) if field.kind == "flag" else default
            parts.append(str(Text("Default: {default}", "默认值：{default}").with_(default=default)))
        return "\n".join([*parts, field.path])

    def _commit(self, text: str) -> None:
        try:
            value = value_of(self.field, text)
        except RefusedError as error:
            self.refuse(error.why)
            return
        self._ask(value, typing=False)

    def _tick(self, on: bool) -> None:
        self._ask(on, typing=False)

    def _ask(self, value: object, *, typing: bool) -> None:
        self._accept()
        self._show_asked(value)
        self.edited.emit(value, typing)

    def _show_asked(self, value: object) -> None:
        """The text stays as typed until the answer; the same value again is shown as it always is."""
        if value == self._value and type(value) is type(self._value):
            if self._line is not None:
                self._line.restore()
            self._show()

    def _accept(self) -> None:
        if self.refused is not None:
            self.refused = None
            self.refused_changed.emit()

    def _step(self, up: bool, fine: bool) -> None:
        value: Any = self._value
        if not isinstance(value, int | float) or isinstance(value, bool):
            value = self.field.low or 0
        field, whole = self.field, self.field.kind == "whole"
        self._ask(stepped(value, up, field.low, field.top, whole=whole, fine=fine or field.by_one), typing=True)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What can be done with a value beside editing it."""
        menu = self._line.createStandardContextMenu() if self._line is not None and self._editable else QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if menu.actions():
            menu.addSeparator()
        for action in self.actions_for(menu):
            menu.addAction(action)
        menu.popup(event.globalPos())

    def actions_for(self, menu: QMenu) -> list[QAction]:
        """Reset to the default, back to the file, copy the name of the key."""
        default = "" if self.field.default is None else text_of(self.field, self.field.default)
        words = (
            Text("Reset to default: {value}", "恢复默认值：{value}")
            if default
            else Text("Reset to default", "恢复默认值")
        )
        to_default = QAction(str(words.with_(value=default)), menu)
        to_default.triggered.connect(self.reset)
        to_default.setEnabled(self._editable)
        was = text_of(self.field, self._original) if self._original is not MISSING else ""
        back = QAction(str(Text("Back to the file: {was}", "恢复为文件中的值：{was}").with_(was=was)), menu)
        back.triggered.connect(self.reverted)
        back.setEnabled(self._editable and self._changed)
        copy = QAction(str(Text("Copy the name: {path}", "复制名称：{path}").with_(path=self.field.path)), menu)
        copy.triggered.connect(lambda: QGuiApplication.clipboard().setText(self.field.path))
        return [to_default, back, copy]

    def minimumSizeHint(self) -> QSize:
        """Narrow enough for the smallest panel."""
        return QSize(theme.px(LABEL_WIDTH) + 80, super().minimumSizeHint().height())


def _mark(control: QWidget, bad: bool) -> None:
    """Show a control as refused or not; the style sheet looks at the property."""
    if bool(control.property("bad")) != bad and isinstance(control, QLineEdit | ChoiceEditor):
        control.setProperty("bad", bad)
        control.style().unpolish(control)
        control.style().polish(control)
