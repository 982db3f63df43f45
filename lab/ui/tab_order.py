"""The way of the tab key: toolbar, panels and views as the eye goes through them, status bar.

Qt keeps the order in which widgets came into the window, and loses it when docks, rows and title rows are moved.
"""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QMainWindow,
    QScrollArea,
    QStatusBar,
    QTabBar,
    QToolBar,
    QWidget,
)

from lab.ui.dock_areas import named_by

REGION: Final = "region"
"""A property of a widget whose content is gone through as a whole, before what stands beside it."""
_ROW: Final = 10
"""Pixels by which the middles of widgets in one row may differ in height."""


def in_order(window: QWidget, panels: Sequence[QDockWidget]) -> list[QWidget]:
    """All widgets of a window that take the focus by the tab key, in order; `panels` are its docks in theirs."""
    places = {dock: number for number, dock in enumerate(panels)}
    regions: dict[tuple[int, int], list[QWidget]] = {}
    for widget in window.findChildren(QWidget):
        if takes_focus(widget) and widget.window() is window:
            rank = _rank(widget, places)
            if rank is not None:
                regions.setdefault(rank, []).append(widget)
    return [widget for _, region in sorted(regions.items()) for widget in _gone_through(region, window)]


def takes_focus(widget: QWidget) -> bool:
    """Whether the tab key may lead to a widget now."""
    by_tab = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus) and widget.focusProxy() is None
    # An area that scrolls follows the focus of what is in it.
    return by_tab and widget.isVisible() and widget.isEnabled() and not isinstance(widget, QScrollArea)


def go(order: Sequence[QWidget], forward: bool) -> bool:
    """Give the focus to the widget after the one that has it, or to the one before; False where there is none."""
    if not order:
        return False
    here = QApplication.focusWidget()
    at = next((k for k, widget in enumerate(order) if widget is here), None)
    if at is None:
        # What has the focus is not gone through itself: a panel, a page. Its content is next.
        inside = [k for k, widget in enumerate(order) if here is not None and here.isAncestorOf(widget)]
        target = order[(inside[0] if forward else inside[0] - 1) if inside else 0 if forward else -1]
    else:
        target = order[(at + (1 if forward else -1)) % len(order)]
    target.setFocus(Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason)
    area = target.parentWidget()
    while area is not None:
        if isinstance(area, QScrollArea):
            area.ensureWidgetVisible(target)
        area = area.parentWidget()
    return True


def _rank(widget: QWidget, places: dict[QDockWidget, int]) -> tuple[int, int] | None:
    """Where the region of a widget comes; None for what is in a panel that is not seen."""
    up: QWidget | None = widget
    if isinstance(widget, QTabBar) and isinstance(widget.parentWidget(), QMainWindow):
        # Qt keeps bars that name nothing any more, out of sight.
        up = named_by(widget, places)
        if up is None:
            return None
    while up is not None and not up.isWindow():
        if isinstance(up, QDockWidget):
            return None if up not in places else (2, places[up])
        if isinstance(up, QToolBar):
            return 0, 0
        if isinstance(up, QStatusBar):
            return 3, 0
        if up.property(REGION):
            return 1, 0
        up = up.parentWidget()
    return 1, 1


def _gone_through(widgets: Sequence[QWidget], within: QWidget) -> list[QWidget]:
    """Widgets in rows from the top, each from the left. What scrolls has one place, wherever it is scrolled to."""
    parts: dict[QWidget, list[QWidget]] = {}
    for widget in widgets:
        parts.setdefault(_area_of(widget, within) or widget, []).append(widget)

    def middle(part: QWidget) -> QPoint:
        return part.mapTo(within, QPoint(0, part.height() // 2))

    rows: list[list[QWidget]] = []
    for part in sorted(parts, key=lambda one: middle(one).y()):
        if rows and middle(part).y() - middle(rows[-1][0]).y() <= _ROW:
            rows[-1].append(part)
        else:
            rows.append([part])
    found: list[QWidget] = []
    for row in rows:
        for part in sorted(row, key=lambda one: middle(one).x()):
            content = part.widget() if isinstance(part, QScrollArea) else None
            found += parts[part] if content is None else _gone_through(parts[part], content)
    return found


def _area_of(widget: QWidget, within: QWidget) -> QScrollArea | None:
    """The outermost area in which a widget scrolls, inside `within`."""
    area, up = None, widget.parentWidget()
    while up is not None and up is not within:
        area = up if isinstance(up, QScrollArea) else area
        up = up.parentWidget()
    return area
