"""How good a forecast is that goes on by itself."""

import numpy as np

from lab.api import Metric, hookimpl

VALID = 0.4


class NormalizedError(Metric):
    """√ mean (ŷ - y)² divided by the standard deviation of y, for each output, then the root mean square of these."""

    name = "nrmse"
    title = {"en": "Normalized root mean squared error", "zh": "归一化均方根误差"}
    better = "lower"

    def compute(self, predictions, targets):
        error = np.mean((predictions - targets) ** 2, axis=0, dtype=np.float64)
        return float(np.sqrt(np.mean(error / targets.var(axis=0, dtype=np.float64))))


class FreeRunError(Metric):
    """The same, of a network that reads its own predictions from the first step that counts, at the last step alone."""

    name = "free-run-nrmse"
    title = {"en": "NRMSE at the end of a free run", "zh": "自由运行末步的 NRMSE"}
    better = "lower"

    def compute(self, free_run, targets, steps):
        last = steps == steps.max()
        error = np.mean((free_run[last] - targets[last]) ** 2, axis=0, dtype=np.float64)
        return float(np.sqrt(np.mean(error / targets.var(axis=0, dtype=np.float64))))


class ValidTime(Metric):
    """How long a network that reads its own predictions stays near the truth, the mean over sequences.

    Until the error is 0.4 of the root mean square of the targets about their mean (after Pathak et al., 2018); in the
    unit of time of the dataset.
    """

    name = "valid-time"
    title = {"en": "Valid time of a free run", "zh": "自由运行的有效时间"}
    better = "higher"

    def compute(self, free_run, targets, steps, columns, step_time):
        size = np.sqrt(targets.var(axis=0, dtype=np.float64).sum())
        late = ~(np.sqrt(((free_run - targets) ** 2).sum(axis=1)) < VALID * size)
        sequences, place = np.unique(columns, return_inverse=True)
        first = np.full(len(sequences), steps.max() + 1)
        np.minimum.at(first, place[late], steps[late])
        return float(np.mean(first - steps.min()) * step_time)


@hookimpl
def lab_register_metrics():
    return [NormalizedError, FreeRunError, ValidTime]
