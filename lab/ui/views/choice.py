"""A choice beside a title: buttons side by side where there is room, else one that opens a menu."""

from collections.abc import Sequence
from typing import Final, final

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLayout, QMenu, QSizePolicy, QToolButton, QWidget

from lab.ui.theme import bind_theme, theme
from lab.ui.words import Text, bind, bind_call

_SQUARE: Final = 8


@final
class Choice(QWidget):
    """One of a few named things, each perhaps with a colour: a role of the theme, or an empty text."""

    chosen = Signal(int)

    def __init__(self, name: Text) -> None:
        super().__init__()
        self._name = name
        self.names: tuple[Text, ...] = ()
        self._roles: tuple[str, ...] = ()
        self.current = 0
        self._group = QButtonGroup(self)
        self._group.idClicked.connect(self._choose)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        # Its own sizes hold, not those of the buttons that happen to be shown.
        self._row.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self._one = QToolButton(self)
        self._one.setProperty("seg", True)
        self._one.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._one.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._one.setMenu(QMenu(self._one))
        self._one.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._row.addWidget(self._one)
        self._row.addStretch(1)
        bind(self, self.setAccessibleName, name)
        bind(self._one, self._one.setToolTip, name)
        bind_theme(self, self._restyle)
        bind_call(self, self._restyle)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.hide()

    def offer(self, names: Sequence[Text], roles: Sequence[str] = (), current: int = 0) -> None:
        """Offer these; nothing is shown where there is only one."""
        if tuple(names) == self.names and tuple(roles) == self._roles:
            self.choose(current)
            return
        for button in self._group.buttons():
            self._group.removeButton(button)
            button.hide()
            button.deleteLater()
        self.names, self._roles = tuple(names), tuple(roles)
        menu = self._one.menu()
        menu.clear()
        for index, name in enumerate(self.names):
            button = QToolButton(self)
            button.setProperty("seg", True)
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            bind(button, button.setText, name)
            bind(button, button.setToolTip, Text("{what}: {name}", "{what}：{name}").with_(what=self._name, name=name))
            self._group.addButton(button, index)
            self._row.insertWidget(self._row.count() - 1, button)
            action = menu.addAction(str(name))
            bind(action, action.setText, name)
            action.triggered.connect(lambda _=False, index=index: self._choose(index))
        self._show()
        self.choose(min(current, max(len(self.names) - 1, 0)))
        self._restyle()

    def choose(self, index: int) -> None:
        """Show another choice without sending `chosen`."""
        if index >= len(self.names):
            return
        self.current = index
        button = self._group.button(index)
        if button is not None:
            button.setChecked(True)
        self._one.setText(f"{self.names[index]} ▾")
        if self._roles:
            self._one.setIcon(_square(self._roles[index]))

    def sizeHint(self) -> QSize:
        return QSize(self._full(), self._one.sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(min(self._full(), self._one.sizeHint().width()), self._one.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._fold()
        elif event.type() == QEvent.Type.ParentChange:
            self._show()
        return done

    def _show(self) -> None:
        # Without a parent it would be a window of its own for a moment.
        self.setVisible(len(self.names) > 1 and self.parentWidget() is not None)

    def _full(self) -> int:
        return sum(button.sizeHint().width() for button in self._group.buttons())

    def _fold(self) -> None:
        folded = self.width() < self._full()
        for button, wanted in ((self._one, folded), *((one, not folded) for one in self._group.buttons())):
            if button.isHidden() is wanted:
                button.setVisible(wanted)

    def _choose(self, index: int) -> None:
        self.choose(index)
        self.chosen.emit(index)

    def _restyle(self) -> None:
        # As high as the row of a title, so that rows with and without a choice are level.
        self.setStyleSheet(f'QToolButton[seg="true"] {{ min-height: {theme.px(19)}px; max-height: {theme.px(19)}px; }}')
        for button in (*self._group.buttons(), self._one):
            button.setFont(theme.font(12))
            button.setIconSize(QSize(_SQUARE, _SQUARE))
        for index, role in enumerate(self._roles):
            self._group.button(index).setIcon(_square(role))
        if self.names:
            self.choose(self.current)
        self._fold()
        self.updateGeometry()


def _square(role: str) -> QIcon:
    picture = QPixmap(2 * _SQUARE, 2 * _SQUARE)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.colour(role)))
    painter.drawRoundedRect(1, 1, 2 * _SQUARE - 2, 2 * _SQUARE - 2, 3, 3)
    painter.end()
    picture.setDevicePixelRatio(2)
    return QIcon(picture)
