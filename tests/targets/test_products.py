"""Products of packed weights beside NumPy's: parts that are known to be zero, sources that are, and NaN."""

from typing import Any

import numpy as np
import pytest
from numba import njit

from lab.compile.support import spans
from lab.compile.targets.numba_runtime import pack, product32, product64

PANEL, BLOCK = 8, 16


@njit
def multiply32(width, rows, depth, ranges, weight, source, beta, target):  # type: ignore[no-untyped-def]
    product32(width, rows, depth, PANEL, BLOCK, ranges, weight, source, depth, beta, target, width)


@njit
def multiply64(width, rows, depth, ranges, weight, source, beta, target):  # type: ignore[no-untyped-def]
    product64(width, rows, depth, PANEL, BLOCK, ranges, weight, source, depth, beta, target, width)


def multiplied(weight: Any, source: Any, target: Any, support: Any, beta: int) -> None:
    """target = weight @ source + β target for each row."""
    width, depth = weight.shape
    packed = np.zeros(weight.size, weight.dtype)
    pack(weight, False, PANEL, packed)
    ranges = spans(support, np.arange(0, width, PANEL)).astype(np.int64)
    multiply = multiply32 if weight.dtype == np.float32 else multiply64
    addresses = [array.ctypes.data for array in (packed, source)]
    multiply(width, len(source), depth, ranges.reshape(-1), *addresses, beta, target.ctypes.data)


def supports(width: int, depth: int) -> dict[str, Any]:
    """Where a weight has entries, by name."""
    row, column = np.arange(width)[:, None] / width, np.arange(depth) / depth
    return {
        "everywhere": row + column >= 0,
        "triangular": row <= column,
        "two blocks": (row >= 0.5) == (column >= 0.5),
        "nothing in the first rows": (row > 0.4) & (column >= 0),
    }


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("beta", [0, 1])
def test_zero_panels_and_silent_sources_add_nothing(dtype: str, beta: int) -> None:
    rows, width, depth = 5, 5 * PANEL + 3, 3 * BLOCK + 9
    random = np.random.default_rng(2)
    for name, support in supports(width, depth).items():
        weight = np.where(support, random.normal(size=support.shape), 0).astype(dtype)
        for silent in ((), (0,), (1, 2, 3), (0, 1, 2, 3)):
            source = random.normal(size=(rows, depth)).astype(dtype)
            for block in silent:
                source[:, BLOCK * block : BLOCK * (block + 1)] = 0
            target = np.full((rows, width), 1 if beta else np.nan, dtype)
            multiplied(weight, source, target, support, beta)
            expected = source.astype("f8") @ weight.T.astype("f8") + beta
            atol = np.finfo(dtype).eps * 8 * max(1, np.abs(expected).max())
            np.testing.assert_allclose(target, expected, rtol=0, atol=atol, err_msg=f"{name} {silent}")


def test_what_is_outside_the_support_is_not_read() -> None:
    random = np.random.default_rng(3)
    support = supports(4 * PANEL, 2 * BLOCK)["two blocks"]
    weight = np.where(support, random.normal(size=support.shape), np.nan)
    source = random.normal(size=(3, 2 * BLOCK))
    target = np.zeros((3, 4 * PANEL))
    multiplied(weight, source, target, support, 0)
    np.testing.assert_allclose(target, source @ np.where(support, weight, 0).T, atol=1e-12)


def test_nan_of_a_source_is_handed_on() -> None:
    source = np.zeros((3, BLOCK + 2), "f4")
    source[1, BLOCK + 1] = np.nan
    target = np.zeros((3, 4), "f4")
    multiplied(np.ones((4, BLOCK + 2), "f4"), source, target, np.ones((4, BLOCK + 2), bool), 0)
    assert np.isnan(target[1]).all()
    assert (target[[0, 2]] == 0).all()
