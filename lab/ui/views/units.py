"""What the views of units over time share: the sample, the order of the rows, the cursor, the reading."""

import time
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from lab.ui.api import Sentence, Stage, Text, View
from lab.ui.views.choice import Choice
from lab.ui.views.frames import (
    Shown,
    labels_of,
    length_of,
    lost,
    of_sample,
    steps_of,
    steps_table,
    time_of,
    times_of,
    waiting,
)
from lab.ui.views.heatmap import HeatMap, by_activity
from lab.ui.views.names import sample_name
from lab.ui.views.numbers import fixed, number
from lab.ui.words import bind

Array = NDArray[Any]
_SORTED: Final = Text("Unit (by activity)", "单元（按活跃度）")
_PLAIN: Final = Text("Unit", "单元")
_SORT_AGAIN: Final = 2.0
"""Seconds between two orders of the rows while live: rows that jump with every frame cannot be read."""


class UnitsView(View):
    """Abstract: a heat map of one array (T, D) out of a frame, chosen by name, for one watched sample."""

    headed = True
    colours: ClassVar[str]
    what: ClassVar[Text]
    choice_name: ClassVar[Text]

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.map = HeatMap(stage, self.colours, _SORTED)
        self._choice = Choice(self.choice_name)
        self._choice.chosen.connect(self._choose)
        self._key = ""
        self._keys: list[str] = []
        self._order: tuple[str, float, NDArray[np.intp]] = ("", 0.0, np.zeros(0, np.intp))
        self._seen: tuple[Any, ...] = ()
        self._sorted = QAction(self)
        self._sorted.setCheckable(True)
        self._sorted.setChecked(True)
        bind(self._sorted, self._sorted.setText, Text("Sort units by activity", "按活跃度排列单元"))
        self._sorted.toggled.connect(self._again)
        self.addAction(self._sorted)
        self.addAction(sample_menu(self).menuAction())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.map)
        self.map.canvas.pointed.connect(self.told)
        stage.cursor.moved.connect(self._moved)
        stage.reset.connect(self._again)

    @abstractmethod
    def choices(self, names: list[str]) -> list[tuple[str, Text, str]]:
        """Of the names of arrays, those that can be chosen: name, words, role of its colour or nothing."""

    @abstractmethod
    def levels(self, values: Array) -> tuple[float, float]:
        """The values at the two ends of the colour bar."""

    @abstractmethod
    def describe_bar(self, key: str, low: float, high: float) -> None:
        """Label the colour bar."""

    @abstractmethod
    def judge(self, values: Array) -> Sentence:
        """What is seen in values (T, D) that are finite."""

    def nothing(self) -> Text:
        """Why there is nothing to see."""
        return waiting(self.stage, self.what, state=True)

    def refresh(self) -> None:
        stage = self.stage
        shown = Shown(stage, self.needs[0])
        inputs = stage.frames.get("inputs")
        sample = stage.cursor.sample
        seen = (shown.frame, inputs, sample, self._key, self._sorted.isChecked(), shown.stale, stage.live)
        if self._seen and all(one is other or one == other for one, other in zip(seen, self._seen, strict=True)):
            return
        self._seen = seen
        offered = self.choices([] if shown.frame is None else list(shown.frame.arrays))
        self._keys = [key for key, _, _ in offered]
        if offered and self._key not in self._keys:
            self._key = self._keys[0]
        roles = [role for _, _, role in offered]
        at = self._keys.index(self._key) if offered else 0
        self._choice.offer([text for _, text, _ in offered], roles if any(roles) else (), at)
        self._draw(shown, sample)
        self.map.canvas.smooth(not stage.live)

    def _draw(self, shown: Shown, sample: int) -> None:
        inputs = self.stage.frames.get("inputs")
        if shown.frame is None or self._key not in shown.frame.arrays:
            steps = steps_of(inputs, sample)
            self.map.show_values(np.zeros((steps, 0)), np.zeros(0, np.intp), 0.0, 1.0)
            self.map.show_inputs(inputs, sample, steps)
            self.describe_bar("", *self.levels(np.zeros((0, 0))))
            self.map.annotate(None)
            return
        array = shown.frame.arrays[self._key]
        steps = length_of(inputs, sample, len(array))
        # Sums of the largest float32 numbers are none.
        values = of_sample(array, sample)[:steps].astype(np.float64)
        low, high = self.levels(values)
        self.map.plot.caption(_SORTED if self._sorted.isChecked() else _PLAIN, ())
        self.map.show_values(values, self._ordered(values), low, high)
        self.describe_bar(self._key, low, high)
        self.map.show_inputs(inputs, sample, steps)
        self.map.annotate(shown.label)

    def _ordered(self, values: Array) -> NDArray[np.intp]:
        if not self._sorted.isChecked():
            return np.arange(values.shape[1])
        key, when, order = self._order
        now = time.monotonic()
        if key != self._key or len(order) != values.shape[1] or not self.stage.live or now - when > _SORT_AGAIN:
            order = by_activity(values)
            self._order = (self._key, now, order)
        return order

    def sentence(self) -> Sentence:
        values = self.map.values
        if not values.size:
            return Sentence(self.nothing())
        good = np.isfinite(values).all(axis=1)
        if not good.all():
            first = int(np.argmin(good))
            words = Text("{lost} from step {t} on; before it all is finite.", "第 {t} 步起为 {lost}，之前均为有限值。")
            return Sentence(words.with_(t=first, lost=lost(values)), "error")
        return self.judge(values)

    def reading(self) -> Text:
        place = self.map.under_mouse()
        if place is None:
            return Text.plain("")
        step, unit = place
        value = float(self.map.values[step, unit])
        shown = fixed(value, 2) if abs(value) < 100 else number(value)
        at = time_of(times_of(self.stage.frames.get("inputs"), self.stage.cursor.sample), step)
        return Text("{at}  unit {unit}  {value}", "{at}  单元 {unit}  {value}").with_(at=at, unit=unit + 1, value=shown)

    def table(self) -> Mapping[str, Array]:
        values = self.map.values
        if not values.size:
            return {}
        steps = steps_table(self.stage.frames.get("inputs"), self.stage.cursor.sample, len(values))
        return {**steps, self._key: values}

    def axis(self) -> Text:
        return _SORTED if self._sorted.isChecked() else _PLAIN

    def chooser(self) -> QWidget | None:
        return self._choice

    def restyle(self) -> None:
        self.map.restyle()

    def _choose(self, index: int) -> None:
        self._key = self._keys[index]
        self._again()

    def _moved(self) -> None:
        self.map.show_cursor()
        self.refresh()
        self.told.emit()

    def _again(self, *_: object) -> None:
        self._seen = ()
        self.refresh()
        self.told.emit()


def sample_menu(view: View) -> QMenu:
    """A menu of the watched samples, made anew each time it opens."""
    menu = QMenu(view)
    bind(menu, menu.setTitle, Text("Sample", "样本"))

    def fill() -> None:
        menu.clear()
        names = labels_of(view.stage.frames.get("inputs"), view.stage) or ["0"]
        for index, name in enumerate(names):
            action = menu.addAction(str(sample_name(name)))
            action.setCheckable(True)
            action.setChecked(index == view.stage.cursor.sample)
            action.triggered.connect(lambda _=False, index=index: view.stage.cursor.look_at(sample=index))

    menu.aboutToShow.connect(fill)
    return menu
