"""The linearised step: the Jacobians of the recurrence that real-time recurrent learning multiplies at each step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lab.gradients.jacobian import state_jacobians
from lab.gradients.layer_step import LayerStep
from lab.gradients.pullback import Passage
from lab.trace.graph import Var

Array = NDArray[Any]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Factor:
    """A part of the immediate Jacobian ∂s_t/∂w, the states before held fixed.

    It is `left` (T, B, S, R) times `right` (T, B, C), or `left` alone: entry [i, j] of the weight moves state s by
    left[s, i] right[j], or by left[s, j] right[i] where it is `swapped`. `columns` are its entries, row by row, among
    those of the layer.
    """

    columns: slice
    left: Array
    right: Array | None
    swapped: bool = False

    def add(self, influence: Array, step: int) -> None:
        """Add ∂s_t/∂w at a step of the window to the layer's own part of an influence matrix, (B, S, columns)."""
        part = influence[:, :, self.columns]
        left = self.left[step]
        if self.right is None:
            part += left
            return
        right = self.right[step]
        # Most weights move few states: those of their own unit. Only these entries are touched.
        states, units = np.nonzero(left.any(axis=0))
        shape = (*part.shape[:2], right.shape[1], left.shape[2])
        part = part.reshape(shape if self.swapped else (*shape[:2], shape[3], shape[2]))
        index = (slice(None), states, slice(None), units) if self.swapped else (slice(None), states, units)
        if self.swapped:
            # The two index arrays are apart: their axis comes first.
            part[index] += (left[:, states, units, None] * right[:, None, :]).swapaxes(0, 1)
        else:
            part[index] += left[:, states, units, None] * right[:, None, :]


@final
@dataclass(frozen=True, slots=True, eq=False)
class LinearLayer:
    """One layer over a window of T steps: s_t ≈ A s_{t-1} + C s'_t + Σ factors, s' being the states of the layer below.

    `transition` is the Jacobian of the step, A (T, B, S, S), `below` is C (T, B, S, S') or None at the lowest layer.
    The layer's weights have the columns `columns` of the whole network's. A sequence past its end keeps its state:
    there A is 1, the rest 0.
    """

    transition: Array
    below: Array | None
    factors: Sequence[Factor]
    columns: slice


def linearised(
    layer: LayerStep,
    under: LayerStep | None,
    passage: Passage,
    live: Array,
    dtype: np.dtype[Any],
    *,
    symbols: Array | None = None,
    mask: Array | None = None,
) -> LinearLayer:
    """A layer at the states of a passage, of which row t B + b is step t of sample b; `live` (T, B) take part.

    `under` is the layer below, whose outputs a `mask` (T, B, ·) thins out; `symbols` (T, B) are what the lowest layer
    read through a learned embedding.
    """
    pullback, vector = layer.pullback, layer.vector
    steps, batch = live.shape
    roots = list(dict.fromkeys([*pullback.states.values(), *pullback.inputs.values(), *pullback.parts]))
    rows = np.arange(steps * batch)
    ended = None if live.all() else ~live[..., None, None]
    found: dict[Var, Array] = {}
    for root, whole in zip(roots, state_jacobians(pullback, passage, roots, rows, dtype), strict=True):
        array = found[root] = whole.reshape(steps, batch, vector.size, -1)
        if ended is not None:
            np.copyto(array, 0, where=ended)
    transition = np.zeros((steps, batch, vector.size, vector.size), dtype)
    for name, root in pullback.states.items():
        transition[..., vector.parts[name]] = found[root]
    if ended is not None:
        transition += ended * np.eye(vector.size, dtype=dtype)
    factors: list[Factor] = []
    if layer.embedding and "x" in pullback.inputs:
        read = np.eye(layer.embedding[0], dtype=dtype)[symbols]
        factors.append(Factor(layer.own["input.E"], found[pullback.inputs["x"]], read, swapped=True))
    for place, pull in enumerate(pullback.weights):
        columns = layer.own[str(place)]
        for outer in pull.outers:
            right = passage.at(outer.right, rows).reshape(steps, batch, -1).astype(dtype)
            factors.append(Factor(columns, found[outer.left], right, outer.swapped))
        factors += [Factor(columns, found[value], None) for value in pull.rows]
    below = None
    if under is not None:
        into = {name: found[value] for name, value in pullback.inputs.items()}
        if mask is not None and "x" in into:
            into["x"] = into["x"] * mask[:, :, None, :]
        below = under.vector.from_above(into, (steps, batch, vector.size), dtype)
    return LinearLayer(transition, below, factors, layer.columns)
