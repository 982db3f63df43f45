"""The views: docks that can be moved, stacked as tabs and closed, in an inner main window of their own."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, Protocol, final, runtime_checkable

from PySide6.QtCore import QByteArray, QEvent, QSize, Qt, QTimer, Signal, SignalInstance
from PySide6.QtGui import QAction, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QTabWidget, QVBoxLayout, QWidget

from lab.ui.dock_areas import presses_line, put_head, tidy_tab_bars
from lab.ui.perspectives import ORDER, Rows, fitted
from lab.ui.theme import dress_again, ground, theme
from lab.ui.words import Text, bind

_AREA: Final = Qt.DockWidgetArea.TopDockWidgetArea


@runtime_checkable
class Headed(Protocol):
    """A frame that lends its title row as the handle by which its dock is moved."""

    header: QWidget
    enlarge: SignalInstance

    def set_tabbed(self, tabbed: bool, *, alone: bool = False) -> None:
        """Whether a tab shows the title already."""


@final
class _Dock(QDockWidget):
    """One view with its handle."""

    def __init__(self, name: str, title: Text, frame: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.title = title
        self.frame = frame
        bind(self, self.setWindowTitle, title)
        bind(self, self.setAccessibleName, title)
        self.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetMovable | QDockWidget.DockWidgetFeature.DockWidgetClosable
        )
        self._head = frame.header if isinstance(frame, Headed) else QWidget()
        ground(self._head, "sheet")
        self.setTitleBarWidget(self._head)
        self.holder = QWidget()
        self._layout = QVBoxLayout(self.holder)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.addWidget(frame)
        self.setWidget(self.holder)
        self.visibilityChanged.connect(self._visible)
        self.topLevelChanged.connect(self._floated)

    def _floated(self, floating: bool) -> None:
        if not self.lent:
            put_head(self, self._head, self._layout, floating)

    def _visible(self, visible: bool) -> None:
        # A dock behind a tab counts as visible in Qt; its frame must not, or it would be drawn for nobody.
        if not self.lent:
            self.frame.setVisible(visible)

    def lend(self) -> None:
        """Let go of the frame and its title row, so that they can stand elsewhere."""
        self.setTitleBarWidget(QWidget())
        self._layout.removeWidget(self.frame)
        self.frame.setParent(None)

    @property
    def lent(self) -> bool:
        """Whether the frame stands elsewhere."""
        return self.frame.parentWidget() is not self.holder

    def take_back(self) -> None:
        """Put the frame and its title row back where they belong."""
        self._layout.addWidget(self.frame)
        self.frame.show()
        put_head(self, self._head, self._layout, self.isFloating())
        dress_again(self)


@final
class ViewArea(QMainWindow):
    """The area of the views. Views are known by name; a name that is not there is passed over."""

    current_changed = Signal(str)
    """The view a person works in now."""
    enlarge_asked = Signal(str)
    """A view is to be shown alone, or among the others again."""
    shown_changed = Signal()
    """Other views can be seen now."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("views")
        self.setWindowFlags(Qt.WindowType.Widget)
        self.setDockNestingEnabled(True)
        self.setDocumentMode(True)
        self.setAnimated(False)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        ground(self, "sheet")
        for corner, side in (
            (Qt.Corner.TopLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea),
            (Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea),
            (Qt.Corner.TopRightCorner, Qt.DockWidgetArea.RightDockWidgetArea),
            (Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea),
        ):
            self.setCorner(corner, side)
        self._docks: dict[str, _Dock] = {}
        self._aside: list[_Dock] = []
        """Floating views, hidden while the area is."""
        self._wanted: Rows = ()
        """The arrangement that nobody has changed."""
        self._rows: Rows = ()
        """The same, with tabs where there is too little room for it."""
        self._alone: QByteArray | None = None
        self.current = ""
        self.touched = False
        """Whether a person has changed the arrangement since it was made."""
        self._tidying = QTimer(self)
        self._tidying.setSingleShot(True)
        self._tidying.setInterval(0)
        self._tidying.timeout.connect(self._tidy)
        theme.changed.connect(self._tidying.start)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._focus_moved)

    def add(self, name: str, title: Text, frame: QWidget) -> None:
        """Make a dock for a view; it stays closed until an arrangement or a person shows it."""
        dock = _Dock(name, title, frame, self)
        self._docks[name] = dock
        self.addDockWidget(_AREA, dock)
        dock.hide()
        dock.visibilityChanged.connect(self._changed)
        dock.dockLocationChanged.connect(self._changed)
        dock.topLevelChanged.connect(self._touch)
        dock.toggleViewAction().triggered.connect(self._touch)
        if isinstance(frame, Headed):
            frame.enlarge.connect(lambda: self.enlarge_asked.emit(name))

    def names(self) -> list[str]:
        """All views, in the order in which they are gone through."""
        return sorted(self._docks, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))

    def title(self, name: str) -> Text:
        """The title of a view."""
        return self._docks[name].title

    def frame(self, name: str) -> QWidget:
        """The frame of a view."""
        return self._docks[name].frame

    def open_action(self, name: str) -> QAction:
        """The action that shows or closes a view."""
        return self._docks[name].toggleViewAction()

    def opened(self) -> list[str]:
        """Views that are not closed: seen, or behind a tab."""
        docks = self._docks
        return [name for name in self.names() if not docks[name].isHidden() or docks[name] in self._aside]

    def arrange(self, rows: Rows) -> None:
        """Put views into rows of cells, and close all others; views without enough room share tabs."""
        self._alone = None
        self.touched = False
        known = (tuple((span, tuple(n for n in names if n in self._docks)) for span, names in row) for row in rows)
        placed = (tuple(cell for cell in row if cell[1]) for row in known)
        self._wanted = tuple(row for row in placed if row)
        self._rows = self._fitted()
        for dock in self._docks.values():
            dock.setFloating(False)
            # A dock that is taken away while it is shown is still shown in what Qt saves.
            dock.hide()
            self.removeDockWidget(dock)
        firsts = [self._docks[row[0][1][0]] for row in self._rows]
        for above, dock in zip([None, *firsts], firsts, strict=False):
            if above is None:
                self.addDockWidget(_AREA, dock)
            else:
                self.splitDockWidget(above, dock, Qt.Orientation.Vertical)
        for row in self._rows:
            heads = [self._docks[names[0]] for _, names in row]
            for left, dock in pairwise(heads):
                self.splitDockWidget(left, dock, Qt.Orientation.Horizontal)
        for dock in firsts:
            dock.show()
        for row in self._rows:
            for _, names in row:
                self._stack(names)
        self._size()
        if self.current not in self.opened():
            self._choose(next(iter(self.opened()), ""))
        self._tidying.start()

    def restore(self, state: QByteArray) -> bool:
        """Put views where `saveState` found them; False where it does not fit these views."""
        self._alone = None
        self._wanted = self._rows = ()
        self.touched = True
        self._tidying.start()
        # Qt leaves alone what the state does not know, such as a view that was added since.
        for dock in self._docks.values():
            dock.hide()
        return self.restoreState(state)

    def arrangement(self) -> QByteArray:
        """Where the views are, also while one of them is enlarged."""
        return self.saveState() if self._alone is None else self._alone

    def enlarge(self, name: str | None) -> None:
        """Show one view alone; None shows all again."""
        if self._alone is not None:
            if self.touched:
                self.restore(self._alone)
            else:
                self.arrange(self._wanted)
        if name in self._docks:
            self._alone = self.saveState()
            for other, dock in self._docks.items():
                dock.setVisible(other == name)
            self._choose(name)
            self._tidying.start()

    @property
    def enlarged(self) -> bool:
        """Whether one view is shown alone."""
        return self._alone is not None

    def show_view(self, name: str) -> None:
        """Open a view, bring it to the front and give it the focus."""
        dock = self._docks.get(name)
        if dock is None:
            return
        if self._alone is not None:
            self.enlarge(name)
        dock.show()
        dock.raise_()
        if dock.isFloating():
            dock.activateWindow()
        self._choose(name)
        dock.frame.setFocus(Qt.FocusReason.OtherFocusReason)

    def step(self, by: int) -> None:
        """Go to the next view that is open, or with -1 to the one before."""
        names = self.opened() if self._alone is None else self.names()
        if names:
            at = names.index(self.current) if self.current in names else -1
            self.show_view(names[(at + by) % len(names)])

    def lend(self, name: str) -> QWidget:
        """Let go of the frame of a view, and of its title row, until `take_back`."""
        self._docks[name].lend()
        return self._docks[name].frame

    def take_back(self, name: str) -> None:
        """Put a lent frame back into its dock."""
        self._docks[name].take_back()
        self._tidying.start()

    def event(self, event: QEvent) -> bool:
        """Notice when a person moves a line between views."""
        if presses_line(self, event):
            self.touched = True
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the shares of an arrangement that nobody has changed."""
        super().resizeEvent(event)
        if not self.touched and self._alone is None:
            self._size()
            self._tidying.start()

    def showEvent(self, event: QShowEvent) -> None:
        """Share out the room once there is some."""
        super().showEvent(event)
        for dock in self._aside:
            dock.show()
        self._aside = []
        self._tidying.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Floating views go with the area."""
        super().hideEvent(event)
        if not event.spontaneous():
            self._aside = [dock for dock in self._docks.values() if dock.isFloating() and not dock.isHidden()]
            for dock in self._aside:
                dock.hide()
            if self._aside:
                self.window().activateWindow()

    def minimumSizeHint(self) -> QSize:
        """Small: views elide rather than widen the window."""
        return QSize(120, 120)

    def _stack(self, names: Sequence[str]) -> None:
        first = self._docks[names[0]]
        first.show()
        for name in names[1:]:
            self.tabifyDockWidget(first, self._docks[name])
            self._docks[name].show()
        first.raise_()

    def _fitted(self) -> Rows:
        """The arrangement that is wanted, as far as there is room for it; as it is while nobody sees it."""
        if not self.isVisible():
            return self._wanted
        return fitted(self._wanted, self.width() / theme.scale, self.height() / theme.scale)

    def _fit(self) -> None:
        """Arrange anew where there is more or less room than before; what a person works in stays in front."""
        if self.isVisible() and self._fitted() != self._rows:
            current, focus = self.current, self.isAncestorOf(QApplication.focusWidget() or self.window())
            self.arrange(self._wanted)
            if focus:
                self.show_view(current)
            elif current in self.opened():
                self._docks[current].raise_()
                self._choose(current)

    def _size(self) -> None:
        """Give rows the same height and cells their share of the width."""
        layout = self.layout()
        if layout is not None:
            layout.activate()
        rows = [[(span, self._docks[names[0]]) for span, names in row] for row in self._rows]
        for row in rows:
            total = sum(span for span, _ in row)
            widths = [round(self.width() * span / total) for span, _ in row]
            self.resizeDocks([dock for _, dock in row], widths, Qt.Orientation.Horizontal)
        if rows:
            height = round(self.height() / len(rows))
            self.resizeDocks([row[0][1] for row in rows], [height] * len(rows), Qt.Orientation.Vertical)

    def _tidy(self) -> None:
        """Size once more now that all are shown; hide tab bars left over; tell frames whether a tab names them."""
        if not self.touched and self._alone is None:
            self._fit()
            self._size()
        tidy_tab_bars(self, Text("Views", "各视图"))
        for dock in self._docks.values():
            if isinstance(dock.frame, Headed) and not dock.lent:
                dock.frame.set_tabbed(any(not other.isHidden() for other in self.tabifiedDockWidgets(dock)))
        self.shown_changed.emit()

    def _touch(self) -> None:
        self.touched = True

    def _changed(self) -> None:
        self._tidying.start()

    def _choose(self, name: str) -> None:
        if name != self.current:
            self.current = name
            self.current_changed.emit(name)

    def _focus_moved(self, _old: QWidget | None, new: QWidget | None) -> None:
        if new is not None:
            for name, dock in self._docks.items():
                if dock.isAncestorOf(new):
                    self._choose(name)
                    return
