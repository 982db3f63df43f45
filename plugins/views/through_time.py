"""Gradient through time: how much of the loss at step t reaches the state at step k."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lab.api import hookimpl
from lab.ui.api import Key, Sentence, Stage, Text, View
from lab.ui.theme import theme
from lab.ui.views.canvas import Canvas
from lab.ui.views.choice import Choice
from lab.ui.views.curves import Line
from lab.ui.views.frames import Shown, steps_of, times_of, waiting
from lab.ui.views.heading import HEIGHT
from lab.ui.views.marks import Note, Rule
from lab.ui.views.numbers import fixed, number, share
from lab.ui.views.picture import BAR, Bar, Picture
from lab.ui.views.plot import BOTTOM, Axis, Plot
from lab.ui.views.ticks import Tick, linear, logarithmic, of_steps
from lab.ui.views.triangle import Shade
from lab.ui.views.units import sample_menu
from lab.ui.views.verdict import judged, value_of

Array = NDArray[Any]
FIRST_CUT = 20
"""Steps that the truncation line keeps at first."""
NARROW = 420
"""Below this width only the triangle is drawn, as the mean is in its sentence."""
DECADES = 8.0
"""The colours reach so many powers of ten below the largest norm at most."""
BAND = 26
"""The height of the band that stands in the place of the triangle where there is one loss only."""
LOSSES, ONE = (
    Text("Loss at step t", "第 t 步的损失"),
    Text("‖∂L/∂s‖ of the loss at t = {t}, log", "t = {t} 处损失的 ‖∂L/∂s‖，对数"),
)
LOST = Text("NaN in the gradient", "梯度中有 NaN")
STATES, BACK = Text("State at step k", "第 k 步的状态"), Text("Steps back t − k", "回溯步数 t − k")
NOTHING = np.zeros((0, 0))
WHOLE = "whole"


class ThroughTime(View):
    """The triangle of norms, their mean over the distance in time, and a line that cuts the gradient off."""

    name = "through-time"
    title = {"en": "Gradient through time", "zh": "沿时间的梯度"}
    needs = ("through-time", "inputs")
    help = "views"
    headed = True

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._canvas = Canvas(self._arrange, keys=True)
        losses = Axis(lambda *view: self._steps(*view, longest=5), LOSSES)
        self._triangle = Plot(self._canvas, Axis(self._steps, STATES), losses)
        self._triangle.still()
        self._triangle.invert()
        self._shade = Shade(self._triangle)
        self._picture = Picture(self._triangle, "magnitude")
        self._bar = Bar(self._canvas, self._triangle, "magnitude")
        self._edge = Line(self._triangle, "text", dash=True, z=6)
        whole = lambda low, high, most: linear(low, high, most, whole=True)  # noqa: E731 - as short as its use
        self._means = Plot(
            self._canvas, Axis(whole, BACK), Axis(logarithmic, Text("Mean, log", "均值，对数"), grid=True)
        )
        self._means.still()
        self._curve = Line(self._means, "text", z=2)
        self._fit = Line(self._means, "series2", dash=True, z=3)
        self._triangle.drag, self._means.drag = self._drag_edge, self._drag_rule
        self._ticks = self._triangle.y.ticks, self._means.x.ticks
        self._single = False
        self._cut = FIRST_CUT
        self._norms: Array = np.zeros((0, 0))
        self._drawn: tuple[Any, ...] = ()
        self._times: list[str] = []
        self._states: list[str] = []
        self._state = self._asked = WHOLE
        self._choice = Choice(Text("Which state", "哪个状态"))
        self._choice.chosen.connect(self._choose)
        self.addAction(sample_menu(self).menuAction())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._canvas)
        self.setFocusProxy(self._canvas)
        self._canvas.pointed.connect(self.told)
        self._canvas.stepped.connect(lambda right, down: self._move(self._cut + right + down))
        stage.cursor.settled.connect(self._sample_moved)
        self._sample = stage.cursor.sample
        stage.reset.connect(self._forget)
        self._offer()

    def refresh(self) -> None:
        self._canvas.smooth(not self.stage.live)
        shown = Shown(self.stage, "through-time")
        inputs = None if shown.frame is not None else self.stage.frames.get("inputs")
        drawn = (shown.frame, inputs, shown.stale, self._cut, self.stage.state, self.stage.cursor.sample)
        if self._drawn and all(one is two or one == two for one, two in zip(drawn, self._drawn, strict=True)):
            return
        self._drawn = drawn
        self._follow_times()
        if shown.frame is None or not shown.frame.arrays.get("norms", NOTHING).size:
            self._empty()
            return
        norms = np.asarray(shown.frame.arrays["norms"], np.float64)
        steps = len(norms)
        self._norms = norms
        self._cut = min(max(self._cut, 1), steps)
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log10(norms)
        low, high = self._levels(logs)
        # A gradient of exactly zero is paper, not a failure.
        logs = np.where(np.isneginf(logs), low, logs)
        below = np.tri(steps, dtype=bool)
        rows = np.isfinite(logs).any(axis=1)
        bad = bool((~np.isfinite(logs) & below)[rows].any()) or not rows.any()
        if bad != self._triangle.hatched:
            self._triangle.hatched = bad
            self._triangle.update()
        place = QRectF(-0.5, -0.5, steps, steps)
        self._picture.show_values(logs, low, high, place)
        self._picture.setVisible(True)
        # A row without any value has no loss; but where there is NaN at all, it is NaN too.
        self._shade.show_rows(rows | bad)
        self._be_single(bool(rows.sum() == 1 and rows[-1]))
        top = steps - 1.5 if self._single else -0.5
        self._triangle.set_range((-0.5, steps - 0.5), (top, steps - 0.5))
        self._bar.describe(Text.plain("‖∂L/∂s‖"), low, high, logarithmic)
        self._draw_means(shown, low, high)
        self._draw_cut(shown)

    def _follow_times(self) -> None:
        times = times_of(self.stage.frames.get("inputs"), self.stage.cursor.sample)
        if times != self._times:
            self._times = times
            self._triangle.update()

    def _steps(self, low: float, high: float, most: int, *, longest: int = 10) -> list[Tick]:
        return of_steps(self._times, low, high, most, longest=longest)

    def _empty(self) -> None:
        self._norms = np.zeros((0, 0))
        self._picture.setVisible(False)
        steps = steps_of(self.stage.frames.get("inputs"), self.stage.cursor.sample)
        self._triangle.set_range((-0.5, steps - 0.5), (-0.5, steps - 0.5))
        self._shade.show_rows(np.ones(steps, bool))
        self._bar.describe(Text.plain("‖∂L/∂s‖"), -8.0, 0.0, logarithmic)
        self._means.set_range((0.0, max(steps - 1.0, 1.0)), (-8.0, 0.0))
        for line in (self._curve, self._fit, self._edge):
            line.clear_points()
        self._be_single(False)
        self._triangle.caption(LOSSES, ())
        self._triangle.mark((), ())
        self._means.mark((), ())
        self._means.caption(self._means.y.name, ())

    def _be_single(self, single: bool) -> None:
        """One loss, at the end, has one row: a band above its curve, both over the state's step, and no triangle."""
        if single == self._single:
            return
        self._single = single
        band, curve = self._triangle, self._means
        band.x.ticks, band.x.name = (None, Text.plain("")) if single else (self._steps, STATES)
        band.y.ticks = None if single else self._ticks[0]
        curve.x.ticks, curve.x.name = (self._steps, STATES) if single else (self._ticks[1], BACK)
        curve.heading = not single
        self._bar.setVisible(not single)
        self._canvas.arranged()

    def _at(self, lags: Array) -> Array:
        """Where so many steps back stand on the horizontal axis of the curve."""
        return len(self._norms) - 1 - lags if self._single else lags

    def _levels(self, logs: Array) -> tuple[float, float]:
        known = logs[np.isfinite(logs)]
        if not known.size:
            return -8.0, 0.0
        high = math.ceil(float(known.max()) * 2) / 2
        return max(min(math.floor(float(known.min())), high - 1.0), high - DECADES), high

    def _draw_means(self, shown: Shown, low: float, high: float) -> None:
        assert shown.frame is not None
        mean = np.asarray(shown.frame.arrays.get("mean", np.zeros(0)), np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log10(mean)
        lags = np.arange(len(mean))
        self._curve.show_points(self._at(lags), logs)
        gamma = value_of(shown.frame.notes.get("gamma"))
        good = np.isfinite(logs)
        known = logs[good]
        bottom, top = (float(known.min()), float(known.max())) if known.size else (low, high)
        self._means.set_range(
            (-0.5, len(self._norms) - 0.5) if self._single else (0.0, max(len(mean) - 1.0, 1.0)),
            (max(math.floor(bottom * 2 - 0.1) / 2, top - 16), math.ceil(top * 2 + 0.1) / 2),
        )
        keys: tuple[Key, ...] = ()
        if math.isfinite(gamma) and gamma > 0 and known.size > 1:
            # Of all lines with the slope of the fit the one through the middle of the points is that of least squares.
            slope = math.log10(gamma)
            offset = float((known - slope * lags[good]).mean())
            ends = np.array([0, len(mean) - 1])
            self._fit.show_points(self._at(ends), offset + slope * ends)
            words = Text("fit γ = {g}", "拟合 γ = {g}").with_(g=fixed(gamma, 2))
            keys = (Key(words, "dash", 2),)
        else:
            self._fit.clear_points()
        heads = ONE if self._single else LOSSES
        last = len(self._norms) - 1
        name = self._times[last] if last < len(self._times) else str(last)
        self._triangle.caption(heads.with_(t=name), keys if self._single else ())
        self._means.caption(self._means.y.name, keys)

    def _draw_cut(self, shown: Shown) -> None:
        assert shown.frame is not None
        steps, cut, single = len(self._norms), self._cut, self._single
        edge = float(self._at(np.array(cut))) + 0.5 if single else float(cut)
        if single:
            self._edge.clear_points()
        else:
            self._edge.show_points(np.array([-0.5, steps - cut - 0.5]), np.array([cut - 0.5, steps - 0.5]))
        notes = [
            Note(line, edge if single else steps - 1, -0.5, "text", "right", place == 0, dx=-6, row=place, back=single)
            for place, line in enumerate(self._cut_words(shown))
        ]
        rules = [Rule(edge, "text", dash=True, halo=single)] if cut < steps else []
        if single:
            if shown.label is not None:
                notes.append(Note(shown.label, steps / 2, 0, "error", "centre", True, row=4, back=True))
            elif self._triangle.hatched:
                notes.append(Note(LOST, steps / 2, 0, "error", "centre", True, row=4, back=True))
            self._triangle.mark(rules, ())
            self._means.mark(rules, notes)
            return
        if shown.label is not None:
            notes.append(
                Note(shown.label, (steps - 1) / 2, steps * 0.8, role="error", align="centre", bold=True, back=True)
            )
        elif self._triangle.hatched:
            notes.append(Note(LOST, steps * 0.3, steps * 0.75, role="error", align="centre", bold=True, back=True))
        self._triangle.mark((), notes)
        self._means.mark(rules, ())

    def _cut_words(self, shown: Shown) -> list[Text]:
        assert shown.frame is not None
        if self._cut >= len(self._norms):
            return [Text("nothing is cut off", "不截断"), Text("drag the dashed line", "拖动虚线")]
        lines = [Text("cut after {n} steps", "截断于 {n} 步").with_(n=self._cut)]
        kept, cosine = (self._kept(shown, name) for name in ("share", "cosine"))
        if math.isfinite(kept):
            lines.append(Text("{s} of the norm", "保留 {s} 的范数").with_(s=share(kept)))
        if math.isfinite(cosine):
            lines.append(Text("cosine {c}", "余弦 {c}").with_(c=fixed(cosine, 3 if cosine > 0.9 else 2)))
        return lines

    def _kept(self, shown: Shown, name: str) -> float:
        array = None if shown.frame is None else shown.frame.arrays.get(name)
        return float(array[self._cut - 1]) if array is not None and 0 < self._cut <= len(array) else math.nan

    def sentence(self) -> Sentence:
        shown = Shown(self.stage, "through-time")
        if shown.frame is None:
            return Sentence(waiting(self.stage, Text("the triangle", "三角图"), state=True))
        if shown.label is not None:
            return Sentence(
                Text("The gradient is NaN; shown is the last finite one.", "梯度为 NaN；显示最后有限的一次。"), "error"
            )
        if self._triangle.hatched:
            return Sentence(Text("NaN in parts of the gradient: not judged.", "部分梯度为 NaN，不作判断。"), "error")
        return judged(shown.frame.notes, len(self._norms), alone=self._single)

    def reading(self) -> Text:
        if self._canvas.pointer is None or not len(self._norms):
            return Text.plain("")
        plot, x, y = self._canvas.pointer
        if plot is self._means:
            mean = Shown(self.stage, "through-time").frame
            lag = int(self._at(np.array(round(x))))
            array = None if mean is None else mean.arrays.get("mean")
            if array is None or not 0 <= lag < len(array):
                return Text.plain("")
            return Text.plain(f"t − k = {lag}  {number(float(array[lag]))}")
        t, k = (len(self._norms) - 1 if self._single else round(y)), round(x)
        if not 0 <= k <= t < len(self._norms):
            return Text.plain("")
        names = [
            f"{name} = {self._times[step] if step < len(self._times) else step}" for name, step in (("t", t), ("k", k))
        ]
        return Text.plain(f"{'  '.join(names)}  {number(float(self._norms[t, k]))}")

    def table(self) -> Mapping[str, Array]:
        frame = Shown(self.stage, "through-time").frame
        return {} if frame is None else dict(frame.arrays)

    def chooser(self) -> QWidget | None:
        return self._choice

    def restyle(self) -> None:
        self._canvas.restyle()
        self._bar.update()

    def _arrange(self, inside: QRectF) -> None:
        if self._single:
            band, curve = QRectF(inside), QRectF(inside)
            band.setHeight(theme.px(HEIGHT) + theme.px(BAND))
            curve.setTop(band.bottom() + 6)
            self._triangle.place(band, bottom=0)
            self._means.show(True)
            self._means.place(curve)
            return
        bar = theme.px(BAR)
        both = inside.width() >= NARROW * theme.scale
        left = QRectF(inside)
        left.setWidth((inside.width() - bar) * 5 / 9 if both else inside.width() - bar + 18)
        self._triangle.place(left, bottom=BOTTOM)
        self._bar.place(left.right() + 3)
        self._means.show(both)
        if both:
            right = left.right() + bar + 6
            self._means.place(QRectF(right, inside.top(), inside.right() - right, inside.height()))
        else:
            self._means.place(QRectF(-1000, 0, 100, 100))

    def _offer(self) -> None:
        """The states that can be chosen: all of them together, each alone, and what goes into the activation.

        While it is not known which ones a run has, the whole state is asked for, which all have.
        """
        layers = self.stage.about.get("layers") or {}
        last = list(layers.values())[-1] if layers else {}
        states = [str(one) for one in last.get("states", ())] if isinstance(last, Mapping) else []
        self._states = [WHOLE, *(states if len(states) > 1 else []), "net"] if states else []
        if self._states and self._state not in self._states:
            self._state = WHOLE
        words = {WHOLE: Text("s", "s"), "net": Text("Z", "Z")}
        now = self._states.index(self._state) if self._states else 0
        self._choice.offer([words.get(one, Text.plain(one)) for one in self._states], (), now)
        if self._asked != (self._state if self._states else WHOLE):
            self._ask()

    def _choose(self, index: int) -> None:
        self._state = self._states[index]
        self._ask()

    def _ask(self) -> None:
        self._asked = self._state if self._states else WHOLE
        self.stage.asked.emit("through-time", {"state": self._asked, "sample": self.stage.cursor.sample})

    def _sample_moved(self) -> None:
        if self.stage.cursor.sample != self._sample:
            self._sample = self.stage.cursor.sample
            self._ask()

    def _drag_edge(self, x: float, y: float) -> None:
        self._drag_rule(x + 0.5, y) if self._single else self._move(round(y - x))

    def _drag_rule(self, x: float, _y: float) -> None:
        self._move(round(self._at(np.array(x - 0.5)) if self._single else x))

    def _move(self, cut: int) -> None:
        cut = min(max(cut, 1), max(len(self._norms), 1))
        if cut != self._cut:
            self._cut = cut
            self.refresh()
            self.told.emit()

    def _forget(self) -> None:
        self._drawn = ()
        self._cut = FIRST_CUT
        self._offer()


@hookimpl
def lab_register_views() -> list[type[View]]:
    return [ThroughTime]
