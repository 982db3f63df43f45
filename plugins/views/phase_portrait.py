"""Phase portrait: the paths of the watched samples' hidden state through a plane."""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QHBoxLayout, QSpinBox, QVBoxLayout, QWidget, QWidgetAction

from lab.api import hookimpl
from lab.telemetry.frames import Frame
from lab.ui.api import Key, Sentence, Stage, Text, View, bind
from lab.ui.theme import theme
from lab.ui.views.canvas import Canvas
from lab.ui.views.choice import Choice
from lab.ui.views.frames import Shown, finite_steps, labels_of, layer_label, length_of, lost, times_of, waiting
from lab.ui.views.marks import Note
from lab.ui.views.menus import choice_menu
from lab.ui.views.names import sample_name
from lab.ui.views.numbers import fixed, share
from lab.ui.views.picture import BAR, Bar
from lab.ui.views.plane import loop_of, principal, sampled, shares, widened
from lab.ui.views.plot import Axis, Plot
from lab.ui.views.ticks import linear, looks_monthly, of_steps
from lab.ui.views.trail import Trail
from lab.ui.views.units import sample_menu

Array = NDArray[Any]
TURN_AGAIN = 1.0
"""Seconds between two looks at whether there is a better plane while live."""
HOLDS = 0.9
"""A plane is kept while it has this share of the variance that the best one has: one that turns cannot be read."""
WORTH_TELLING = 0.02
"""Differences of the share of an axis that are not written while live: all axes are painted anew for them."""
LABEL = 60
"""Pixels that the label of a point takes: two that are nearer stand on different sides."""
COLOURS = (Text("Time", "时间"), Text("Sample or class", "样本或类别"), Text("Season", "季节"))
TIME, SAMPLE, SEASON = range(3)
PLANES = (Text("Principal components", "主成分"), Text("Two units", "两个单元"))
PLAIN = (Text("PC 1", "主成分 1"), Text("PC 2", "主成分 2"))
TRAILS = (0, 12, 24, 36, 48, 96)
"""Steps of a trail to choose from; 0 is all."""
USUAL, MONTHS = 24, 36
"""The one that is chosen at first, and that of a series of months: three years."""
QUARTERS = tuple(Text.plain(f"Q{quarter}") for quarter in range(1, 5))


