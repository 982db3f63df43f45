"""Predictions of classes: the probabilities of the next symbol step by step, or how often which is taken for which."""

from collections.abc import Sequence
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Signal

from lab.telemetry.frames import Frame
from lab.ui.api import Sentence
from lab.ui.stage import Stage
from lab.ui.theme import theme
from lab.ui.views import names
from lab.ui.views.canvas import Canvas
from lab.ui.views.curves import Dots
from lab.ui.views.frames import finite_steps, length_of, of_sample
from lab.ui.views.heatmap import HeatMap, ends
from lab.ui.views.marks import Note
from lab.ui.views.numbers import share, short
from lab.ui.views.part import Part
from lab.ui.views.picture import BAR, Bar, Picture
from lab.ui.views.plot import BOTTOM, Axis, Plot
from lab.ui.views.strip import shown_symbol
from lab.ui.views.ticks import Tick
from lab.ui.words import Text

Array = NDArray[Any]
_TENTHS: Final = ends([(0.0, "0"), (0.5, "0.5"), (1.0, "1")])
MOST_SYMBOLS: Final = 24
"""Rows of symbols at most: those that the network thinks most of."""
WRITTEN: Final = 12
"""With up to so many classes the numbers are written into the matrix."""
_LOST: Final = Text("No prediction: the weights are NaN. Resume to go on.", "无预测：权重为 NaN。请从检查点继续。")


@final
class SymbolsPart(Part):
    """Under each step the probabilities of the symbols that may come next; a dot on the one that came, or on each that
    may come where that is what is asked.
    """

    pointed = Signal()

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._map = HeatMap(stage, "gate", Text("Next symbol", "下一个符号"))
        self._map.plot.y.ticks = self._rows
        # Light on a dark cell, dark on a light one.
        self._rims = Dots(self._map.plot, "sheet", size=5)
        self._came = Dots(self._map.plot, "series2", size=3)
        self._symbols: list[str] = []
        self._chosen: NDArray[np.intp] = np.zeros(0, np.intp)
        self._right: tuple[int, int] = (0, 0)
        self._sets = False
        """Whether each output says by itself if its symbol may come; else one symbol comes."""
        self.column.addWidget(self._map)
        self._map.canvas.pointed.connect(self.pointed)

    def show_frame(self, frame: Frame, inputs: Frame | None, label: Text | None) -> None:
        array = np.asarray(frame.arrays["probabilities"])
        sample = self.stage.cursor.sample
        steps = length_of(inputs, sample, len(array))
        values = of_sample(array, sample)[:steps].astype(np.float64)
        given = frame.notes.get("output_names") or frame.notes.get("symbols") or range(values.shape[1])
        self._symbols = [shown_symbol(str(one)) for one in given]
        weight = np.nan_to_num(values).max(axis=0, initial=0.0)
        chosen = np.argsort(-weight, kind="stable")[:MOST_SYMBOLS]
        self._chosen = np.sort(chosen)
        self._map.show_values(values[:, self._chosen], np.arange(len(self._chosen)), 0.0, 1.0)
        self._map.bar.describe(Text.plain("p"), 0.0, 1.0, _TENTHS)
        self._map.show_inputs(inputs, sample, steps)
        self._map.annotate(label)
        self._map.plot.update()
        right = of_sample(np.asarray(frame.arrays["targets"]), sample)[:steps]
        self._sets = right.ndim == 2
        came = right > 0.5 if self._sets else right[:, None] == np.arange(values.shape[1])
        hits = ((values > 0.5) == came).all(axis=1) if self._sets else values.argmax(axis=1) == right
        self._right = int(hits.sum()), finite_steps(values)
        wide = self._map.plot.rect.width() / max(steps, 1) >= 5
        at, rows = np.nonzero(came[:, self._chosen] & wide)
        for dots in (self._rims, self._came):
            dots.show_points(at.astype(np.float64), rows.astype(np.float64))

    def sentence(self, frame: Frame) -> Sentence:
        hits, steps = self._right
        if not np.isfinite(self._map.values).any():
            return Sentence(_LOST, "error")
        words = Text("Guesses {n} of {steps} symbols here", "此样本 {steps} 个符号中猜对 {n} 个")
        if self._sets:
            words = Text("Right at {n} of {steps} steps here", "此样本 {steps} 步中 {n} 步正确")
        guessed = words.with_(n=hits, steps=steps)
        error = frame.notes.get("error")
        if not isinstance(error, (int, float)):
            return Sentence(Text("{g}.", "{g}。").with_(g=guessed))
        metric = names.metric(str(frame.notes.get("metric", "")))
        full = Text("{g}; overall {metric}: {e}.", "{g}；总体{metric}：{e}。")
        less = Text("{g}; {metric}: {e}.", "{g}；{metric}：{e}。")
        brief = Text("{n} of {steps} here; {metric}: {e}.", "此处 {n}/{steps}；{metric}：{e}。")
        values = {"g": guessed, "n": hits, "steps": steps, "metric": metric, "e": short(error)}
        return Sentence(names.fitting(*(one.with_(**values) for one in (full, less, brief))))

    def reading(self) -> Text:
        place = self._map.under_mouse()
        if place is None:
            return Text.plain("")
        step, row = place
        symbol = self._symbols[int(self._chosen[row])]
        return Text.plain(f"t = {step}  {symbol}  {share(float(self._map.values[step, row]))}")

    def move_cursor(self) -> None:
        self._map.show_cursor()

    def restyle(self) -> None:
        self._map.restyle()

    def _rows(self, low: float, high: float, most: int) -> list[Tick]:
        return spread([self._symbols[int(code)] for code in self._chosen], 2 * most)


