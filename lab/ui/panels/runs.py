"""The runs panel: all stored runs of a folder; to be found, named, compared, opened again, queued and deleted."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final, final

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QHideEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from lab.errors import StoreError
from lab.runner.trouble import warning_of
from lab.ui.icons import bind_icon
from lab.ui.panels.run_delegate import RunDelegate
from lab.ui.panels.run_model import MOST, RunModel
from lab.ui.theme import bind_theme, dress, theme
from lab.ui.widgets import Elided, hairline
from lab.ui.words import Text, bind, bind_call

_POLL: Final = 1000
"""Milliseconds between two looks at the folder, while the panel can be seen."""
_TYPING: Final = 120
"""Milliseconds without a key before the filter is used."""
_FILTER: Final = Text("Filter: lstm lr<0.01 airline", "筛选：lstm lr<0.01 airline")
_FILTER_NAME: Final = Text("Filter runs", "筛选运行记录")
_FILTER_HELP: Final = Text(
    "Words of the name, note, cell or dataset, and conditions such as lr<0.01, hidden=32, rmse<20",
    "名称、备注、单元或数据集中的词，以及条件，如 lr<0.01、hidden=32、rmse<20",
)
_LIST: Final = Text("Runs", "运行记录")
_NONE: Final = Text("No runs yet. Press F5 to train the experiment.", "还没有运行记录。按 F5 训练当前实验。")
_NO_MATCH: Final = Text("No run matches the filter.", "没有符合筛选条件的运行。")
_COUNT: Final = Text("{compared} compared, of {total:,}", "共 {total:,} 次，比较 {compared} 次")
_QUEUED: Final = Text("{count} queued", "排队 {count} 个")
_CLEAR_TIP: Final = Text("Begin none of the queued runs; the present one goes on", "取消全部排队；当前运行不受影响")
_AT_MOST: Final = Text("At most {most} runs are compared", "最多比较 {most} 个运行")
_DIFFERENCES: Final = Text("Differences…", "差异…")
_DIFFERENCES_TIP: Final = Text("List what differs between the compared runs", "列出所比较运行之间的不同之处")
_DELETED: Final = Text("{count} deleted", "已删除 {count} 个")
_UNDO: Final = Text("Undo", "撤销")
_REFUSED: Final = Text("A running run cannot be deleted", "运行中的记录不能删除")
_NOT_DONE: Final = Text("Not done: {reason}", "未完成：{reason}")
_NOTE_OF: Final = Text("Note to run {number}", "运行 {number} 的备注")
_ACTIONS: Final = {
    "reopen": (Text("Open again", "重新打开"), "Return"),
    "compare": (Text("Compare", "比较"), "Space"),
    "rename": (Text("Rename", "重命名"), "F2"),
    "note": (Text("Note…", "备注…"), "Shift+F2"),
    "queue": (Text("Queue a new run of it", "加入队列再次运行"), "Ctrl+Shift+Return"),
    "delete": (Text("Delete", "删除"), "Del"),
    "clear": (Text("Clear queue", "清空队列"), "Ctrl+Shift+Backspace"),
}


@final
class RunsPanel(QWidget):
    """Lists the runs of `folder`, newest first, and follows it while it can be seen.

    What is deleted can be brought back until `close_store`, which the window calls when it closes.
    """

    reopened = Signal(str)
    compared = Signal(list)
    """Ids of the run on the stage, if there is one, and of those compared with it, in the order of their colours."""
    queued = Signal(list)
    """Ids of runs whose experiments are to be run again, one after the other."""
    queue_cleared = Signal()
    differences_asked = Signal()
    failed = Signal(object)
    """A Problem: the store is locked, read only or full."""

    def __init__(self, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = RunModel(folder, self)
        self.model.failed.connect(self._tell)
        self.model.refused.connect(self._refuse)
        self.model.full.connect(self._too_many)
        self._queue = 0
        self._deleted: list[str] = []
        self.filter = QLineEdit()
        self.filter.setClearButtonEnabled(True)
        bind(self, self.filter.setPlaceholderText, _FILTER)
        bind(self, self.filter.setAccessibleName, _FILTER_NAME)
        bind(self, self.filter.setToolTip, _FILTER_HELP)
        search = QAction(self)
        bind_icon(self, search.setIcon, "search", "muted")
        self.filter.addAction(search, QLineEdit.ActionPosition.LeadingPosition)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(RunDelegate(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._menu)
        self.list.doubleClicked.connect(lambda _index: self.reopen())
        self.list.viewport().setAutoFillBackground(False)
        self.list.setStyleSheet("QListView { background: transparent; }")
        bind(self, self.list.setAccessibleName, _LIST)
        self.empty = QLabel()
        self.empty.setWordWrap(True)
        dress(self.empty, 12, role="muted")
        self.count = Elided()
        dress(self.count, 12, role="muted", tabular=True)
        self.waiting = QWidget()
        self.queued_count = Elided()
        dress(self.queued_count, 12, role="muted", tabular=True)
        self.clear_button = QPushButton()
        self.undo_button = QPushButton()
        self.differences = QPushButton()
        bind(self, self.undo_button.setText, _UNDO)
        bind(self, self.differences.setText, _DIFFERENCES)
        bind(self, self.differences.setToolTip, _DIFFERENCES_TIP)
        self.undo_button.clicked.connect(self.undo_delete)
        self.differences.clicked.connect(self.differences_asked)
        self.actions_of: dict[str, QAction] = {}
        self._make_actions()
        clear = self.actions_of["clear"]
        bind(self, self.clear_button.setText, _ACTIONS["clear"][0])
        bind(self, self.clear_button.setToolTip, _CLEAR_TIP)
        self.clear_button.clicked.connect(clear.trigger)
        self._arrange()
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(_TYPING)
        self._typing.timeout.connect(self._use_filter)
        self.filter.textChanged.connect(lambda _text: self._typing.start())
        self.filter.returnPressed.connect(self._use_filter)
        self._poll = QTimer(self)
        self._poll.setInterval(_POLL)
        self._poll.timeout.connect(self.model.refresh)
        self.model.modelReset.connect(self._say)
        self.model.rowsInserted.connect(self._say)
        self.model.rowsRemoved.connect(self._say)
        self.model.ticked.connect(self._ticked)
        bind_call(self, self._say)
        bind_theme(self, self.list.doItemsLayout)

    def refresh(self) -> None:
        """Look at the folder now: a run began or ended."""
        self.model.refresh()
        self._say()

    def set_current(self, run: str | None) -> None:
        """Mark the run on the stage."""
        self.model.look_at(run)
        self._say()

    def set_queue(self, count: int) -> None:
        """Say how many runs wait for their turn."""
        self._queue = count
        self._say()

    def focus_filter(self) -> None:
        """Go to the filter, with all of it selected."""
        self.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filter.selectAll()

    def chosen(self) -> list[str]:
        """The ids of the runs that are selected, from above."""
        shown = self.model.shown()
        return [shown[row] for row in sorted(index.row() for index in self.list.selectionModel().selectedRows())]

    def compared_runs(self) -> list[str]:
        """The run on the stage, if there is one, and those that are compared with it."""
        current = [self.model.current] if self.model.current else []
        return [*current, *(run for run in self.model.compared if run != self.model.current)]

    def reopen(self) -> None:
        """Ask for the first selected run to be opened."""
        for run in self.chosen()[:1]:
            self.reopened.emit(run)

    def rename(self) -> None:
        """Edit the name of the current row in place."""
        if self.list.currentIndex().isValid():
            self.list.edit(self.list.currentIndex())

    def compare(self) -> None:
        """Tick the selected runs, or take their ticks away where all have one."""
        runs = [run for run in self.chosen() if run != self.model.current]
        self.model.tick_all(runs, not all(self.model.series_of(run) for run in runs))

    def queue(self) -> None:
        """Ask for the experiments of the selected runs to be run again."""
        if self.chosen():
            self.queued.emit(self.chosen())

    def clear_queue(self) -> None:
        """Ask that no queued run begins."""
        self.queue_cleared.emit()

    def delete(self) -> None:
        """Take the selected runs away; `undo_delete` brings them back."""
        self.take_away(self.chosen())

    def take_away(self, runs: Sequence[str]) -> None:
        """Take runs away, as `delete` does."""
        row = self.list.currentIndex().row()
        gone = self.model.discard(runs)
        if gone is None:
            return
        self._deleted = gone
        self.list.setCurrentIndex(self.model.index(min(row, self.model.rowCount() - 1)))
        self._say()
        if len(self._deleted) < len(runs):
            self.count.setText(str(_REFUSED))

    def undo_delete(self) -> None:
        """Bring back what was deleted last."""
        if self.model.restore(self._deleted):
            self._deleted = []
            self._say()

    def edit_note(self) -> None:
        """Write a note to the first selected run, in a small window."""
        for run in self.chosen()[:1]:
            found = self.model.run(run)
            if found is not None:
                dialog = _NoteDialog(found.number, found.note, self)
                dialog.accepted.connect(partial(self._keep_note, run, dialog))
                dialog.open()

    def close_store(self) -> None:
        """Delete for good what was deleted, and let go of the database."""
        self._poll.stop()
        self.model.empty_trash()
        self.model.close()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.model.refresh()
        self._poll.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._poll.stop()

    def _arrange(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(12, 8, 12, 6)
        top.addWidget(self.filter)
        waiting = QHBoxLayout(self.waiting)
        waiting.setContentsMargins(12, 6, 12, 0)
        waiting.addWidget(self.queued_count, 1)
        waiting.addWidget(self.clear_button)
        foot = QHBoxLayout()
        foot.setContentsMargins(12, 6, 12, 6)
        foot.addWidget(self.count, 1)
        foot.addWidget(self.undo_button)
        foot.addWidget(self.differences)
        self.empty.setContentsMargins(12, 8, 12, 0)
        self.empty.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self.empty)
        column.addWidget(self.list, 1)
        column.addWidget(hairline())
        column.addWidget(self.waiting)
        column.addLayout(foot)
        bind_theme(self, lambda: self.filter.setFixedHeight(theme.px(28)))

    def _make_actions(self) -> None:
        does = {
            "reopen": self.reopen, "compare": self.compare, "rename": self.rename,
            "note": self.edit_note, "queue": self.queue, "delete": self.delete, "clear": self.clear_queue,
        }  # fmt: skip
        for name, (words, keys) in _ACTIONS.items():
            action = QAction(self.list)
            action.setShortcut(QKeySequence(keys))
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            action.triggered.connect(does[name])
            bind(action, action.setText, words)
            bind(action, action.setToolTip, words)
            self.actions_of[name] = action
            self.list.addAction(action)

    def _menu(self, place: QPoint) -> None:
        if self.chosen():
            menu = QMenu(self)
            menu.addActions(list(self.actions_of.values()))
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self.list.viewport().mapToGlobal(place))

    def _use_filter(self) -> None:
        self._typing.stop()
        self.model.filter(self.filter.text())

    def _keep_note(self, run: str, dialog: "_NoteDialog") -> None:
        self.model.change(run, note=dialog.text())

    def _ticked(self) -> None:
        self.compared.emit(self.compared_runs())
        self._say()

    def _say(self) -> None:
        words = _COUNT.with_(compared=len(self.compared_runs()), total=self.model.total())
        if self._deleted:
            words = _DELETED.with_(count=len(self._deleted))
        self.count.setText(str(words))
        self.queued_count.setText(str(_QUEUED.with_(count=self._queue)))
        self.waiting.setVisible(self._queue > 0)
        self.actions_of["clear"].setEnabled(self._queue > 0)
        self.undo_button.setVisible(bool(self._deleted))
        self.differences.setEnabled(len(self.compared_runs()) > 1)
        nothing = not self.model.shown()
        self.empty.setVisible(nothing)
        self.empty.setText(str(_NO_MATCH if self.model.total() else _NONE))

    def _too_many(self) -> None:
        self.count.setText(str(_AT_MOST.with_(most=MOST)))

    def _tell(self, error: StoreError) -> None:
        self.failed.emit(warning_of(error))

    def _refuse(self, error: StoreError) -> None:
        self._tell(error)
        self.count.setText(str(_NOT_DONE.with_(reason=error.message)))


@final
class _NoteDialog(QDialog):
    """A few lines of text about a run."""

    def __init__(self, number: int, note: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._edit = QPlainTextEdit(note)
        words = _NOTE_OF.with_(number=number)
        bind(self, self.setWindowTitle, words)
        bind(self, self._edit.setAccessibleName, words)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self._edit)
        column.addWidget(buttons)
        self.resize(theme.px(360), theme.px(180))

    def text(self) -> str:
        """What is written."""
        return self._edit.toPlainText().strip()
