"""Phase portrait: the path of the hidden state through a plane, sample by sample."""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QHBoxLayout, QSpinBox, QVBoxLayout, QWidget, QWidgetAction

from lab.api import hookimpl
from lab.ui.api import Key, Sentence, Stage, Text, View, bind
from lab.ui.views.canvas import Canvas
from lab.ui.views.frames import Shown, finite_steps, labels_of, layer_label, length_of, waiting
from lab.ui.views.marks import Note
from lab.ui.views.menus import choice_menu
from lab.ui.views.numbers import fixed, share
from lab.ui.views.plane import loop_of, principal, widened
from lab.ui.views.plot import Axis, Plot
from lab.ui.views.ticks import linear
from lab.ui.views.trail import Trail
from lab.ui.views.units import sample_menu

Array = NDArray[Any]
TURN_AGAIN = 1.0
"""Seconds between two choices of the components while live: a plane that turns all the time cannot be read."""
LABEL = 60
"""Pixels that the label of a point takes: two that are nearer stand on different sides."""
COLOURS = (Text("Time", "时间"), Text("Sample or class", "样本或类别"))
PLANES = (Text("Principal components", "主成分"), Text("Two units", "两个单元"))


class PhasePortrait(View):
    """Paths of the watched samples in two principal components, or two units, of one state of one layer."""

    name = "phase-portrait"
    title = {"en": "Phase portrait", "zh": "相图"}
    needs = ("hidden-states", "inputs")
    help = "views"
    headed = True

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._canvas = Canvas(self._arrange)
        self._plot = Plot(
            self._canvas, Axis(linear, Text("PC 1", "主成分 1")), Axis(linear, Text("PC 2", "主成分 2")), left=30
        )
        self._plot.box.setAspectLocked(True)
        self._trail = Trail(self._plot)
        self._keys: list[str] = []
        self._state, self._plane, self._colour = 0, 0, 0
        self._units = (0, 1)
        self._basis: tuple[str, float, Array, Array, Array] | None = None
        self._extent: tuple[float, float, float, float] | None = None
        self._paths: Array = np.zeros((0, 0, 2))
        self._states: Array = np.zeros((0, 0))
        self._drawn: tuple[Any, ...] = ()
        self._spins = (QSpinBox(), QSpinBox())
        self._fill_menu()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._canvas)
        self._canvas.pointed.connect(self.told)
        self._canvas.whole.connect(self._again)
        stage.cursor.moved.connect(self._moved)
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
        colours = choice_menu(self, Text("Colour", "颜色"), lambda: COLOURS, lambda: self._colour, self._choose_colour)
        self.addAction(colours.menuAction())
        self.addAction(sample_menu(self).menuAction())

    def refresh(self) -> None:
        shown = Shown(self.stage, "hidden-states")
        cursor = self.stage.cursor
        drawn = (shown.frame, shown.stale, cursor.step, cursor.sample, self.stage.live)
        if self._drawn and drawn[0] is self._drawn[0] and drawn[1:] == self._drawn[1:]:
            return
        self._drawn = drawn
        if shown.frame is None or not shown.frame.arrays:
            self._trail.show_paths(np.zeros((0, 0, 2)), ())
            self._plot.set_range((-1.0, 1.0), (-1.0, 1.0))
            self._plot.mark((), ())
            return
        self._keys = list(shown.frame.arrays)
        self._state = min(self._state, len(self._keys) - 1)
        key = self._keys[self._state]
        states = np.asarray(shown.frame.arrays[key], np.float64)
        inputs = self.stage.frames.get("inputs")
        states = states.copy()
        for sample in range(states.shape[1]):
            states[length_of(inputs, sample, len(states)) :, sample] = np.nan
        self._states = states[:, min(cursor.sample, states.shape[1] - 1)]
        for spin in self._spins:
            spin.setMaximum(max(states.shape[2], 1))
        self._paths = self._project(key, states)
        self._trail.step = cursor.step
        self._trail.show_paths(self._paths, self._roles(inputs))
        self._extent = widened(self._paths, None if self._plot.free else self._extent)
        left, right, low, high = self._extent
        self._plot.set_range((left, right), (low, high))
        self._mark(shown)
        self._plot.caption(self._plot.y.name, self.legend())

    def _project(self, key: str, states: Array) -> Array:
        if self._plane == 1 or states.shape[2] < 2:
            across, up = (min(unit, states.shape[2] - 1) for unit in self._units)
            self._name(Text("Unit {n}", "单元 {n}").with_(n=across + 1), Text("Unit {n}", "单元 {n}").with_(n=up + 1))
            return states[..., [across, up]]
        now = time.monotonic()
        known = self._basis
        if known is None or known[0] != key or len(known[2]) != states.shape[2] or now - known[1] > TURN_AGAIN:
            flat = states.reshape(-1, states.shape[2])
            middle, axes, shares = principal(flat, known[3] if known and known[0] == key else None)
            self._basis = known = (key, now, middle, axes, shares)
        _, _, middle, axes, shares = known
        one = Text("PC 1 · {s}", "主成分 1 · {s}").with_(s=share(float(shares[0])))
        two = Text("PC 2 · {s}", "主成分 2 · {s}").with_(s=share(float(shares[1])))
        self._name(one, two)
        return (states - middle) @ axes.T

    def _name(self, across: Text, up: Text) -> None:
        if across != self._plot.x.name or up != self._plot.y.name:
            self._plot.x.name, self._plot.y.name = across, up
            self._plot.update()

    def _roles(self, inputs: Any) -> list[str]:
        if self._colour == 0:
            return []
        samples = self._paths.shape[1]
        targets = None if inputs is None else inputs.arrays.get("targets")
        if targets is not None and targets.ndim == 1 and targets.dtype.kind in "iu":
            return [f"series{int(targets[min(k, len(targets) - 1)]) % 8 + 1}" for k in range(samples)]
        return [f"series{k % 8 + 1}" for k in range(samples)]

    def _mark(self, shown: Shown) -> None:
        sample = min(self.stage.cursor.sample, self._paths.shape[1] - 1)
        path = self._paths[:, sample]
        steps = finite_steps(path)
        notes = []
        if steps > 1:
            ends = (0, steps - 1)
            lows = [bool(path[step, 1] < np.nanmean(path[:, 1])) for step in ends]
            first, last = (self._plot.to_pixels(float(path[step, 0]), float(path[step, 1])) for step in ends)
            if abs(first.x() - last.x()) < LABEL and abs(first.y() - last.y()) < LABEL / 2:
                lows = [bool(first.y() > last.y()), bool(first.y() <= last.y())]
            for step, low in zip(ends, lows, strict=True):
                x, y = path[step].tolist()
                notes.append(
                    Note(Text.plain(f"t = {step}"), x, y, "text", "centre", True, dy=13 if low else -13, back=True)
                )
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
                return Sentence(Text("The state is NaN from the first step.", "状态从第一步起就是 NaN。"), "error")
            return Sentence(
                Text("Ends at t = {t}; then NaN.", "止于 t = {t}，之后为 NaN。").with_(t=steps - 1), "error"
            )
        return Sentence(loop_of(self._states[:steps]))

    def legend(self) -> tuple[Key, ...]:
        if self._colour == 0:
            return ()
        names = labels_of(self.stage.frames.get("inputs"), self.stage)
        roles = self._roles(self.stage.frames.get("inputs"))
        return tuple(
            Key(Text.plain(names[k] if k < len(names) else str(k + 1)), "dots", int(role[6:]))
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
        step, _ = np.unravel_index(int(np.nanargmin(away)), away.shape)
        return Text.plain(f"t = {step}  {fixed(x, 2)}, {fixed(y, 2)}")

    def table(self) -> Mapping[str, Array]:
        return {"paths": self._paths} if self._paths.size else {}

    def restyle(self) -> None:
        self._canvas.restyle()
        self._trail.update()

    def _arrange(self, inside: QRectF) -> None:
        self._plot.place(inside)

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

    def _choose_colour(self, index: int) -> None:
        self._colour = index
        self._again()

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


@hookimpl
def lab_register_views() -> list[type[View]]:
    return [PhasePortrait]
