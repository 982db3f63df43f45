"""Curves, dots and thinned histories: items of a plot that keep their colours with the theme."""

from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray
from pyqtgraph.functions import arrayToQPolygonF
from PySide6.QtGui import QPainter

from lab.ui.theme import theme
from lab.ui.views.items import PlotItem, runs
from lab.ui.views.marks import pen
from lab.ui.views.plot import Plot
from lab.ui.views.sprites import Shape, Sign, stamp

Array = NDArray[Any]
_NOTHING: Final = np.zeros(0)


class _Points(PlotItem):
    """Abstract: points (x, y) in a colour of the theme."""

    def __init__(self, plot: Plot, role: str, z: float) -> None:
        super().__init__(plot, z)
        self._role = role
        self._x = self._y = _NOTHING

    def show_points(self, x: Array, y: Array) -> None:
        """Replace the points, both (n,)."""
        self._x, self._y = np.asarray(x, np.float64), np.asarray(y, np.float64)
        self.update()

    def clear_points(self) -> None:
        """Show nothing."""
        if len(self._x):
            self.show_points(_NOTHING, _NOTHING)

    def recolour(self, role: str) -> None:
        """Take another colour of the theme."""
        if role != self._role:
            self._role = role
            self.update()


@final
class Line(_Points):
    """A curve of one pixel in a colour of the theme; where a value is not finite it has a gap.

    `dash` is the place of its series among the others, from 0: each has its own of the `DASHES`, the first none.
    """

    def __init__(self, plot: Plot, role: str, *, dash: int = 0, alpha: int = 255, z: float = 1.0) -> None:
        super().__init__(plot, role, z)
        self.dash = dash
        self._alpha = alpha

    def draw(self, painter: QPainter) -> None:
        if not len(self._x):
            return
        # Thick lines are several times dearer, and only a hall needs them.
        painter.setPen(pen(self._role, dash=self.dash, alpha=self._alpha, width=2.0 if theme.enlarged else 1.0))
        across, down = self.pixels(self._x, self._y)
        for first, last in runs(np.isfinite(across) & np.isfinite(down)):
            painter.drawPolyline(arrayToQPolygonF(across[first:last], down[first:last]))


@final
class Dots(_Points):
    """Points in a colour of the theme; those that are not finite are left out."""

    def __init__(self, plot: Plot, role: str, shape: Shape = "dots", *, size: int = 4, z: float = 2.0) -> None:
        super().__init__(plot, role, z)
        self._shape, self._size = shape, size

    def draw(self, painter: QPainter) -> None:
        if not len(self._x):
            return
        across, down = self.pixels(self._x, self._y)
        seen = np.isfinite(across) & np.isfinite(down)
        size = self._size * (1.6 if theme.enlarged else 1.0)
        colour = theme.colour(self._role)
        places = zip(across[seen].tolist(), down[seen].tolist(), strict=True)
        stamp(painter, (Sign(x, y, size, colour) for x, y in places), self._shape)


@final
class Thinned:
    """A curve that only grows, kept as least, greatest and mean of equal numbers of points, at most `most` of them.

    What is added costs what is new, however long the curve is.
    """

    def __init__(self, most: int = 800) -> None:
        self._most = most
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.width = 1
        """How many points one bucket has."""
        self._taken = 0
        self._x = _NOTHING
        self._low = _NOTHING
        self._high = _NOTHING
        self._mean = _NOTHING

    def follow(self, x: Array, y: Array) -> bool:
        """Take in the points that were added to a curve; True if there are any. A shorter curve is a new one."""
        if len(x) < self._taken:
            self.clear()
        fresh = (len(x) - self._taken) // self.width * self.width
        if not fresh:
            return False
        part = slice(self._taken, self._taken + fresh)
        columns = np.asarray(y[part], np.float64).reshape(-1, self.width)
        self._x = np.append(self._x, np.asarray(x[part], np.float64)[:: self.width])
        # A bucket with a value that is not finite is a gap: fmin would hide where a run broke.
        self._low = np.append(self._low, columns.min(axis=1))
        self._high = np.append(self._high, columns.max(axis=1))
        self._mean = np.append(self._mean, columns.mean(axis=1))
        self._taken += fresh
        while len(self._x) > self._most:
            self._halve()
        return True

    def _halve(self) -> None:
        even = len(self._x) // 2 * 2
        self._taken -= (len(self._x) - even) * self.width
        self._x = self._x[:even:2]
        self._low = self._low[:even].reshape(-1, 2).min(axis=1)
        self._high = self._high[:even].reshape(-1, 2).max(axis=1)
        self._mean = self._mean[:even].reshape(-1, 2).mean(axis=1)
        self.width *= 2

    def outline(self) -> tuple[Array, Array]:
        """Points of a line that has every peak: x and y, twice as many as buckets where these hold several points."""
        if self.width == 1:
            return self._x, self._mean
        return np.repeat(self._x, 2), np.stack([self._low, self._high], axis=1).ravel()

    def smoothed(self, points: int) -> tuple[Array, Array]:
        """The mean over so many points around each, of those that are finite."""
        reach = max(1, round(points / self.width)) | 1
        if len(self._x) < 3 or reach == 1:
            return self._x, self._mean
        reach = min(reach, len(self._x) | 1)
        known = np.isfinite(self._mean)
        total = np.convolve(np.pad(np.where(known, self._mean, 0.0), reach // 2), np.ones(reach), "valid")
        count = np.convolve(np.pad(known.astype(np.float64), reach // 2), np.ones(reach), "valid")
        smooth = total[: len(self._x)] / np.maximum(count[: len(self._x)], 1.0)
        return self._x, np.where(known, smooth, np.nan)


def spaced(x: Array, pixels: float, span: tuple[float, float], apart: float = 9.0) -> NDArray[np.intp]:
    """Which of the points, in order, get a dot, so that dots stand at least so many pixels apart; the last always."""
    if not len(x):
        return np.zeros(0, np.intp)
    width = max(span[1] - span[0], 1e-12)
    cells = np.floor((x - span[0]) / width * max(pixels, 1.0) / apart)
    chosen = np.flatnonzero(np.diff(cells, prepend=-np.inf))
    return np.append(chosen[chosen < len(x) - 1], len(x) - 1)
