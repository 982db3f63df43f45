"""One update of the parameters: penalties, clipping, optimizer, decay, each over the whole flat vector."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lab.components.optimizer import Optimizer
from lab.experiment.spec import TrainingSpec

Array = NDArray[Any]


@final
@dataclass(frozen=True, slots=True)
class UpdateReport:
    """What an update was: norm of the gradient before clipping, whether it was clipped, and the learning rate."""

    gradient_norm: float
    clipped: bool
    rate: float


@final
class Updater:
    """Applies gradients. `slots` are the optimizer's state vectors."""

    def __init__(self, optimizer: Optimizer, training: TrainingSpec, parameters: Array) -> None:
        self.optimizer = optimizer
        self.training = training
        self.kept: Array | None = None
        """Where the gradient is copied to, penalties included, before it is clipped; None where it is not wanted."""
        self.slots = {name: np.zeros_like(parameters) for name in type(optimizer).slots}

    def apply(self, parameters: Array, gradient: Array, rate: float, count: int) -> UpdateReport:
        """Change the parameters in place; `count` is 1 for the first update. The gradient is changed too."""
        training = self.training
        if training.l2:
            gradient += (2 * training.l2) * parameters
        if training.l1:
            gradient += training.l1 * np.sign(parameters)
        if self.kept is not None:
            np.copyto(self.kept, gradient)
        norm = float(np.sqrt(np.dot(gradient, gradient)))
        if not np.isfinite(norm):
            # The sum of squares may overflow where the gradient itself does not.
            norm = float(np.linalg.norm(gradient.astype(np.float64)))
        clipped = bool(training.clip_norm) and norm > training.clip_norm
        if clipped:
            gradient *= training.clip_norm / norm
        if training.clip_value:
            np.clip(gradient, -training.clip_value, training.clip_value, out=gradient)
        if training.weight_decay:
            parameters *= 1 - rate * training.weight_decay
        self.optimizer.update(parameters, gradient, self.slots, rate, count)
        return UpdateReport(norm, clipped, rate)
