"""Small widgets that several parts of the window use."""

from collections.abc import Sequence
from functools import partial
from typing import Final, final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from lab.ui.icons import pixmap
from lab.ui.theme import bind_theme, ground, set_font, theme
from lab.ui.words import Text, bind


@final
class Elided(QLabel):
    """A label of one line that ends in an ellipsis where it does not fit; its tooltip then holds all of it.

    Its smallest width is small, so that a long text never widens the panel it is in.
    """

    def __init__(
        self,
        text: str = "",
        parent: QWidget | None = None,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
    ) -> None:
        super().__init__(parent)
        self._mode = mode
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setText(text)

    def setText(self, text: str) -> None:
        """Show another text."""
        super().setText(text)
        self.setToolTip(text)

    def minimumSizeHint(self) -> QSize:
        """Room for a few letters."""
        return QSize(theme.px(24), super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what fits."""
        painter = QPainter(self)
        area = self.contentsRect()
        text = self.fontMetrics().elidedText(self.text(), self._mode, area.width())
        self.style().drawItemText(
            painter, area, int(self.alignment()), self.palette(), self.isEnabled(), text, self.foregroundRole()
        )
        painter.end()


@final
class Mark(QLabel):
    """An icon beside words; `show_mark` changes it. Screen readers pass over it, the words say the same."""

    def __init__(self, name: str = "", role: str = "text", size: int = 16, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._role, self._size = name, role, size
        bind_theme(self, self._draw)

    def show_mark(self, name: str, role: str) -> None:
        """Another icon and colour; an empty name hides it."""
        self._name, self._role = name, role
        self._draw()

    def _draw(self) -> None:
        self.setVisible(bool(self._name))
        if self._name:
            size = theme.px(self._size)
            self.setFixedSize(size, size)
            self.setPixmap(pixmap(self._name, self._role, size, self.devicePixelRatioF()))


_SHOW: Final = Text("Show: {choice}", "显示：{choice}")


@final
class Segments(QWidget):
    """A few choices side by side, the chosen one underlined. Left and right move among them."""

    chosen = Signal(int)
    """The index of the choice a person made."""

    def __init__(
        self, choices: Sequence[Text], current: int = 0, parent: QWidget | None = None, *, tip: Text = _SHOW
    ) -> None:
        super().__init__(parent)
        self._tip = tip
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._group = QButtonGroup(self)
        self._group.idClicked.connect(self.chosen)
        self.set_choices(choices, current)

    def set_choices(self, choices: Sequence[Text], current: int = 0) -> None:
        """Other choices."""
        for button in self.buttons():
            self._group.removeButton(button)
            self._row.removeWidget(button)
            button.deleteLater()
        for index, choice in enumerate(choices):
            button = QToolButton(self)
            button.setProperty("seg", True)
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            bind_theme(button, partial(_small, button))
            bind(button, button.setText, choice)
            bind(button, button.setAccessibleName, choice)
            bind(button, button.setToolTip, self._tip.with_(choice=choice))
            self._group.addButton(button, index)
            self._row.addWidget(button)
        self.choose(current)

    def buttons(self) -> list[QToolButton]:
        """The buttons, in order."""
        return [button for button in self._group.buttons() if isinstance(button, QToolButton)]

    def choose(self, index: int) -> None:
        """Show another choice without sending `chosen`."""
        button = self._group.button(index)
        if button is not None:
            button.setChecked(True)
            # Qt lets the tab key come to the one that was chosen by a person last, which may be another.
            for one in self.buttons():
                one.setFocusPolicy(Qt.FocusPolicy.StrongFocus if one is button else Qt.FocusPolicy.ClickFocus)

    def current(self) -> int:
        """The index of the choice that is shown, -1 where there is none."""
        return self._group.checkedId()


def _small(button: QToolButton) -> None:
    set_font(button, theme.font(12))


def hairline(parent: QWidget | None = None, *, vertical: bool = False) -> QFrame:
    """A line of one pixel between two areas."""
    line = QFrame(parent)
    if vertical:
        line.setFixedWidth(1)
    else:
        line.setFixedHeight(1)
    ground(line, "line")
    return line
