"""Layout: the order of parameters in one flat vector, such that stacked weights are views of it."""

import itertools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, final

from numpy.typing import NDArray

from lab.trace.graph import Leaf, Var, reachable

Array = NDArray[Any]


@final
@dataclass(frozen=True, slots=True)
class Place:
    """A parameter in the flat vector."""

    start: int
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of entries."""
        return math.prod(self.shape)

    def view(self, flat: Array) -> Array:
        """The parameter as a view of the flat vector."""
        return flat[self.start : self.start + self.size].reshape(self.shape)


def layout(leaves: Mapping[str, Var], weights: Iterable[Var]) -> dict[str, Place]:
    """Place learned parameters one behind the other, the members of each stacked weight together and in its order."""
    order: dict[str, None] = {}
    for weight in sorted(weights, key=lambda w: -w.size):
        names = stacked(weight)
        if names and not any(name in order for name in names):
            order.update(dict.fromkeys(names))
    order.update(dict.fromkeys(name for name, leaf in leaves.items() if is_learned(leaf)))
    places, start = {}, 0
    for name in order:
        places[name] = Place(start, leaves[name].shape)
        start += places[name].size
    return places


def is_learned(value: Var) -> bool:
    """True for the leaf of a parameter that is learned."""
    return isinstance(value.origin, Leaf) and value.origin.kind == "parameter"


def stacked(weight: Var) -> tuple[str, ...]:
    """The parameters that a weight is, or is a plain stack of; empty for any other expression."""
    members = weight.inputs if weight.primitive == "concat" else (weight,)
    names = tuple(m.origin.name for m in members if isinstance(m.origin, Leaf) and m.origin.kind == "parameter")
    return names if len(names) == len(members) else ()


def parameters_of(weight: Var) -> set[str]:
    """The learned parameters that a weight depends on."""
    return {v.origin.name for v in reachable([weight]) if is_learned(v)}  # type: ignore[union-attr]


def view_of(weight: Var, places: Mapping[str, Place], flat: Array) -> Array | None:
    """A weight as a view of the flat vector, or None where its parameters do not lie one behind the other."""
    names = stacked(weight)
    if not names or any(
        places[after].start != places[before].start + places[before].size for before, after in itertools.pairwise(names)
    ):
        return None
    start = places[names[0]].start
    return flat[start : start + weight.size].reshape(weight.shape)
