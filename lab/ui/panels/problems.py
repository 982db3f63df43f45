"""Problems: the one channel for all that goes wrong, each with its place and what to do about it."""

from collections.abc import Callable
from datetime import datetime
from typing import Final, final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from lab.runner.messages import Problem
from lab.ui.icons import bind_icon
from lab.ui.theme import bind_theme, dress, set_font, theme
from lab.ui.translation import said
from lab.ui.widgets import Elided, Mark
from lab.ui.words import Text, bind

KEPT: Final = 200
"""So many problems are kept, the newest; what happens more often is counted."""
UNFOLDED: Final = 260
"""The height of the panel, in pixels, while a traceback is open."""
_LEVELS: Final = {
    "error": (Text("Error", "错误"), "error", "error"),
    "warning": (Text("Warning", "警告"), "warning", "warning"),
    "note": (Text("Note", "提示"), "note", "muted"),
}


@final
class ProblemsPanel(QScrollArea):
    """All problems, the newest first. The same one again is counted, not listed twice."""

    changed = Signal(int, int)
    """How many problems there are now, and how many of them are errors."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        bind(self, self.setAccessibleName, Text("Problems", "问题"))
        self._rows: list[_Row] = []
        page = QWidget()
        self._column = QVBoxLayout(page)
        self._column.setContentsMargins(12, 4, 6, 6)
        self._column.setSpacing(2)
        self._empty = QLabel()
        dress(self._empty, 12, 400, "muted")
        bind(self._empty, self._empty.setText, Text("Nothing has gone wrong.", "没有出现问题。"))
        self._column.addWidget(self._empty)
        self._clear = QPushButton()
        bind(self._clear, self._clear.setText, Text("Clear all", "全部清除"))
        bind(self._clear, self._clear.setToolTip, Text("Take all problems off the list", "清空问题列表"))
        self._clear.clicked.connect(self.clear)
        self._clear.hide()
        self._column.addWidget(self._clear, 0, Qt.AlignmentFlag.AlignLeft)
        self._column.addStretch(1)
        self.setWidget(page)

    def add(self, problem: Problem) -> None:
        """Put a problem on top of the list."""
        same = next((row for row in self._rows if row.problem == problem), None)
        row = same or _Row(problem, self.remove)
        if same is None:
            row.unfolded.connect(self._make_room)
        if same is None:
            self._rows.insert(0, row)
            for old in self._rows[KEPT:]:
                self._drop(old)
        else:
            self._rows.remove(row)
            self._rows.insert(0, row)
            self._column.removeWidget(row)
        self._column.insertWidget(0, row)
        row.happened()
        self.verticalScrollBar().setValue(0)
        self._tell()

    def remove(self, problem: Problem) -> None:
        """Take a problem off the list."""
        for row in [row for row in self._rows if row.problem == problem]:
            self._drop(row)
        self._tell()

    def clear(self) -> None:
        """Take all off the list."""
        for row in list(self._rows):
            self._drop(row)
        self._tell()

    def problems(self) -> list[Problem]:
        """Those that are listed, the newest first."""
        return [row.problem for row in self._rows]

    def _make_room(self, row: "_Row") -> None:
        """Be high enough for a traceback while one is open."""
        opened = any(one.is_unfolded for one in self._rows)
        self.setMinimumHeight(theme.px(UNFOLDED) if opened else 0)
        if row.is_unfolded:
            QTimer.singleShot(0, row, lambda: self.ensureWidgetVisible(row))

    def _drop(self, row: "_Row") -> None:
        self._rows.remove(row)
        self._column.removeWidget(row)
        row.hide()
        row.deleteLater()

    def _tell(self) -> None:
        self._empty.setVisible(not self._rows)
        self._clear.setVisible(len(self._rows) > 1)
        self.changed.emit(len(self._rows), sum(row.problem.level == "error" for row in self._rows))


@final
class _Row(QWidget):
    """One problem: icon and words, remedy, place, time; its traceback unfolds below."""

    unfolded = Signal(object)

    def __init__(self, problem: Problem, remove: Callable[[Problem], None]) -> None:
        super().__init__()
        self.problem = problem
        self._count = 0
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 2, 0, 2)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(1)
        name, mark, role = _LEVELS.get(problem.level, _LEVELS["error"])
        grid.addWidget(Mark(mark, role, 14), 0, 0)
        message, remedy, self._time = Elided(), Elided(), QLabel()
        # Of a path the end says more than the beginning.
        place = Elided(mode=Qt.TextElideMode.ElideLeft)
        told, helps = said(" ".join(problem.message.split())), said(problem.remedy)
        bind(message, message.setText, told)
        bind(remedy, remedy.setText, helps)
        dress(message, 13)
        dress(remedy, 12, 400, "muted")
        dress(place, 12, 400, "muted", tabular=True)
        dress(self._time, 12, 400, "muted", tabular=True)
        place.setText(_place(problem))
        place.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(message, 0, 1)
        grid.addWidget(place, 0, 2)
        grid.addWidget(self._time, 0, 3)
        remedy.setVisible(bool(problem.remedy))
        grid.addWidget(remedy, 1, 1, 1, 4)
        grid.setColumnStretch(1, 3)
        grid.setColumnStretch(2, 1)
        buttons = (
            ("chevron-down", Text("Traceback", "调用栈"), self._unfold, bool(problem.details)),
            ("copy", Text("Copy this problem", "复制此问题"), self._copy, True),
            ("close", Text("Take off the list", "从列表中移除"), lambda: remove(problem), True),
        )
        tools = QHBoxLayout()
        tools.setSpacing(2)
        grid.addLayout(tools, 0, 4)
        for icon, text, act, shown in buttons:
            button = QToolButton()
            bind_icon(button, button.setIcon, icon, "muted")
            bind(button, button.setToolTip, text)
            bind(button, button.setAccessibleName, text)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.clicked.connect(act)
            button.setVisible(shown)
            keep = button.sizePolicy()
            keep.setRetainSizeWhenHidden(True)
            button.setSizePolicy(keep)
            tools.addWidget(button)
        self._grid = grid
        self._details: QPlainTextEdit | None = None
        whole = Text("{level}: {message} {remedy}", "{level}：{message} {remedy}")
        bind(self, self.setAccessibleName, whole.with_(level=name, message=told, remedy=helps))

    @property
    def is_unfolded(self) -> bool:
        """Whether the traceback can be seen."""
        return self._details is not None and not self._details.isHidden()

    def happened(self) -> None:
        """It has happened now, perhaps once more."""
        self._count += 1
        times = f"{self._count} × " if self._count > 1 else ""
        self._time.setText(times + datetime.now().strftime("%H:%M:%S"))

    def _unfold(self) -> None:
        if self._details is None:
            self._details = QPlainTextEdit(self.problem.details)
            self._details.setReadOnly(True)
            self._details.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
            details = self._details
            bind_theme(details, lambda: set_font(details, theme.code_font(12)))
            bind(details, details.setAccessibleName, Text("Traceback", "调用栈"))
            lines = min(self.problem.details.count("\n") + 2, 16)
            details.setFixedHeight(details.fontMetrics().lineSpacing() * lines + 12)
            self._grid.addWidget(details, 2, 1, 1, 4)
            details.show()
        else:
            self._details.setVisible(self._details.isHidden())
        self.unfolded.emit(self)

    def _copy(self) -> None:
        problem = self.problem
        level, *_ = _LEVELS.get(problem.level, _LEVELS["error"])
        first = Text("{level}: {message}", "{level}：{message}").with_(level=level, message=said(problem.message))
        parts = (str(first), str(said(problem.remedy)), _place(problem), problem.details)
        QGuiApplication.clipboard().setText("\n".join(part for part in parts if part))


def _place(problem: Problem) -> str:
    return problem.file if problem.line is None else f"{problem.file}:{problem.line}"
