"""The disk that runs take: it is measured, and where it is more than is allowed there is a question what to delete."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final, final

from PySide6.QtCore import QObject, QSize, Qt, QThreadPool, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from lab.errors import StoreError
from lab.experiment.database import FILE
from lab.experiment.runs import Run
from lab.experiment.usage import Usage, usage
from lab.ui.main_window import MainWindow
from lab.ui.panels.run_words import title
from lab.ui.panels.runs import RunsPanel
from lab.ui.session import ENDED, Session
from lab.ui.settings import Settings
from lab.ui.theme import dress, ground, theme
from lab.ui.widgets import Elided
from lab.ui.words import Text, bind, bind_call

GIGABYTE: Final = 1e9
_RUNS: Final = 0
"""The place of the list of runs among the panels at the right."""
_CALM: Final = 5000
"""Milliseconds after which the disk is first measured: the start is for the window."""
_KEPT: Final = frozenset({"running", "paused", "created"})

_OVER: Final = Text("Runs take {taken}, and {allowed} are allowed", "运行记录占用 {taken}，上限为 {allowed}")
_ASK: Final = Text("Choose which to delete, or allow more in the settings.", "请选择要删除的记录，或在设置中提高上限。")
_CHOOSE: Final = Text("Choose runs to delete", "选择要删除的运行")
_CHOOSE_TIP: Final = Text("All runs with what they take, the largest first", "列出所有运行及其占用，最大的在前")
_TITLE: Final = Text("Disk for runs", "运行记录占用")
_HOW: Final = Text(
    "Tick what is to be deleted. It can be brought back in the list of runs until the window is closed.",
    "勾选要删除的运行。关闭窗口之前，可在运行列表中撤销删除。",
)
_HEADS: Final = (Text("Run", "运行"), Text("Begun", "开始时间"), Text("Size", "大小"))
_CHOSEN: Final = Text(
    "{count} chosen, {freed}: {left} would stay, of {allowed} allowed",
    "已选 {count} 个，共 {freed}；将余 {left}，上限 {allowed}",
)
_OLDEST: Final = Text("Tick the oldest until the rest fits", "勾选最早的，直到不超限")
_OLDEST_TIP: Final = Text("Tick runs in the order in which they were begun", "按开始的先后勾选运行")
_DELETE: Final = Text("Delete", "删除")
_DELETE_TIP: Final = Text("Delete the ticked runs", "删除勾选的运行")
_LATER: Final = Text("Not now", "暂不")
_LATER_TIP: Final = Text("Delete nothing (Esc)", "不删除任何运行（Esc）")


def size_words(size: float) -> Text:
    """`2.4 GB`, `310 MB`, `12 kB`."""
    for unit, scale in (("GB", GIGABYTE), ("MB", 1e6)):
        if size >= scale:
            return Text.plain(f"{size / scale:.3g} {unit}" if size < 100 * scale else f"{size / scale:.0f} {unit}")
    return Text.plain(f"{size / 1e3:.0f} kB")


@final
class DiskBudget(QObject):
    """Measures `folder` in a thread after the start, when a run has ended and when the limit is changed.

    It asks by the banner, once until less is taken or the limit changes; `close` ends the thread.
    """

    measured = Signal(object)
    """A Usage."""

    def __init__(
        self, folder: Path, settings: Settings, window: MainWindow, panel: RunsPanel, session: Session
    ) -> None:
        super().__init__(window)
        self._folder, self._settings = folder, settings
        self._window, self._panel, self._session = window, panel, session
        self._asked = False
        self._usage = Usage(0, {})
        self._closed = False
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._calm = QTimer(self)
        self._calm.setSingleShot(True)
        self._calm.timeout.connect(self.look)
        self._choose = QAction(self)
        bind(self._choose, self._choose.setText, _CHOOSE)
        bind(self._choose, self._choose.setToolTip, _CHOOSE_TIP)
        self._choose.triggered.connect(self.ask)
        self.measured.connect(self._measured)
        session.state_changed.connect(self._entered)
        settings.changed.connect(self._changed)

    def start(self) -> None:
        """Measure soon."""
        self._calm.start(_CALM)

    def close(self) -> None:
        """Measure no more."""
        self._closed = True
        self._calm.stop()
        self._pool.waitForDone()

    def look(self) -> None:
        """Measure now, where there is a limit and there are runs."""
        if self._allowed and not self._closed and (self._folder / FILE).exists():
            self._pool.start(self._measure)

    def ask(self) -> None:
        """Ask which runs are to be deleted."""
        self._panel.refresh()
        runs = [run for run in map(self._panel.model.run, self._usage.runs) if run is not None]
        dialog = DiskDialog([run for run in runs if run.state not in _KEPT], self._usage, self._allowed, self._window)
        dialog.chosen.connect(self._delete)
        dialog.open()

    @property
    def _allowed(self) -> float:
        """Bytes; 0 for no limit."""
        return float(self._settings.value("disk_budget")) * GIGABYTE

    def _measure(self) -> None:
        try:
            found = usage(self._folder, lambda: self._closed)
        except StoreError:  # whoever lists runs tells of it
            return
        if found is not None:
            self.measured.emit(found)

    def _measured(self, found: Usage) -> None:
        self._usage = found
        if not self._allowed or found.total <= self._allowed:
            self._asked = False
        elif not self._asked and not self._window.has_banner:
            self._asked = True
            words = _OVER.with_(taken=size_words(found.total), allowed=size_words(self._allowed))
            self._window.banner(words, self._choose, "warning", detail=_ASK)

    def _entered(self) -> None:
        if self._session.state in ENDED:
            self.look()

    def _changed(self, key: str) -> None:
        if key == "disk_budget":
            self._asked = False
            self.look()

    def _delete(self, runs: list[str]) -> None:
        self._window.show_panel(_RUNS)
        self._panel.take_away(runs)
        self._asked = False


@final
class DiskDialog(QDialog):
    """Asks which of `runs` are to be deleted."""

    chosen = Signal(list)
    """Ids."""

    def __init__(self, runs: list[Run], taken: Usage, allowed: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._taken, self._allowed = taken, allowed
        self._sizes: Mapping[str, int] = taken.runs
        self._oldest_first = [run.id for run in sorted(runs, key=lambda run: run.number)]
        bind(self, self.setWindowTitle, _TITLE)
        ground(self, "chrome")
        self.finished.connect(self.deleteLater)
        how = QLabel()
        how.setWordWrap(True)
        dress(how, 13)
        bind(how, how.setText, _HOW)
        self.tree = self._tree(sorted(runs, key=lambda run: -self._sizes[run.id]))
        self.sum = Elided()
        dress(self.sum, 12, role="muted", tabular=True)
        oldest, self.delete, later = QPushButton(), QPushButton(), QPushButton()
        for button, words, tip in (
            (oldest, _OLDEST, _OLDEST_TIP),
            (self.delete, _DELETE, _DELETE_TIP),
            (later, _LATER, _LATER_TIP),
        ):
            bind(button, button.setText, words)
            bind(button, button.setToolTip, tip)
            button.setAutoDefault(False)
        self.delete.setProperty("primary", True)
        oldest.clicked.connect(self.tick_oldest)
        self.delete.clicked.connect(self._accept)
        later.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addWidget(oldest)
        buttons.addStretch(1)
        buttons.addWidget(later)
        buttons.addWidget(self.delete)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(12)
        for widget in (how, self.tree, self.sum):
            column.addWidget(widget)
        column.addLayout(buttons)
        self.resize(theme.px(620), theme.px(480))
        self._say()

    def ticked(self) -> list[str]:
        """The ids of the runs that are chosen."""
        return [run for run, item in self._items.items() if item.checkState(0) is Qt.CheckState.Checked]

    def tick_oldest(self) -> None:
        """Choose runs from the oldest on, until the rest fits into what is allowed."""
        left = float(self._taken.total)
        self.tree.blockSignals(True)  # one sum for all
        for run in self._oldest_first:
            wanted = left > self._allowed
            self._items[run].setCheckState(0, Qt.CheckState.Checked if wanted else Qt.CheckState.Unchecked)
            left -= self._sizes[run] if wanted else 0
        self.tree.blockSignals(False)
        self.tree.viewport().update()
        self._say()

    def _tree(self, runs: list[Run]) -> QTreeWidget:
        tree = QTreeWidget()
        tree.setColumnCount(len(_HEADS))
        tree.setRootIsDecorated(False)
        tree.setUniformRowHeights(True)
        tree.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        bind(tree, tree.setAccessibleName, _CHOOSE)
        bind_call(tree, lambda: tree.setHeaderLabels([str(head) for head in _HEADS]))
        self._items: dict[str, QTreeWidgetItem] = {}
        for run in runs:
            begun = datetime.fromisoformat(run.created).astimezone()
            item = QTreeWidgetItem([title(run), f"{begun:%Y-%m-%d %H:%M}", str(size_words(self._sizes[run.id]))])
            item.setCheckState(0, Qt.CheckState.Unchecked)
            item.setTextAlignment(2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            item.setToolTip(0, run.note)
            item.setSizeHint(0, QSize(0, theme.px(28)))
            tree.addTopLevelItem(item)
            self._items[run.id] = item
        header = tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column, wide in ((1, 160), (2, 90)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            header.resizeSection(column, theme.px(wide))
        tree.headerItem().setTextAlignment(2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        tree.itemChanged.connect(lambda _item, _column: self._say())
        return tree

    def _say(self) -> None:
        ticked = self.ticked()
        freed = sum(self._sizes[run] for run in ticked)
        left = self._taken.total - freed
        words = _CHOSEN.with_(
            count=len(ticked), freed=size_words(freed), left=size_words(left), allowed=size_words(self._allowed)
        )
        self.sum.setText(str(words))
        self.delete.setEnabled(bool(ticked))

    def _accept(self) -> None:
        self.chosen.emit(self.ticked())
        self.accept()
