"""What simple predictors reach, for a dataset to state beside what a network reaches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def root_mean_squared_errors(predictions: Mapping[str, ArrayLike], truth: NDArray[Any]) -> dict[str, float]:
    """The root mean squared error of each prediction, an array like `truth` or one number for all of it."""
    return {name: float(np.sqrt(np.mean((predicted - truth) ** 2))) for name, predicted in predictions.items()}
