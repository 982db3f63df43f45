"""Predictions: what the network says, beside what is right."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QStackedLayout, QWidget

from lab.api import hookimpl
from lab.telemetry.frames import Frame
from lab.ui.api import Key, Sentence, Stage, Text, View
from lab.ui.views.canvas import Canvas
from lab.ui.views.choice import Choice
from lab.ui.views.classes import ConfusionPart, SymbolsPart
from lab.ui.views.frames import Shown, waiting
from lab.ui.views.part import Part
from lab.ui.views.plot import Axis, Plot
from lab.ui.views.series import PairsPart, SeriesPart
from lab.ui.views.ticks import linear
from lab.ui.views.units import sample_menu

Array = NDArray[Any]
WORDS = {
    "series": Text("series", "序列"),
    "symbols": Text("probabilities", "概率"),
    "confusion": Text("confusion", "混淆矩阵"),
    "pairs": Text("values", "数值"),
}
MOST = 8
"""Outputs of a network that can be chosen."""
_NOT_LAID = ("symbols", "confusion", "pairs")
_NO_OVERLAY = Text("only series are overlaid", "仅序列可叠加其他运行")


class Predictions(View):
    """A series with its test part, the probabilities of the next symbol, a confusion matrix, or pairs of values."""

    name = "predictions"
    title = {"en": "Predictions", "zh": "预测"}
    needs = ("predictions", "inputs")
    help = "views"
    headed = True

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        makers = {"series": SeriesPart, "symbols": SymbolsPart, "confusion": ConfusionPart, "pairs": PairsPart}
        self._makers = makers
        self._parts: dict[str, Part] = {}
        self._kind = ("", 0)
        self._kinds: list[tuple[str, int]] = []
        self._drawn: tuple[Any, ...] = ()
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._empty = Canvas(self._arrange)
        steps = Axis(lambda low, high, most: linear(low, high, most, whole=True), Text("Time", "时间"))
        self._axes = Plot(self._empty, steps, Axis(linear, Text("Value", "值"), grid=True))
        self._axes.set_range((0.0, 100.0), (0.0, 1.0))
        self._axes.still()
        self._stack.addWidget(self._empty)
        self._choice = Choice(Text("What is shown", "显示内容"))
        self._choice.chosen.connect(self._choose)
        self.addAction(sample_menu(self).menuAction())
        stage.cursor.settled.connect(self._moved)
        stage.reset.connect(self._forget)

    def refresh(self) -> None:
        shown = Shown(self.stage, "predictions")
        frame = _drawable(shown)
        inputs = self.stage.frames.get("inputs")
        drawn = (frame, inputs, self.stage.cursor.sample, self._kind, self.stage.state, self.stage.overlays)
        if self._drawn and all(one is two or one == two for one, two in zip(drawn, self._drawn, strict=True)):
            return
        self._drawn = drawn
        self._kinds = [] if frame is None else _kinds(frame)
        if frame is None or not self._kinds:
            self._choice.offer(())
            self._stack.setCurrentWidget(self._empty)
            return
        self._kind = self._kind if self._kind in self._kinds else self._kinds[0]
        self._choice.offer([_called(kind, frame) for kind in self._kinds], (), self._kinds.index(self._kind))
        part = self._part(self._kind[0])
        part.output = self._kind[1]
        self._stack.setCurrentWidget(part)
        part.show_frame(frame, inputs, shown.label if frame is not shown.latest else None)
        part.smooth(not self.stage.live)

    def _part(self, kind: str) -> Part:
        """The part that draws this kind, made when it is first needed."""
        if kind not in self._parts:
            part = self._makers[kind](self.stage)
            part.pointed.connect(self.told)
            self._parts[kind] = part
            self._stack.addWidget(part)
        return self._parts[kind]

    def sentence(self) -> Sentence:
        frame = _drawable(Shown(self.stage, "predictions"))
        if frame is None or self._kind[0] not in self._parts:
            return Sentence(waiting(self.stage, Text("predictions", "预测")))
        return self._parts[self._kind[0]].sentence(frame)

    def legend(self) -> tuple[Key, ...]:
        part = self._parts.get(self._kind[0])
        return () if part is None else part.legend()

    def reading(self) -> Text:
        part = self._parts.get(self._kind[0])
        reading = Text.plain("") if part is None else part.reading()
        return _NO_OVERLAY if self.stage.overlays and self._kind[0] in _NOT_LAID and not reading.en else reading

    def table(self) -> Mapping[str, Array]:
        frame = _drawable(Shown(self.stage, "predictions"))
        if frame is None:
            return {}
        part = self._parts.get(self._kind[0])
        if isinstance(part, SeriesPart):
            return part.table()
        return {name: np.asarray(array) for name, array in frame.arrays.items()}

    def chooser(self) -> QWidget | None:
        return self._choice

    def restyle(self) -> None:
        self._empty.restyle()
        for part in self._parts.values():
            part.restyle()

    def _arrange(self, inside: QRectF) -> None:
        self._axes.place(inside)

    def _choose(self, index: int) -> None:
        self._kind = self._kinds[index]
        self._drawn = ()
        self.refresh()
        self.told.emit()

    def _moved(self) -> None:
        if self._kind[0] in self._parts:
            self._parts[self._kind[0]].move_cursor()
        self.told.emit()

    def _forget(self) -> None:
        self._drawn = ()


def _drawable(shown: Shown) -> Frame | None:
    """Of a series the latest frame, whose truth is there even where the forecast is NaN; else the last finite one."""
    if shown.latest is not None and "truth" in shown.latest.arrays:
        return shown.latest
    return shown.frame


def _called(kind: tuple[str, int], frame: Frame) -> Text:
    """What a way of drawing is called: of several outputs by the name of the one that is drawn."""
    if kind[0] != "series" or "truth" in frame.arrays:
        return WORDS[kind[0]]
    given = frame.notes.get("output_names") or ()
    return Text.plain(str(given[kind[1]])) if given else Text("output {n}", "输出 {n}").with_(n=kind[1] + 1)


def _kinds(frame: Frame) -> list[tuple[str, int]]:
    """The ways in which a frame can be drawn, and which output each draws, the best one first."""
    arrays = {name: array for name, array in frame.arrays.items() if array.size}
    found = []
    if "truth" in arrays:
        found.append(("series", 0))
    if "probabilities" in arrays:
        found.append(("symbols", 0))
    if "confusion" in arrays:
        found.append(("confusion", 0))
    targets, outputs = arrays.get("targets"), arrays.get("outputs")
    if not found and targets is not None and targets.dtype.kind == "f":
        if targets.ndim == 3:
            found += [("series", k) for k in range(min(targets.shape[2], MOST))]
        elif outputs is not None:
            found.append(("pairs", 0))
    return found


@hookimpl
def lab_register_views() -> list[type[View]]:
    return [Predictions]
