"""Weights: each parameter as a picture with a histogram; while paused a value can be typed in."""

import math
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from lab.api import hookimpl
from lab.runner.messages import WorkerState
from lab.ui.api import Sentence, Stage, Text, View, bind
from lab.ui.theme import theme
from lab.ui.views.canvas import Canvas
from lab.ui.views.choice import Choice
from lab.ui.views.frames import waiting
from lab.ui.views.heatmap import ends
from lab.ui.views.histogram import Histogram
from lab.ui.views.marks import Note
from lab.ui.views.names import fitting
from lab.ui.views.numbers import number, short
from lab.ui.views.picture import BAR, Bar, Picture
from lab.ui.views.plot import BOTTOM, Axis, Plot
from lab.ui.views.ticks import of_units

Array = NDArray[Any]
LIVE_SECONDS = 0.25
"""Seconds between two pictures while live: weights change slowly, and matrices can be large."""
MOST_CELLS = 250_000
"""Of a larger matrix only every second, third and so on row and column is drawn."""
LINES = 12
"""So many lines of names and shapes while there are no weights."""
NARROW = 330
"""Below this width the histogram is left out."""


class Weights(View):
    """One parameter at a time, the sign in two colours, with its histogram and its shape."""

    name = "weights"
    title = {"en": "Weights", "zh": "权重"}
    needs = ("weights",)
    help = "views"
    headed = True

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._canvas = Canvas(self._arrange, keys=True)
        cells = lambda low, high, most: of_units(self._values.shape[1], most)  # noqa: E731 - as short as its use
        rows = Axis(lambda low, high, most: of_units(self._values.shape[0], most), Text("Row", "行"))
        self._shape = (1, 1)
        self._plot = Plot(self._canvas, Axis(cells, Text("Column", "列")), rows)
        self._plot.still()
        self._plot.invert()
        self._plot.opened = lambda x, y: self._open((round(y), round(x)))
        self._plot.drag = lambda x, y: self._pick(round(y), round(x))
        self._picture = Picture(self._plot, "signed")
        self._bar = Bar(self._canvas, self._plot, "signed")
        self._histogram = Histogram(self._canvas)
        self._choice = Choice(Text("Which parameter", "哪个参数"))
        self._choice.chosen.connect(self._choose)
        self._names: list[str] = []
        self._name = ""
        self._values: Array = np.zeros((0, 0))
        self._cell: tuple[int, int] | None = None
        self._frame: Any = None
        self._empty_of: Mapping[str, Any] = {}
        self._drawn_at = 0.0
        self._editor = QLineEdit(self._canvas)
        self._editor.hide()
        bind(self._editor, self._editor.setAccessibleName, Text("New value", "新数值"))
        self._editor.returnPressed.connect(self._commit)
        self._editor.editingFinished.connect(self._editor.hide)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._canvas)
        self._canvas.pointed.connect(self.told)
        self._canvas.stepped.connect(self._step)
        self._canvas.entered.connect(self._enter)
        stage.reset.connect(self._again)
        stage.state_changed.connect(self._state_changed)

    @property
    def editable(self) -> bool:
        """Whether a value can be typed in now."""
        return self.stage.state is WorkerState.PAUSED and bool(self._values.size)

    def refresh(self) -> None:
        frame = self.stage.frames.get("weights")
        now = time.monotonic()
        known: Mapping[str, Any] = {} if frame is None else frame.arrays
        shapes = {} if known else self._shapes()
        if frame is self._frame and shapes == self._empty_of and self._drawn_at:
            return
        if self.stage.live and now - self._drawn_at < LIVE_SECONDS:
            return
        self._frame, self._empty_of, self._drawn_at = frame, shapes, now
        names = list(known)
        if not names:
            self._empty(shapes)
            return
        self._name = self._name if self._name in names else max(names, key=lambda name: known[name].size)
        self._names = names
        self._choice.offer([Text.plain(_label(name)) for name in names], (), names.index(self._name))
        self._values = np.atleast_2d(np.asarray(known[self._name], np.float64))
        if self._values.ndim > 2:
            self._values = self._values.reshape(-1, self._values.shape[-1])
        self._draw()

    def _draw(self) -> None:
        values = self._values
        rows, columns = values.shape
        if (rows, columns) != self._shape:
            self._shape = rows, columns
            self._plot.update()
        finite = values[np.isfinite(values)]
        reach = float(np.abs(finite).max()) if finite.size else 1.0
        reach = _round_up(reach) if reach > 0 else 1.0
        step = max(1, math.ceil(math.sqrt(values.size / MOST_CELLS)))
        self._plot.set_range((-0.5, columns - 0.5), (-0.5, rows - 0.5))
        self._picture.show_values(values[::step, ::step], -reach, reach, QRectF(-0.5, -0.5, columns, rows))
        self._picture.setVisible(True)
        self._bar.describe(Text.plain("w"), -reach, reach, ends([(v, short(v, 2)) for v in (-reach, 0.0, reach)]))
        self._histogram.show_values(finite, reach)
        hatched = finite.size < values.size
        if hatched != self._plot.hatched:
            self._plot.hatched = hatched
            self._plot.update()
        self._mark()

    def _mark(self) -> None:
        values = self._values
        notes = []
        bad = int(values.size - np.isfinite(values).sum())
        if bad:
            first = tuple(int(place) for place in np.argwhere(~np.isfinite(values))[0])
            words = Text("{n} not finite, the first at [{r}, {c}]", "{n} 个非有限，首个在 [{r}, {c}]")
            text = words.with_(n=f"{bad:,}", r=first[0], c=first[1])
            notes.append(Note(text, (self._shape[1] - 1) / 2, 0, "error", "centre", True, row=0, back=True))
        if self._cell is not None:
            row, column = self._cell
            notes.append(Note(Text.plain("▫"), column, row, "text", "centre", True))
        self._plot.mark((), notes)

    def _shapes(self) -> Mapping[str, Any]:
        """Those of the run, or of the network that is to be run."""
        known: Mapping[str, Any] = self.stage.about.get("parameters") or {}
        return known

    def _empty(self, shapes: Mapping[str, Any]) -> None:
        self._values = np.zeros((0, 0))
        self._choice.offer(())
        self._picture.setVisible(False)
        self._plot.set_range((-0.5, 0.5), (-0.5, 0.5))
        self._histogram.show_values(np.zeros(0), 1.0)
        self._bar.describe(Text.plain("w"), -1.0, 1.0, ends([(-1.0, "−1"), (0.0, "0"), (1.0, "1")]))
        notes = [
            Note(Text.plain(words), -0.5, 0, "muted", dx=6, row=row)
            for row, words in enumerate(_listed(shapes)[:LINES])
        ]
        self._plot.mark((), notes)

    def sentence(self) -> Sentence:
        if not self._values.size:
            return Sentence(waiting(self.stage, Text("weights", "权重")))
        values = self._values
        shape = " × ".join(map(str, values.shape if values.shape[0] > 1 else values.shape[1:]))
        finite = values[np.isfinite(values)]
        if finite.size < values.size:
            words = Text("{n} of {all} values are not finite.", "{all} 个值中有 {n} 个非有限。")
            return Sentence(words.with_(n=f"{values.size - finite.size:,}", all=f"{values.size:,}"), "error")
        spread = number(float(finite.std()), 2)
        plain = Text("{name}: {shape}, spread {s}.", "{name}：{shape}，标准差 {s}。")
        edit = Text("{name}: {shape}, spread {s}. Double-click to edit.", "{name}：{shape}，标准差 {s}。双击可编辑。")
        filled = [one.with_(name=_label(self._name), shape=shape, s=spread) for one in (edit, plain)]
        return Sentence(fitting(*filled) if self.editable else filled[1])

    def reading(self) -> Text:
        cell = self._under_mouse() or self._cell
        if cell is None or not self._inside(*cell):
            return Text.plain("")
        row, column = cell
        place = f"[{column}]" if self._shape[0] == 1 else f"[{row}, {column}]"
        return Text.plain(f"{place}  {number(float(self._values[row, column]))}")

    def table(self) -> Mapping[str, Array]:
        frame = self.stage.frames.get("weights")
        return {} if frame is None else dict(frame.arrays)

    def chooser(self) -> QWidget | None:
        return self._choice

    def restyle(self) -> None:
        self._canvas.restyle()
        self._bar.update()
        self._editor.setFont(theme.font(12, tabular=True))

    def _arrange(self, inside: QRectF) -> None:
        bar = theme.px(BAR)
        both = inside.width() >= NARROW * theme.scale
        left = QRectF(inside)
        left.setWidth((inside.width() - bar) * 0.66 if both else inside.width() - bar + 18)
        self._plot.place(left, bottom=BOTTOM)
        self._bar.place(left.right() + 4)
        start = left.right() + bar
        self._histogram.place(QRectF(start, inside.top(), inside.right() - start, inside.height()) if both else None)

    def _choose(self, index: int) -> None:
        self._name = self._names[index]
        self._cell = None
        self._again()

    def _under_mouse(self) -> tuple[int, int] | None:
        if self._canvas.pointer is None or self._canvas.pointer[0] is not self._plot:
            return None
        return round(self._canvas.pointer[2]), round(self._canvas.pointer[1])

    def _inside(self, row: int, column: int) -> bool:
        return bool(self._values.size) and 0 <= row < self._shape[0] and 0 <= column < self._shape[1]

    def _pick(self, row: int, column: int) -> None:
        if self._inside(row, column):
            self._cell = row, column
            self._mark()
            self.told.emit()

    def _step(self, right: int, down: int) -> None:
        row, column = self._cell or (0, 0)
        self._pick(min(max(row + down, 0), self._shape[0] - 1), min(max(column + right, 0), self._shape[1] - 1))

    def _enter(self) -> None:
        if self._cell is not None:
            self._open(self._cell)

    def _open(self, cell: tuple[int, int]) -> None:
        """Let a value be typed in, where it stands."""
        if not (self.editable and self._inside(*cell)):
            return
        self._cell = cell
        at = self._plot.to_pixels(cell[1], cell[0]) - QPointF(20, 13)
        self._editor.setGeometry(int(at.x()), int(at.y()), theme.px(110), theme.px(26))
        self._editor.setText(repr(float(self._values[cell])))
        self._editor.selectAll()
        self._editor.show()
        self._editor.setFocus()

    def _commit(self) -> None:
        """Ask for the typed value, unless it is no finite number: then the field stays open and shows that."""
        try:
            value = float(self._editor.text().replace("−", "-"))
        except ValueError:
            value = math.nan
        frame = self.stage.frames.get("weights")
        bad = not math.isfinite(value)
        self._editor.setProperty("bad", bad)
        self._editor.style().polish(self._editor)
        if bad or self._cell is None or frame is None or not self.editable:
            return
        # As it was typed: whether a number of the network can be so large is for the network to say.
        changed = np.array(frame.arrays[self._name], np.float64)
        changed.reshape(self._values.shape)[self._cell] = value
        self._editor.hide()
        self._canvas.setFocus()
        self.stage.weight_set.emit(self._name, changed)

    def _state_changed(self) -> None:
        if not self.editable:
            self._editor.hide()
        self.told.emit()

    def _again(self, *_: object) -> None:
        self._drawn_at = 0.0
        self.refresh()
        self.told.emit()


