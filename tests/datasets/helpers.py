"""What the tests of datasets share."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lab.api import Data, Dataset, Sequences

Make = Callable[..., Dataset]
Write = Callable[..., str]


def sequences(data: Data, split: str) -> Sequences:
    """The split, which has to be there."""
    found = {"train": data.train, "validation": data.validation, "test": data.test}[split]
    assert found is not None
    return found


def that_count(data: Data, split: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of `values` (T, N, ...) in a split those whose steps count, column after column."""
    counted = sequences(data, split).counted
    columns = values.swapaxes(0, 1)
    return columns.reshape(-1, *values.shape[2:]) if counted is None else columns[counted.T]


def in_units(data: Data, split: str) -> NDArray[np.float64]:
    """The targets that count, in data units, column after column."""
    real = data.to_units(split, sequences(data, split).targets)
    assert real.shape == sequences(data, split).targets.shape
    return that_count(data, split, real)[..., 0]


def rmse(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean((first - second) ** 2)))
