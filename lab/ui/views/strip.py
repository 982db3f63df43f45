"""The strip below a picture over time: what went into the network at each step, and what was asked of it."""

from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF, QPainter

from lab.telemetry.frames import Frame
from lab.ui.theme import theme
from lab.ui.views.curves import Line
from lab.ui.views.frames import of_sample
from lab.ui.views.items import PlotItem
from lab.ui.views.plot import Plot
from lab.ui.views.sprites import write

Array = NDArray[Any]
HEIGHT: Final = 32
_NOTHING: Final = np.zeros(0)
_SHOWN: Final = {" ": "␣", "\n": "⏎", "\t": "⇥", "\r": "␍"}
_LEAST: Final = 8.0
"""Pixels that a symbol needs at least; where steps are narrower, only those around the cursor are written."""


def shown_symbol(symbol: str) -> str:
    """A symbol that can be seen: blanks and ends of lines have signs."""
    return _SHOWN.get(symbol, symbol)


@final
class Strip:
    """Draws the sample of a frame of the probe `inputs` into a plot without labels at its left."""

    def __init__(self, plot: Plot) -> None:
        self.plot = plot
        plot.still()
        self._target = Line(plot, "series2", alpha=150)
        self._input = Line(plot, "muted")
        self._letters = _Letters(plot)

    def show_frame(self, frame: Frame | None, sample: int, steps: int, cursor: int | None) -> None:
        """Draw the inputs of one sample over so many steps."""
        self._letters.rows = []
        if frame is None:
            self._input.clear_points()
            self._target.clear_points()
        elif "symbols" in frame.arrays:
            self._symbols(frame, sample, steps)
        elif frame.arrays.get("inputs", _NOTHING).size:
            self._numbers(frame, sample, steps)
        self._letters.step = cursor
        self._letters.update()

    @property
    def written(self) -> bool:
        """Whether there are symbols instead of curves: they show the cursor themselves."""
        return bool(self._letters.rows)

    def show_cursor(self, cursor: int | None) -> None:
        """The time cursor is elsewhere."""
        if self.written and cursor != self._letters.step:
            self._letters.step = cursor
            self._letters.update()

    def _symbols(self, frame: Frame, sample: int, steps: int) -> None:
        self._input.clear_points()
        self._target.clear_points()
        names = [shown_symbol(str(one)) for one in frame.notes.get("symbols") or ()]
        rows = [("x", frame.arrays["symbols"])]
        targets = frame.arrays.get("targets")
        if targets is not None and targets.ndim == 2 and targets.dtype.kind in "iu":
            rows.append(("y", targets))
        for title, codes in rows:
            column = of_sample(codes, sample)[:steps]
            self._letters.rows.append((title, [names[k] if 0 <= k < len(names) else str(int(k)) for k in column]))

    def _numbers(self, frame: Frame, sample: int, steps: int) -> None:
        inputs = frame.arrays["inputs"]
        values = of_sample(inputs, sample)[:steps]
        shown = values[:, _telling(values)]
        targets = frame.arrays.get("targets")
        asked = None
        if targets is not None and targets.ndim == 3 and targets.shape[0] >= steps and targets.shape[2] == 1:
            asked = of_sample(targets[..., 0], sample)[:steps]
        known = np.concatenate([shown, asked if asked is not None else shown])
        known = known[np.isfinite(known)]
        low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
        room = 0.12 * (high - low) or 1.0
        self.plot.set_range(y=(low - room, high + room))
        at = np.arange(len(shown))
        self._input.show_points(at, shown)
        if asked is None:
            self._target.clear_points()
        else:
            self._target.show_points(at, asked)


def _telling(values: Array) -> int:
    """The input that is worth drawing: the first that is not just zeros and ones, as a code of the month is."""
    for place in range(values.shape[1]):
        column = values[:, place]
        if not np.isin(column, (0.0, 1.0)).all():
            return place
    return 0


@final
class _Letters(PlotItem):
    """Symbols under their steps, or those around the cursor where they do not fit; titles stand left of the plot."""

    def __init__(self, plot: Plot) -> None:
        super().__init__(plot, 5.0)
        self.rows: list[tuple[str, list[str]]] = []
        self.step: int | None = None

    def boundingRect(self) -> QRectF:
        return self.plot.outer.adjusted(-8, -2, 4, 0)

    def draw(self, painter: QPainter) -> None:
        rect = self.plot.rect
        if not self.rows:
            return
        height = rect.height() / len(self.rows)
        painter.setFont(theme.font(11))
        metrics = QFontMetricsF(painter.font())
        widest = max(map(metrics.horizontalAdvance, {one for _, row in self.rows for one in row}), default=0.0)
        step = self.plot.to_pixels(1, 0).x() - self.plot.to_pixels(0, 0).x()
        for number, (title, row) in enumerate(self.rows):
            top = rect.top() + number * height
            middle = top + height / 2
            write(painter, [(title, rect.left() - 11)], middle, theme.colour("muted"))
            if step >= max(_LEAST, widest + 1):
                first = self.plot.to_pixels(0, 0).x()
                placed = [(symbol, first + place * step) for place, symbol in enumerate(row)]
                write(painter, placed, middle, theme.colour("text" if number == 0 else "muted"))
            else:
                self._around(painter, row, top, height, max(widest + 1, _LEAST))

    def _around(self, painter: QPainter, row: list[str], top: float, height: float, cell: float) -> None:
        rect = self.plot.rect
        here = min(max(len(row) // 2 if self.step is None else self.step, 0), len(row) - 1)
        x = self.plot.to_pixels(here, 0).x()
        reach = int(rect.width() / cell)
        placed = []
        for place in range(max(0, here - reach), min(len(row), here + reach + 1)):
            left = x + (place - here - 0.5) * cell
            if rect.left() <= left and left + cell <= rect.right():
                last = rect.left() > left - cell or left + 2 * cell > rect.right()
                symbol = "…" if last and 0 < place < len(row) - 1 else row[place]
                if place == here and self.step is not None:
                    painter.fillRect(QRectF(left, top + 1, cell, height - 2), theme.colour("accent_soft"))
                    write(painter, [(symbol, left + cell / 2)], top + height / 2, theme.colour("text"))
                else:
                    placed.append((symbol, left + cell / 2))
        write(painter, placed, top + height / 2, theme.colour("muted"))
