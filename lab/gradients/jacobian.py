"""The Jacobian of one step: how the states after it depend on those before it, and on all else it was made from."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.gradients.pullback import Passage, Pullback
from lab.trace.graph import Var

Array = NDArray[Any]

_ROWS = 2048
"""Rows that are pulled back together: enough for large products, few enough for the cache."""


def step_jacobians(pullback: Pullback, passage: Passage, steps: Array) -> Array:
    """∂s_t/∂s_{t-1} at chosen steps, (n, S, S): row the state after, column the state before, in the states' order."""
    found = iter(state_jacobians(pullback, passage, list(pullback.states.values()), steps))
    sizes = {name: leaf.size for name, leaf in pullback.traced.states.items()}
    total = sum(sizes.values())
    columns = [
        next(found) if name in pullback.states else np.zeros((len(steps), total, size)) for name, size in sizes.items()
    ]
    return np.concatenate(columns, axis=2)


def state_jacobians(pullback: Pullback, passage: Passage, roots: Sequence[Var], steps: Array) -> list[Array]:
    """What `roots`, linear in the cotangents of the states after a step, are for each entry of these, (n, S, ·)."""
    sizes = {name: leaf.size for name, leaf in pullback.traced.states.items()}
    total = sum(sizes.values())
    found = [np.zeros((len(steps), total, root.size)) for root in roots]
    at_once = max(1, _ROWS // total)
    for first in range(0, len(steps), at_once):
        part = np.asarray(steps[first : first + at_once])
        rows = np.repeat(part, total)
        unit = np.tile(np.eye(total), (len(part), 1))
        cotangents, start = {}, 0
        for name, size in sizes.items():
            shape = pullback.traced.states[name].shape
            cotangents[name] = unit[:, start : start + size].reshape(len(rows), *shape)
            start += size
        for array, pulled in zip(found, pullback.pull(passage, roots, cotangents, rows), strict=True):
            array[first : first + len(part)] = pulled.reshape(len(part), total, -1)
    return found
