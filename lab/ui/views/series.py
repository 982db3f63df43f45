"""Forecasts of real values: a whole series with its test part, or the steps of one sample, or one value for each."""

import math
from collections.abc import Mapping
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Signal

from lab.telemetry.frames import Frame
from lab.ui.api import Key, Sentence
from lab.ui.stage import Overlay, Stage
from lab.ui.theme import theme
from lab.ui.views import names
from lab.ui.views.canvas import Canvas
from lab.ui.views.curves import Dots, Line
from lab.ui.views.frames import length_of, of_sample, steps_name, times_of, waiting
from lab.ui.views.marks import Band, Note, Rule
from lab.ui.views.numbers import number, short
from lab.ui.views.part import Part
from lab.ui.views.plot import Axis, Plot
from lab.ui.views.reached import reached
from lab.ui.views.ticks import Tick, linear, looks_monthly, of_steps
from lab.ui.words import Text

Array = NDArray[Any]
_YEAR: Final = Text("Year", "年份")
_STEP: Final = Text("Time step t", "时间步 t")
_NO_FORECAST: Final = Text("No forecast: the weights are NaN", "无预测：权重为 NaN")
_LAID: Final = Text.plain("")
_NONE_KEPT: Final = Text("no forecast kept", "未保存预测")
_OTHER: Final = Text("another series", "不是同一序列")


