"""Everything by keyboard alone: a whole session, present mode and perspectives, and moving panels and views."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QRect, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget, QFileDialog, QLabel, QMenu, QTabBar, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from lab.experiment.store import Store
from lab.runner.messages import WorkerState
from lab.ui.cards import Card
from lab.ui.desk import Desk
from lab.ui.forms.editors import LineEditor
from lab.ui.theme import theme
from lab.ui.views.canvas import Canvas
from lab.ui.words import language

MakeDesk = Callable[..., Desk]


def press(keys: str) -> None:
    """Press keys as a keyboard does: whatever window and widget has the focus gets them."""
    window = QGuiApplication.focusWindow()
    assert window is not None
    QTest.keySequence(window, QKeySequence(keys))
    for _ in range(6):
        QApplication.processEvents()


def write(text: str) -> None:
    for letter in text:
        press(letter)


def tab_to(found: Callable[[QWidget], bool], most: int = 200) -> QWidget:
    """Press Tab until the focus is where it is wanted."""
    for _ in range(most):
        widget = QApplication.focusWidget()
        if widget is not None and found(widget):
            return widget
        press("Tab")
    raise AssertionError("the tab key does not lead there")


def focused(widget: QObject | None = None) -> str:
    """The name of the panel in which the focus is."""
    widget = widget or QApplication.focusWidget()
    while widget is not None and not isinstance(widget, QDockWidget):
        widget = widget.parent()
    return "" if widget is None else widget.objectName()


def go_to(name: str) -> None:
    """Step from panel to panel until the focus is in this one."""
    for _ in range(12):
        if focused() == name:
            return
        press("Ctrl+F6")
    raise AssertionError(f"no key leads to {name}")


@pytest.fixture
def desk(qtbot: QtBot, make_desk: MakeDesk) -> Desk:
    made = make_desk()
    made.window.activateWindow()
    qtbot.waitUntil(made.window.isActiveWindow)
    return made


@pytest.fixture
def opened(desk: Desk, qtbot: QtBot) -> Desk:
    """The window with an experiment, opened from the first card."""
    desk.window.show_gallery()
    press("Return")
    assert not desk.window.in_gallery
    return desk


def dock(desk: Desk, name: str) -> QDockWidget:
    found = desk.window.findChild(QDockWidget, name)
    assert found is not None
    return found


# --- a whole session ------------------------------------------------------------------------------


def test_a_whole_session(qtbot: QtBot, desk: Desk, tmp_path: Path) -> None:
    """From the gallery over a run that is paused, changed and resumed to a file that is saved, without a mouse."""

    def wait_for(state: WorkerState) -> None:
        qtbot.waitUntil(lambda: desk.stage.state is state, timeout=60_000)

    card = tab_to(lambda widget: isinstance(widget, Card) and widget.example.path.stem == "sunspots")
    assert isinstance(card, Card)
    press("Ctrl+Return")
    assert not desk.window.in_gallery
    qtbot.waitUntil(lambda: desk.stage.update >= 2, timeout=60_000)
    press("F5")
    wait_for(WorkerState.PAUSED)
    paused_at = desk.stage.update
    row = desk.experiment.row("training.learning_rate")
    assert row is not None
    tab_to(row.isAncestorOf)
    assert isinstance(QApplication.focusWidget(), LineEditor)
    press("Ctrl+A")
    write("0.0021")
    press("Return")
    assert desk.document.spec is not None
    assert desk.document.spec.training.learning_rate == pytest.approx(0.0021)
    press("F5")
    qtbot.waitUntil(lambda: desk.stage.update > paused_at + 2, timeout=60_000)
    assert desk.stage.curve("learning_rate").values[-1] == pytest.approx(0.0021)
    press("Shift+F5")
    wait_for(WorkerState.STOPPED)
    saved = tmp_path / "by-keyboard.toml"

    def answer() -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, QFileDialog) and dialog.isActiveWindow():
            asking.stop()
            press("Ctrl+A")
            write(str(saved))
            press("Return")

    asking = QTimer()
    asking.timeout.connect(answer)
    asking.start(20)
    press("Ctrl+Shift+S")
    assert "0.0021" in saved.read_text(encoding="utf-8")
    assert not desk.document.dirty
    with Store(desk.runs, create=False) as store:
        (run,) = store.runs()
    assert run.state == "interrupted"


# --- present mode and perspectives ----------------------------------------------------------------


@pytest.mark.parametrize("key", ["F11", "Alt+5"])
def test_present_is_entered_and_left_by_keys(opened: Desk, key: str) -> None:
    window = opened.window
    press(key)
    assert window.perspective == "present"
    assert window.isFullScreen()
    first = window.views.current
    press("Right")
    assert [name for name in window.views.names() if window.views.frame(name).isVisible()] != [first]
    press("Tab")  # wherever the focus is
    press("Escape")
    assert window.perspective == "overview"
    assert not window.isFullScreen()
    assert theme.scale == 1.0
    press(key)
    press(key)
    assert window.perspective == "overview"


def test_a_presented_title_has_the_colours_of_a_theme_chosen_later(opened: Desk) -> None:
    before = theme.current
    theme.use("light" if before == "dark" else "dark")
    try:
        press("F11")
        header = next(frame for frame in opened.frames if frame.isVisible()).header
        inks = {label.palette().windowText().color().name() for label in header.findChildren(QLabel) if label.text()}
        assert header.palette().window().color() == theme.colour("sheet")
        assert inks <= {theme.colour(role).name() for role in ("text", "muted", "faint")}
    finally:
        theme.use(before)


def test_escape_leaves_present_from_inside_a_plot(qtbot: QtBot, opened: Desk) -> None:
    window = opened.window
    press("F11")
    window.present.show_view("hidden-states")
    tab_to(lambda widget: isinstance(widget, Canvas))
    press("Escape")
    assert window.perspective == "overview"


def test_perspectives_have_keys(opened: Desk) -> None:
    for number, name in enumerate(("overview", "memory", "gradients", "compare"), 1):
        press(f"Alt+{number}")
        assert opened.window.perspective == name
    press("Alt+1")
    tab_to(lambda widget: isinstance(widget, QToolButton) and widget.text().strip() == "Memory")
    press("Space")
    assert opened.window.perspective == "memory"


# --- panels and views -----------------------------------------------------------------------------


def test_the_focus_goes_from_panel_to_panel(opened: Desk) -> None:
    opened.window.views.show_view("spectrum")
    visited = []
    for _ in range(9):
        press("Ctrl+F6")
        visited.append(focused())
    # From the last view over the panels at the right round to the one at the left, and the views row by row.
    views = ["loss", "predictions", "hidden-states", "gates", "through-time", "phase-portrait", "spectrum"]
    assert visited == ["right", "right.0", "left", *views[:6]]
    press("Ctrl+Shift+F6")
    assert focused() == "through-time"
    assert opened.window.views.current == "through-time"


def test_a_view_changes_places_and_goes_back(opened: Desk) -> None:
    views = opened.window.views
    views.show_view("gates")
    gates, hidden, predictions = (dock(opened, name) for name in ("gates", "hidden-states", "predictions"))
    before = [one.geometry() for one in (gates, hidden)]
    press("Alt+Home")
    assert [one.geometry() for one in (hidden, gates)] == before
    assert focused() == "gates"
    assert views.touched
    press("Alt+End")
    assert [one.geometry() for one in (gates, hidden)] == before
    press("Alt+PgUp")
    assert gates.y() < predictions.y()
    press("Alt+PgDown")
    assert gates.y() > predictions.y()
    press("Alt+End")  # nothing is further to the right: it becomes a column of its own there
    assert gates.height() == views.height()
    assert gates.x() > predictions.x()
    bars = [bar for bar in views.findChildren(QTabBar) if bar.isVisible() and bar.x() >= 0]
    assert [[bar.tabText(k) for k in range(bar.count())] for bar in bars] == [["Loss", "Gradients by layer"]]


def test_a_panel_goes_to_another_side(opened: Desk) -> None:
    panel = dock(opened, "right")
    go_to("right")
    assert panel.x() > opened.window.views.mapTo(opened.window, opened.window.views.rect().center()).x()
    press("Alt+Home")
    assert opened.window.dockWidgetArea(panel) is Qt.DockWidgetArea.LeftDockWidgetArea
    press("Ctrl+Shift+0")
    assert opened.window.dockWidgetArea(panel) is Qt.DockWidgetArea.RightDockWidgetArea


def test_sizes_by_keys(opened: Desk) -> None:
    go_to("left")
    panel = dock(opened, "left")
    before = panel.width()
    press("Alt+Shift+Right")
    assert panel.width() == before + 32
    press("Alt+Shift+Left")
    assert panel.width() == before
    opened.window.views.show_view("hidden-states")
    view = dock(opened, "hidden-states")
    height = view.height()
    press("Alt+Shift+Up")
    assert view.height() > height
    press("Alt+Shift+Down")
    assert view.height() == pytest.approx(height, abs=2)


def test_a_view_floats_and_comes_back(opened: Desk) -> None:
    window, gates = opened.window, dock(opened, "gates")
    window.views.show_view("gates")
    before = gates.geometry()
    press("Alt+Shift+F")
    assert gates.isFloating()
    frame = next(one for one in opened.frames if one.name == "gates")
    assert frame.isVisible()
    assert frame.header.isVisible()
    assert gates.isAncestorOf(QApplication.focusWidget())
    press("Alt+Shift+Right")
    assert gates.width() == before.width() + 32
    press("F11")  # keys of the window work in it; it goes while others are not seen
    assert window.perspective == "present"
    assert not gates.isVisible()
    press("Escape")
    assert window.perspective == "overview"
    assert gates.isVisible()
    press("Ctrl+G")
    assert window.in_gallery
    assert not gates.isVisible()
    press("Return")  # on the first card
    window.views.show_view("gates")
    press("Alt+Shift+F")
    assert not gates.isFloating()
    hidden = dock(opened, "hidden-states")
    assert gates.x() > hidden.geometry().right()
    assert (gates.y(), gates.height()) == (hidden.y(), hidden.height())
    assert frame.header.isVisible()


def test_a_floating_view_can_be_read_and_is_found_where_it_was_left(opened: Desk) -> None:
    spectrum = dock(opened, "spectrum")
    opened.window.views.show_view("spectrum")
    assert spectrum.width() < 480
    press("Alt+Shift+F")
    assert (spectrum.width(), spectrum.height()) == (480, 360)
    assert spectrum.screen().availableGeometry().contains(spectrum.frameGeometry())
    canvas = spectrum.findChild(Canvas)
    assert canvas is not None
    assert canvas.plots[0].rect.height() > 150
    left = QRect(60, 70, 620, 410)
    spectrum.setGeometry(left)
    press("Alt+Shift+F")
    assert not spectrum.isFloating()
    press("Alt+Shift+F")
    assert spectrum.geometry() == left


def test_a_floating_panel_is_docked_by_the_reset(opened: Desk) -> None:
    go_to("left")
    press("Alt+Shift+F")
    assert dock(opened, "left").isFloating()
    press("Ctrl+Shift+0")
    assert not dock(opened, "left").isFloating()
    assert dock(opened, "left").width() == 288


def test_a_view_is_tabbed_with_another(opened: Desk) -> None:
    views = opened.window.views
    views.show_view("spectrum")
    press("Alt+Shift+T")
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    titles = [action.text() for action in menu.actions()]
    assert titles == ["Loss", "Predictions", "Hidden states", "Gates", "Gradient through time", "Phase portrait"]
    press("Down")
    press("Return")
    assert QApplication.activePopupWidget() is None
    assert dock(opened, "predictions") in views.tabifiedDockWidgets(dock(opened, "spectrum"))
    assert focused() == "spectrum"
    assert not views.frame("predictions").isVisible()


def test_a_view_is_closed_and_the_next_has_the_focus(opened: Desk) -> None:
    opened.window.views.show_view("gates")
    press("Ctrl+W")
    assert "gates" not in opened.window.views.opened()
    assert focused() == "through-time"
    go_to("left")
    press("Ctrl+W")
    assert dock(opened, "left").isHidden()
    assert not opened.actions.toggle_left.isChecked()
    press("F9")
    assert not dock(opened, "left").isHidden()


@pytest.mark.parametrize("code", ["en", "zh"])
def test_the_menu_of_panels_is_reached_by_a_key(opened: Desk, code: str) -> None:
    language.use(code)
    opened.window.views.show_view("gates")
    place = dock(opened, "gates").geometry()
    press("Alt+Shift+P")
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    entries = [action for action in menu.actions() if not action.isSeparator()]
    assert {action.objectName() for action in entries} == {f"panel.{name}" for name in opened.actions.panel}
    while menu.activeAction() is not opened.actions.panel["left"]:
        press("Down")
    press("Return")
    assert [dock(opened, "hidden-states").x(), dock(opened, "gates").x()] == [place.x(), 0]


@pytest.mark.parametrize("code", ["en", "zh"])
def test_the_menu_of_a_view_is_reached_by_a_key_and_says_more_than_its_words(
    opened: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str
) -> None:
    language.use(code)
    opened.window.views.show_view("loss")
    press("Alt+Shift+M")
    menu = QApplication.activePopupWidget()
    frame = next(one for one in opened.frames if one.name == "loss")
    assert isinstance(menu, QMenu)
    assert menu is frame.header.more.menu()
    press("Down")
    assert menu.toolTipsVisible()
    # The saving, and the help after it.
    own = [action for action in menu.actions() if not action.isSeparator()][-5:]
    assert all(action.toolTip() and action.toolTip() != action.text().rstrip("…") for action in own)
    assert "Alt+Shift+M" in frame.header.more.toolTip()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(lambda *_: (str(tmp_path / "loss.svg"), "")))
    while "SVG" not in menu.activeAction().text():
        press("Down")
    press("Return")
    qtbot.waitUntil((tmp_path / "loss.svg").exists)


def test_the_menu_of_a_view_is_that_of_the_presented_one(opened: Desk) -> None:
    opened.window.views.show_view("gates")
    press("F11")
    press("Right")
    press("Alt+Shift+M")
    (frame,) = [one for one in opened.frames if one.isVisible()]
    assert frame.name != "gates"
    assert QApplication.activePopupWidget() is frame.header.more.menu()
    press("Esc")


def test_moved_views_are_remembered(opened: Desk, make_desk: MakeDesk) -> None:
    opened.window.views.show_view("gates")
    press("Alt+Home")
    press("Alt+2")
    press("Alt+1")
    assert dock(opened, "gates").x() < dock(opened, "hidden-states").x()


def test_the_help_names_every_key_of_panels() -> None:
    from lab.resources import resource_folder
    from lab.ui.verbs import PANEL, PANEL_MENU

    keys = {PANEL_MENU, *(key for verb in PANEL for key in verb.keys.split())}
    for code in ("en", "zh"):
        text = (resource_folder() / "help" / code / "window.md").read_text(encoding="utf-8")
        assert not [key for key in keys if key not in text], code
