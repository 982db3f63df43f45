"""Spectrum: the eigenvalues of the step Jacobian in the complex plane, and its singular values along time."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QVBoxLayout

from lab.api import hookimpl
from lab.ui.api import Key, Sentence, Stage, Text, View
from lab.ui.views.canvas import Canvas
from lab.ui.views.curves import Dots, Line
from lab.ui.views.frames import Shown, finite_steps, lost, steps_name, times_of, waiting
from lab.ui.views.marks import Note, Rule, pen
from lab.ui.views.menus import choice_menu
from lab.ui.views.numbers import fixed, number
from lab.ui.views.plot import Axis, Plot
from lab.ui.views.ticks import linear, logarithmic, of_steps
from lab.ui.views.units import sample_menu

Array = NDArray[Any]
SHOWS = (
    Text("Eigenvalues of the step", "单步雅可比的特征值"),
    Text("Eigenvalues of U", "U 的特征值"),
    Text("Singular values along time", "奇异值随时间的变化"),
)
STEP, MATRIX, SINGULAR = range(3)
LARGE = 1.1
"""A largest eigenvalue beyond this in size is worth a warning."""
DRAWN = 16
"""Curves of singular values, from the largest."""
CIRCLE = np.linspace(0, 2 * np.pi, 181)


class Spectrum(View):
    """Eigenvalues at the time cursor against the unit circle; those outside are diamonds."""

    name = "spectrum"
    title = {"en": "Spectrum", "zh": "谱"}
    needs = ("spectrum", "inputs")
    help = "views"
    headed = True

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._canvas = Canvas(self._arrange, keys=True)
        self._plane = Plot(self._canvas, Axis(linear, Text.plain("Re λ")), Axis(linear, Text.plain("Im λ")), left=30)
        self._plane.box.setAspectLocked(True)
        self._plane.ground = self._cross
        self._circle = Line(self._plane, "muted", dash=True, z=-1)
        self._inside = Dots(self._plane, "series1", size=6)
        self._outside = Dots(self._plane, "series2", "diamond", size=8)
        steps = Axis(lambda *view: of_steps(self._times, *view), steps_name(None, 0))
        self._course = Plot(
            self._canvas, steps, Axis(logarithmic, Text("Singular value, log", "奇异值，对数"), grid=True), left=30
        )
        self._course.still()
        self._course.drag = self._drag
        self._largest = Line(self._course, "series1", z=3)
        self._rest = Line(self._course, "series1", alpha=90, z=2)
        self._what = STEP
        self._values: Array = np.zeros(0, np.complex128)
        self._at = 0
        self._times: list[str] = []
        self._reach = 1.18
        self._drawn: tuple[Any, ...] = ()
        self.addAction(
            choice_menu(self, Text("Show", "显示"), lambda: SHOWS, lambda: self._what, self._choose).menuAction()
        )
        self.addAction(sample_menu(self).menuAction())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._canvas)
        self._canvas.pointed.connect(self.told)
        self._canvas.whole.connect(self._again)
        self._canvas.stepped.connect(self._step)
        stage.cursor.settled.connect(self._moved)
        self._sample = stage.cursor.sample
        stage.reset.connect(self._again)
        self._course.show(False)

    def refresh(self) -> None:
        shown = Shown(self.stage, "spectrum")
        drawn = (shown.frame, shown.stale, self.stage.cursor.step, self.stage.live)
        if self._drawn and drawn[0] is self._drawn[0] and drawn[1:] == self._drawn[1:]:
            return
        self._drawn = drawn
        self._canvas.smooth(not self.stage.live)
        if self._what == SINGULAR:
            self._draw_course(shown)
        else:
            self._draw_plane(shown)

    def _draw_plane(self, shown: Shown) -> None:
        values, notes = self._eigenvalues(shown)
        self._values = values
        known = values[np.isfinite(values)]
        size = np.abs(known)
        out = size > 1
        self._inside.show_points(known.real[~out], known.imag[~out])
        self._outside.show_points(known.real[out], known.imag[out])
        largest = float(size.max()) if len(size) else 1.0
        wanted = max(1.18, 1.1 * largest)
        if not self._reach * 0.6 < wanted <= self._reach:
            self._reach = math.ceil(wanted * 5) / 5 if wanted > 1.18 else 1.18
        reach = self._reach
        self._plane.set_range((-reach, reach), (-reach, reach))
        self._circle.show_points(np.cos(CIRCLE), np.sin(CIRCLE))
        if shown.label is not None:
            notes.append(Note(shown.label, 0, 0, "error", "centre", True, back=True, row=0))
        self._plane.mark((), notes)
        self._plane.caption(self._plane.y.name, self.legend())

    def _eigenvalues(self, shown: Shown) -> tuple[Array, list[Note]]:
        """What is drawn in the plane, and what must be said in it."""
        if shown.frame is None:
            return np.zeros(0, np.complex128), []
        arrays = shown.frame.arrays
        if self._what == MATRIX:
            if "U_real" not in arrays:
                words = Text("This cell has no single square U", "此单元没有单个方阵 U")
                return np.zeros(0, np.complex128), [Note(words, 0, 0, "muted", "centre", back=True)]
            return _complex(arrays["U_real"], arrays["U_imag"]), []
        if not arrays.get("real", np.zeros(0)).size:
            return np.zeros(0, np.complex128), []
        values = _complex(arrays["real"], arrays["imag"])
        steps = finite_steps(values)
        notes = []
        cursor = self.stage.cursor.step
        self._at = min(len(values) - 1 if cursor is None else cursor, len(values) - 1)
        if steps < len(values) and self._at >= steps:
            words = Text("{lost} from t = {t}", "t = {t} 起为 {lost}").with_(t=steps, lost=lost(values))
            notes.append(Note(words, 0, 0, "error", "left", True, row=0))
            self._at = max(steps - 1, 0)
        measured = shown.frame.notes.get("steps") or ()
        if measured:
            # Steps between those that were measured show the nearest one; its number is the one to name.
            self._at = int(min(measured, key=lambda step: abs(step - self._at)))
        return values[self._at], notes

    def _draw_course(self, shown: Shown) -> None:
        values = (
            np.zeros((0, 0))
            if shown.frame is None
            else np.asarray(shown.frame.arrays.get("singular", np.zeros((0, 0))))
        )
        self._values = values
        if not values.size:
            self._largest.clear_points()
            self._rest.clear_points()
            self._course.set_range((0.0, 100.0), (-2.0, 1.0))
            return
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log10(values[:, :DRAWN])
        steps = np.arange(len(logs), dtype=np.float64)
        inputs, sample = self.stage.frames.get("inputs"), self.stage.cursor.sample
        times, name = times_of(inputs, sample), steps_name(inputs, sample)
        if (times, name) != (self._times, self._course.x.name):
            self._times, self._course.x.name = times, name
            self._course.update()
        self._largest.show_points(steps, logs[:, 0])
        # Many curves as one, with gaps between them: an item for each would cost more than all the points.
        gap = np.full((1, logs.shape[1] - 1), np.nan)
        joined = np.concatenate([logs[:, 1:], gap]).T.ravel()
        self._rest.show_points(np.tile(np.append(steps, np.nan), logs.shape[1] - 1), joined)
        known = logs[np.isfinite(logs)]
        low, high = (float(known.min()), float(known.max())) if known.size else (-2.0, 1.0)
        low = max(low, high - 6)
        self._course.set_range(
            (-0.5, len(logs) - 0.5), (math.floor(min(low, -0.2) * 2) / 2, math.ceil(max(high, 0.2) * 2) / 2)
        )
        rules = [Rule(0.0, "muted", level=True, dash=True)]
        if self.stage.cursor.step is not None:
            rules.append(Rule(self.stage.cursor.step, "text", halo=True))
        notes = (
            []
            if shown.label is None
            else [Note(shown.label, len(logs) / 2, 0, "error", "centre", True, back=True, row=0)]
        )
        self._course.mark(rules, notes)
        self._course.caption(self._course.y.name, self.legend())

    def sentence(self) -> Sentence:
        shown = Shown(self.stage, "spectrum")
        if shown.frame is None:
            return Sentence(waiting(self.stage, Text("eigenvalues", "特征值"), state=True))
        known = self._values[np.isfinite(self._values)]
        if not len(known):
            if self._what == MATRIX:
                return Sentence(Text("This cell has no single square U.", "此单元没有单个方阵 U。"))
            return Sentence(Text("No finite values: the state is NaN.", "没有有限值：状态为 NaN。"), "error")
        if self._what == SINGULAR:
            first = self._values[:, 0]
            mean = float(np.exp(np.nanmean(np.log(np.maximum(first, 1e-30)))))
            words = Text("A step stretches up to {v}-fold (mean {m}).", "一步最多拉伸 {v} 倍（平均 {m}）。")
            return Sentence(words.with_(v=number(float(np.nanmax(first)), 2), m=number(mean, 2)))
        size = np.abs(known)
        out = int((size > 1).sum())
        largest = float(size.max())
        words = Text("Largest |λ| = {v} at t = {t}; {n} outside.", "t = {t} 时最大 |λ| = {v}；{n} 个在圆外。")
        if self._what == MATRIX:
            words = Text("Largest |λ| = {v}; {n} outside.", "最大 |λ| = {v}；{n} 个在圆外。")
        return Sentence(words.with_(v=fixed(largest, 2), t=self._at, n=out), "warning" if largest > LARGE else "")

    def legend(self) -> tuple[Key, ...]:
        if self._what == SINGULAR:
            return (Key(Text("largest", "最大"), "line", 1), Key(Text.plain("1"), "dash", -1))
        return (Key(Text.plain("|λ| = 1"), "dash", -1), Key(Text("outside", "圆外"), "diamond", 2))

    def axis(self) -> Text:
        return (self._course if self._what == SINGULAR else self._plane).y.name

    def reading(self) -> Text:
        if self._canvas.pointer is None or self._what == SINGULAR or not len(self._values):
            return Text.plain("")
        _, x, y = self._canvas.pointer
        away = np.abs(self._values - (x + 1j * y))
        if not np.isfinite(away).any():
            return Text.plain("")
        return Text.plain(f"|λ| = {fixed(float(np.abs(self._values[int(np.nanargmin(away))])), 3)}")

    def table(self) -> Mapping[str, Array]:
        frame = Shown(self.stage, "spectrum").frame
        return {} if frame is None else dict(frame.arrays)

    def restyle(self) -> None:
        self._canvas.restyle()

    def _cross(self, painter: QPainter) -> None:
        """The two axes of the complex plane."""
        zero, rect = self._plane.to_pixels(0, 0), self._plane.rect
        across, down = round(zero.x()) + 0.5, round(zero.y()) + 0.5
        painter.setPen(pen("grid"))
        painter.drawLine(QLineF(rect.left(), down, rect.right(), down))
        painter.drawLine(QLineF(across, rect.top(), across, rect.bottom()))

    def _arrange(self, inside: QRectF) -> None:
        self._plane.place(inside)
        self._course.place(inside)

    def _choose(self, index: int) -> None:
        self._what = index
        self._plane.show(index != SINGULAR)
        self._course.show(index == SINGULAR)
        self._again()

    def _drag(self, x: float, _y: float) -> None:
        if len(self._values):
            self.stage.cursor.look_at(min(max(round(x), 0), len(self._values) - 1))

    def _step(self, right: int, _down: int) -> None:
        self.stage.cursor.look_at(max(self._at + right, 0))

    def _moved(self) -> None:
        cursor, frame = self.stage.cursor, self.stage.frames.get("spectrum")
        measured = () if frame is None else frame.notes.get("steps") or ()
        missing = bool(measured) and cursor.step is not None and cursor.step not in measured
        if cursor.sample != self._sample or missing:
            self._sample = cursor.sample
            step = -1 if cursor.step is None else cursor.step
            self.stage.asked.emit("spectrum", {"sample": cursor.sample, "step": step})
        self.refresh()
        self.told.emit()

    def _again(self, *_: object) -> None:
        self._drawn = ()
        self.refresh()
        self.told.emit()


def _complex(real: Array, imaginary: Array) -> Array:
    """In parts: a product with the imaginary unit makes NaN of infinity."""
    made = np.empty(real.shape, np.complex128)
    made.real, made.imag = real, imaginary
    return made


@hookimpl
def lab_register_views() -> list[type[View]]:
    return [Spectrum]