class PhasePortrait(View):
    """Paths of the watched samples in two principal components, or two units, of one state of one layer.

    The sample that the other views show has its last steps drawn strongly, up to the time cursor if it is set.
    """

    name = "phase-portrait"
    title = {"en": "Phase portrait", "zh": "相图"}
    needs = ("hidden-states", "inputs")
    help = "views"
    headed = True

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._canvas = Canvas(self._arrange, keys=True)
        self._plot = Plot(self._canvas, Axis(linear, PLAIN[0]), Axis(linear, PLAIN[1]), left=30)
        self._plot.box.setAspectLocked(True)
        self._bar = Bar(self._canvas, self._plot, "time")
        self._bar.setVisible(False)
        self._trail = Trail(self._plot)
        self._keys: list[str] = []
        self._state, self._plane = 0, 0
        self._colour: int | None = None
        self._length: int | None = None
        self._units = (0, 1)
        self._basis: tuple[str, float, Array] | None = None
        self._in_plane: Array = np.zeros(2)
        self._extent: tuple[float, float, float, float] | None = None
        self._paths: Array = np.zeros((0, 0, 2))
        self._states: Array = np.zeros((0, 0))
        self._times: list[str] = []
        self._steps = (0, 0)
        self._drawn: tuple[Any, ...] = ()
        self._spins = (QSpinBox(), QSpinBox())
        self._choice = Choice(Text("Which sample is shown", "显示哪个样本"))
        self._choice.chosen.connect(lambda sample: stage.cursor.look_at(sample=sample))
        self._fill_menu()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._canvas)
        self.setFocusProxy(self._canvas)
        self._canvas.pointed.connect(self.told)
        self._canvas.whole.connect(self._again)
        self._canvas.stepped.connect(self._step)
        stage.cursor.settled.connect(self._moved)
        stage.reset.connect(self._forget)

    def _fill_menu(self) -> None:
        states = choice_menu(self, Text("State", "状态"), self._state_names, lambda: self._state, self._choose_state)
        self.addAction(states.menuAction())
        planes = choice_menu(self, Text("Axes", "坐标轴"), lambda: PLANES, lambda: self._plane, self._choose_plane)
        self.addAction(planes.menuAction())
        picker = QWidget()
        row = QHBoxLayout(picker)
        for place, (spin, words) in enumerate(
            zip(self._spins, (Text("unit across", "横轴单元"), Text("unit up", "纵轴单元")), strict=True)
        ):
            spin.setRange(1, 2)
            spin.setValue(place + 1)
            bind(spin, spin.setAccessibleName, words)
            bind(spin, spin.setToolTip, words)
            spin.valueChanged.connect(self._choose_units)
            row.addWidget(spin)
        action = QWidgetAction(self)
        action.setDefaultWidget(picker)
        self.addAction(action)
        colours = choice_menu(
            self,
            Text("Colour", "颜色"),
            lambda: COLOURS[: 3 if self._monthly else 2],
            lambda: self.colour,
            self._recolour,
        )
        self.addAction(colours.menuAction())
        trails = choice_menu(self, Text("Trail", "轨迹"), _trail_names, lambda: TRAILS.index(self.length), self._cut)
        self.addAction(trails.menuAction())
        self.addAction(sample_menu(self).menuAction())

    @property
    def _monthly(self) -> bool:
        return looks_monthly(self._times)

    @property
    def colour(self) -> int:
        """What the colours say: what was chosen, else the season of a year, the sample of several, or the time."""
        if self._colour is not None and (self._colour != SEASON or self._monthly):
            return self._colour
        return SAMPLE if self._paths.shape[1] > 1 else SEASON if self._monthly else TIME

    @property
    def length(self) -> int:
        """Steps of the trail, 0 for all."""
        return self._length if self._length is not None else MONTHS if self._monthly else USUAL

    def refresh(self) -> None:
        shown = Shown(self.stage, "hidden-states")
        cursor = self.stage.cursor
        drawn = (shown.frame, shown.stale, cursor.step, cursor.sample, self.stage.live)
        if self._drawn and drawn[0] is self._drawn[0] and drawn[1:] == self._drawn[1:]:
            return
        self._drawn = drawn
        self._canvas.smooth(not self.stage.live)
        if shown.frame is None or not any(array.size for array in shown.frame.arrays.values()):
            self._empty()
            return
        self._keys = list(shown.frame.arrays)
        self._state = min(self._state, len(self._keys) - 1)
        key = self._keys[self._state]
        states = np.array(shown.frame.arrays[key], np.float64)
        inputs = self.stage.frames.get("inputs")
        for sample in range(states.shape[1]):
            states[length_of(inputs, sample, len(states)) :, sample] = np.nan
        sample = min(cursor.sample, states.shape[1] - 1)
        self._states = states[:, sample].copy()
        states[~np.isfinite(states)] = np.nan
        self._times = times_of(inputs, sample)
        for spin in self._spins:
            spin.setMaximum(max(states.shape[2], 1))
        self._offer(states.shape[1], sample)
        last = length_of(inputs, sample, len(states)) - 1
        head = last if cursor.step is None else min(cursor.step, last)
        self._steps = (0 if not self.length else max(0, head - self.length), head)
        trails = slice(self._steps[0], head + 1)
        self._paths = self._project(key, states, trails)
        roles, seasons = self._roles(inputs), self._seasons(len(states))
        self._trail.show_paths(self._paths, sample, self._steps, samples=roles, steps=seasons)
        self._extent = widened(self._paths[trails], None if self._plot.free else self._extent)
        left, right, low, high = self._extent
        self._plot.set_range((left, right), (low, high))
        self._show_bar()
        self._mark(shown, sample)
        self._plot.caption(self._plot.y.name, self.legend())

    def _empty(self) -> None:
        self._states, self._paths = np.zeros((0, 0)), np.zeros((0, 0, 2))
        self._trail.show_paths(self._paths)
        self._plot.set_range((-1.0, 1.0), (-1.0, 1.0))
        self._plot.mark((), ())
        self._offer(1, 0)
        self._show_bar()
        self._name(*PLAIN)
        self._plot.caption(self._plot.y.name, self.legend())

    def _offer(self, samples: int, shown: int) -> None:
        self._choice.offer([Text.plain(str(place + 1)) for place in range(samples)], (), shown)

    def _show_bar(self) -> None:
        wanted = self.colour == TIME and bool(self._paths.size)
        first, last = self._steps
        ticks = lambda low, high, most: of_steps(self._times, low, high, most, longest=5)  # noqa: E731 - of this frame
        self._bar.describe(Text.plain("t"), float(first), float(max(last, first + 1)), ticks)
        if wanted != self._bar.isVisible():
            self._bar.setVisible(wanted)
            self._canvas.arranged()

    def _project(self, key: str, states: Array, trails: slice) -> Array:
        """States (T, B, D) as points of the plane (T, B, 2), which is fitted to the steps of the trails."""
        if self._plane == 1 or states.shape[2] < 2:
            across, up = (min(unit, states.shape[2] - 1) for unit in self._units)
            self._name(Text("Unit {n}", "单元 {n}").with_(n=across + 1), Text("Unit {n}", "单元 {n}").with_(n=up + 1))
            return states[..., [across, up]]
        now = time.monotonic()
        points = sampled(states[trails])
        known = self._basis
        if known is None or known[0] != key or known[2].shape[1] != states.shape[2]:
            known = (key, now, principal(points, None))
        elif now - known[1] > TURN_AGAIN:
            best = principal(points, known[2])
            turned = shares(points, known[2]).sum() < HOLDS * shares(points, best).sum()
            known = (key, now, best if turned else known[2])
        self._basis = known
        now_in = shares(points, known[2])
        if np.abs(now_in - self._in_plane).max() >= WORTH_TELLING or not self.stage.live:
            self._in_plane = now_in
        one, two = (share(float(part)) for part in self._in_plane)
        self._name(Text("PC 1 · {s}", "主成分 1 · {s}").with_(s=one), Text("PC 2 · {s}", "主成分 2 · {s}").with_(s=two))
        return (states - (points.mean(axis=0) if len(points) else 0.0)) @ known[2].T

    def _name(self, across: Text, up: Text) -> None:
        if across != self._plot.x.name or up != self._plot.y.name:
            self._plot.x.name, self._plot.y.name = across, up
            self._plot.update()

    def _roles(self, inputs: Frame | None) -> list[str]:
        """The colour of each sample, by its class or its place; nothing where colours say something else."""
        if self.colour != SAMPLE:
            return []
        samples = self._paths.shape[1]
        targets = None if inputs is None else inputs.arrays.get("targets")
        if targets is not None and targets.size and targets.ndim == 1 and targets.dtype.kind in "iu":
            return [f"series{int(targets[min(k, len(targets) - 1)]) % 8 + 1}" for k in range(samples)]
        return [f"series{k % 8 + 1}" for k in range(samples)]

    def _seasons(self, steps: int) -> list[str]:
        if self.colour != SEASON or len(self._times) < steps:
            return []
        return [f"series{(int(month[5:7]) - 1) // 3 + 1}" for month in self._times[:steps]]

    def _mark(self, shown: Shown, sample: int) -> None:
        path = self._paths[:, sample]
        steps = finite_steps(path)
        notes = []
        ends = self._steps[0], min(self._steps[1], steps - 1)
        if ends[0] < ends[1]:
            lows = [bool(path[step, 1] < np.nanmean(path[:, 1])) for step in ends]
            first, last = (self._plot.to_pixels(float(path[step, 0]), float(path[step, 1])) for step in ends)
            if abs(first.x() - last.x()) < LABEL and abs(first.y() - last.y()) < LABEL / 2:
                lows = [bool(first.y() > last.y()), bool(first.y() <= last.y())]
            for step, low in zip(ends, lows, strict=True):
                x, y = path[step].tolist()
                words = Text.plain(self._times[step] if step < len(self._times) else f"t = {step}")
                notes.append(Note(words, x, y, "text", "centre", True, dy=14 if low else -14, back=True))
        if shown.label is not None:
            left, right, _, high = self._extent or (0.0, 0.0, 0.0, 0.0)
            notes.append(Note(shown.label, (left + right) / 2, high, "error", "centre", True, row=0, back=True))
        self._plot.mark((), notes)

    def sentence(self) -> Sentence:
        if not len(self._states):
            return Sentence(waiting(self.stage, Text("paths", "状态轨迹"), state=True))
        steps = finite_steps(self._states)
        inputs = self.stage.frames.get("inputs")
        length = length_of(inputs, self.stage.cursor.sample, len(self._states))
        if steps < length:
            if not steps:
                words = Text("The state is {lost} from the first step.", "状态从第一步起就是 {lost}。")
            else:
                words = Text("Ends at t = {t}; then {lost}.", "止于 t = {t}，之后为 {lost}。")
            return Sentence(words.with_(t=steps - 1, lost=lost(self._states[:length])), "error")
        return Sentence(loop_of(self._states[:steps]))

    def legend(self) -> tuple[Key, ...]:
        if self.colour == SEASON and self._paths.size:
            return tuple(Key(words, "dots", place + 1) for place, words in enumerate(QUARTERS))
        inputs = self.stage.frames.get("inputs")
        names = labels_of(inputs, self.stage)
        roles = self._roles(inputs)
        targets = None if inputs is None else inputs.arrays.get("targets")
        if targets is not None and targets.ndim == 1 and targets.dtype.kind in "iu" and roles:
            classes = sorted({int(code) for code in targets[: len(roles)]})
            words = Text("class {n}", "类别 {n}")
            return tuple(Key(words.with_(n=code), "dots", code % 8 + 1) for code in classes)
        return tuple(
            Key(sample_name(names[k]) if len(roles) == 1 and names else Text.plain(str(k + 1)), "dots", int(role[6:]))
            for k, role in enumerate(roles)
        )

    def axis(self) -> Text:
        return self._plot.y.name

    def reading(self) -> Text:
        if self._canvas.pointer is None or not self._paths.size:
            return Text.plain("")
        _, x, y = self._canvas.pointer
        away = np.hypot(self._paths[..., 0] - x, self._paths[..., 1] - y)
        if not np.isfinite(away).any():
            return Text.plain("")
        step, sample = (int(one) for one in np.unravel_index(int(np.nanargmin(away)), away.shape))
        at = self._times[step] if step < len(self._times) else f"t = {step}"
        place = f"{sample + 1}:  " if self._paths.shape[1] > 1 else ""
        return Text.plain(f"{place}{at}  {fixed(x, 2)}, {fixed(y, 2)}")

    def table(self) -> Mapping[str, Array]:
        if not self._paths.size:
            return {}
        return {"step": np.arange(len(self._paths)), "paths": self._paths}

    def chooser(self) -> QWidget | None:
        return self._choice

    def restyle(self) -> None:
        self._canvas.restyle()
        self._bar.update()

    def _arrange(self, inside: QRectF) -> None:
        beside = theme.px(BAR) - 18 if self._bar.isVisible() else 0
        self._plot.place(inside.adjusted(0, 0, -beside, 0))
        self._bar.place(self._plot.rect.right() + 4)

    def _state_names(self) -> list[Text]:
        return [Text.plain(f"{layer_label(key.rpartition('/')[0])} {key.rpartition('/')[2]}") for key in self._keys]

    def _choose_state(self, index: int) -> None:
        self._state = index
        self._start_again()

    def _choose_plane(self, index: int) -> None:
        self._plane = index
        self._start_again()

    def _choose_units(self, *_: object) -> None:
        self._units = (self._spins[0].value() - 1, self._spins[1].value() - 1)
        self._choose_plane(1)

    def _recolour(self, index: int) -> None:
        self._colour = index
        self._again()

    def _cut(self, index: int) -> None:
        self._length = TRAILS[index]
        self._again()

    def _step(self, right: int, down: int) -> None:
        """Arrow keys: along the path, and from sample to sample."""
        steps, samples = self._paths.shape[:2]
        if steps:
            step = self._steps[1] + right if right else self.stage.cursor.step
            sample = min(max(self.stage.cursor.sample + down, 0), samples - 1)
            self.stage.cursor.look_at(None if step is None else min(max(step, 0), steps - 1), sample)

    def _start_again(self) -> None:
        self._basis = self._extent = None
        self._plot.free = False
        self._again()

    def _moved(self) -> None:
        self.refresh()
        self.told.emit()

    def _again(self, *_: object) -> None:
        self._drawn = ()
        self.refresh()
        self.told.emit()

    def _forget(self) -> None:
        self._basis = self._extent = None
        self._states, self._paths = np.zeros((0, 0)), np.zeros((0, 0, 2))
        self._plot.free = False
        self._drawn = ()


def _trail_names() -> list[Text]:
    return [Text("{n} steps", "{n} 步").with_(n=n) if n else Text("Whole path", "整条轨迹") for n in TRAILS]


@hookimpl
def lab_register_views() -> list[type[View]]:
    return [PhasePortrait]
