"""Trajectories in a plane: of one its last steps, growing fainter backwards, the others as thin lines."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray
from pyqtgraph.functions import arrayToQPolygonF
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from lab.ui.theme import theme
from lab.ui.views.items import PlotItem, runs
from lab.ui.views.marks import pen
from lab.ui.views.plot import Plot
from lab.ui.views.sprites import Sign, stamp

Array = NDArray[Any]
_SHADES: Final = 12
"""Parts of a trail, each with a strength and a colour of its own: what is drawn alike is drawn at once."""
_ARROWS: Final = 7
_LEAST: Final = 9.0
"""Pixels between two steps below which no arrow is drawn."""
MOST_DOTS: Final = 600


@final
class Trail(PlotItem):
    """Paints paths (T, B, 2) in data coordinates; of each the steps `first` to `last` are its trail."""

    def __init__(self, plot: Plot) -> None:
        super().__init__(plot, 6.0)
        self._paths: Array = np.zeros((0, 0, 2))
        self._shown = 0
        self._first = self._last = 0
        self._samples: Sequence[str] = ()
        self._steps: Sequence[str] = ()

    def show_paths(
        self,
        paths: Array,
        shown: int = 0,
        trail: tuple[int, int] = (0, 0),
        *,
        samples: Sequence[str] = (),
        steps: Sequence[str] = (),
    ) -> None:
        """Draw these paths, the one that is shown over the others, and of each the first and last step of its trail.

        Colours are by sample, or by step, or say when where there is neither.
        """
        self._paths, self._shown, (self._first, self._last) = paths, shown, trail
        self._samples, self._steps = samples, steps
        self.update()

    def draw(self, painter: QPainter) -> None:
        samples = self._paths.shape[1]
        if not len(self._paths):
            return
        across, down = self.pixels(self._paths[..., 0], self._paths[..., 1])
        known = np.isfinite(across) & np.isfinite(down)
        for sample in sorted(range(samples), key=lambda one: one == self._shown):
            path = _Path(across[:, sample], down[:, sample], known[:, sample])
            if sample == self._shown:
                self._draw_shown(painter, path)
            else:
                self._draw_other(painter, path, self._samples[sample] if self._samples else "muted")

    def _draw_other(self, painter: QPainter, path: "_Path", role: str) -> None:
        painter.setPen(pen(role, alpha=110))
        path.line(painter, self._first, self._last)
        self._ends(painter, path, theme.colour(role), 5.0)

    def _draw_shown(self, painter: QPainter, path: "_Path") -> None:
        painter.setPen(pen("axis", alpha=70))
        path.line(painter, 0, len(path.known) - 1)
        parts = _parts(self._first, self._last)
        colours = self._colours(len(parts))
        role = self._samples[self._shown] if self._samples else "text"
        wide = 2.0 if theme.enlarged else 1.4
        for place, (first, last) in enumerate(parts):
            strength = (place + 1) / len(parts)
            # The line is thinner than its dots are strong: it leads from one to the next.
            line = QPen(pen(role, width=wide, alpha=int(40 + 150 * strength)))
            painter.setPen(line)
            path.line(painter, first, last)
        every = max(1, (self._last - self._first) // MOST_DOTS)
        stamp(
            painter,
            [
                path.dot(step, theme.colour(self._steps[step]) if self._steps else colours[place], size)
                for place, (first, last) in enumerate(parts)
                for size in [3.0 + 2.5 * (place + 1) / len(parts)]
                for step in range(first, last, every)
                if path.known[step]
            ],
        )
        self._arrows(painter, path, theme.colour(role))
        self._ends(painter, path, theme.colour(self._steps[self._last]) if self._steps else colours[-1], 9.0)

    def _ends(self, painter: QPainter, path: "_Path", colour: QColor, size: float) -> None:
        """A ring where the trail begins, a dot where it ends."""
        sheet = theme.colour("sheet")
        first, last = self._first, path.last(self._first, self._last)
        ring = [path.dot(first, colour, size), path.dot(first, sheet, size - 3.0)] if path.known[first] else []
        if last is not None and last > first:
            ring += [path.dot(last, sheet, size + 3.0), path.dot(last, colour, size)]
        stamp(painter, ring)

    def _arrows(self, painter: QPainter, path: "_Path", colour: QColor) -> None:
        """Heads on some of the longer steps: which way it goes."""
        steps = np.arange(self._first, self._last)
        if not len(steps):
            return
        there = path.known[steps] & path.known[steps + 1]
        dx, dy = path.x[steps + 1] - path.x[steps], path.y[steps + 1] - path.y[steps]
        with np.errstate(invalid="ignore"):
            long = steps[there & (np.hypot(dx, dy) >= _LEAST)]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        for step in long[:: max(1, -(-len(long) // _ARROWS))].tolist():
            start, end = (QPointF(float(path.x[at]), float(path.y[at])) for at in (step, step + 1))
            along = end - start
            unit = along / math.hypot(along.x(), along.y())
            tip, back, aside = start + along * 0.5 + unit * 4.5, unit * 8.0, QPointF(-unit.y(), unit.x()) * 3.2
            painter.drawPolygon(QPolygonF([tip, tip - back + aside, tip - back - aside]))

    def _colours(self, count: int) -> list[QColor]:
        if self._samples:
            return [theme.colour(self._samples[self._shown])] * count
        table = theme.colour_map("time")
        places = np.linspace(0, 255, count).astype(int)
        return [QColor(*(int(channel) for channel in table[place][:3])) for place in places]


@final
class _Path:
    """One path in pixels, x and y (T,), and where it is finite."""

    def __init__(self, x: Array, y: Array, known: NDArray[np.bool_]) -> None:
        self.x, self.y, self.known = x, y, known
        self._whole = bool(known.all())

    def dot(self, step: int, colour: QColor, size: float) -> Sign:
        """A dot on a step."""
        return Sign(float(self.x[step]), float(self.y[step]), size * (1.5 if theme.enlarged else 1.0), colour)

    def line(self, painter: QPainter, first: int, last: int) -> None:
        """From a step to another, with gaps."""
        for start, end in [(0, last + 1 - first)] if self._whole else runs(self.known[first : last + 1]):
            part = slice(first + start, first + end)
            painter.drawPolyline(arrayToQPolygonF(self.x[part], self.y[part]))

    def last(self, first: int, last: int) -> int | None:
        """The last step between these that is finite."""
        there = np.flatnonzero(self.known[first : last + 1])
        return first + int(there[-1]) if len(there) else None


def _parts(first: int, last: int) -> list[tuple[int, int]]:
    """The steps of a trail in parts of about the same length; a part ends where the next begins."""
    edges = np.linspace(first, last, min(_SHADES, max(last - first, 1)) + 1).round().astype(int).tolist()
    return list(pairwise(edges))
