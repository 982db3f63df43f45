"""What a screen reader is told and a keyboard reaches: every action and every widget, in the whole window."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAccessible, QAction, QGuiApplication, QKeyEvent, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QDockWidget,
    QHeaderView,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QScrollArea,
    QScrollBar,
    QTabBar,
    QTextBrowser,
    QWidget,
    QWidgetAction,
)
from pytestqt.qtbot import QtBot

from lab.runner.messages import Problem, WorkerState
from lab.ui.about import AboutDialog
from lab.ui.desk import Desk
from lab.ui.help_window import HelpWindow
from lab.ui.own_data import OwnData
from lab.ui.panels.equations import EquationsView
from lab.ui.settings_dialog import SettingsDialog
from lab.ui.views.canvas import Canvas
from lab.ui.words import language

MakeDesk = Callable[..., Desk]
CONTROLS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QTabBar,
    QTextBrowser,
)
CONTENT = (QAbstractItemView, QTextBrowser, QPlainTextEdit, Canvas, EquationsView)
NO_ROLE = {QAccessible.Role.NoRole, QAccessible.Role.Client, QAccessible.Role.Window}


def settle() -> None:
    for _ in range(8):
        QApplication.processEvents()


def own(widget: QWidget) -> bool:
    """Whether a widget is ours: not a part that Qt makes inside another, which speaks for it."""
    if widget.objectName().startswith("qt_") or isinstance(widget, QScrollBar | QHeaderView | QScrollArea):
        return False
    if isinstance(widget, QTabBar) and not widget.count():
        return False  # kept by Qt out of sight, for the next stack of docks
    parent = widget.parentWidget()
    if isinstance(parent, QAbstractSpinBox | QComboBox | QLineEdit | QTabBar | QMenu):
        return False
    return not (isinstance(parent, QAbstractScrollArea) and widget is parent.viewport())


def behind_a_tab(widget: QWidget) -> bool:
    """Whether a widget is in a panel that another one covers."""
    up: QWidget | None = widget
    while up is not None and not isinstance(up, QDockWidget):
        up = up.parentWidget()
    return isinstance(up, QDockWidget) and up.widget().childrenRegion().isEmpty()


def controls(window: QWidget) -> list[QWidget]:
    """What can be seen in a window and be worked with."""
    return [
        widget
        for widget in window.findChildren(QWidget)
        if widget.isVisible()
        and widget.window() is window
        and own(widget)
        and not behind_a_tab(widget)
        and (isinstance(widget, CONTROLS) or widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
        and widget.focusProxy() is None
    ]


def said(widget: QWidget) -> tuple[str, QAccessible.Role]:
    """Name and role as a screen reader gets them."""
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name), interface.role()


def called(widget: QWidget) -> str:
    """A widget in words, for messages."""
    up, path = widget.parentWidget(), [type(widget).__name__]
    while up is not None and len(path) < 4:
        path.append(up.objectName() or type(up).__name__)
        up = up.parentWidget()
    return f"{' in '.join(path)} named {said(widget)[0]!r}"


def faults(window: QWidget) -> list[str]:
    """What a screen reader or a mouse that rests would not be told."""
    found = []
    for widget in controls(window):
        name, role = said(widget)
        if not name.strip():
            found.append(f"no name: {called(widget)}")
        if role in NO_ROLE:
            found.append(f"no role: {called(widget)}")
        # Over data and text a tooltip would hide what is read there; the view says what is under the mouse.
        if not isinstance(widget, CONTENT) and not widget.toolTip().strip():
            found.append(f"no tooltip: {called(widget)}")
    return found


def walked(window: QWidget) -> list[QWidget]:
    """Where Tab leads in a window, until it comes round."""
    found: list[QWidget] = []
    window.activateWindow()
    settle()
    for _ in range(300):
        focus = QGuiApplication.focusWindow()
        assert focus is not None
        QTest.keyClick(focus, Qt.Key.Key_Tab)
        widget = QApplication.focusWidget()
        assert widget is not None
        if found and widget is found[-1]:
            continue  # from link to link within a page
        if found and widget is found[0]:
            return found
        assert widget not in found, f"Tab comes back to {called(widget)} before it has come round"
        found.append(widget)
    raise AssertionError("Tab does not come round")


def unreached(window: QWidget) -> list[str]:
    """Enabled controls that Tab passes over."""
    seen = walked(window)
    return [
        called(widget)
        for widget in controls(window)
        if widget.isEnabled()
        and not any(widget is one or widget.isAncestorOf(one) for one in seen)
        and not by_other_keys(widget)
    ]


def by_other_keys(widget: QWidget) -> bool:
    """Whether keys reach a control without Tab: the arrows its neighbours in a group; a card has Ctrl+Return."""
    if isinstance(widget, QAbstractButton):
        group = widget.group()
        if group is not None and group.exclusive() and group.checkedButton() is not widget:
            return True
        return isinstance(widget.parentWidget(), QAbstractButton)
    return False


@pytest.fixture(scope="module")
def trained(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The whole window with a run that has ended."""
    from lab.registry.manager import load_headless
    from lab.resources import plugin_folder, resource_folder
    from lab.ui.app import application
    from lab.ui.settings import Settings

    application()
    folder = tmp_path_factory.mktemp("audit")
    manager = load_headless([plugin_folder()], entry_points=False)
    desk = Desk(manager, Settings(folder / "settings.toml"), folder / "runs")
    desk.window.resize(1600, 1000)
    desk.window.show()
    desk.start()
    desk.filing.open_path(resource_folder() / "experiments" / "airline.toml")
    desk.document.set("training.epochs", 4)
    desk.actions.run.trigger()
    deadline = 6000
    while desk.stage.state is not WorkerState.FINISHED and deadline:
        QTest.qWait(10)
        deadline -= 1
    assert desk.stage.state is WorkerState.FINISHED
    QTest.qWait(300)
    yield desk
    desk.document.undo_stack.clear()
    desk.leave()
    desk.window.deleteLater()


