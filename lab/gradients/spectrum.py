"""Spectra of matrices that may hold anything, NaN included."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def eigenvalues(matrices: Array) -> Array:
    """Eigenvalues of (n, S, S), largest modulus first, (n, S) complex; NaN where a matrix is not finite."""
    found = np.full(matrices.shape[:-1], complex(np.nan, np.nan))
    for index, matrix in enumerate(matrices):
        if np.isfinite(matrix).all():
            values = np.linalg.eigvals(matrix)
            found[index] = values[np.argsort(-np.abs(values), kind="stable")]
    return found


def singular_values(matrices: Array) -> Array:
    """Singular values of (n, S, S), largest first, (n, S); NaN where a matrix is not finite."""
    found = np.full(matrices.shape[:-1], np.nan)
    for index, matrix in enumerate(matrices):
        if np.isfinite(matrix).all():
            found[index] = np.linalg.svd(matrix, compute_uv=False)
    return found
