"""The main window: menus, toolbar, panels, views, status bar, and how they share the room."""

from collections.abc import Callable, Sequence
from typing import Final, final

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAction, QCloseEvent, QResizeEvent
from PySide6.QtWidgets import QMainWindow, QProgressBar, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from lab.runner.messages import WorkerState
from lab.ui.actions import Actions
from lab.ui.banner import Banner, Level
from lab.ui.dock_areas import presses_line
from lab.ui.memory import Memory
from lab.ui.menus import Menus
from lab.ui.moving import PanelMover
from lab.ui.perspectives import PRESENT, Width, rows_of, width_of
from lab.ui.present import PresentPage
from lab.ui.settings import Settings
from lab.ui.side_docks import SidePanels
from lab.ui.status_bar import StatusBar
from lab.ui.tab_order import go, in_order
from lab.ui.theme import bind_theme, theme
from lab.ui.toolbar import Toolbar
from lab.ui.view_area import ViewArea
from lab.ui.words import Text, bind_call

_STEPS: Final = 1000


@final
class MainWindow(QMainWindow):
    """The window. It knows nothing of runs: others put panels and views into it and tell it what to show.

    It shows the gallery or the experiment; there, one of the perspectives. `closing` is asked before it closes and may
    refuse by returning False. What a person has arranged is kept in the settings.
    """

    entering = Signal()
    """The experiment is about to be shown: its views are needed."""
    closed = Signal()

    def __init__(self, actions: Actions, settings: Settings) -> None:
        super().__init__()
        self.setObjectName("main")
        self.actions_ = actions
        self.closing: Callable[[], bool] = lambda: True
        self._memory = Memory(settings)
        self._title = Text.plain("")
        self._dirty = False
        self.setDockNestingEnabled(True)
        self.setDocumentMode(True)
        self.setAnimated(False)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        for corner, side in (
            (Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea),
            (Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea),
        ):
            self.setCorner(corner, side)
        self._menus = Menus(self, actions)
        self.toolbar = Toolbar(actions, self)
        self.addToolBar(self.toolbar)
        self.status = StatusBar(self)
        self.setStatusBar(self.status)
        self.views = ViewArea()
        self._banner = Banner()
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setRange(0, _STEPS)
        self._pages = QStackedWidget()
        self._experiment = self._centre()
        self._pages.addWidget(self._experiment)
        self.present = PresentPage(self.views)
        self._pages.addWidget(self.present)
        self._gallery: QWidget | None = None
        self.setCentralWidget(self._pages)
        self._panels = SidePanels(self)
        self._mover = PanelMover(self, self._panels, self.views, actions.panel, self._menus.panel)
        self._width = Width.MEDIUM
        self._perspective = "overview"
        self._placed = False
        self._connect()
        bind_call(self, self._show_title)
        bind_theme(self, self._adapt)

    def set_left(self, panel: QWidget) -> None:
        """The panel of the experiment."""
        self._panels.add("left", Text("Experiment", "实验"), panel)

    def set_right(self, top: QWidget, tabs: Sequence[tuple[Text, QWidget]]) -> None:
        """The panel of the cell, and below it others as tabs."""
        self._panels.add("right", Text("Cell", "单元"), top)
        for index, (title, panel) in enumerate(tabs):
            self._panels.add(f"right.{index}", title, panel, tabbed=len(tabs) > 1)

    def set_problems(self, panel: QWidget) -> None:
        """The panel of problems, hidden at first."""
        self._panels.add("problems", Text("Problems", "问题"), panel)

    def set_gallery(self, gallery: QWidget) -> None:
        """What is shown while there is no experiment."""
        self._gallery = gallery
        self._pages.addWidget(gallery)

    def add_view(self, name: str, title: Text, frame: QWidget) -> None:
        """A view; perspectives refer to it by name."""
        self.views.add(name, title, frame)
        self._menus.views.clear()
        self._menus.views.addActions([self.views.open_action(one) for one in self.views.names()])

    def show_gallery(self) -> None:
        """Show the gallery in place of the experiment."""
        if self._gallery is not None:
            self.leave_present()
            self._keep()
            self._pages.setCurrentWidget(self._gallery)
            self._panels.show(self._pages.currentWidget() is self._experiment)
            self.toolbar.set_bare(True)
            self._gallery.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_experiment(self) -> None:
        """Show the experiment with its views; where one of them is presented, it is shown already."""
        self.entering.emit()
        if self.perspective == PRESENT:
            return
        if self._pages.currentWidget() is not self._experiment:
            self._pages.setCurrentWidget(self._experiment)
        self.toolbar.set_bare(False)
        self._place()
        self._panels.show(True)
        self.views.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def in_gallery(self) -> bool:
        """Whether the gallery is shown."""
        return self._gallery is not None and self._pages.currentWidget() is self._gallery

    @property
    def perspective(self) -> str:
        """The perspective that is shown."""
        return PRESENT if self._pages.currentWidget() is self.present else self._perspective

    def show_document(self, title: Text, detail: Text | None = None, *, dirty: bool = False) -> None:
        """Name the experiment in the title of the window and of its panel."""
        self._title, self._dirty = title, dirty
        self._show_title()

    def apply_perspective(self, name: str) -> None:
        """Show a perspective, as a person left it. An unknown name does nothing."""
        if name == PRESENT:
            self.start_present()
            return
        if name not in (action.data() for action in self.actions_.perspectives.actions()):
            return
        self.leave_present()
        if name != self._perspective:
            self._keep_views()
            self._perspective = name
            self._arrange_views()
        self._tick_perspective()
        if name == "compare":
            self.show_panel(2)

    def start_present(self, *, full_screen: bool = True) -> None:
        """Show one view in large type and nothing else."""
        if self.perspective == PRESENT:
            return
        self._keep()
        self._set_enlarged(False)
        name = self.views.current
        self._pages.setCurrentWidget(self.present)
        self._show_chrome(False)
        self._panels.show(False, problems=False)
        self.present.begin(name)
        if full_screen:
            self.setWindowState(self.windowState() | Qt.WindowState.WindowFullScreen)
        self._tick_perspective()

    def leave_present(self) -> None:
        """Go back to the perspective before; nothing happens where none is presented."""
        if self.perspective != PRESENT:
            return
        self.present.end()
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowFullScreen)
        self._show_chrome(True)
        self._pages.setCurrentWidget(self._experiment)
        self._panels.show(self._pages.currentWidget() is self._experiment)
        self._tick_perspective()

    def reset_arrangement(self) -> None:
        """Put views and panels where they were at first, in every perspective."""
        self.leave_present()
        self._memory.forget()
        self._set_enlarged(False)
        self._panels.reset(self._width)
        self.views.arrange(rows_of(self._perspective, self._width))

    def banner(
        self,
        text: Text,
        action: QAction | None = None,
        level: Level = "error",
        *,
        detail: Text | None = None,
        more: Sequence[QAction] = (),
    ) -> None:
        """Show a message above the views, with one main action and perhaps others."""
        self._banner.show_message(text, detail, [*([action] if action else []), *more], level)

    @property
    def has_banner(self) -> bool:
        """Whether a message stands above the views."""
        return not self._banner.isHidden()

    def clear_banner(self) -> None:
        """Take the message away."""
        self._banner.clear()

    def show_problems(self, shown: bool = True) -> None:
        """Open or close the panel of problems."""
        self._panels.want("problems", shown)

    def show_panel(self, index: int) -> None:
        """Bring one of the tabs at the right to the front."""
        self._panels.bring_up(f"right.{index}")

    def restore(self) -> None:
        """Take the size and place that the window had when it was closed, if it was ever."""
        kept = self._memory.geometry()
        if not kept.isEmpty():
            self.restoreGeometry(kept)

    def sizeHint(self) -> QSize:
        """The size at the first start."""
        return QSize(1600, 1000)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Other widths, other arrangements."""
        super().resizeEvent(event)
        self._adapt()

    def focusNextPrevChild(self, forward: bool) -> bool:
        """The tab key goes as the eye does."""
        return go(in_order(self, self._mover.seen()), forward)

    def event(self, event: QEvent) -> bool:
        """Notice when a person moves a line between panels."""
        if presses_line(self, event):
            self._panels.touched = True
        return super().event(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask whether it may close, and remember the arrangement."""
        if not self.closing():
            event.ignore()
            return
        self.leave_present()
        self._keep()
        self._memory.write(self.saveGeometry())
        event.accept()
        self.closed.emit()

    def _centre(self) -> QWidget:
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._progress)
        column.addWidget(self._banner)
        column.addWidget(self.views, 1)
        return centre

    def _connect(self) -> None:
        verbs = self.actions_
        self.addActions(list(verbs.all.values()))
        for group, action in self._toggles():
            action.triggered.connect(lambda on, group=group: self._panels.want(group, on))
        self._panels.changed.connect(self._tick_panels)
        verbs.perspectives.triggered.connect(self._choose_perspective)
        verbs.enlarge.triggered.connect(self._set_enlarged)
        self.views.enlarge_asked.connect(self._enlarge)
        verbs.next_view.triggered.connect(lambda: self._step(1))
        verbs.previous_view.triggered.connect(lambda: self._step(-1))
        verbs.reset_arrangement.triggered.connect(self.reset_arrangement)
        verbs.quit.triggered.connect(self.close)
        self.present.left.connect(self.leave_present)
        self.status.problems_asked.connect(lambda: self.show_problems(not self._panels.wanted("problems")))
        self.status.progressed.connect(lambda share: self._progress.setValue(round(share * _STEPS)))
        self.status.state_shown.connect(self._show_failed)

    def _toggles(self) -> tuple[tuple[str, QAction], ...]:
        verbs = self.actions_
        return ("left", verbs.toggle_left), ("right", verbs.toggle_right), ("problems", verbs.toggle_problems)

    def _tick_panels(self) -> None:
        for group, action in self._toggles():
            action.setChecked(self._panels.wanted(group))

    def _tick_perspective(self) -> None:
        for action in self.actions_.perspectives.actions():
            action.setChecked(action.data() == self.perspective)
        self.toolbar.show_perspective()

    def _choose_perspective(self, action: QAction) -> None:
        if action.data() == PRESENT and self.perspective == PRESENT:
            self.leave_present()
        else:
            self.apply_perspective(action.data())

    def _set_enlarged(self, on: bool) -> None:
        if on != self.views.enlarged:
            self.views.enlarge(self.views.current if on else None)
        self.actions_.enlarge.setChecked(self.views.enlarged)

    def _enlarge(self, name: str) -> None:
        if self.perspective == PRESENT:
            self.leave_present()
        else:
            self.views.enlarge(None if self.views.enlarged else name)
            self.actions_.enlarge.setChecked(self.views.enlarged)

    def _step(self, by: int) -> None:
        if self.perspective == PRESENT:
            self.present.step(by)
        else:
            self.views.step(by)

    def _place(self) -> None:
        """Arrange everything when the experiment is shown for the first time."""
        if not self._placed:
            self._adapt()
            self._placed = True
            self._panels.place(self._width, self._memory.panels(self._width))
            self._arrange_views()
            self._tick_perspective()

    def _arrange_views(self) -> None:
        kept = self._memory.views(self._perspective, self._width)
        if kept.isEmpty() or not self.views.restore(kept):
            self.views.arrange(rows_of(self._perspective, self._width))
        self.actions_.enlarge.setChecked(False)

    def _keep_views(self) -> None:
        if self._placed and self.views.touched:
            self._memory.keep_views(self._perspective, self._width, self.views.arrangement())

    def _keep(self) -> None:
        """Remember views and panels while they are where a person put them."""
        if self._placed and self._pages.currentWidget() is self._experiment:
            self._keep_views()
            if self._panels.touched:
                self._memory.keep_panels(self._width, self.saveState())

    def _adapt(self) -> None:
        """Follow the width of the window, counted in text of normal size."""
        width = width_of(self.width() / theme.text_size)
        if width is not self._width and self.perspective != PRESENT:
            self._keep()
            self._width = width
            if self._placed:
                self._panels.place(width, self._memory.panels(width))
                self._arrange_views()
        self._panels.resize()
        self.toolbar.set_compact(self._width is Width.NARROW)
        self.status.set_compact(self._width is Width.NARROW)

    def _show_chrome(self, shown: bool) -> None:
        self._menus.bar.setVisible(shown)
        self.toolbar.setVisible(shown)
        self.status.setVisible(shown)

    def _show_failed(self, state: WorkerState) -> None:
        failed = state in (WorkerState.FAILED, WorkerState.LOST)
        if self._progress.property("failed") != failed:
            self._progress.setProperty("failed", failed)
            self._progress.style().unpolish(self._progress)
            self._progress.style().polish(self._progress)

    def _show_title(self) -> None:
        name = str(self._title)
        self.setWindowTitle(f"{name}[*] – RNN Lab" if name else "RNN Lab[*]")
        self.setWindowModified(self._dirty)
