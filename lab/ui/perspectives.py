"""Perspectives: which views stand where, by the width of the window, as data."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

Cell = tuple[int, tuple[str, ...]]
"""The width of a cell in columns, and the views in it; several are tabs, the first in front."""
Row = tuple[Cell, ...]
Rows = tuple[Row, ...]
"""Rows of equal height, from the top."""
LEAST_WIDTH: Final = 160
LEAST_HEIGHT: Final = 180
"""Of a view that can be read, its title and the names of its axes included, in logical pixels at normal text size."""


class Width(StrEnum):
    """How much room there is, in logical pixels at normal text size."""

    NARROW = "narrow"
    MEDIUM = "medium"
    WIDE = "wide"


def width_of(pixels: float) -> Width:
    """The class of a width in logical pixels."""
    return Width.NARROW if pixels < 1280 else Width.MEDIUM if pixels < 2200 else Width.WIDE


_LOSS, _GRADIENTS, _PREDICTIONS = "loss", "gradients-by-layer", "predictions"
_HIDDEN, _GATES, _THROUGH = "hidden-states", "gates", "through-time"
_PHASE, _SPECTRUM, _WEIGHTS, _DUEL = "phase-portrait", "spectrum", "weights", "duel"

_OVERVIEW: Final[Rows] = (
    ((2, (_LOSS, _GRADIENTS)), (2, (_PREDICTIONS,))),
    ((2, (_HIDDEN,)), (2, (_GATES,))),
    ((2, (_THROUGH,)), (1, (_PHASE,)), (1, (_SPECTRUM,))),
)
_OVERVIEW_NARROW: Final[Rows] = (
    ((1, (_LOSS, _GRADIENTS)), (1, (_PREDICTIONS,))),
    ((1, (_HIDDEN, _GATES)), (1, (_THROUGH, _PHASE, _SPECTRUM))),
)
_OVERVIEW_WIDE: Final[Rows] = (
    ((1, (_LOSS,)), (1, (_GRADIENTS,)), (2, (_PREDICTIONS,))),
    *_OVERVIEW[1:],
)
_MEMORY: Final[Rows] = (((1, (_HIDDEN,)), (1, (_GATES,))), ((1, (_PHASE,)), (1, (_WEIGHTS,))))
_GRADIENT_ROWS: Final[Rows] = (((1, (_THROUGH,)), (1, (_GRADIENTS, _DUEL))), ((1, (_SPECTRUM,)), (1, (_WEIGHTS,))))
_COMPARE: Final[Rows] = (((1, (_LOSS,)),), ((1, (_PREDICTIONS,)),))

_ARRANGEMENTS: Final[Mapping[str, Mapping[Width, Rows]]] = {
    "overview": {Width.NARROW: _OVERVIEW_NARROW, Width.MEDIUM: _OVERVIEW, Width.WIDE: _OVERVIEW_WIDE},
    "memory": dict.fromkeys(Width, _MEMORY),
    "gradients": dict.fromkeys(Width, _GRADIENT_ROWS),
    "compare": dict.fromkeys(Width, _COMPARE),
}

ORDER: Final = (_LOSS, _GRADIENTS, _PREDICTIONS, _HIDDEN, _GATES, _THROUGH, _DUEL, _PHASE, _SPECTRUM, _WEIGHTS)
"""The order in which views are gone through: what is learned, what is remembered, why. Others follow."""

PRESENT: Final = "present"
"""The perspective that has no rows: one view at a time."""


def rows_of(perspective: str, width: Width) -> Rows:
    """The arrangement of a perspective as it is before anyone changes it. KeyError for an unknown one."""
    return _ARRANGEMENTS[perspective][width]


def fitted(rows: Rows, width: float, height: float) -> Rows:
    """The same views in so much room, in logical pixels at normal text size: those without enough of it share tabs."""
    while len(rows) > 1 and height / len(rows) < LEAST_HEIGHT:
        rows = (*rows[:-2], _one(*rows[-2:]))
    return tuple(_wide_enough(row, width) for row in rows)


def _one(upper: Row, lower: Row) -> Row:
    """Two rows as one: each cell below joins the one above it."""
    joined = [list(names) for _, names in upper]
    for place, (_, names) in enumerate(lower):
        joined[min(place, len(upper) - 1)] += names
    return tuple((span, tuple(names)) for (span, _), names in zip(upper, joined, strict=True))


def _wide_enough(row: Row, width: float) -> Row:
    """A row whose last cells share tabs where they are too narrow."""
    columns = sum(span for span, _ in row)
    while len(row) > 1 and width * min(span for span, _ in row) / columns < LEAST_WIDTH:
        (span, names), (more, others) = row[-2:]
        row = (*row[:-2], (span + more, (*names, *others)))
    return row
