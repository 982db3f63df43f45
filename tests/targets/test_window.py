"""Sums of gradients over a window: steps that add nothing are left out, and nothing else is."""

import numpy as np
import pytest

from lab.compile.window import PANEL, sum_of_outers

STEPS, BATCH = 12, 3


@pytest.mark.parametrize("width", [1, 7, PANEL, 2 * PANEL + 5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("periods", [(1,), (1, 2, 4, 12), (12,)])
def test_the_sum_is_that_over_all_steps(width: int, dtype: type, periods: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    left = rng.normal(size=(STEPS, BATCH, width + 2))
    period = np.array(periods)[np.arange(width + 2) * len(periods) // (width + 2)]
    left[np.broadcast_to((np.arange(STEPS)[:, None] % period != 0)[:, None], left.shape)] = 0
    rows = left.reshape(-1, width + 2).astype(dtype)[:, 1:-1]
    right = rng.normal(size=(STEPS * BATCH, 5)).astype(dtype)
    out = np.full((width, 5), np.nan, dtype)
    sum_of_outers(BATCH, rows, right, out)
    # Sums in another order differ by a few rounding errors.
    np.testing.assert_allclose(out, rows.astype(float).T @ right, rtol=0, atol=50 * np.finfo(dtype).eps)


def test_a_step_counts_by_its_last_sample_and_what_is_no_number_is_not_left_out() -> None:
    left, right = np.zeros((STEPS, BATCH, 4)), np.ones((STEPS * BATCH, 2))
    left[5, -1, 2] = 3.0
    left[7, -1, 1] = np.nan
    out = np.empty((4, 2))
    sum_of_outers(BATCH, left.reshape(-1, 4), right, out)
    np.testing.assert_array_equal(out, [[0, 0], [np.nan, np.nan], [3, 3], [0, 0]])
