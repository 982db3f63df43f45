"""Panels and views by keys: to a side, into tabs, out of the window, wider and narrower, from one to the next."""

from collections.abc import Mapping
from typing import Final, final

from PySide6.QtCore import QObject, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QMenu, QWidget

from lab.ui.dock_areas import named_by
from lab.ui.side_docks import SidePanels
from lab.ui.tab_order import in_order, takes_focus
from lab.ui.theme import theme
from lab.ui.verbs import PANEL_MENU
from lab.ui.view_area import ViewArea

_SIDES: Final = {
    "left": Qt.DockWidgetArea.LeftDockWidgetArea,
    "right": Qt.DockWidgetArea.RightDockWidgetArea,
    "up": Qt.DockWidgetArea.TopDockWidgetArea,
    "down": Qt.DockWidgetArea.BottomDockWidgetArea,
}
_STEP: Final = 32
"""Logical pixels by which one key changes a size."""
_SIZES: Final = {"wider": (_STEP, 0), "narrower": (-_STEP, 0), "taller": (0, _STEP), "shorter": (0, -_STEP)}
_LEAST: Final = 80
_FLOATING: Final = (480, 360)
"""The least size of a panel that floats for the first time: a plot and its labels can be read in it."""
_FRAME: Final = 40
"""Room that is left at each edge of the screen for the frame of a window."""


