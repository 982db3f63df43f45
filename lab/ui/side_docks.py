"""The panels beside the views: the experiment at the left, cell, runs and plugins at the right, problems below."""

from typing import Final, final

from PySide6.QtCore import QByteArray, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QLabel, QMainWindow, QVBoxLayout, QWidget

from lab.ui.dock_areas import put_head, tidy_tab_bars
from lab.ui.perspectives import Width
from lab.ui.theme import bind_theme, dress, ground, theme
from lab.ui.words import Text, bind

LEFT: Final = {Width.NARROW: 256, Width.MEDIUM: 288, Width.WIDE: 288}
RIGHT: Final = 300
CELL: Final = 400
PROBLEMS: Final = 90
_SIDES: Final = {
    "left": Qt.DockWidgetArea.LeftDockWidgetArea,
    "right": Qt.DockWidgetArea.RightDockWidgetArea,
    "problems": Qt.DockWidgetArea.BottomDockWidgetArea,
}


@final
class SideDock(QDockWidget):
    """A panel that can be moved to another side by its title row; among tabs the tab names it.

    A panel with a `header` lends that widget as its title row.
    """

    closed = Signal()

    def __init__(self, name: str, title: Text, panel: QWidget, parent: QWidget, *, tabbed: bool = False) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        bind(self, self.setWindowTitle, title)
        bind(self, self.setAccessibleName, title)
        self.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetMovable | QDockWidget.DockWidgetFeature.DockWidgetClosable
        )
        own = getattr(panel, "header", None)
        self._head = own if isinstance(own, QWidget) else QWidget() if tabbed else _head(title)
        self.setTitleBarWidget(self._head)
        ground(self, "chrome")
        self._panel = panel
        holder = QWidget()
        self._column = QVBoxLayout(holder)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(panel)
        self.setWidget(holder)
        self.visibilityChanged.connect(self._visible)
        self.topLevelChanged.connect(self._floated)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Tell that a person has closed it."""
        super().closeEvent(event)
        self.closed.emit()

    def _floated(self, floating: bool) -> None:
        put_head(self, self._head, self._column, floating)

    def _visible(self, visible: bool) -> None:
        # A panel behind a tab counts as visible in Qt: the tab key would lead into it, and it would be kept up to date.
        self._panel.setVisible(visible)


@final
class SidePanels(QObject):
    """The panels of a main window in three groups, `left`, `right` and `problems`, each shown or hidden as a whole.

    A panel is of the group that its name begins with, up to the first dot.
    """

    changed = Signal()
    """Other groups are shown now."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._docks: dict[str, SideDock] = {}
        self._wanted: dict[str, bool] = {}
        self._front: SideDock | None = None
        """The tab that stands in front; Qt forgets it while docks are hidden."""
        self.touched = False
        """Whether a person has moved panels or the lines between them."""
        self._stacked = False
        self._visible, self._problems = False, True
        self._width = Width.MEDIUM
        self._sizing = QTimer(self)
        self._sizing.setSingleShot(True)
        self._sizing.setInterval(0)
        self._sizing.timeout.connect(self._settle)

    def add(self, name: str, title: Text, panel: QWidget, *, tabbed: bool = False) -> None:
        """Make a dock for a panel at the side of its group."""
        dock = SideDock(name, title, panel, self._window, tabbed=tabbed)
        self._docks[name] = dock
        self._wanted.setdefault(_group(name), _group(name) != "problems")
        self._window.addDockWidget(_SIDES[_group(name)], dock)
        dock.hide()
        dock.topLevelChanged.connect(self._touch)
        dock.closed.connect(lambda: self.want(_group(name), False))
        dock.dockLocationChanged.connect(lambda _area: self._sizing.start())

    def panel(self, name: str) -> SideDock | None:
        """The dock of a panel, if there is one."""
        return self._docks.get(name)

    def place(self, width: Width, state: QByteArray) -> None:
        """Put panels where they were left, or where they are at first in a window of this width."""
        self._width = width
        self._note_front()
        if not state.isEmpty() and self._window.restoreState(state):
            for group in self._wanted:
                self._wanted[group] = any(not dock.isHidden() for dock in self._of(group))
        else:
            if "right" in self._wanted:
                self._wanted["right"] = width is not Width.NARROW
            if self.touched or not self._stacked:
                self._stack()
        self.touched = not state.isEmpty()
        self._apply()
        self.resize()

    def reset(self, width: Width) -> None:
        """Put all panels where they are at first."""
        self.touched = True
        self._wanted = {group: group != "problems" for group in self._wanted}
        self.place(width, QByteArray())

    def show(self, visible: bool, problems: bool = True) -> None:
        """Show the groups that are wanted, or at most the problems, or none."""
        self._visible, self._problems = visible, problems
        self._note_front()
        self._apply()

    def want(self, group: str, wanted: bool) -> None:
        """Show or hide a group."""
        if group in self._wanted and self._wanted[group] != wanted:
            self._wanted[group] = wanted
            self.show(self._visible, self._problems)
            self.resize()

    def resize(self) -> None:
        """Give panels nobody has touched their usual sizes, now and once more when all is laid out."""
        if not self.touched:
            self._size()
        self._sizing.start()

    def wanted(self, group: str) -> bool:
        """Whether a group is shown, or will be once panels are."""
        return self._wanted.get(group, False)

    def bring_up(self, name: str) -> None:
        """Show a panel in front of others."""
        dock = self._docks.get(name)
        if dock is not None:
            self.want(_group(name), True)
            dock.raise_()

    def _note_front(self) -> None:
        for dock in self._of("right")[1:]:
            if not dock.visibleRegion().isEmpty():
                self._front = dock

    def _apply(self) -> None:
        for name, dock in self._docks.items():
            allowed = self._problems if _group(name) == "problems" else self._visible
            dock.setVisible(allowed and self._wanted[_group(name)])
        if self._front is not None and not self._front.isHidden():
            self._front.raise_()
        self.changed.emit()

    def _touch(self) -> None:
        self.touched = True

    def _of(self, group: str) -> list[SideDock]:
        return [dock for name, dock in self._docks.items() if _group(name) == group]

    def _stack(self) -> None:
        self._stacked = True
        for name, dock in self._docks.items():
            dock.setFloating(False)
            self._window.removeDockWidget(dock)
            self._window.addDockWidget(_SIDES[_group(name)], dock)
        tabs = self._of("right")[1:]
        for dock in tabs[1:]:
            self._window.tabifyDockWidget(tabs[0], dock)
        if tabs and self._front not in tabs:
            self._front = tabs[0]

    def _settle(self) -> None:
        if not self.touched:
            self._size()
        tidy_tab_bars(self._window, Text("Panels", "面板"))

    def _size(self) -> None:
        horizontal, vertical = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
        for group, usual in (("left", LEFT[self._width]), ("right", RIGHT)):
            docks = [dock for dock in self._of(group)[:1] if not dock.isHidden()]
            size = min(round(usual * theme.text_size), round(0.4 * self._window.width()))
            self._window.resizeDocks(docks, [size] * len(docks), horizontal)
        upper = [dock for dock in self._of("right")[:2] if not dock.isHidden()]
        if len(upper) == 2:
            height = min(round(CELL * theme.text_size), self._window.height() // 2)
            self._window.resizeDocks(upper, [height, max(self._window.height() - height - 100, 120)], vertical)
        below = [dock for dock in self._of("problems") if not dock.isHidden()]
        self._window.resizeDocks(below, [theme.px(PROBLEMS)] * len(below), vertical)


def _group(name: str) -> str:
    return name.partition(".")[0]


def _head(title: Text) -> QWidget:
    head = QWidget()
    row = QHBoxLayout(head)
    row.setContentsMargins(12, 8, 8, 2)
    words = QLabel()
    dress(words, 13, 600)
    bind(words, words.setText, title)
    row.addWidget(words)
    row.addStretch(1)
    bind_theme(head, lambda: head.setFixedHeight(theme.px(24) + 10))
    return head
