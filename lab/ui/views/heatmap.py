"""The heat map: rows over time in the colours of a map, with a colour bar, the inputs below, and the time cursor."""

from collections.abc import Sequence
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lab.telemetry.frames import Frame
from lab.ui.stage import Stage
from lab.ui.theme import theme
from lab.ui.views.canvas import Canvas
from lab.ui.views.frames import finite_steps, lost, steps_name, times_of
from lab.ui.views.marks import Note, Rule
from lab.ui.views.picture import BAR, Bar, Picture
from lab.ui.views.plot import BOTTOM, Axis, Plot
from lab.ui.views.strip import HEIGHT as STRIP
from lab.ui.views.strip import Strip
from lab.ui.views.ticks import Tick, of_steps, of_units
from lab.ui.words import Text

Array = NDArray[Any]


@final
class HeatMap(QWidget):
    """Draws values (T, D) of one sample: time to the right, rows downwards. The cursor of the stage is moved here."""

    def __init__(self, stage: Stage, colours: str, rows: Text) -> None:
        super().__init__()
        self._stage = stage
        self.canvas = Canvas(self._arrange, keys=True)
        self.plot = Plot(self.canvas, Axis(None), Axis(self._rows, rows))
        self.below = Plot(self.canvas, Axis(self._steps, steps_name(None, 0)), Axis(None), heading=False)
        self.bar = Bar(self.canvas, self.plot, colours)
        self.picture = Picture(self.plot, colours)
        self.strip = Strip(self.below)
        self.plot.still()
        self.plot.invert()
        self.plot.drag = self.below.drag = self._drag
        self.values: Array = np.zeros((0, 0))
        self.order: NDArray[np.intp] = np.zeros(0, np.intp)
        self.row: int | None = 0
        self._times: list[str] = []
        self._notes: list[Note] = []
        self.canvas.stepped.connect(self._step)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.canvas)
        self.setFocusProxy(self.canvas)

    def show_values(self, values: Array, order: NDArray[np.intp], low: float, high: float) -> None:
        """Show values (T, D), the rows in this order; where a step is not finite the hatch shows."""
        steps, rows = values.shape
        if rows != self.values.shape[1]:
            self.plot.update()
        self.values, self.order = values, order
        self.plot.set_range((-0.5, steps - 0.5), (-0.5, max(rows, 1) - 0.5))
        self.below.set_range((-0.5, steps - 0.5))
        if values.size:
            self.picture.show_values(values.T[order], low, high, QRectF(-0.5, -0.5, steps, rows))
        self.picture.setVisible(bool(values.size))
        hatched = bool(values.size) and not np.isfinite(values).all()
        if hatched != self.plot.hatched:
            self.plot.hatched = hatched
            self.plot.update()

    def show_inputs(self, inputs: Frame | None, sample: int, steps: int) -> None:
        """Show what went in, below."""
        times, name = times_of(inputs, sample), steps_name(inputs, sample)
        if (times, name) != (self._times, self.below.x.name):
            self._times, self.below.x.name = times, name
            self.below.update()
        self.below.set_range((-0.5, max(steps, 1) - 0.5))
        self.strip.show_frame(inputs, sample, steps, self._stage.cursor.step)

    def annotate(self, label: Text | None) -> None:
        """Say in the picture where values are not finite, or that the picture is an older one."""
        notes = []
        steps, rows = self.values.shape
        if label is not None:
            notes.append(Note(label, (steps - 1) / 2, role="error", align="centre", bold=True, row=0, back=True))
        first = finite_steps(self.values) if steps else 0
        if first < steps:
            words = Text("{lost} from t = {t}", "t = {t} 起为 {lost}").with_(t=first, lost=lost(self.values))
            middle = (first + steps - 1) / 2
            notes.append(Note(words, middle, (rows - 1) / 2, role="error", align="centre", bold=True, back=True))
        self._notes = notes
        self.show_cursor()

    def show_cursor(self) -> None:
        """Draw the time cursor where it is now."""
        step = self._stage.cursor.step
        rules = [] if step is None or step >= len(self.values) else [Rule(step, "text", halo=True)]
        self.plot.mark(rules, self._notes)
        self.strip.show_cursor(step)
        self.below.mark([] if self.strip.written else rules, [])

    def under_mouse(self) -> tuple[int, int] | None:
        """The step and the unit under the mouse, or under the cursor in the row that was looked at last."""
        steps, rows = self.values.shape
        step, row = self._stage.cursor.step, self.row
        if self.canvas.pointer is not None:
            plot, x, y = self.canvas.pointer
            step = round(x)
            row = round(y) if plot is self.plot else row
        if step is None or row is None or not (0 <= step < steps and 0 <= row < rows):
            return None
        return step, int(self.order[row])

    def restyle(self) -> None:
        """Colours and sizes of the theme have changed."""
        self.canvas.restyle()
        self.bar.update()

    def _arrange(self, inside: QRectF) -> None:
        across = QRectF(inside.left(), inside.top(), inside.width() - theme.px(BAR) + 18, inside.height())
        below = theme.px(STRIP + BOTTOM)
        self.below.place(QRectF(across.left(), inside.bottom() - below, across.width(), below))
        self.plot.place(across.adjusted(0, 0, 0, -below - 3), bottom=0)
        self.bar.place(across.right() + 4)

    def _steps(self, low: float, high: float, most: int) -> list[Tick]:
        return of_steps(self._times, low, high, most)

    def _rows(self, _low: float, _high: float, most: int) -> list[Tick]:
        return of_units(self.values.shape[1], most) if self.values.size else []

    def _drag(self, x: float, y: float) -> None:
        steps, rows = self.values.shape
        if steps:
            self.row = min(max(round(y), 0), rows - 1) if rows else None
            self._stage.cursor.look_at(min(max(round(x), 0), steps - 1))

    def _step(self, right: int, down: int) -> None:
        steps, rows = self.values.shape
        if steps:
            step = self._stage.cursor.step
            self.row = min(max((self.row or 0) + down, 0), rows - 1)
            self._stage.cursor.look_at(min(max((0 if step is None else step) + right, 0), steps - 1))
            self.canvas.pointer = None
            self.canvas.pointed.emit()


def by_activity(values: Array) -> NDArray[np.intp]:
    """The columns of values (T, D) from the one that moves most to the one that moves least; finite steps count."""
    steps = finite_steps(values)
    moved = values[: max(steps, 1)].std(axis=0) if steps else np.zeros(values.shape[1])
    return np.argsort(-np.nan_to_num(moved), kind="stable")


def ends(names: Sequence[tuple[float, str]]) -> Any:
    """Ticks that stand always at the same values."""
    return lambda _low, _high, _most: list(names)
