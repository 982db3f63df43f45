"""Loss: how far the network is from what is asked of it, update by update."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QVBoxLayout

from lab.api import hookimpl
from lab.runner.messages import WorkerState
from lab.ui.api import Curve, Key, Overlay, Sentence, Stage, Text, View, bind
from lab.ui.theme import theme
from lab.ui.views import names
from lab.ui.views.canvas import Canvas
from lab.ui.views.curves import Dots, Line, Thinned, spaced
from lab.ui.views.frames import broken, waiting
from lab.ui.views.marks import Align, Note, Rule
from lab.ui.views.numbers import number, short
from lab.ui.views.plot import Axis, Plot
from lab.ui.views.ticks import Tick, linear, logarithmic

Array = NDArray[Any]
SMOOTHINGS = (1, 25, 100, 400)
"""Updates over which the training loss can be averaged."""
LABELLED = 4
"""So many of the latest changes are named; the others have a line only."""
NAMED = 110
"""Pixels that the words of a checkpoint take."""
FALLING, SLOWLY, RISING = -0.05, -0.01, 0.03
"""Relative change of the loss over the last fifth of its course, from which it falls, falls slowly, or rises."""
_FEW, _WORSE = 5, 1.1
"""Epochs from which on a rising validation loss is called overfitting, and how far above its least it must be."""


class Loss(View):
    """Training loss of each update with its mean, validation loss of each epoch, other runs, changes while running."""

    name = "loss"
    title = {"en": "Loss", "zh": "损失"}
    help = "views"
    headed = True

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._canvas = Canvas(self._arrange)
        x = Axis(lambda low, high, most: linear(low, high, most, whole=True), Text("Update", "更新次数"))
        self._plot = Plot(self._canvas, x, Axis(self._ticks, Text.plain(""), grid=True))
        self._raw = Line(self._plot, "series1", alpha=80, z=1)
        self._mean = Line(self._plot, "series1", z=3)
        self._held = Line(self._plot, "series2", z=4)
        self._dots = Dots(self._plot, "series2", z=5)
        self._only = Dots(self._plot, "series1", z=3)
        self._others: list[tuple[Line, Dots]] = []
        self._thinned: dict[str, Thinned] = {}
        self._train, self._validation = Thinned(), Thinned()
        self._log, self._smoothing = True, SMOOTHINGS[1]
        self._drawn: tuple[Any, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._canvas)
        self._wanted_log = self._action()
        self._canvas.pointed.connect(self.told)
        self._canvas.whole.connect(self._again)
        stage.reset.connect(self._forget)

    def _action(self) -> QAction:
        wanted = QAction(self)
        wanted.setCheckable(True)
        wanted.setChecked(True)
        bind(wanted, wanted.setText, Text("Logarithmic axis", "对数坐标"))
        wanted.toggled.connect(self._again)
        self.addAction(wanted)
        menu = QMenu(self)
        bind(menu, menu.setTitle, Text("Smoothing", "平滑"))
        group = QActionGroup(menu)
        for points in SMOOTHINGS:
            action = QAction(menu)
            words = Text("None", "无") if points == 1 else Text("{n} updates", "{n} 次更新").with_(n=points)
            bind(action, action.setText, words)
            action.setCheckable(True)
            action.setChecked(points == self._smoothing)
            action.triggered.connect(lambda _=False, points=points: self._smooth(points))
            group.addAction(action)
            menu.addAction(action)
        self.addAction(menu.menuAction())
        return wanted

    def refresh(self) -> None:
        stage = self.stage
        train, held = stage.curve("train.loss"), stage.curve("validation.loss")
        self._canvas.smooth(not stage.live)
        drawn = (
            len(train.updates), len(held.updates), len(stage.marks), stage.state, stage.checkpoint,
            tuple((one.run, one.series, len(_curve(one).updates)) for one in stage.overlays), len(stage.about),
        )  # fmt: skip
        if drawn == self._drawn:
            return
        self._drawn = drawn
        self._train.follow(train.updates, train.values)
        self._validation.follow(held.updates, held.values)
        x, y = self._train.outline()
        self._log = self._wanted_log.isChecked() and not (len(y) and np.fmin.reduce(y) <= 0)
        span = (0.0, self._last(train))
        mean_x, mean_y = self._train.smoothed(self._smoothing)
        self._raw.show_points(x, self._scaled(y))
        self._mean.show_points(mean_x, self._scaled(mean_y))
        one = _alone(x)
        self._only.show_points(x[one], self._scaled(y[one]))
        held_x, held_y = self._validation.outline()
        held_y = self._scaled(held_y)
        self._held.show_points(held_x, held_y)
        chosen = spaced(held_x, self._plot.rect.width(), span)
        self._dots.show_points(held_x[chosen], held_y[chosen])
        others = self._overlay(span[1])
        self._plot.set_range(span, self._reach([self._scaled(y), held_y, *others]))
        self._mark(train, span)
        self._plot.caption(self.axis(), self.legend())

    def _overlay(self, end: float) -> list[Array]:
        """Draw other runs to the end of the axis: what is beyond it must not make what is seen of them coarse."""
        while len(self._others) < len(self.stage.overlays):
            self._others.append((Line(self._plot, "muted", z=2), Dots(self._plot, "muted", "square", z=2)))
        shown = []
        for place, (line, dots) in enumerate(self._others):
            if place >= len(self.stage.overlays):
                line.clear_points()
                dots.clear_points()
                continue
            overlay = self.stage.overlays[place]
            thinned = self._thinned.setdefault(overlay.run, Thinned())
            curve = _curve(overlay)
            seen = int(np.searchsorted(curve.updates, end, "right"))
            thinned.follow(curve.updates[:seen], curve.values[:seen])
            x, y = thinned.outline()
            y = self._scaled(y)
            for item in (line, dots):
                item.recolour(f"series{overlay.series}")
            line.dash = overlay.dash
            line.show_points(x, y)
            one = _alone(x)
            dots.show_points(x[one], y[one])
            shown.append(y)
        return shown

    def _scaled(self, values: Array) -> Array:
        if not self._log:
            return values
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log10(values)

    def _last(self, train: Curve) -> float:
        """The end of the horizontal axis: what is planned, or while that is far away, twice what there is, in steps."""
        now = int(train.updates[-1]) if len(train.updates) else 0
        planned = int(self.stage.about.get("updates") or 0)
        step = float(max(64, 2 ** math.ceil(math.log2(now + 1))))
        ends = [one.updates[-1] for one in (_curve(o) for o in self.stage.overlays) if len(one.updates)]
        return float(max(min(step, planned) if planned else step, 2, now, min(max(ends, default=0), planned or step)))

    def _reach(self, curves: Sequence[Array]) -> tuple[float, float]:
        """The vertical range: of all that is finite, widened to quarters of a decade so that it moves seldom."""
        values = np.concatenate([*curves, np.array([self._at(value) for _, value in self._baselines()])])
        values = values[np.isfinite(values)]
        if not len(values):
            return (-3.0, 0.0) if self._log else (0.0, 1.0)
        low, high = float(values.min()), float(values.max())
        if low == high and not self._log:
            return (min(0.0, 2 * low), max(0.0, 2 * high)) if low else (-0.05, 1.0)
        if self._log:
            return math.floor(low * 4 - 0.2) / 4, math.ceil(high * 4 + 0.2) / 4
        room = max(high - low, 1e-9) * 0.05
        return low - room, high + room

    def _at(self, value: float) -> float:
        return math.log10(value) if self._log and value > 0 else value

    def _baselines(self) -> list[tuple[str, float]]:
        """Baselines that are measured as the loss is: in the same measure, and without a unit between them."""
        about, spec = self.stage.about, self.stage.spec
        kind = "" if spec is None else spec.output.loss.name
        known = {name: float(value) for name, value in (about.get("baselines") or {}).items()}
        if about.get("metric") == "mse" and kind == "mean-squared-error" and not about.get("unit"):
            return list(known.items())
        if about.get("metric") == "bits-per-character" and kind == "cross-entropy":
            return [(name, value * math.log(2)) for name, value in known.items()]
        return []

    def _mark(self, train: Curve, span: tuple[float, float]) -> None:
        stage = self.stage
        rules = [Rule(self._at(value), "muted", level=True, dash=True) for _, value in self._baselines()]
        notes = []
        if len(rules) > 1:
            notes += [
                Note(names.baseline(name), span[1], self._at(value), "muted", "right", back=True, stack=True)
                for name, value in self._baselines()
            ]
        above = len(notes)
        lost, end = _first_lost(train), math.inf
        if lost is not None:
            end = lost
            words = Text("NaN from update {u}", "第 {u} 次更新起为 NaN").with_(u=f"{end:,}")
        elif broken(stage) and len(train.updates):
            end = int(train.updates[-1])
            words = Text("ended at update {u}", "止于第 {u} 次更新").with_(u=f"{end:,}")
        pixel = (span[1] - span[0]) / max(self._plot.rect.width(), 1.0)
        if math.isfinite(end):
            rules.append(Rule(end, "error"))
            notes.append(Note(words, end, 0, "error", "beside", True, dx=5, row=0, back=True))
        if broken(stage) and stage.checkpoint is not None:
            rules.append(Rule(stage.checkpoint, "good", dash=True))
            words = Text("checkpoint {u}", "检查点 {u}").with_(u=f"{stage.checkpoint:,}")
            reach = NAMED * theme.scale * pixel
            side: Align = "right" if stage.checkpoint - span[0] > reach else "beside"
            # Between two lines that are near to each other there is no room: then it stands below the other's words.
            crowded = side == "beside" and 0 <= end - stage.checkpoint < reach
            at, dx = (end if crowded else stage.checkpoint), (-5 if side == "right" else 5)
            notes.append(Note(words, at, 0, "good", side, True, dx=dx, row=1, back=True))
        kept = self._kept()
        if kept is not None:
            rules.append(Rule(kept, "good", dash=True))
            words = Text("weights kept: update {u}", "保留第 {u} 次更新的权重").with_(u=f"{kept:,}")
            side = "right" if kept - span[0] > NAMED * theme.scale * pixel else "beside"
            notes.append(Note(words, kept, 0, "good", side, True, dx=-5 if side == "right" else 5, row=0, back=True))
        apart = 150.0 * pixel
        above = len(notes) - above
        row, before = above, -math.inf
        for place, (update, words_by) in enumerate(stage.marks):
            rules.append(Rule(update, "axis"))
            if place >= len(stage.marks) - LABELLED:
                row = row + 1 if update - before < apart else above
                before = update
                text = Text(words_by.get("en", ""), words_by.get("zh", words_by.get("en", "")))
                notes.append(Note(text, update, 0, "muted", "beside", True, dx=4, row=row, back=True))
        self._plot.mark(rules, notes)

    def _kept(self) -> int | None:
        """The update whose weights a run with early stopping came back to at its end, if it is not the last one."""
        spec, held = self.stage.spec, self.stage.curve("validation.loss")
        if self.stage.state is not WorkerState.FINISHED or spec is None or not spec.training.early_stopping:
            return None
        if np.isnan(held.values).all():
            return None
        best = int(np.nanargmin(held.values))
        return int(held.updates[best]) if best < len(held.values) - 1 else None

    def legend(self) -> tuple[Key, ...]:
        keys = [Key(Text("train", "训练"), "line", 1)]
        if len(self.stage.curve("validation.loss").updates):
            keys.append(Key(Text("validation", "验证"), "dots", 2))
        keys += [Key(one.name, "line", one.series, one.dash) for one in self.stage.overlays]
        known = self._baselines()
        if known:
            keys.append(Key(names.baseline(known[0][0]) if len(known) == 1 else Text("baselines", "基线"), "dash", -1))
        return tuple(keys)

    def axis(self) -> Text:
        spec = self.stage.spec
        measure = names.loss("" if spec is None else spec.output.loss.name)
        return Text("{loss}, log scale", "{loss}，对数").with_(loss=measure) if self._log else measure

    def reading(self) -> Text:
        train = self.stage.curve("train.loss")
        if self._canvas.pointer is not None and len(train.updates):
            place = min(int(np.searchsorted(train.updates, self._canvas.pointer[1])), len(train.updates) - 1)
            words = Text("update {u}  {v}", "第 {u} 次  {v}")
            return words.with_(u=f"{int(train.updates[place]):,}", v=number(float(train.values[place])))
        held = self.stage.curve("validation.loss")
        if not len(held.values):
            return Text.plain("")
        return Text("validation {v}", "验证 {v}").with_(v=number(float(held.values[-1]), 2))

    def sentence(self) -> Sentence:
        train, held = self.stage.curve("train.loss"), self.stage.curve("validation.loss")
        if not len(train.values):
            return Sentence(waiting(self.stage, Text("the curves", "曲线")))
        lost = _first_lost(train)
        if lost is not None:
            return Sentence(_lost_words(train, lost), "error")
        if broken(self.stage):
            words = Text("The run failed after update {u}.", "运行在第 {u} 次更新后失败。")
            if self.stage.state is WorkerState.LOST:
                words = Text("The worker was lost after update {u}.", "第 {u} 次更新后工作进程丢失。")
            return Sentence(words.with_(u=f"{int(train.updates[-1]):,}"), "error")
        told = held if len(held.values) >= 2 else train
        which = Text("Validation", "验证损失") if told is held else Text("Training loss", "训练损失")
        now, change = _course(told.values)
        trend = _trend(change)
        best = float(np.fmin.reduce(told.values))
        at = _overfits(train, held)
        if at is not None:
            words = Text("Validation rises since update {u}: overfitting.", "验证损失自第 {u} 次更新起上升：过拟合。")
            return Sentence(words.with_(u=f"{at:,}"), "warning")
        better = [(best_of, value) for best_of, value in self._baselines() if value > 0]
        if better and told is held:
            name, value = min(better, key=lambda one: one[1])
            ratio = value / now if now > 0 else math.inf
            words = Text("{r} times better than {name}; {trend}.", "比“{name}”好 {r} 倍；{trend}。")
            if ratio < 1:
                words = Text("Still {r} times worse than {name}; {trend}.", "仍比“{name}”差 {r} 倍；{trend}。")
            ratio = ratio if ratio >= 1 else 1 / ratio
            full = words.with_(r=short(ratio, 2), name=names.baseline(name), trend=trend)
            return Sentence(full, "good" if now < value else "")
        if len(told.values) == 1:
            words = Text("{which} {v}; there is one value so far.", "{which} {v}；目前只有一个值。")
            return Sentence(words.with_(which=which, v=number(now, 2)))
        words = Text("{which} {v}; {trend}.", "{which} {v}；{trend}。")
        if now <= best * 1.001 and told is held and change < 0:
            words = Text("{which} {v}, best so far; {trend}.", "{which} {v}，为目前最佳；{trend}。")
        return Sentence(words.with_(which=which, v=number(now, 2), trend=trend))

    def table(self) -> Mapping[str, Array]:
        found: dict[str, Array] = {}
        for name in ("train.loss", "validation.loss"):
            curve = self.stage.curve(name)
            if len(curve.updates):
                found |= {f"{name} update": curve.updates, name: curve.values}
        for overlay in self.stage.overlays:
            curve, name = _curve(overlay), f"{overlay.name.en} {_measured(overlay)}"
            found |= {f"{name} update": curve.updates, name: curve.values}
        return found

    def restyle(self) -> None:
        self._canvas.restyle()
        self._again()

    def _ticks(self, low: float, high: float, most: int) -> list[Tick]:
        return logarithmic(low, high, most) if self._log else linear(low, high, most)

    def _arrange(self, inside: QRectF) -> None:
        self._plot.place(inside)

    def _smooth(self, points: int) -> None:
        self._smoothing = points
        self._again()

    def _again(self, *_: object) -> None:
        self._drawn = ()
        self.refresh()
        self.told.emit()

    def _forget(self) -> None:
        self._train.clear()
        self._validation.clear()
        self._thinned = {}
        self._plot.free = False
        self._drawn = ()


def _measured(overlay: Overlay) -> str:
    """Which loss of another run is drawn: of the validation split, where it was measured."""
    return "validation.loss" if "validation.loss" in overlay.curves else "train.loss"


def _curve(overlay: Overlay) -> Curve:
    return overlay.curves.get(_measured(overlay)) or Curve()


def _alone(x: Array) -> slice:
    """Where a curve has a dot besides its line: a line of one point is not seen."""
    return slice(0, len(x) if len(x) == 1 else 0)


def _first_lost(train: Curve) -> int | None:
    """The update at whose loss the curve is not finite to its end, if it is so."""
    if not len(train.values) or math.isfinite(train.values[-1]):
        return None
    good = np.flatnonzero(np.isfinite(train.values))
    return int(train.updates[good[-1] + 1]) if len(good) else int(train.updates[0])


def _lost_words(train: Curve, lost: int) -> Text:
    good = train.values[np.isfinite(train.values)]
    if len(good) > 20:
        recent = good[-200:]
        start = int(np.argmin(recent))
        growth = float(recent[-1]) / max(float(recent[start]), 1e-300)
        if growth > 10:
            words = Text(
                "The loss grew {n}-fold in {k} updates, then became NaN.",
                "损失在 {k} 次更新内增大 {n} 倍，随后变为 NaN。",
            )
            return words.with_(n=number(float(f"{growth:.1g}"), 1), k=len(recent) - start)
    return Text("The loss became NaN at update {u}.", "第 {u} 次更新时损失变为 NaN。").with_(u=f"{lost:,}")


def _course(values: Array) -> tuple[float, float]:
    """The value now, and its relative change between the last tenth and the tenth before."""
    part = max(1, len(values) // 10)
    if len(values) < 2:
        return float(values[-1]), 0.0
    now, before = float(np.nanmean(values[-part:])), float(np.nanmean(values[-2 * part : -part]))
    return float(values[-1]), (now - before) / abs(before) if before else 0.0


def _overfits(train: Curve, held: Curve) -> int | None:
    """The update of the least validation loss, where it is well above that since, and the training loss below.

    Means over a tenth of the epochs are compared: single epochs are noisy.
    """
    part = max(1, len(held.values) // 10)
    if len(held.values) < _FEW or not np.isfinite(held.values).all():
        return None
    means = np.convolve(held.values, np.ones(part) / part, "valid")
    best = int(means.argmin())
    if means[-1] < _WORSE * means[best] or best + part >= len(held.values):
        return None
    at = best + int(held.values[best : best + part].argmin())
    there, wide = int(np.searchsorted(train.updates, held.updates[at])) + 1, max(1, len(train.values) // 10)
    then, now = train.values[max(0, there - wide) : there], train.values[-wide:]
    return int(held.updates[at]) if float(np.mean(now)) < float(np.mean(then)) else None


def _trend(change: float) -> Text:
    if change < FALLING:
        return Text("still falling", "仍在下降")
    if change < SLOWLY:
        return Text("still falling slowly", "仍在缓慢下降")
    return Text("rising", "正在上升") if change > RISING else Text("level now", "已趋平稳")


@hookimpl
def lab_register_views() -> list[type[View]]:
    return [Loss]