@final
class SeriesPart(Part):
    """Truth, forecast and baselines over a whole series, or over the steps of the chosen sample."""

    pointed = Signal()

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.canvas = Canvas(self._arrange)
        self._plot = Plot(self.canvas, Axis(self._across, _STEP), Axis(linear, Text.plain(""), grid=True))
        self._baseline = Line(self._plot, "muted", dash=1, z=1)
        self._truth = Line(self._plot, "text", z=2)
        self._others: list[Line] = []
        self._known = Line(self._plot, "series2", alpha=170, z=4)
        self._tested = Line(self._plot, "series2", z=5)
        self._dots = Dots(self._plot, "series2", z=6)
        self._labels: list[str] = []
        self._places: dict[str, int] = {}
        self._steps: list[int] = []
        self._series: Mapping[str, Array] = {}
        self._baseline_name = ""
        self._begun = True
        """Whether there is a network that forecasts."""
        self._laid: dict[str, Text] = {}
        self._notes: list[Note] = []
        self._fixed_rules: list[Rule] = []
        self.column.addWidget(self.canvas)
        self.canvas.pointed.connect(self.pointed)
        self._plot.drag = None

    def show_frame(self, frame: Frame, inputs: Frame | None, label: Text | None) -> None:
        arrays = frame.arrays
        whole = "truth" in arrays
        if whole:
            x = np.asarray(arrays.get("position", np.arange(len(arrays["truth"]))), np.float64)
            truth, forecast = (arrays.get(name) for name in ("truth", "forecast"))
            self._labels = [str(one) for one in frame.notes.get("labels") or ()]
            start, sample = frame.notes.get("test_from"), 0
        else:
            sample = self.stage.cursor.sample
            steps = length_of(inputs, sample, len(arrays["targets"]))
            truth, forecast = (
                None if name not in arrays else of_sample(np.asarray(arrays[name])[..., self.output], sample)[:steps]
                for name in ("targets", "outputs")
            )
            x = np.arange(steps, dtype=np.float64)
            self._labels = times_of(inputs, sample)[:steps]
            start = 0
        self._begun = forecast is not None
        truth = np.asarray(truth)
        forecast = np.full(len(truth), np.nan) if forecast is None else np.asarray(forecast)
        self._series = {"position": x, "truth": truth, "forecast": forecast}
        self._link(inputs, whole)
        first = len(x) if start is None else int(start)
        self._truth.show_points(x, truth)
        self._known.show_points(x[: first + 1], forecast[: first + 1])
        self._tested.show_points(x[first:], forecast[first:])
        many = len(x) - first > max(self._plot.rect.width(), 60) / 4
        self._dots.show_points(x[:0] if many else x[first:], forecast[:0] if many else forecast[first:])
        self._show_baseline(frame, x, first)
        self._show_others(truth if whole else None)
        self._scale(x, truth, forecast)
        name = _YEAR if looks_monthly(self._labels) else Text("Time", "时间") if self._labels else _STEP
        name = name if whole else steps_name(inputs, sample)
        bands = [Band(first, 1e12)] if whole and start is not None else []
        if (name, bands) != (self._plot.x.name, self._plot.bands):
            self._plot.x.name, self._plot.bands = name, bands
            self._plot.update()
        self._mark(frame, x, first if whole and start is not None else None, forecast, label)
        self._plot.caption(_unit_of(frame), self.legend())

    def _link(self, inputs: Frame | None, whole: bool) -> None:
        """Which step of the sample stands at which place of the series, as far as labels tell."""
        if not whole:
            self._places = {str(k): k for k in range(len(self._series["position"]))}
            self._steps = list(range(len(self._series["position"])))
            return
        places = {label: place for place, label in enumerate(self._labels)}
        self._steps = [places.get(time, -1) for time in times_of(inputs, self.stage.cursor.sample)]

    def _show_baseline(self, frame: Frame, x: Array, first: int) -> None:
        given = {key.partition("/")[2]: array for key, array in frame.arrays.items() if key.startswith("baseline/")}
        stated = self.stage.about.get("baselines") or {}
        self._baseline_name = min(given, key=lambda name: stated.get(name, math.inf)) if given else ""
        if self._baseline_name:
            array = np.asarray(given[self._baseline_name])
            self._baseline.show_points(x[first:], array[first:])
            self._series = {**self._series, f"baseline {self._baseline_name}": array}
        else:
            self._baseline.clear_points()

    def _show_others(self, truth: Array | None) -> None:
        """The forecasts of other runs, where they are of the same series."""
        self._laid = {one.run: _fault(one, truth) for one in self.stage.overlays}
        shown = [one for one in self.stage.overlays if not self._laid.get(one.run, _NONE_KEPT).en]
        while len(self._others) < len(shown):
            self._others.append(Line(self._plot, "muted", z=3))
        for one, line in zip(shown, self._others, strict=False):
            curve = one.curves["forecast"]
            line.recolour(f"series{one.series}")
            line.dash = one.dash
            line.show_points(curve.updates, curve.values)
            self._series = {**self._series, f"{one.name.en} forecast": curve.values}
        for line in self._others[len(shown) :]:
            line.clear_points()

    def _scale(self, x: Array, truth: Array, forecast: Array) -> None:
        known = truth[np.isfinite(truth)]
        low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
        made = forecast[np.isfinite(forecast)]
        reach = (high - low) or 1.0
        if len(made):
            # A wild forecast must not press the truth flat: it may take as much room again.
            low, high = max(min(low, float(made.min())), low - reach), min(max(high, float(made.max())), high + reach)
        room = 0.06 * (high - low)
        self._plot.set_range((float(x[0]) - 0.5, float(x[-1]) + 0.5), (low - room, high + 2 * room))

    def _mark(self, frame: Frame, x: Array, first: int | None, forecast: Array, label: Text | None) -> None:
        self._fixed_rules, notes = [], []
        if first is not None:
            self._fixed_rules.append(Rule(first, "axis"))
            before, word = first, Text("train", "训练")
            held = frame.notes.get("validation_from")
            if isinstance(held, int) and held < first:
                wide = (first - held) / max(len(x), 1) * self._plot.rect.width() > 70 * theme.scale
                self._fixed_rules.append(Rule(held, "axis", dash=True))
                if wide:
                    notes.append(
                        Note(
                            Text("validation", "验证"),
                            first,
                            role="muted",
                            bold=True,
                            align="right",
                            dx=-6,
                            row=0,
                            back=True,
                        )
                    )
                before = held
            notes.append(Note(word, before, role="muted", bold=True, align="right", dx=-6, row=0, back=True))
            notes.append(Note(Text("test", "测试"), first, role="muted", bold=True, dx=6, row=0))
        if self._begun and not np.isfinite(forecast).any():
            middle = float(x[len(x) // 2])
            notes.append(
                Note(_NO_FORECAST, middle, self._plot.view()[1][0], "error", "centre", True, dy=-20, back=True)
            )
        if label is not None:
            notes.append(Note(label, float(x[len(x) // 2]), role="error", align="centre", bold=True, row=1, back=True))
        self._notes = notes
        self.move_cursor()

    def move_cursor(self) -> None:
        step = self.stage.cursor.step
        rules = list(self._fixed_rules)
        if step is not None and 0 <= step < len(self._steps) and self._steps[step] >= 0:
            rules.append(Rule(self._steps[step], "text", halo=True))
        self._plot.mark(rules, self._notes)

    def legend(self) -> tuple[Key, ...]:
        keys = [Key(Text("truth", "真实值"), "line", 0)]
        if self._begun:
            keys.append(Key(Text("forecast", "预测"), "dots", 2))
        for one in self.stage.overlays:
            fault = self._laid.get(one.run, _NONE_KEPT)
            words = Text("{name}: {fault}", "{name}：{fault}").with_(name=one.name, fault=fault)
            keys.append(Key(words, "line", -1) if fault.en else Key(one.name, "line", one.series, one.dash))
        if self._baseline_name:
            keys.append(Key(names.baseline(self._baseline_name), "dash", -1))
        return tuple(keys)

    def sentence(self, frame: Frame) -> Sentence:
        if not self._begun:
            return Sentence(waiting(self.stage, Text("predictions", "预测")))
        forecast = self._series.get("forecast", np.zeros(0))
        if not np.isfinite(forecast).any():
            return Sentence(
                Text("No forecast: the weights are NaN. Resume to go on.", "无预测：权重为 NaN。请从检查点继续。"),
                "error",
            )
        bad = int((~np.isfinite(forecast)).sum())
        if bad:
            words = Text("{n} of {all} forecasts are not finite.", "{all} 个预测中有 {n} 个非有限。")
            return Sentence(words.with_(n=f"{bad:,}", all=f"{len(forecast):,}"), "error")
        return reached(frame.notes, self.stage.about) or Sentence(_sample_error(self._series))

    def reading(self) -> Text:
        if self.canvas.pointer is None or not self._series:
            return Text.plain("")
        x = self._series["position"]
        place = int(np.argmin(np.abs(x - self.canvas.pointer[1])))
        at = self._labels[place] if place < len(self._labels) else str(place)
        words = Text("{at}  truth {t}  forecast {f}", "{at}  真实 {t}  预测 {f}")
        words = words if self._begun else Text("{at}  truth {t}", "{at}  真实 {t}")
        pair = {key: short(float(self._series[name][place])) for key, name in (("t", "truth"), ("f", "forecast"))}
        return words.with_(at=at, **pair)

    def table(self) -> Mapping[str, Array]:
        """What is drawn."""
        labels = {"label": np.array(self._labels)} if self._labels else {}
        drawn = {name: array for name, array in self._series.items() if self._begun or name != "forecast"}
        return {**labels, **drawn}

    def smooth(self, wanted: bool) -> None:
        self.canvas.smooth(wanted)

    def restyle(self) -> None:
        self.canvas.restyle()

    def _arrange(self, inside: QRectF) -> None:
        self._plot.place(inside)

    def _across(self, low: float, high: float, most: int) -> list[Tick]:
        return of_steps(self._labels, low, high, most)


def _fault(other: Overlay, truth: Array | None) -> Text:
    """Why the forecast of another run is not laid over this series; empty where it is."""
    if "forecast" not in other.curves:
        return _NONE_KEPT
    theirs = other.curves["truth"].values
    same = truth is not None and theirs.shape == truth.shape and np.allclose(theirs, truth, rtol=1e-4, equal_nan=True)
    return _LAID if same else _OTHER


def _unit_of(frame: Frame) -> Text:
    unit = str(frame.notes.get("unit") or "")
    words = names.unit(unit)
    return Text(words.en[:1].upper() + words.en[1:], words.zh) if unit else Text("Value", "值")


def _sample_error(series: Mapping[str, Array]) -> Text:
    truth, forecast = series["truth"], series["forecast"]
    good = np.isfinite(truth) & np.isfinite(forecast)
    error = float(np.sqrt(np.mean((truth[good] - forecast[good]) ** 2))) if good.any() else math.nan
    return Text("Off by {e} on this sample (RMSE).", "此样本误差 {e}（RMSE）。").with_(e=number(error))


@final
class PairsPart(Part):
    """One real value for each sample: what is predicted over what is right; on the diagonal both are the same."""

    pointed = Signal()

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.canvas = Canvas(self._arrange)
        across = Axis(linear, Text("Right value", "正确值"))
        self._plot = Plot(self.canvas, across, Axis(linear, Text("Predicted value", "预测值"), grid=True))
        self._diagonal = Line(self._plot, "muted", dash=True)
        self._dots = Dots(self._plot, "series2", size=6)
        self._pairs: tuple[Array, Array] = (np.zeros(0), np.zeros(0))
        self.column.addWidget(self.canvas)
        self.canvas.pointed.connect(self.pointed)

    def show_frame(self, frame: Frame, inputs: Frame | None, label: Text | None) -> None:
        right, made = (np.asarray(frame.arrays[key], np.float64).reshape(-1) for key in ("targets", "outputs"))
        self._pairs = right, made
        known = np.concatenate([right, made])
        known = known[np.isfinite(known)]
        low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
        room = 0.08 * (high - low) or 0.5
        ends = np.array([low - room, high + room])
        self._plot.set_range((ends[0], ends[1]), (ends[0], ends[1]))
        self._diagonal.show_points(ends, ends)
        self._dots.show_points(right, made)
        words = _NO_FORECAST if not np.isfinite(made).any() else label
        middle = float(ends.mean())
        notes = [] if words is None else [Note(words, middle, middle, "error", "centre", True, back=True)]
        self._plot.mark((), notes)
        self._plot.caption(self._plot.y.name, self.legend())

    def legend(self) -> tuple[Key, ...]:
        return (Key(Text("samples", "样本"), "dots", 2), Key(Text("right", "正确"), "dash", -1))

    def sentence(self, frame: Frame) -> Sentence:
        right, made = self._pairs
        if not np.isfinite(made).any():
            return Sentence(
                Text("No forecast: the weights are NaN. Resume to go on.", "无预测：权重为 NaN。请从检查点继续。"),
                "error",
            )
        known = np.isfinite(right) & np.isfinite(made)
        off = float(np.abs(right[known] - made[known]).mean()) if known.any() else math.nan
        judged = reached(frame.notes, self.stage.about)
        if judged is not None:
            return judged
        return Sentence(Text("Off by {e} on average.", "平均误差 {e}。").with_(e=number(off)))

    def restyle(self) -> None:
        self.canvas.restyle()

    def smooth(self, wanted: bool) -> None:
        self.canvas.smooth(wanted)

    def _arrange(self, inside: QRectF) -> None:
        self._plot.place(inside)
