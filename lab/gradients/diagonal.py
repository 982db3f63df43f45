"""The way back through time of units that depend on themselves alone."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def sweep(transition: Array, cotangents: Array, *, compiled: bool) -> Array:
    """Bring cotangents of m states of each unit back through T steps: c_{t-1} += A_tᵀ c_t, in place.

    `transition` is ∂s^a_t/∂s^b_{t-1}, (m, m, T, N), `cotangents` are (m, T, N). Returns those of the states before the
    first step, (m, N). What has faded so far that its products would not have all their digits is set to 0: processors
    compute with such numbers a hundred times more slowly.
    """
    before = np.zeros_like(cotangents[:, 0])
    kind = np.finfo(before.dtype)
    tiny = kind.tiny / kind.eps
    if compiled:
        from lab.compile.targets.numba_runtime import sweep as compiled_sweep

        compiled_sweep(np.ascontiguousarray(transition), cotangents, before, tiny)
        return before
    for step in range(cotangents.shape[1] - 1, -1, -1):
        target = cotangents[:, step - 1] if step else before
        target += (transition[:, :, step] * cotangents[:, None, step]).sum(axis=0)
        target[np.abs(target) < tiny] = 0
    return before
