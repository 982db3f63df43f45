"""All states of a layer as one vector s, and what the layer above reads of it."""

from collections.abc import Mapping
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lab.model.layer import BELOW
from lab.trace.tracer import Traced

Array = NDArray[Any]


def parts(sizes: Mapping[str, int]) -> dict[str, slice]:
    """Where things of these sizes lie one behind the other."""
    found, start = {}, 0
    for name, size in sizes.items():
        found[name] = slice(start, start + size)
        start += size
    return found


@final
class StateVector:
    """The states of a layer side by side, in their order: s (..., S)."""

    def __init__(self, traced: Traced) -> None:
        self.outputs = traced.outputs
        self.shapes = {name: leaf.shape for name, leaf in traced.states.items()}
        self.parts = parts({name: leaf.size for name, leaf in traced.states.items()})
        """Where each state lies in s."""
        self.size = sum(leaf.size for leaf in traced.states.values())
        """S."""

    @property
    def units(self) -> Array:
        """Which unit each of the S states belongs to: states of equal size have their units in common."""
        found, begin, count = np.zeros(self.size, int), dict[int, int](), 0
        for part in self.parts.values():
            size = part.stop - part.start
            if size not in begin:
                begin[size], count = count, count + size
            found[part] = begin[size] + np.arange(size)
        return found

    def split(self, vector: Array) -> dict[str, Array]:
        """Each state in its own shape, (..., *shape), of s (..., S)."""
        lead = vector.shape[:-1]
        return {name: vector[..., part].reshape(*lead, *self.shapes[name]) for name, part in self.parts.items()}

    def handed_on(self, vector: Array) -> Array:
        """What the layer hands on of s, (..., D): its outputs side by side."""
        return np.concatenate([vector[..., self.parts[name]] for name in self.outputs], axis=-1)

    def from_outputs(self, cotangents: Array) -> Array:
        """Cotangents of what the layer hands on, (..., D), as those of s; the transpose of `handed_on`."""
        found = np.zeros((*cotangents.shape[:-1], self.size), cotangents.dtype)
        start = 0
        for name in self.outputs:
            part = self.parts[name]
            width = part.stop - part.start
            found[..., part] = cotangents[..., start : start + width]
            start += width
        return found

    def from_above(self, cotangents: Mapping[str, Array], lead: tuple[int, ...], dtype: Any) -> Array:
        """Cotangents of the inputs of the layer above, (*lead, ·) by name, as those of s.

        It reads what this layer hands on as `x`, and states as such by their names.
        """
        found = np.zeros((*lead, self.size), dtype)
        for name, array in cotangents.items():
            if name == "x":
                found += self.from_outputs(array)
            elif name.startswith(BELOW):
                found[..., self.parts[name.removeprefix(BELOW)]] += array
        return found
