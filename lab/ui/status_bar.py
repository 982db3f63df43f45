"""The status bar: readings. State, epoch, update, rate and time left; what watching costs; problems."""

from typing import Final, final

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QStatusBar, QToolButton, QWidget

from lab.runner.messages import WorkerState
from lab.ui.icons import icon
from lab.ui.theme import bind_theme, dress, theme
from lab.ui.widgets import Elided, Mark
from lab.ui.words import Text, bind_call

_STATES: Final = {
    WorkerState.IDLE: (Text("Ready", "就绪"), "good", "muted"),
    WorkerState.STARTING: (Text("Starting", "正在启动"), "wait", "text"),
    WorkerState.COMPILING: (Text("Running, compiling", "运行中，正在编译"), "run", "good"),
    WorkerState.RUNNING: (Text("Running", "运行中"), "run", "good"),
    WorkerState.PAUSED: (Text("Paused", "已暂停"), "pause", "text"),
    WorkerState.FINISHED: (Text("Finished", "已完成"), "good", "good"),
    WorkerState.STOPPED: (Text("Stopped", "已停止"), "stop", "muted"),
    WorkerState.FAILED: (Text("Failed", "已失败"), "error", "error"),
    WorkerState.LOST: (Text("Worker lost", "训练进程已丢失"), "error", "error"),
}
_OVER: Final = 0.01
"""So much more than it may take watching takes now and then; the meter has its line above that."""
_ALLOWED: Final = Text("At most {n}% of the time is for what is watched", "观测最多占用 {n}% 的时间")


def state_text(state: WorkerState) -> Text:
    """What a state is called."""
    return _STATES[state][0]


