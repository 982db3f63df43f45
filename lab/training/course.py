"""The course of a run: how large gradient and change of each parameter were, from the first update on."""

from collections.abc import Iterable
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lab.compile.layout import Place
from lab.components.probe import Course

Array = NDArray[Any]

DENSE: Final = 64
"""Updates on record of each doubling of their number: all up to twice as many, then every second, fourth and so on."""


@final
class Record:
    """Keeps the norms of some updates, so few that they cost nothing and so many that a curve of them can be drawn.

    Which updates these are follows from their number alone, so that a run that goes on has the same record.
    """

    def __init__(self, places: Iterable[Place]) -> None:
        self._places = tuple(places)
        none = np.zeros((0, len(self._places)), np.float32)
        self.course = Course(updates=np.zeros(0, np.int64), norms=none, ratios=none)

    @staticmethod
    def wants(update: int) -> bool:
        """Whether this update, the first of which is 1, is one to keep."""
        return update % (1 << max(0, update.bit_length() - DENSE.bit_length())) == 0

    def take(self, update: int, gradient: Array | None, change: Array | None, parameters: Array) -> None:
        """Keep an update: its gradient before clipping, what it added to the parameters, and these after it."""
        self.course = self.followed(update, gradient, change, parameters)

    def followed(self, update: int, gradient: Array | None, change: Array | None, parameters: Array) -> Course:
        """The record with one update more, or as it is where it has that one."""
        course = self.course
        if len(course.updates) and course.updates[-1] >= update:
            return course
        sizes = self._norms(parameters)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            # A matrix of zeros has no size to compare its change with.
            ratios = np.where(sizes > 0, self._norms(change) / sizes, np.nan)
            rows = [row[None].astype(np.float32) for row in (self._norms(gradient), ratios)]
        return Course(
            updates=np.append(course.updates, update),
            norms=np.concatenate([course.norms, rows[0]]),
            ratios=np.concatenate([course.ratios, rows[1]]),
        )

    def _norms(self, flat: Array | None) -> Array:
        """In float64, where the square of no float32 overflows; NaN where there is nothing."""
        if flat is None:
            return np.full(len(self._places), np.nan)
        return np.array([np.linalg.norm(place.view(flat).astype(np.float64)) for place in self._places])
