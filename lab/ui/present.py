"""Present mode: one view in large type, for a lecture hall."""

from collections.abc import Callable
from typing import Final, final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from lab.ui.theme import bind_theme, dress, dress_again, ground, theme
from lab.ui.view_area import Headed, ViewArea
from lab.ui.widgets import Segments, hairline
from lab.ui.words import Text, bind_call

SCALE: Final = 1.7


@final
class PresentPage(QWidget):
    """Shows the views of an area one after another; left and right go through them, Esc leaves."""

    left = Signal()
    """The person has had enough."""
    current_changed = Signal(str)

    def __init__(self, area: ViewArea, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        ground(self, "sheet")
        self._area = area
        self._names: list[str] = []
        self._shown = ""
        self.caption: Callable[[], Text] = lambda: Text.plain("")
        """What is presented, at the top right: cell, experiment, epoch. It is asked for while it can be seen."""
        outer = QVBoxLayout(self)
        outer.setContentsMargins(36, 20, 36, 0)
        outer.setSpacing(0)
        self._head = QHBoxLayout()
        self._words = QLabel()
        dress(self._words, 11, 400, "muted", tabular=True)
        bind_call(self._words, self.show_caption)
        self._head.addWidget(self._words, 0, Qt.AlignmentFlag.AlignTop)
        outer.addLayout(self._head)
        self._body = QVBoxLayout()
        outer.addLayout(self._body, 1)
        outer.addWidget(hairline(self))
        self._choice = Segments(())
        self._choice.chosen.connect(self._chosen)
        outer.addSpacing(8)
        self._foot = self._make_foot()
        outer.addWidget(self._foot)
        outer.addSpacing(12)
        bind_theme(self, self._resize)
        for keys, act in (("Left", self.back), ("Right", self.forward), ("Esc", self.left.emit)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)

    def begin(self, name: str) -> None:
        """Present the view of a name; the other open views are one key away."""
        opened = self._area.opened()
        self._names = [one for one in self._area.names() if one in opened or one == name]
        self._choice.set_choices([self._area.title(one) for one in self._names])
        theme.enlarge(SCALE)
        self._words.setText(str(self.caption()))
        self.show_view(name if name in self._names else next(iter(self._names), ""))

    def end(self) -> None:
        """Put the view back where it was."""
        self._give_back()
        theme.enlarge(1.0)

    def show_view(self, name: str) -> None:
        """Present another view."""
        if name not in self._names or name == self._shown:
            return
        self._give_back()
        self._shown = name
        frame = self._area.lend(name)
        if isinstance(frame, Headed):
            frame.set_tabbed(False, alone=True)
            self._head.insertWidget(0, frame.header, 1)
            frame.header.show()
            dress_again(frame.header)
        self._body.addWidget(frame)
        frame.show()
        self._choice.choose(self._names.index(name))
        self._foot.ensureWidgetVisible(self._choice.buttons()[self._names.index(name)])
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.current_changed.emit(name)

    def minimumSizeHint(self) -> QSize:
        """Small: the page waits behind the experiment, and must not widen the window."""
        return QSize(120, 120)

    def forward(self) -> None:
        """The next view."""
        self.step(1)

    def back(self) -> None:
        """The view before."""
        self.step(-1)

    def show_caption(self) -> None:
        """The caption may be another one now."""
        if self.isVisible():
            self._words.setText(str(self.caption()))

    def _make_foot(self) -> QScrollArea:
        """The names of the views in the middle; where they are wider than the page, the shown one is in sight."""
        foot, row = QScrollArea(), QWidget()
        inner = QHBoxLayout(row)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addStretch(1)
        inner.addWidget(self._choice)
        inner.addStretch(1)
        foot.setWidget(row)
        foot.setWidgetResizable(True)
        foot.setFrameShape(QFrame.Shape.NoFrame)
        foot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        foot.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        foot.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        ground(row, "sheet")
        return foot

    def _resize(self) -> None:
        # Level with the row of the title beside it.
        self._words.setFixedHeight(theme.px(24) + 12)
        self._foot.setFixedHeight(theme.px(32))

    def _chosen(self, index: int) -> None:
        self.show_view(self._names[index])

    def step(self, by: int) -> None:
        """So many views further."""
        if self._names:
            self.show_view(self._names[(self._names.index(self._shown) + by) % len(self._names)])

    def _give_back(self) -> None:
        if self._shown:
            self._area.take_back(self._shown)
            self._shown = ""
