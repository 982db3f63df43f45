"""How long a run lasts: epochs or updates, or until the validation loss has not improved for long enough."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from lab.experiment.spec import TrainingSpec

LENGTHS: Final = ("epochs", "updates")
"""The keys of `[training]` that say how long; a run has one of them."""


def waited(losses: Sequence[float]) -> int | None:
    """Epochs since the lowest validation loss; None where none was measured. `losses` has one an epoch, or NaN."""
    values = np.asarray(losses, np.float64)
    return None if np.isnan(values).all() else len(values) - 1 - int(np.nanargmin(values))


def ended(training: TrainingSpec, update: int, epoch: int, losses: Sequence[float], *, within: bool = False) -> bool:
    """Whether nothing is left to do after `update` updates and `epoch` epochs.

    `within` an epoch that has begun only the number of updates ends a run: any other end waits for the epoch's.
    """
    if training.updates is not None and update >= training.updates:
        return True
    if within:
        return False
    return (training.epochs is not None and epoch >= training.epochs) or stopped_early(training, losses)


def stopped_early(training: TrainingSpec, losses: Sequence[float]) -> bool:
    """Whether the validation loss has not improved for as many epochs as `early_stopping` allows."""
    since = waited(losses) if training.early_stopping else None
    return since is not None and since >= training.early_stopping