def _label(name: str) -> str:
    parts = name.split(".")
    if len(parts) > 2 and parts[0] == "layers" and parts[1].isdigit():
        return " ".join([*parts[2:], f"({int(parts[1]) + 1})"])
    return name


def _listed(shapes: Mapping[str, Any]) -> list[str]:
    """Names and shapes; parameters of a layer with one letter and one shape share a line: `W_i, W_f (1)  32 × M`."""
    alike: dict[tuple[Any, ...], list[str]] = {}
    for name, shape in shapes.items():
        place, _, last = name.rpartition(".")
        alike.setdefault((place, last.partition("_")[0], *shape), []).append(_label(name))
    lines = []
    for (_, _, *shape), labels in alike.items():
        names = ", ".join(label.partition(" (")[0] for label in labels)
        lines.append(f"{names}{''.join(labels[0].partition(' (')[1:])}  {' × '.join(map(str, shape))}")
    return lines


def _round_up(value: float) -> float:
    """The next of 1, 2, 5, 10 … so that the colours do not change with every update."""
    scale = 10.0 ** math.floor(math.log10(value))
    return next(scale * k for k in (1, 2, 5, 10) if scale * k >= value * (1 - 1e-9))


@hookimpl
def lab_register_views() -> list[type[View]]:
    return [Weights]
