"""Kinks: where an equation has no derivative, and how far from such places a run stays."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lab.compile.reference import Reference
from lab.trace.graph import Leaf, Var, reachable
from lab.trace.tracer import Traced

Array = NDArray[Any]

_AT_ZERO: Final = ("relu", "abs", "sign", "sqrt")
_WHERE_EQUAL: Final = ("maximum", "minimum", "greater", "greater_equal")


def distance_to_kinks(
    traced: Traced,
    parameters: Mapping[str, Array],
    inputs: Mapping[str, Array],
    states: Mapping[str, Array],
    lengths: Array,
) -> float:
    """The least distance of any operand to its kink over a run of the reference; infinite where there are none."""
    values = dict(_values(traced))
    if not values:
        return float("inf")
    watching = replace(traced, watch={str(number): value for number, (_, value) in values.items()})
    _, watched = Reference(watching, parameters).forward(inputs, states, lengths)
    live = lengths > np.arange(len(inputs["x"]))[:, None]
    distances = []
    for number, (whole, _) in values.items():
        array = watched[str(number)][live]
        distances.append(np.abs(array - np.round(array)).min() if whole else np.abs(array).min())
    return float(min(distances))


def _values(traced: Traced) -> Iterator[tuple[int, tuple[bool, Var]]]:
    """Values that must not be zero, or, with True, not whole; by number."""
    for value in reachable([*traced.next.values()]):
        if not value.inputs or not _moves(value):
            continue
        if value.primitive in _AT_ZERO:
            yield value.number, (False, value.inputs[0])
        elif value.primitive == "floor":
            yield value.number, (True, value.inputs[0])
        elif value.primitive in _WHERE_EQUAL:
            yield value.number, (False, value.inputs[0] - value.inputs[1])


def _moves(value: Var) -> bool:
    """Whether anything that is differentiated by reaches the value: the time index alone does not."""
    return any(
        isinstance(one.origin, Leaf) and (one.origin.kind in ("parameter", "state") or one.origin.name == "x")
        for one in reachable([value])
    )