@final
class PanelMover(QObject):
    """Acts on the panel that has the focus, or had it last; views are panels too.

    `verbs` are the actions by what they do; `menu` is filled with them.
    """

    def __init__(
        self, window: QMainWindow, panels: SidePanels, views: ViewArea, verbs: Mapping[str, QAction], menu: QMenu
    ) -> None:
        super().__init__(window)
        self._window, self._panels, self._views, self._menu = window, panels, views, menu
        self._last: QDockWidget | None = None
        self._floated: set[QDockWidget] = set()
        """Panels that have floated before: Qt knows where they were left."""
        for name in _SIDES:
            verbs[name].triggered.connect(lambda _=False, name=name: self._move(name))
        for name in _SIZES:
            verbs[name].triggered.connect(lambda _=False, name=name: self._resize(name))
        verbs["tab"].triggered.connect(lambda _=False: self._ask_partner())
        verbs["float"].triggered.connect(lambda _=False: self._float())
        verbs["close"].triggered.connect(lambda _=False: self._close())
        verbs["next"].triggered.connect(lambda _=False: self.step(1))
        verbs["previous"].triggered.connect(lambda _=False: self.step(-1))
        shortcut = QShortcut(QKeySequence(PANEL_MENU), window)
        shortcut.activated.connect(self._ask)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._focus_moved)

    def seen(self) -> list[QDockWidget]:
        """The panels that can be seen: those at the left, the views row by row, all others, floating ones last."""

        def order(dock: QDockWidget) -> tuple[int, int, int]:
            place = dock.mapTo(dock.window(), QPoint(0, 0))
            if dock.isFloating():
                return 3, place.x(), place.y()
            if dock.parentWidget() is self._views:
                # Views in one row end at the same height; with tabs above them they begin lower.
                return 1, place.y() + dock.height(), place.x()
            at_left = self._window.dockWidgetArea(dock) is Qt.DockWidgetArea.LeftDockWidgetArea
            return 0 if at_left else 2, place.x(), place.y()

        return sorted((dock for dock in self._window.findChildren(QDockWidget) if _is_seen(dock)), key=order)

    def step(self, by: int) -> None:
        """Give the focus to the next panel, or with -1 to the one before."""
        found, here = self.seen(), self._panel()
        if found:
            at = found.index(here) if here in found else -1
            # From the toolbar the way leads back to where one was.
            inside = here is not None and here.isAncestorOf(QApplication.focusWidget() or self._window)
            self._focus(found[(at + by) % len(found)] if inside or here is None else here)

    def _panel(self) -> QDockWidget | None:
        """The panel that is meant: the last one with the focus, else the current view."""
        if self._last is not None and _is_seen(self._last):
            return self._last
        current = self._views.findChild(QDockWidget, self._views.current) if self._views.current else None
        return current if current is not None and _is_seen(current) else None

    def _focus_moved(self, _old: QWidget | None, new: QWidget | None) -> None:
        new = named_by(new, self.seen()) or new
        while new is not None and not isinstance(new, QDockWidget):
            new = new.parentWidget()
        if isinstance(new, QDockWidget) and self._window.isAncestorOf(new):
            self._last = new

    def _focus(self, dock: QDockWidget) -> None:
        dock.raise_()
        dock.window().activateWindow()
        self._last = dock
        last = dock.focusWidget()
        if last is None or not takes_focus(last):
            # Its content comes before its title row.
            inside = [one for one in in_order(dock.window(), [dock]) if dock.isAncestorOf(one)]
            last = next((one for one in inside if dock.widget().isAncestorOf(one)), next(iter(inside), dock))
        last.setFocus(Qt.FocusReason.TabFocusReason)

    def _move(self, name: str) -> None:
        dock = self._panel()
        if dock is None:
            return
        host = _host(dock)
        _dock_again(dock)
        other = next((one for one in self.seen() if _host(one) is host and _beside(dock, one, name)), None)
        if other is None:
            host.addDockWidget(_SIDES[name], dock)
        else:
            _exchange(host, dock, other)
        self._arranged(dock)

    def _resize(self, name: str) -> None:
        dock = self._panel()
        if dock is None:
            return
        across, down = (theme.px(step) for step in _SIZES[name])
        width, height = max(dock.width() + across, _LEAST), max(dock.height() + down, _LEAST)
        if dock.isFloating():
            dock.resize(width, height)
        elif across:
            _host(dock).resizeDocks([dock], [width], Qt.Orientation.Horizontal)
        else:
            _host(dock).resizeDocks([dock], [height], Qt.Orientation.Vertical)
        self._touch(dock)

    def _float(self) -> None:
        dock = self._panel()
        if dock is not None:
            if dock.isFloating():
                _dock_again(dock)
            else:
                place = _floating(dock)
                dock.setFloating(True)
                if dock not in self._floated:
                    self._floated.add(dock)
                    dock.setGeometry(place)
            self._arranged(dock)

    def _close(self) -> None:
        dock, found = self._panel(), self.seen()
        if dock is not None:
            after = [*found[found.index(dock) + 1 :], *found[: found.index(dock)]]
            dock.close()
            self._touch(dock)
            self._focus(next((one for one in after if _is_seen(one)), dock))

    def _ask(self) -> None:
        dock = self._panel()
        if dock is not None:
            self._menu.popup(dock.mapToGlobal(QPoint(theme.px(12), theme.px(24))))
            self._menu.setActiveAction(self._menu.actions()[0])

    def _ask_partner(self) -> None:
        """Offer the panels with which this one can share a place."""
        dock = self._panel()
        if dock is None:
            return
        menu = QMenu(self._window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        host = _host(dock)
        for other in self.seen():
            if other is not dock and _host(other) is host and not other.isFloating():
                entry = menu.addAction(other.windowTitle())
                entry.triggered.connect(lambda _=False, other=other: self._tab(dock, other))
        if menu.actions():
            menu.popup(dock.mapToGlobal(QPoint(theme.px(12), theme.px(24))))
            menu.setActiveAction(menu.actions()[0])

    def _tab(self, dock: QDockWidget, other: QDockWidget) -> None:
        _dock_again(dock)
        _host(dock).tabifyDockWidget(other, dock)
        self._arranged(dock)

    def _arranged(self, dock: QDockWidget) -> None:
        dock.show()
        self._touch(dock)
        self._focus(dock)

    def _touch(self, dock: QDockWidget) -> None:
        (self._views if _host(dock) is self._views else self._panels).touched = True


def _host(dock: QDockWidget) -> QMainWindow:
    """The main window in which a panel has its place, also while it floats."""
    host = dock.parentWidget()
    assert isinstance(host, QMainWindow)
    return host


def _dock_again(dock: QDockWidget) -> None:
    if dock.isFloating():
        dock.setFloating(False)
        # A dock whose window was made larger or smaller keeps that size in Qt until it is laid out once more.
        layout = _host(dock).layout()
        assert layout is not None
        layout.invalidate()
        layout.activate()


def _floating(dock: QDockWidget) -> QRect:
    """Where a panel floats at first: over its place, large enough to be read, and on the screen."""
    screen = dock.screen().availableGeometry().adjusted(_FRAME, _FRAME, -_FRAME, -_FRAME)
    least = QSize(*map(theme.px, _FLOATING))
    place = QRect(dock.mapToGlobal(QPoint(0, 0)), dock.size().expandedTo(least).boundedTo(screen.size()))
    place.moveLeft(max(screen.left(), min(place.left(), screen.right() + 1 - place.width())))
    place.moveTop(max(screen.top(), min(place.top(), screen.bottom() + 1 - place.height())))
    return place


def _is_seen(dock: QDockWidget) -> bool:
    """Whether a panel is neither closed nor behind a tab."""
    # Behind a tab a dock counts as visible in Qt; its content is hidden then. What is lent elsewhere is not in it.
    return dock.isVisible() and not dock.widget().childrenRegion().isEmpty()


def _beside(dock: QDockWidget, other: QDockWidget, side: str) -> bool:
    """Whether `other` borders on `dock` at a side, over more than half of the shorter edge."""
    if other is dock or other.isFloating():
        return False
    here, there = dock.geometry(), other.geometry()
    gap = 2 * theme.px(24)  # the line between them, and a tab bar
    near = {
        "left": 0 <= here.left() - there.right() <= gap,
        "right": 0 <= there.left() - here.right() <= gap,
        "up": 0 <= here.top() - there.bottom() <= gap,
        "down": 0 <= there.top() - here.bottom() <= gap,
    }[side]
    return near and _shared(here, there, vertical=side in ("left", "right")) > 0.5


def _shared(here: QRect, there: QRect, *, vertical: bool) -> float:
    a, b = ((here.top(), here.bottom()), (there.top(), there.bottom())) if vertical else (
        (here.left(), here.right()), (there.left(), there.right())
    )  # fmt: skip
    return (min(a[1], b[1]) - max(a[0], b[0])) / max(1, min(a[1] - a[0], b[1] - b[0]))


def _exchange(host: QMainWindow, dock: QDockWidget, other: QDockWidget) -> None:
    """Let two panels change places. Qt only knows how to put one where another is: a third one keeps the place."""
    widths = [other.width(), dock.width()]
    holder = QDockWidget(host)
    host.tabifyDockWidget(dock, holder)
    host.tabifyDockWidget(other, dock)
    host.tabifyDockWidget(holder, other)
    host.removeDockWidget(holder)
    holder.deleteLater()
    host.resizeDocks([dock, other], widths, Qt.Orientation.Horizontal)
    other.raise_()