@final
class ConfusionPart(Part):
    """How often each class, by rows, is taken for which, by columns; on the diagonal it is right."""

    pointed = Signal()

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.canvas = Canvas(self._arrange)
        across = Axis(self._classes, Text("Predicted class", "预测类别"))
        self._plot = Plot(self.canvas, across, Axis(self._classes, Text("Right class", "正确类别")))
        self._plot.still()
        self._plot.invert()
        self._picture = Picture(self._plot, "gate")
        self._bar = Bar(self.canvas, self._plot, "gate")
        self._counts: Array = np.zeros((0, 0))
        self._names: list[str] = []
        self.column.addWidget(self.canvas)
        self.canvas.pointed.connect(self.pointed)

    def show_frame(self, frame: Frame, inputs: Frame | None, label: Text | None) -> None:
        counts = np.asarray(frame.arrays["confusion"], np.float64)
        self._counts = counts
        classes = len(counts)
        given = [shown_symbol(str(one)) for one in frame.notes.get("symbols") or ()]
        self._names = given if len(given) == classes else [str(k) for k in range(classes)]
        with np.errstate(invalid="ignore", divide="ignore"):
            shares = counts / counts.sum(axis=1, keepdims=True)
        self._plot.set_range((-0.5, classes - 0.5), (-0.5, classes - 0.5))
        self._picture.show_values(np.nan_to_num(shares), 0.0, 1.0, QRectF(-0.5, -0.5, classes, classes))
        self._bar.describe(Text("share", "比例"), 0.0, 1.0, _TENTHS)
        notes = []
        cell = min(self._plot.rect.width(), self._plot.rect.height() * 1.6) / max(classes, 1)
        if classes <= WRITTEN and cell > 28 * theme.scale:
            for row, column in np.argwhere(counts > 0).tolist():
                # The upper half of the map is dark on light paper, and light on dark.
                role = "sheet" if shares[row, column] > 0.5 else "text"
                text = Text.plain(f"{int(counts[row, column])}")
                notes.append(Note(text, column, row, role, "centre"))
        if label is not None:
            notes.append(Note(label, classes / 2, classes / 2, "error", "centre", True, back=True))
        self._plot.mark((), notes)
        self._plot.update()

    def sentence(self, frame: Frame) -> Sentence:
        counts = self._counts
        total = float(counts.sum())
        if not total:
            return Sentence(_LOST, "error")
        right = float(np.trace(counts)) / total
        wrong = counts - np.diag(np.diag(counts))
        stated = {name: float(v) for name, v in (self.stage.about.get("baselines") or {}).items()}
        mark = "good" if frame.notes.get("metric") == "accuracy" and stated and right > max(stated.values()) else ""
        plain = Text("Right in {s} of {n}.", "{n} 个中 {s} 正确。").with_(s=share(right), n=f"{int(total):,}")
        if not wrong.any():
            return Sentence(plain, "good" if mark else "")
        row, column = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
        words = Text(
            "Right in {s} of {n}; most often wrong: {a} for {b}.", "{n} 个中 {s} 正确；最常见错误：{b} 判为 {a}。"
        )
        values = {"s": share(right), "n": f"{int(total):,}", "a": self._names[int(column)], "b": self._names[int(row)]}
        return Sentence(names.fitting(words.with_(**values), plain), "good" if mark else "")

    def reading(self) -> Text:
        if self.canvas.pointer is None or not len(self._counts):
            return Text.plain("")
        _, x, y = self.canvas.pointer
        row, column = round(y), round(x)
        if not (0 <= row < len(self._counts) and 0 <= column < len(self._counts)):
            return Text.plain("")
        words = Text("{a} taken for {b}: {n}", "{a} 判为 {b}：{n}")
        return words.with_(a=self._names[row], b=self._names[column], n=f"{int(self._counts[row, column]):,}")

    def restyle(self) -> None:
        self.canvas.restyle()
        self._bar.update()

    def _arrange(self, inside: QRectF) -> None:
        self._plot.place(inside.adjusted(0, 0, -theme.px(BAR) + 18, 0), bottom=BOTTOM)
        self._bar.place(self._plot.rect.right() + 4)

    def _classes(self, low: float, high: float, most: int) -> list[Tick]:
        return spread(self._names, 2 * most)


def spread(labels: Sequence[str], most: int) -> list[Tick]:
    """A tick for every label, or for every second, third and so on where there are too many."""
    step = max(1, -(-len(labels) // max(most, 1)))
    return [(float(place), labels[place]) for place in range(0, len(labels), step)]
