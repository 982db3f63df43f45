"""Perspectives: which views stand where, by the width of the window, as data."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

Cell = tuple[int, tuple[str, ...]]
"""The width of a cell in columns, and the views in it; several are tabs, the first in front."""
Rows = tuple[tuple[Cell, ...], ...]
"""Rows of equal height, from the top."""


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