@pytest.fixture(params=["en", "zh"])
def spoken(request: pytest.FixtureRequest) -> str:
    language.use(request.param)
    return str(request.param)


# --- names, roles, tooltips, and the way of the tab key -------------------------------------------


@pytest.mark.parametrize("perspective", ["overview", "memory", "gradients", "compare"])
def test_every_control_of_the_window_is_told_and_reached(trained: Desk, perspective: str, spoken: str) -> None:
    window = trained.window
    window.show_experiment()
    window.apply_perspective(perspective)
    settle()
    assert not faults(window)
    assert not unreached(window)


@pytest.mark.parametrize("panel", [0, 1, 2])
def test_every_control_of_the_tabs_is_told_and_reached(trained: Desk, panel: int) -> None:
    trained.window.show_experiment()
    trained.window.apply_perspective("overview")
    trained.window.show_panel(panel)
    settle()
    assert not faults(trained.window)
    assert not unreached(trained.window)


def test_every_control_beside_problems_and_a_banner(trained: Desk) -> None:
    from lab.ui.words import Text

    trained.window.show_experiment()
    trained.report(
        Problem(level="error", message="It failed.", remedy="Mend it.", file="cell.py", line=3, details="why")
    )
    trained.window.show_problems()
    action = QAction("Resume", trained.window)
    action.setToolTip("Go on")
    trained.window.banner(Text("Training stopped.", "训练已停止。"), action)
    settle()
    assert not faults(trained.window)
    assert not unreached(trained.window)
    trained.window.clear_banner()
    trained.window.show_problems(False)


def test_every_control_of_a_small_window_and_of_present(trained: Desk) -> None:
    window = trained.window
    window.show_experiment()
    window.resize(1024, 768)
    settle()
    assert not faults(window)
    assert not unreached(window)
    window.start_present(full_screen=False)
    settle()
    assert not faults(window)
    assert not unreached(window)
    window.leave_present()
    window.resize(1600, 1000)


def test_every_control_of_the_gallery(trained: Desk, spoken: str) -> None:
    trained.window.show_gallery()
    settle()
    assert not faults(trained.window)
    assert not unreached(trained.window)


