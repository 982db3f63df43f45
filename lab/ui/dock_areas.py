"""What Qt leaves to be done where docks are stacked and moved."""

from collections.abc import Iterable, Sequence
from typing import Final

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabBar, QVBoxLayout, QWidget

from lab.ui.theme import theme
from lab.ui.words import Text

_BAR: Final = Text("Panels that share this place; ← and → go through them", "共用此处的面板；用 ← 和 → 切换")

_TAB: Final = 64
"""Pixels of a tab in which its title can be recognized."""


def tidy_tab_bars(window: QMainWindow, name: Text) -> None:
    """Make the tab bars of docks look and work alike, and hide those that Qt has forgotten.

    When docks are rearranged, bars of stacks that are no more stay visible over other docks, even over the bar in use.
    """
    direct = Qt.FindChildOption.FindDirectChildrenOnly
    docks = [dock for dock in window.findChildren(QDockWidget, options=direct) if not dock.isHidden()]
    bars = window.findChildren(QTabBar, options=direct)
    used = [_bar_of([dock, *window.tabifiedDockWidgets(dock)], bars) for dock in docks]
    for bar in bars:
        bar.setVisible(bar in used)
        bar.setDrawBase(False)
        bar.setExpanding(False)
        bar.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        bar.setAccessibleName(str(name))
        bar.setToolTip(str(_BAR))
        bar.setUsesScrollButtons(True)
        # Titles are cut as long as something can be read of them; else there are buttons to move along the bar.
        enough = bar.width() >= bar.count() * theme.px(_TAB)
        bar.setElideMode(Qt.TextElideMode.ElideRight if enough else Qt.TextElideMode.ElideNone)


def presses_line(window: QMainWindow, event: QEvent) -> bool:
    """Whether an event is a press on a line between the docks of a window."""
    if not isinstance(event, QMouseEvent) or event.type() is not QEvent.Type.MouseButtonPress:
        return False
    child = window.childAt(event.position().toPoint())
    # Over a thin line Qt puts a wider widget, so that it can be caught.
    return child is None or child.objectName() == "qt_qmainwindow_extended_splitter"


def named_by(widget: QWidget | None, docks: Iterable[QDockWidget]) -> QDockWidget | None:
    """The dock in front of the stack that a tab bar names; None for other widgets."""
    if not isinstance(widget, QTabBar) or not isinstance(widget.parentWidget(), QMainWindow):
        return None
    host, title = widget.parentWidget(), widget.tabText(widget.currentIndex())
    return next((dock for dock in docks if dock.parentWidget() is host and dock.windowTitle() == title), None)


def put_head(dock: QDockWidget, head: QWidget, column: QVBoxLayout, floating: bool) -> None:
    """Put the title row of a dock above its content while it floats, so that its window has a frame of its own."""
    if floating:
        # Qt shows a dock with a title row of its own as a window without a frame: it could be neither moved nor sized.
        dock.setTitleBarWidget(None)  # type: ignore[arg-type]
        column.insertWidget(0, head)
    else:
        column.removeWidget(head)
        dock.setTitleBarWidget(head)
    head.show()


def _bar_of(stack: Sequence[QDockWidget], bars: Sequence[QTabBar]) -> QTabBar | None:
    """The tab bar that names the docks of a stack and stands above the one in front; of several the newest."""
    opened = [dock for dock in stack if not dock.isHidden()]
    if len(opened) < 2:
        return None
    titles = sorted(dock.windowTitle() for dock in opened)
    fitting = [
        bar
        for bar in bars
        if titles == sorted(bar.tabText(index) for index in range(bar.count()))
        and any(_stands_on(bar, dock) for dock in opened)
    ]
    return fitting[-1] if fitting else None


def _stands_on(bar: QTabBar, dock: QDockWidget) -> bool:
    area, below = bar.geometry(), dock.geometry()
    return (
        bar.tabText(bar.currentIndex()) == dock.windowTitle()
        and area.x() == below.x()
        and area.width() == below.width()
        and abs(below.y() - area.bottom() - 1) <= 1
    )