@final
class StatusBar(QStatusBar):
    """Readings of the run. Nothing in it is edited; the number of problems opens their panel."""

    problems_asked = Signal()
    state_shown = Signal(object)
    progressed = Signal(float)
    """The share of the run that is done, 0 to 1."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        row = QWidget(self)
        self._row = QHBoxLayout(row)
        self._row.setContentsMargins(12, 0, 6, 0)
        self._row.setSpacing(14)
        self._state = WorkerState.IDLE
        self._mark = Mark("good", "muted", 12)
        self._name = QLabel()
        self._add(self._mark, self._name)
        self._figures: list[QLabel] = []
        for name in ("epoch", "update", "rate", "left"):
            label = QLabel()
            label.setObjectName(name)
            dress(label, 12, 400, "muted", tabular=True)
            self._figures.append(label)
            self._row.addWidget(label)
        self._note = Elided()
        dress(self._note, 12, 400, "muted")
        self._row.addWidget(self._note, 1)
        self._cost = QLabel()
        dress(self._cost, 12, 400, "muted", tabular=True)
        self._meter = _Meter()
        self._row.addWidget(self._cost)
        self._row.addWidget(self._meter)
        self._problems = QToolButton()
        self._problems.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._problems.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._problems.clicked.connect(self.problems_asked)
        self._row.addWidget(self._problems)
        self.addWidget(row, 1)
        self._progress: tuple[int, int | None, int, int | None, float, float | None] | None = None
        self._waited: int | None = None
        self._share: float | None = None
        self._allowed = 0.0
        self._count = self._errors = 0
        self._compact = False
        bind_theme(self, self._resize)
        bind_call(self, self._show_all)

    def show_state(self, state: WorkerState) -> None:
        """Show what the worker does."""
        self._state = state
        self._show_state()
        self._show_progress()
        self.state_shown.emit(state)

    def show_progress(
        self,
        epoch: int,
        epochs: int | None,
        update: int,
        updates: int | None,
        rate: float,
        seconds_left: float | None,
        waited: int | None = None,
    ) -> None:
        """Show how far the run is; None where it has no planned end.

        A run that has `waited` so many epochs for a lower validation loss has stopped early, and is at its end.
        """
        self._progress = (epoch, epochs, update, updates, rate, seconds_left)
        self._waited = waited
        self._show_progress()
        done, planned = (update, updates) if updates else (epoch, epochs)
        self.progressed.emit(1.0 if waited is not None else min(done / planned, 1.0) if planned else 0.0)

    def clear_progress(self) -> None:
        """Nothing has been trained yet."""
        self._progress = self._share = self._waited = None
        self._show_progress()
        self._show_cost()
        self.progressed.emit(0.0)

    def show_watching(self, share: float | None, allowed: float = 0.0) -> None:
        """Show the share of the time that probes take, 0 to 1, and what they may take; None hides it."""
        self._share, self._allowed = share, allowed
        self._show_cost()

    def show_problems(self, count: int, errors: int | None = None) -> None:
        """Show how many problems there are, and how many of them are errors (all, if not said)."""
        self._count = count
        self._errors = count if errors is None else errors
        self._show_problems()

    def set_compact(self, compact: bool) -> None:
        """Leave out the time that is left, where the window is narrow."""
        self._compact = compact
        self._show_progress()

    def _add(self, *widgets: QWidget) -> None:
        pair = QHBoxLayout()
        pair.setSpacing(5)
        for widget in widgets:
            pair.addWidget(widget)
        self._row.addLayout(pair)

    def _resize(self) -> None:
        self.setFixedHeight(theme.px(26))
        self._show_problems()

    def _show_all(self) -> None:
        self._show_state()
        self._show_progress()
        self._show_cost()
        self._show_problems()

    def _show_state(self) -> None:
        text, mark, role = _STATES[self._state]
        self._mark.show_mark(mark, role)
        self._name.setText(str(text))
        self._name.setAccessibleName(str(Text("State: {state}", "状态：{state}").with_(state=text)))
        dress(self._name, 12, 600, role)

    def _show_progress(self) -> None:
        texts = [""] * 4 if self._progress is None else _figures(*self._progress)
        if self._state not in (WorkerState.RUNNING, WorkerState.COMPILING):
            texts[2:] = ["", ""]
        if self._waited is not None and self._progress is not None:
            texts[0] = str(_early(*self._progress[:4]))
            self._figures[0].setToolTip(f"{texts[0]}{_better(self._waited)}")
            texts[:2] = [texts[0] if self._compact else self._figures[0].toolTip(), ""]
        else:
            self._figures[0].setToolTip("")
        if self._compact:
            texts[3] = ""
        for label, text in zip(self._figures, texts, strict=True):
            label.setText(text)
            label.setVisible(bool(text))

    def _show_cost(self) -> None:
        self._cost.setVisible(self._share is not None)
        self._meter.setVisible(self._share is not None)
        if self._share is not None:
            text = Text("Watching costs {share:.1f}%", "观测开销 {share:.1f}%").with_(share=100 * self._share)
            self._cost.setText(str(text))
            for widget in (self._cost, self._meter):
                widget.setToolTip(str(_ALLOWED.with_(n=f"{100 * self._allowed:g}")))
            self._meter.show_share(self._share, self._allowed + _OVER)

    def _show_problems(self) -> None:
        role, name = (
            ("error", "error") if self._errors else ("warning", "warning") if self._count else ("muted", "good")
        )
        if not self._count:
            text = Text("No problems", "没有问题")
        elif self._count == 1:
            text = Text("1 problem", "1 个问题")
        else:
            text = Text("{count} problems", "{count} 个问题").with_(count=self._count)
        dress(self._problems, 12, 600 if self._count else 400, role)
        self._problems.setText(str(text))
        self._problems.setAccessibleName(str(text))
        self._problems.setToolTip(str(Text("Show or hide the problems (F8)", "显示或隐藏问题 (F8)")))
        self._problems.setIcon(icon(name, role))
        size = theme.px(12)
        self._problems.setIconSize(self._problems.iconSize().scaled(size, size, Qt.AspectRatioMode.KeepAspectRatio))


@final
class _Meter(QWidget):
    """A bar with a line at the limit."""

    def __init__(self) -> None:
        super().__init__()
        self._share = 0.0
        self._limit = _OVER
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFixedSize(50, 12)
        bind_theme(self, self.update)

    def show_share(self, share: float, limit: float) -> None:
        self._share, self._limit = share, limit
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        limit = 0.72 * self.width()
        filled = min(float(self.width()), limit * self._share / self._limit)
        painter.fillRect(QRectF(0, 4, self.width(), 4), theme.colour("line"))
        painter.fillRect(QRectF(0, 4, filled, 4), theme.colour("good" if self._share <= self._limit else "warning"))
        painter.fillRect(QRectF(limit, 1, 1, 10), theme.colour("muted"))
        painter.end()


def _figures(
    epoch: int, epochs: int | None, update: int, updates: int | None, rate: float, seconds: float | None
) -> list[str]:
    if epochs:
        first = Text("epoch {epoch:,} of {epochs:,}", "第 {epoch:,} 轮，共 {epochs:,} 轮").with_(
            epoch=epoch, epochs=epochs
        )
    else:
        first = Text("epoch {epoch:,}", "第 {epoch:,} 轮").with_(epoch=epoch)
    if updates and not epochs:
        second = Text("update {update:,} of {updates:,}", "第 {update:,} 次更新，共 {updates:,} 次").with_(
            update=update, updates=updates
        )
    else:
        second = Text("update {update:,}", "第 {update:,} 次更新").with_(update=update)
    speed = f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"
    third = Text("{rate} updates/s", "每秒 {rate} 次更新").with_(rate=speed) if rate > 0 else Text.plain("")
    return [str(first), str(second), str(third), "" if seconds is None else str(time_left(seconds))]


def _early(epoch: int, epochs: int | None, update: int, updates: int | None) -> Text:
    if epochs:
        words = Text("stopped early at epoch {epoch:,} of {epochs:,}", "在第 {epoch:,} 轮提前停止（共 {epochs:,} 轮）")
        return words.with_(epoch=epoch, epochs=epochs)
    words = Text(
        "stopped early at update {update:,} of {updates:,}", "在第 {update:,} 次更新提前停止（共 {updates:,} 次）"
    )
    return words.with_(update=update, updates=updates)


def _better(waited: int) -> Text:
    if waited == 1:
        return Text(": no better for 1 epoch", "：已有 1 轮无改进")
    return Text(": no better for {n:,} epochs", "：已有 {n:,} 轮无改进").with_(n=waited)


def time_left(seconds: float) -> Text:
    """How long it still takes, in one unit."""
    if seconds < 90:
        return Text("{n} s left", "还需 {n} 秒").with_(n=max(1, round(seconds)))
    if seconds < 5400:
        return Text("{n} min left", "还需 {n} 分钟").with_(n=round(seconds / 60))
    return Text("{n:.1f} h left", "还需 {n:.1f} 小时").with_(n=seconds / 3600)
