"""The Jacobian of one step: how the states after it depend on those before it, and on all else it was made from."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.gradients.pullback import FLOAT, Passage, Pullback
from lab.trace.graph import Var

Array = NDArray[Any]

_ROWS = 2048
"""Rows that are pulled back together: enough for large products, few enough for the cache."""


def step_jacobians(pullback: Pullback, passage: Passage, steps: Array) -> Array:
    """∂s_t/∂s_{t-1} at chosen steps, (n, S, S): row the state after, column the state before, in the states' order."""
    size = pullback.vector.size
    total = np.zeros((len(steps), size, size))
    found = state_jacobians(pullback, passage, list(pullback.states.values()), steps)
    for name, array in zip(pullback.states, found, strict=True):
        total[..., pullback.vector.parts[name]] = array
    return total


def state_jacobians(
    pullback: Pullback, passage: Passage, roots: Sequence[Var], steps: Array, dtype: np.dtype[Any] = FLOAT
) -> list[Array]:
    """What `roots`, linear in the cotangents of the states after a step, are for each entry of these, (n, S, ·)."""
    size = pullback.vector.size
    found = [np.zeros((len(steps), size, root.size), dtype) for root in roots]
    at_once = max(1, _ROWS // size)
    for first in range(0, len(steps), at_once):
        part = np.asarray(steps[first : first + at_once])
        cotangents = pullback.vector.split(np.tile(np.eye(size), (len(part), 1)))
        pulled = pullback.pull(passage, roots, cotangents, np.repeat(part, size))
        for array, values in zip(found, pulled, strict=True):
            array[first : first + len(part)] = values.reshape(len(part), size, -1)
    return found
