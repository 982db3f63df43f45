"""The main window: actions, perspectives at every width, what is remembered, present mode, banner, status bar."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction, QCloseEvent, QKeySequence, QUndoCommand, QUndoStack
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QTabBar, QToolButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from lab.runner.messages import WorkerState
from lab.ui.actions import Actions
from lab.ui.banner import Banner
from lab.ui.main_window import MainWindow
from lab.ui.perspectives import LEAST_HEIGHT, LEAST_WIDTH, ORDER, Width, fitted, rows_of, width_of
from lab.ui.settings import Settings
from lab.ui.side_docks import SideDock
from lab.ui.status_bar import state_text, time_left
from lab.ui.theme import dress, theme
from lab.ui.verbs import PERSPECTIVES
from lab.ui.widgets import Elided
from lab.ui.words import Text, language

pytestmark = pytest.mark.usefixtures("light")

OVERVIEW = [name for name in ORDER if name not in ("duel", "weights")]
"""The views of the overview."""
TITLES = dict(
    zip(
        ORDER,
        [
            Text("Loss", "损失"),
            Text("Gradients by layer", "各层梯度"),
            Text("Predictions", "预测"),
            Text("Hidden states", "隐藏状态"),
            Text("Gates", "门"),
            Text("Gradient through time", "沿时间的梯度"),
            Text("Duel of algorithms", "算法对决"),
            Text("Phase portrait", "相图"),
            Text("Spectrum", "谱"),
            Text("Weights", "权重"),
        ],
        strict=True,
    )
)
WIDTHS = {Width.NARROW: (1024, 768), Width.MEDIUM: (1600, 1000), Width.WIDE: (2560, 1440)}


class Framed(QWidget):
    """A frame like those of views, around nothing."""

    enlarge = Signal()

    def __init__(self, title: Text) -> None:
        super().__init__()
        self.header = QWidget()
        self.header.setFixedHeight(51)
        self.tabbed = False
        row = QVBoxLayout(self.header)
        name = QLabel(str(title))
        dress(name, 13, 600)
        row.addWidget(name)
        column = QVBoxLayout(self)
        self.field = QLineEdit()
        column.addWidget(self.field)

    def set_tabbed(self, tabbed: bool, *, alone: bool = False) -> None:
        self.tabbed = tabbed


@pytest.fixture
def make(qtbot: QtBot, tmp_path: Path) -> Callable[..., MainWindow]:
    def made(width: Width = Width.MEDIUM) -> MainWindow:
        window = MainWindow(Actions(), Settings(tmp_path / "settings.toml"))
        qtbot.addWidget(window)
        window.set_left(QLabel("form"))
        tabs = [Text("Runs", "运行记录"), Text("Plugins", "插件"), Text("Differences", "差异")]
        window.set_right(QLabel("cell"), [(title, QLabel(title.en)) for title in tabs])
        window.set_problems(QLabel("problems"))
        window.set_gallery(QLabel("gallery"))
        for name in reversed(ORDER):
            window.add_view(name, TITLES[name], Framed(TITLES[name]))
        window.actions_.follow(WorkerState.IDLE, has_document=True, dirty=False)
        window.resize(*WIDTHS[width])
        window.show()
        window.show_experiment()
        settle()
        return window

    return made


@pytest.fixture
def window(make: Callable[..., MainWindow]) -> MainWindow:
    return make()


def settle() -> None:
    for _ in range(6):
        QApplication.processEvents()


def side(window: MainWindow, name: str) -> SideDock:
    dock = window.findChild(SideDock, name)
    assert dock is not None
    return dock


def bars(window: MainWindow) -> list[list[str]]:
    """The visible tabs above views."""
    found = [bar for bar in window.views.findChildren(QTabBar) if bar.isVisible() and bar.x() >= 0]
    return sorted([bar.tabText(k) for k in range(bar.count())] for bar in found)


def seen(window: MainWindow) -> list[str]:
    return [name for name in window.views.names() if window.views.frame(name).isVisible()]


# --- actions --------------------------------------------------------------------------------------


def test_every_action_has_words_and_a_key_of_its_own() -> None:
    actions = Actions()
    keys = [key.toString() for action in actions.all.values() for key in action.shortcuts()]
    assert len(keys) == len(set(keys))
    english = {name: (action.text(), action.toolTip()) for name, action in actions.all.items()}
    language.use("zh")
    for name, action in actions.all.items():
        assert action.shortcuts(), name
        assert all(english[name])
        assert action.shortcut().toString(QKeySequence.SequenceFormat.NativeText) in action.toolTip()
        if not name.startswith("language."):
            assert action.text() != english[name][0], name
        assert action.toolTip() != english[name][1], name


def test_menus_tick_what_is_shown() -> None:
    actions = Actions()
    language.use("zh")
    theme.use("system")
    assert [action.data() for action in actions.languages.actions() if action.isChecked()] == ["zh"]
    assert [action.data() for action in actions.themes.actions() if action.isChecked()] == ["system"]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("run", "F5"),
        ("one_update", "F6"),
        ("one_epoch", "F7"),
        ("stop", "Shift+F5"),
        ("undo", "Ctrl+Z"),
        ("redo", "Ctrl+Shift+Z"),
        ("toggle_left", "F9"),
        ("toggle_right", "F10"),
        ("toggle_problems", "F8"),
        ("enlarge", "Ctrl+Return"),
        ("perspective.present", "F11"),
        ("next_view", "Ctrl+Tab"),
        ("perspective.overview", "Alt+1"),
        ("perspective.compare", "Alt+4"),
        ("filter_runs", "Ctrl+F"),
        ("export", "Ctrl+E"),
        ("gallery", "Ctrl+G"),
        ("own_data", "Ctrl+Shift+O"),
        ("reset_arrangement", "Ctrl+Shift+0"),
    ],
)
def test_keys_are_those_of_the_help(name: str, key: str) -> None:
    assert Actions().all[name].shortcut().toString() == key


@pytest.mark.parametrize(
    ("state", "checkpoint", "meaning", "words", "stop"),
    [
        (WorkerState.IDLE, None, "run", "Run", False),
        (WorkerState.STARTING, None, "pause", "Pause", True),
        (WorkerState.RUNNING, None, "pause", "Pause", True),
        (WorkerState.COMPILING, None, "pause", "Pause", True),
        (WorkerState.PAUSED, 5, "resume", "Resume", True),
        (WorkerState.FINISHED, None, "run", "Run", False),
        (WorkerState.FINISHED, 9, "resume", "Resume from 9", False),
        (WorkerState.STOPPED, 1400, "resume", "Resume from 1400", False),
        (WorkerState.FAILED, 1400, "resume", "Resume from 1400", False),
        (WorkerState.LOST, 1400, "resume", "Resume from 1400", False),
        (WorkerState.LOST, None, "run", "Run", False),
    ],
)
def test_run_means_what_can_be_done(
    state: WorkerState, checkpoint: int | None, meaning: str, words: str, stop: bool
) -> None:
    actions = Actions()
    actions.follow(state, has_document=True, dirty=True, checkpoint=checkpoint)
    assert (actions.meaning, actions.run.text()) == (meaning, words)
    assert actions.run.isEnabled()
    assert actions.stop.isEnabled() is stop
    assert actions.run_anew.isEnabled() is not stop
    assert actions.save.isEnabled()


def test_nothing_can_be_run_without_a_document_and_runs_are_not_looked_for() -> None:
    actions = Actions()
    assert not actions.run.isEnabled()
    assert not actions.filter_runs.isEnabled()
    assert actions.gallery.isEnabled()
    assert actions.open.isEnabled()
    actions.follow(WorkerState.IDLE, has_document=True, dirty=False)
    assert actions.run.isEnabled()
    assert actions.filter_runs.isEnabled()
    assert actions.save_as.isEnabled()


def test_why_no_run_can_begin_is_said_by_what_would_begin_one() -> None:
    actions = Actions()
    beginning = (actions.run, actions.run_anew, actions.one_update, actions.one_epoch)
    why = Text("Seed must be a whole number.", "种子须为整数。")
    actions.follow(WorkerState.IDLE, has_document=True, dirty=False, fault=why)
    for action in beginning:
        assert action.isEnabled(), "it leads to the place"
        assert action.toolTip().startswith("Cannot run yet. Seed must be a whole number. (")
    language.use("zh")
    assert actions.run.toolTip() == "还不能运行。种子须为整数。 (F5)"
    language.use("en")
    actions.follow(WorkerState.PAUSED, has_document=True, dirty=False, fault=why)
    assert actions.run.toolTip() == "Go on training (F5)", "what runs goes on, whatever is edited beside it"
    assert not any("Seed" in action.toolTip() for action in beginning)


def test_undo_names_the_edit() -> None:
    actions, stack = Actions(), QUndoStack()
    actions.follow_history(stack)
    assert not actions.undo.isEnabled()
    stack.push(QUndoCommand("learning rate"))
    assert actions.undo.isEnabled()
    assert "learning rate" in actions.undo.toolTip()
    actions.undo.trigger()
    assert "learning rate" not in actions.undo.toolTip()
    assert "learning rate" in actions.redo.toolTip()


# --- arrangement ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pixels", "width"),
    [(1024, Width.NARROW), (1279, Width.NARROW), (1280, Width.MEDIUM), (2199, Width.MEDIUM), (2200, Width.WIDE)],
)
def test_widths(pixels: int, width: Width) -> None:
    assert width_of(pixels) is width


@pytest.mark.parametrize("width", Width)
def test_panels_have_their_sizes(make: Callable[..., MainWindow], width: Width) -> None:
    window = make(width)
    assert side(window, "left").width() == (256 if width is Width.NARROW else 288)
    assert side(window, "problems").isHidden()
    assert side(window, "right").isHidden() is (width is Width.NARROW)
    if width is not Width.NARROW:
        assert side(window, "right").width() == 300
        assert side(window, "right").height() == pytest.approx(400, abs=2)
        assert not side(window, "right.0").visibleRegion().isEmpty()


@pytest.mark.parametrize("width", Width)
@pytest.mark.parametrize("name", [name for name in PERSPECTIVES if name != "present"])
def test_a_perspective_is_a_grid(make: Callable[..., MainWindow], name: str, width: Width) -> None:
    window = make(width)
    window.apply_perspective(name)
    settle()
    rows, area = rows_of(name, width), window.views
    assert seen(window) == [view for view in ORDER if view in {names[0] for row in rows for _, names in row}]
    tops = [area.frame(row[0][1][0]).mapTo(area, QPoint(0, 0)).y() for row in rows]
    for row, top in zip(rows, tops, strict=True):
        columns = sum(span for span, _ in row)
        for span, names in row:
            frame = area.frame(names[0])
            assert frame.width() == pytest.approx(area.width() * span / columns, abs=3)
            # All plots of a row begin at the same height, whether there are tabs above them or not.
            assert frame.mapTo(area, QPoint(0, 0)).y() == pytest.approx(top, abs=31)
    heights = [below - above for above, below in zip(tops, [*tops[1:], None], strict=True) if below is not None]
    assert all(height == pytest.approx(area.height() / len(rows), abs=31) for height in heights)
    expected = sorted([TITLES[view].en for view in names] for row in rows for _, names in row if len(names) > 1)
    assert bars(window) == expected


def test_no_tab_bar_is_left_behind(window: MainWindow) -> None:
    for width in (*Width, Width.MEDIUM):
        window.resize(*WIDTHS[width])
        for name in (*PERSPECTIVES[:4], "overview"):
            window.apply_perspective(name)
            settle()
    assert bars(window) == [["Loss", "Gradients by layer"]]
    window.reset_arrangement()
    window.show_panel(2)
    window.resize(*WIDTHS[Width.WIDE])
    settle()
    beside = [bar for bar in window.findChildren(QTabBar) if bar.parentWidget() is window and bar.isVisible()]
    assert [bar.tabText(bar.currentIndex()) for bar in beside] == ["Differences"]
    window.resize(*WIDTHS[Width.MEDIUM])
    settle()
    for _ in range(2):  # the bar that is seen is the one that works
        bar = next(bar for bar in window.views.findChildren(QTabBar) if bar.isVisible() and bar.x() >= 0)
        bar.setCurrentIndex(1 - bar.currentIndex())
        settle()
        assert bar.tabText(bar.currentIndex()) == TITLES[next(iter(set(seen(window)) & set(ORDER[:2])))].en
    language.use("zh")
    settle()
    assert bars(window) == [["损失", "各层梯度"]]


def test_frames_know_whether_a_tab_names_them(window: MainWindow) -> None:
    frames = {name: window.views.frame(name) for name in ORDER}
    assert [name for name, frame in frames.items() if frame.tabbed] == ["loss", "gradients-by-layer"]  # type: ignore[attr-defined]


def test_views_share_a_larger_window(window: MainWindow) -> None:
    window.resize(2000, 1200)
    settle()
    loss, predictions = (window.views.frame(name).width() for name in ("loss", "predictions"))
    assert loss == pytest.approx(predictions, abs=3)
    assert side(window, "left").width() == 288


@pytest.mark.parametrize("name", [name for name in PERSPECTIVES if name != "present"])
@pytest.mark.parametrize(("width", "height", "size"), [(1024, 768, 2.0), (1200, 800, 2.0), (1200, 720, 1.5)])
def test_views_share_tabs_where_there_is_little_room(
    make: Callable[..., MainWindow], name: str, width: int, height: int, size: float
) -> None:
    window = make()
    window.resize(width, height)
    window.apply_perspective(name)
    settle()
    window.views.show_view(window.views.opened()[-1])
    settle()
    current, opened, before = window.views.current, window.views.opened(), seen(window)
    theme.use_text_size(size)
    settle()
    shown = seen(window)
    assert window.views.opened() == opened
    assert window.views.current == current
    assert current in shown
    for one in shown:
        frame = window.views.frame(one)
        assert frame.width() >= min(LEAST_WIDTH * size, window.views.width()) - 2, one
        # The handle of the view stands above its frame.
        assert frame.height() >= min(LEAST_HEIGHT * size, window.views.height()) - 120, one
    assert not window.views.touched
    if size == 2.0 and width == 1024:
        assert len(shown) == 1
    for bar in (bar for bar in window.views.findChildren(QTabBar) if bar.isVisible() and bar.x() >= 0):
        place = bar.tabRect(bar.currentIndex())
        assert bar.rect().contains(place.center())
        assert place.width() >= min(bar.fontMetrics().horizontalAdvance(bar.tabText(bar.currentIndex())), theme.px(48))
    theme.use_text_size(1.0)
    settle()
    assert len(seen(window)) == len(before)
    assert window.views.opened() == opened


def test_rows_and_cells_without_room_are_one() -> None:
    rows = rows_of("overview", Width.MEDIUM)
    assert fitted(rows, 1000, 900) == rows
    assert fitted(rows, 1000, 400) == (
        rows[0],
        ((2, ("hidden-states", "through-time")), (2, ("gates", "phase-portrait", "spectrum"))),
    )
    assert fitted(rows, 600, 900) == (*rows[:2], ((2, ("through-time",)), (2, ("phase-portrait", "spectrum"))))
    ((cell,),) = fitted(rows, 200, 200)
    assert cell == (
        4,
        (
            "loss",
            "gradients-by-layer",
            "hidden-states",
            "through-time",
            "predictions",
            "gates",
            "phase-portrait",
            "spectrum",
        ),
    )
    assert fitted((), 100, 100) == ()


def test_what_a_person_arranges_is_remembered(make: Callable[..., MainWindow]) -> None:
    first = make()
    first.views.open_action("phase-portrait").trigger()  # closes it
    first.apply_perspective("memory")
    settle()
    first.apply_perspective("overview")
    settle()
    assert "phase-portrait" not in first.views.opened()
    first.close()
    second = make()
    assert "phase-portrait" not in second.views.opened()
    second.reset_arrangement()
    settle()
    assert seen(second) == [name for name in OVERVIEW if name != "gradients-by-layer"]
    second.close()
    assert "phase-portrait" in make().views.opened()


def test_only_what_was_open_is_open_at_the_next_start(make: Callable[..., MainWindow]) -> None:
    first = make()
    first.apply_perspective("gradients")
    settle()
    first.apply_perspective("overview")
    settle()
    first.views.open_action("hidden-states").trigger()  # closes it
    settle()
    left = [name for name in OVERVIEW if name != "hidden-states"]
    assert first.views.opened() == left
    first.close()
    second = make()
    assert second.views.opened() == left
    second.apply_perspective("gradients")
    settle()
    second.apply_perspective("overview")
    settle()
    assert second.views.opened() == left


def test_a_view_added_since_is_closed_in_what_was_arranged_before(make: Callable[..., MainWindow]) -> None:
    window = make()
    window.views.open_action("spectrum").trigger()  # closes it
    window.apply_perspective("memory")
    settle()
    window.add_view("mine", Text("Mine", "我的"), Framed(Text("Mine", "我的")))
    window.views.show_view("mine")
    settle()
    assert "mine" in window.views.opened()
    window.apply_perspective("overview")
    settle()
    assert window.views.opened() == [name for name in OVERVIEW if name != "spectrum"]


def test_panels_are_remembered(make: Callable[..., MainWindow]) -> None:
    first = make()
    first._panels.touched = True  # as a press on the line between panels makes it
    first.resizeDocks([side(first, "left")], [340], Qt.Orientation.Horizontal)
    settle()
    first.close()
    second = make()
    assert side(second, "left").width() == 340
    second.reset_arrangement()
    settle()
    assert side(second, "left").width() == 288


def test_a_press_on_a_line_between_views_counts_as_arranging(qtbot: QtBot, window: MainWindow) -> None:
    assert not window.views.touched
    edge = window.views.frame("loss").mapTo(window.views, QPoint(window.views.frame("loss").width(), 20))
    qtbot.mouseClick(window.views, Qt.MouseButton.LeftButton, pos=edge)
    assert window.views.touched


def test_a_view_may_fail_to_exist(make: Callable[..., MainWindow], qtbot: QtBot, tmp_path: Path) -> None:
    window = MainWindow(Actions(), Settings(tmp_path / "other.toml"))
    qtbot.addWidget(window)
    window.add_view("loss", TITLES["loss"], QWidget())
    window.resize(1600, 1000)
    window.show()
    window.show_experiment()
    settle()
    assert seen(window) == ["loss"]
    window.apply_perspective("memory")
    assert seen(window) == []
    window.apply_perspective("no such perspective")
    assert window.perspective == "memory"


# --- moving about ---------------------------------------------------------------------------------


def test_keys_show_and_hide_panels(qtbot: QtBot, window: MainWindow) -> None:
    window.activateWindow()
    for key, name in ((Qt.Key.Key_F9, "left"), (Qt.Key.Key_F10, "right"), (Qt.Key.Key_F8, "problems")):
        before = side(window, name).isHidden()
        qtbot.keyClick(window, key)
        assert side(window, name).isHidden() is not before
        qtbot.keyClick(window, key)
        assert side(window, name).isHidden() is before
    assert window.actions_.toggle_left.isChecked()


def test_the_tab_in_front_stays_in_front(window: MainWindow) -> None:
    window.show_panel(1)
    settle()
    window.actions_.toggle_right.trigger()
    settle()
    window.actions_.toggle_right.trigger()
    settle()
    assert not side(window, "right.1").visibleRegion().isEmpty()


def test_problems_can_be_seen_beside_the_gallery(window: MainWindow) -> None:
    window.show_gallery()
    window.status.problems_asked.emit()
    settle()
    assert not side(window, "problems").isHidden()
    assert side(window, "left").isHidden()


def test_panels_grow_with_the_text(window: MainWindow) -> None:
    theme.use_text_size(1.2)
    settle()
    assert side(window, "left").width() == 346
    theme.use_text_size(2.0)
    settle()
    assert side(window, "left").width() == 512
    assert side(window, "right").isHidden()  # as many letters fit into it as into a window of 800 pixels


def test_a_panel_behind_a_tab_is_not_reached_by_the_tab_key(window: MainWindow) -> None:
    shown = [label.text() for label in window.findChildren(QLabel) if label.isVisible()]
    assert "Runs" in shown
    assert "Plugins" not in shown
    window.show_panel(1)
    settle()
    shown = [label.text() for label in window.findChildren(QLabel) if label.isVisible()]
    assert "Plugins" in shown
    assert "Runs" not in shown


def test_tabs_can_be_reached_by_keys(window: MainWindow) -> None:
    found = [bar for bar in window.findChildren(QTabBar) if bar.isVisible()]
    assert len(found) == 2
    assert all(bar.focusPolicy() & Qt.FocusPolicy.TabFocus and bar.accessibleName() for bar in found)


def test_compare_brings_the_differences_up(window: MainWindow) -> None:
    window.actions_.all["perspective.compare"].trigger()
    settle()
    assert not side(window, "right.2").visibleRegion().isEmpty()
    assert window.perspective == "compare"
    window.resize(*WIDTHS[Width.WIDE])
    settle()
    assert not side(window, "right.2").visibleRegion().isEmpty()


def test_one_view_can_be_enlarged(window: MainWindow) -> None:
    window.views.show_view("gates")
    window.actions_.enlarge.trigger()
    settle()
    assert seen(window) == ["gates"]
    assert window.views.frame("gates").width() == window.views.width()
    window.actions_.next_view.trigger()
    settle()
    assert seen(window) == ["through-time"]
    window.actions_.enlarge.trigger()
    settle()
    assert len(seen(window)) == 7
    assert not window.views.touched
    window.views.frame("loss").enlarge.emit()  # type: ignore[attr-defined]
    settle()
    assert seen(window) == ["loss"]
    assert window.actions_.enlarge.isChecked()


def test_views_are_gone_through_in_their_order(window: MainWindow) -> None:
    window.views.show_view("loss")
    visited = []
    for _ in range(8):
        visited.append(window.views.current)
        window.actions_.next_view.trigger()
    assert visited == OVERVIEW
    assert window.views.current == "loss"
    window.actions_.previous_view.trigger()
    assert window.views.current == "spectrum"


def test_the_current_view_is_the_one_with_the_focus(qtbot: QtBot, window: MainWindow) -> None:
    window.activateWindow()
    frame = window.views.frame("gates")
    assert isinstance(frame, Framed)
    frame.field.setFocus()
    settle()
    assert window.views.current == "gates"


def test_present_mode_shows_one_view_in_large_type(qtbot: QtBot, window: MainWindow) -> None:
    window.views.show_view("gates")
    window.start_present(full_screen=False)
    settle()
    assert window.perspective == "present"
    assert window.actions_.present.isChecked()
    assert theme.scale == 1.7
    assert seen(window) == ["gates"]
    assert window.menuBar().isHidden()
    assert side(window, "left").isHidden()
    qtbot.keyClick(window.present, Qt.Key.Key_Right)
    assert seen(window) == ["through-time"]
    qtbot.keyClick(window.present, Qt.Key.Key_Left)
    qtbot.keyClick(window.present, Qt.Key.Key_Left)
    assert seen(window) == ["hidden-states"]
    header = window.views.frame("hidden-states").header  # type: ignore[attr-defined]
    assert header.isVisible()
    qtbot.keyClick(window.present, Qt.Key.Key_Escape)
    settle()
    assert window.perspective == "overview"
    assert theme.scale == 1.0
    assert len(seen(window)) == 7
    assert all(window.views.frame(name).header.isVisible() for name in seen(window))  # type: ignore[attr-defined]
    assert not side(window, "left").isHidden()


def test_presenting_never_widens_the_window(make: Callable[..., MainWindow]) -> None:
    window = make(Width.NARROW)
    window.start_present(full_screen=False)
    settle()
    assert window.width() == 1024
    for _ in ORDER:
        window.present.forward()
        settle()
        chosen = next(b for b in window.present.findChildren(QToolButton) if b.isChecked())
        assert chosen.visibleRegion().boundingRect().width() == chosen.width()
    window.leave_present()
    settle()
    assert window.width() == 1024
    assert window.minimumSizeHint().width() < 700


def test_the_gallery_stands_alone(window: MainWindow) -> None:
    window.show_gallery()
    settle()
    assert window.in_gallery
    assert all(side(window, name).isHidden() for name in ("left", "right", "right.0", "problems"))
    assert not window.toolbar.perspective.isVisible()
    window.show_experiment()
    settle()
    assert not window.in_gallery
    assert not side(window, "left").isHidden()


def test_closing_can_be_refused(window: MainWindow) -> None:
    told: list[int] = []
    window.closed.connect(lambda: told.append(1))
    window.closing = lambda: False
    event = QCloseEvent()
    window.closeEvent(event)
    assert not event.isAccepted()
    window.closing = lambda: True
    window.close()
    assert told == [1]


_FAILED = Text(
    "The checkpoint of update 120 is intact. The worker was ended by SIGKILL. If memory had run out, make the network "
    "or the batch smaller. Resume goes on from the last checkpoint.",
    "第 120 次更新的检查点完好。训练进程被 SIGKILL 结束。若是内存不足，请减小网络或批次。"
    "“继续”将从最近的检查点接着训练。",
)
_WAYS = (
    Text("Resume, learning rate 0.01", "继续，学习率 0.01"),
    Text("Resume from the checkpoint", "从检查点继续"),
    Text("Run from the beginning", "从头运行"),
)


@pytest.mark.parametrize("code", ["en", "zh"])
@pytest.mark.parametrize("size", [1.0, 2.0])
@pytest.mark.parametrize("width", Width)
def test_a_banner_shows_all_its_words_and_buttons(
    make: Callable[..., MainWindow], width: Width, size: float, code: str
) -> None:
    window = make(width)
    theme.use_text_size(size)
    language.use(code)
    settle()
    before = window.centralWidget().width()
    actions = [QAction(str(words), window) for words in _WAYS]
    window.banner(Text("The run was lost", "运行已中断"), actions[0], detail=_FAILED, more=actions[1:])
    settle()
    assert window.centralWidget().width() == before, "it takes no room from the panels"
    banner = window.findChild(Banner)
    assert banner is not None
    detail = banner._second
    assert detail.toolTip() == str(_FAILED)
    lines = detail.lines(detail.width())
    assert len(lines) <= 3
    if size == 1.0 or width is not Width.NARROW:
        assert "".join("".join(lines).split()) == "".join(str(_FAILED).split()), "nothing is left out"
    assert str(_FAILED).split("。")[0].split(". ")[0].replace(" ", "") in "".join(lines).replace(" ", "")
    assert detail.height() >= len(lines) * detail.fontMetrics().lineSpacing()
    for button in banner.findChildren(QPushButton):
        assert button.width() >= button.sizeHint().width(), button.text()
        assert button.height() >= button.sizeHint().height(), button.text()
        assert banner.rect().contains(button.geometry().translated(button.parentWidget().pos())), button.text()
    assert banner.height() >= detail.height()


# --- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["en", "zh"])
@pytest.mark.parametrize("width", [Width.NARROW, Width.MEDIUM])
def test_the_whole_toolbar_fits(make: Callable[..., MainWindow], width: Width, code: str) -> None:
    window = make(width)
    language.use(code)
    window.actions_.follow(WorkerState.FAILED, has_document=True, dirty=True, checkpoint=1400)
    window.toolbar.show_target(Text("CPU · compiled", "CPU · 已编译"))
    settle()
    for action in (window.actions_.run, window.actions_.stop, window.actions_.toggle_right):
        button = next(b for b in window.toolbar.findChildren(QToolButton) if b.defaultAction() is action)
        assert button.isVisible()
        assert button.width() >= button.sizeHint().width()
        assert window.toolbar.rect().contains(button.geometry())
    assert not window.toolbar.findChild(QToolButton, "qt_toolbar_ext_button").isVisible()  # type: ignore[union-attr]


@pytest.mark.parametrize("code", ["en", "zh"])
@pytest.mark.parametrize("size", [1.0, 2.0])
@pytest.mark.parametrize("width", Width)
def test_no_word_is_cut(make: Callable[..., MainWindow], width: Width, size: float, code: str) -> None:
    window = make(width)
    theme.use_text_size(size)
    language.use(code)
    window.status.show_state(WorkerState.PAUSED)
    window.status.show_progress(312, 500, 2184, 3500, 1240, 6)
    settle()
    for kind in (QLabel, QToolButton, QPushButton):
        for widget in window.findChildren(kind):
            if widget.isVisible() and not isinstance(widget, Elided) and widget.text().strip():
                # Labels of one line and buttons alike: what they ask for is what their words need.
                assert widget.height() >= widget.fontMetrics().height() - 1, widget.text()
                if not isinstance(widget.parentWidget(), SideDock):
                    needed = widget.fontMetrics().horizontalAdvance(widget.text())
                    icon_only = isinstance(widget, QToolButton) and (
                        widget.toolButtonStyle() is Qt.ToolButtonStyle.ToolButtonIconOnly
                    )
                    assert icon_only or widget.width() >= needed - 1, widget.text()


def test_every_button_has_a_name(window: MainWindow) -> None:
    for button in window.findChildren(QToolButton):
        if button.isVisible():
            assert button.accessibleName() or button.text().strip()
            assert button.toolTip() or button.text().strip()


def test_the_title_names_experiment_and_changes(window: MainWindow) -> None:
    window.show_document(Text("Airline passengers", "航空乘客"), dirty=True)
    assert window.windowTitle() == "Airline passengers[*] – RNN Lab"
    assert window.isWindowModified()
    language.use("zh")
    assert window.windowTitle().startswith("航空乘客")


def test_a_banner_offers_one_main_action(qtbot: QtBot, window: MainWindow) -> None:
    done: list[str] = []
    main, other = QAction("Resume from 1400", window), QAction("Show where", window)
    main.triggered.connect(lambda: done.append("main"))
    window.banner(Text("Training stopped.", "训练已停止。"), main, detail=Text("Why.", "原因。"), more=[other])
    banner = window.findChild(Banner)
    assert banner is not None
    assert banner.isVisible()
    buttons = banner.findChildren(QPushButton)
    assert [(button.text(), bool(button.property("primary"))) for button in buttons] == [
        ("Resume from 1400", True),
        ("Show where", False),
    ]
    assert not any(button.isVisible() for button in banner.findChildren(QToolButton))  # it stays until acted on
    language.use("zh")
    assert banner.accessibleName() == "错误: 训练已停止。 原因。"
    qtbot.mouseClick(buttons[0], Qt.MouseButton.LeftButton)
    assert done == ["main"]
    assert not banner.isVisible()


def test_a_note_can_be_closed(qtbot: QtBot, window: MainWindow) -> None:
    window.banner(Text("A run can be resumed.", "有一次运行可以继续。"), None, "note")
    banner = window.findChild(Banner)
    assert banner is not None
    close = next(button for button in banner.findChildren(QToolButton) if button.isVisible())
    qtbot.mouseClick(close, Qt.MouseButton.LeftButton)
    assert not banner.isVisible()


# --- status bar -----------------------------------------------------------------------------------


def texts(window: MainWindow) -> list[str]:
    return [label.text() for label in window.status.findChildren(QLabel) if label.isVisible() and label.text()]


def test_readings(window: MainWindow) -> None:
    window.status.show_state(WorkerState.RUNNING)
    window.status.show_progress(312, 500, 2184, 3500, 1240.4, 6.2)
    window.status.show_watching(0.018, 0.12)
    shown = ["Running", "epoch 312 of 500", "update 2,184", "1,240 updates/s", "6 s left", "Watching costs 1.8%"]
    assert texts(window) == shown
    cost = next(label for label in window.status.findChildren(QLabel) if label.text() == shown[-1])
    assert cost.toolTip() == "At most 12% of the time is for what is watched"
    language.use("zh")
    assert texts(window)[1:5] == ["第 312 轮，共 500 轮", "第 2,184 次更新", "每秒 1,240 次更新", "还需 6 秒"]
    window.status.show_state(WorkerState.FAILED)
    assert len(texts(window)) == 4  # neither rate nor time left, once it has ended
    window.status.clear_progress()
    assert texts(window) == ["已失败"]


@pytest.mark.parametrize("state", WorkerState)
def test_every_state_has_words(state: WorkerState) -> None:
    assert state_text(state).en
    assert state_text(state).zh != state_text(state).en


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 s left"), (89, "89 s left"), (120, "2 min left"), (9000, "2.5 h left")]
)
def test_time_left(seconds: float, words: str) -> None:
    assert time_left(seconds).en == words


def test_the_progress_line_follows(window: MainWindow) -> None:
    window.status.show_progress(1, None, 250, 1000, 10, None)
    assert window._progress.value() == 250
    window.status.show_state(WorkerState.LOST)
    assert window._progress.property("failed") is True
    window.status.show_state(WorkerState.RUNNING)
    assert window._progress.property("failed") is False


def test_the_number_of_problems_opens_them(qtbot: QtBot, window: MainWindow) -> None:
    window.status.show_problems(2, 1)
    button = window.status.findChild(QToolButton)
    assert button is not None
    assert button.text() == "2 problems"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert not side(window, "problems").isHidden()
    assert window.actions_.toggle_problems.isChecked()


def test_speed_goes_from_one_update_a_second_to_full(window: MainWindow) -> None:
    told: list[float | None] = []
    window.toolbar.speed_chosen.connect(told.append)
    slider = window.toolbar.speed.slider
    slider.setValue(0)
    slider.setValue(slider.maximum())
    assert told == [1.0, None]
