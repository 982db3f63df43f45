"""What rules for a linear readout alone share: its input with a 1 for the bias, and the change of V and b."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.api import LabError, Learner

Array = NDArray[Any]


def check_linear(learner: Learner, name: str) -> None:
    """LabError where there is more between the top layer and the output than V s + b."""
    if not learner.linear:
        raise LabError(
            f"{name} solves for a linear readout under the squared error, and this network has another head",
            remedy='Set output.loss = "mean-squared-error" and output.hidden = []; the targets must be real numbers',
        )


def with_one(seen: Array) -> Array:
    """Rows (R, D + 1) in float64, the last column the 1 that belongs to the bias."""
    return np.concatenate([seen, np.ones((len(seen), 1))], axis=1, dtype=np.float64)


def weights(learner: Learner, flat: Array) -> Array:
    """V and b of a vector shaped like the parameters, as one matrix (D + 1, K) in float64."""
    named = learner.named(flat)
    return np.concatenate([named["output.V"].T, named["output.b"][None]], dtype=np.float64)


def change_by(learner: Learner, difference: Array) -> Array:
    """What is added to the parameters where V and b change by (D + 1, K), and nothing else does."""
    change = np.zeros_like(learner.parameters)
    named = learner.named(change)
    named["output.V"][...] = difference[:-1].T
    named["output.b"][...] = difference[-1]
    return change