@pytest.mark.parametrize("name", ["settings", "own data", "help", "about"])
def test_every_control_of_the_dialogs(qtbot: QtBot, trained: Desk, name: str, spoken: str, tmp_path: Path) -> None:
    window = trained.window
    dialog: QDialog
    if name == "settings":
        dialog = SettingsDialog(trained.settings, window)
    elif name == "help":
        dialog = HelpWindow(window)
    elif name == "about":
        dialog = AboutDialog(window)
    else:
        table = tmp_path / "table.csv"
        table.write_text("day,warm\n" + "".join(f"{day},{day % 7}\n" for day in range(60)), encoding="utf-8")
        own_data = OwnData(trained.catalog, window)
        own_data.open_file(str(table))
        qtbot.waitUntil(lambda: not own_data.busy)
        dialog = own_data
    dialog.show()
    settle()
    try:
        assert dialog.windowTitle()
        assert not faults(dialog)
        assert not unreached(dialog)
    finally:
        dialog.close()
        dialog.deleteLater()


def test_views_say_what_is_seen(trained: Desk, spoken: str) -> None:
    trained.window.show_experiment()
    trained.window.apply_perspective("overview")
    for frame in trained.frames:
        if frame.isVisible():
            frame.refresh()
            assert said(frame.view)[0] == str(frame.title)
            assert frame.view.accessibleDescription() == str(frame.view.sentence().full) != ""


# --- actions and their keys -----------------------------------------------------------------------


def menus_of(window: QWidget) -> list[QMenu]:
    return [menu for menu in window.findChildren(QMenu) if menu.actions()]


def test_every_action_has_a_name_and_a_tooltip(trained: Desk, spoken: str) -> None:
    entries = [*trained.actions.all.values()]
    for menu in menus_of(trained.window):
        entries += [action for action in menu.actions() if action.isVisible() and not action.isSeparator()]
    own_widgets = [action.defaultWidget() for action in entries if isinstance(action, QWidgetAction)]
    for inside in own_widgets:
        fields = [field for field in inside.findChildren(QWidget) if own(field) and isinstance(field, CONTROLS)]
        assert fields
        assert not [called(field) for field in fields if not said(field)[0].strip()]
    plain = [action for action in entries if not isinstance(action, QWidgetAction)]
    assert len(plain) > 80
    assert not [action.objectName() for action in plain if not action.text().strip()]
    assert not [action.text() for action in plain if not action.toolTip().strip()]


def test_no_two_actions_share_a_key(trained: Desk) -> None:
    """Nowhere in the window, wherever the focus is; and each key works from inside a field."""
    owners: dict[str, set[str]] = defaultdict(set)
    for action in {*trained.actions.all.values(), *trained.window.findChildren(QAction)}:
        if action.shortcutContext() is not Qt.ShortcutContext.WidgetShortcut:
            for keys in action.shortcuts():
                owners[keys.toString()].add(action.objectName() or action.text())
    for shortcut in trained.window.findChildren(QShortcut):
        if shortcut.context() is not Qt.ShortcutContext.WidgetWithChildrenShortcut:
            owners[shortcut.key().toString()].add(f"a shortcut of {type(shortcut.parent()).__name__}")
    assert len(owners) > 50
    assert not {keys: names for keys, names in owners.items() if len(names) > 1}


EDITING = {"Ctrl+Z", "Ctrl+Shift+Z", "Ctrl+Y"}
"""Keys that belong to the text in a field while it is edited there."""


def test_no_key_means_two_things_in_any_focus(trained: Desk) -> None:
    """A widget with the focus takes no key of the window for itself, except undo and redo of the text in it."""
    trained.window.show_experiment()
    settle()
    window_keys = {keys.toString(): keys[0] for action in trained.actions.all.values() for keys in action.shortcuts()}
    assert len(window_keys) > 50
    taken = []
    for widget in controls(trained.window):
        for name, key in window_keys.items():
            event = QKeyEvent(QEvent.Type.ShortcutOverride, key.key(), key.keyboardModifiers())
            event.ignore()
            QApplication.sendEvent(widget, event)
            if event.isAccepted() and name not in EDITING:
                taken.append(f"{name} by {called(widget)}")
    assert not taken
