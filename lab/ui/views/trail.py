"""Trajectories in a plane: a thin line for each, with dots whose colour says when, or of which sample."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray
from pyqtgraph.functions import arrayToQPolygonF
from PySide6.QtGui import QColor, QPainter

from lab.ui.theme import theme
from lab.ui.views.items import PlotItem, runs
from lab.ui.views.marks import pen
from lab.ui.views.plot import Plot
from lab.ui.views.sprites import stamp

Array = NDArray[Any]
_SHADES: Final = 16
"""Colours along time: dots of one colour are drawn at once."""
MOST_DOTS: Final = 1500


@final
class Trail(PlotItem):
    """Paints paths (T, B, 2) in data coordinates."""

    def __init__(self, plot: Plot) -> None:
        super().__init__(plot, 6.0)
        self._paths: Array = np.zeros((0, 0, 2))
        self._roles: Sequence[str] = ()
        self.step: int | None = None

    def show_paths(self, paths: Array, roles: Sequence[str]) -> None:
        """Draw these paths; `roles` has a colour for each, or nothing: then the colour says when."""
        self._paths, self._roles = paths, roles
        self.update()

    def draw(self, painter: QPainter) -> None:
        steps, samples = self._paths.shape[:2]
        if not steps:
            return
        across, down = self.pixels(self._paths[..., 0], self._paths[..., 1])
        known = np.isfinite(across) & np.isfinite(down)
        painter.setPen(pen("axis", alpha=140))
        for sample in range(samples):
            for first, last in runs(known[:, sample]):
                painter.drawPolyline(arrayToQPolygonF(across[first:last, sample], down[first:last, sample]))
        every = max(1, steps * samples // MOST_DOTS)
        for sample in range(samples):
            colours = self._colours(sample, steps)
            for shade, (first, last) in enumerate(_parts(steps, len(colours))):
                part = slice(first, last, every)
                seen = known[part, sample]
                self._dots(painter, across[part, sample][seen], down[part, sample][seen], colours[shade], 4.0)
        if self.step is not None and self.step < steps:
            here = slice(self.step, self.step + 1)
            for role, size in (("sheet", 11.0), ("text", 8.0)):
                seen = known[here].ravel()
                self._dots(painter, across[here].ravel()[seen], down[here].ravel()[seen], theme.colour(role), size)

    def _colours(self, sample: int, steps: int) -> list[QColor]:
        if self._roles:
            return [theme.colour(self._roles[sample])]
        table = theme.colour_map("gate")
        # The lightest colours are those of the sheet.
        places = np.linspace(70, 250, min(_SHADES, steps)).astype(int)
        return [QColor(*(int(channel) for channel in table[place][:3])) for place in places]

    def _dots(self, painter: QPainter, across: Array, down: Array, colour: QColor, size: float) -> None:
        stamp(painter, across, down, colour, size * (1.5 if theme.enlarged else 1.0), "dots")


def _parts(steps: int, count: int) -> list[tuple[int, int]]:
    edges = np.linspace(0, steps, count + 1).round().astype(int).tolist()
    return list(pairwise(edges))
