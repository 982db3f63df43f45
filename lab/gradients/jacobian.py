"""The Jacobian of one step: how the states after it depend on those before it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.gradients.pullback import Passage, Pullback

Array = NDArray[Any]

_ROWS = 2048
"""Rows that are pulled back together: enough for large products, few enough for the cache."""


def step_jacobians(pullback: Pullback, passage: Passage, steps: Array) -> Array:
    """∂s_t/∂s_{t-1} at chosen steps, (n, S, S): row the state after, column the state before, in the states' order."""
    sizes = {name: leaf.size for name, leaf in pullback.traced.states.items()}
    total = sum(sizes.values())
    found = np.zeros((len(steps), total, total))
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
        arrays = pullback.pull(passage, list(pullback.states.values()), cotangents, rows)
        leaving = dict(zip(pullback.states, arrays, strict=True))
        start = 0
        for name, size in sizes.items():
            if name in leaving:
                found[first : first + len(part), :, start : start + size] = leaving[name].reshape(
                    len(part), total, size
                )
            start += size
    return found
