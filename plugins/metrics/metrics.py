"""Metrics of the built-in tasks."""

import numpy as np

from lab.api import Metric, hookimpl


class RootMeanSquaredError(Metric):
    """√ mean (ŷ - y)², in the units of the predictions it is given."""

    name = "rmse"
    title = {"en": "Root mean squared error", "zh": "均方根误差"}
    better = "lower"

    def compute(self, predictions, targets):
        return float(np.sqrt(np.mean((predictions - targets) ** 2, dtype=np.float64)))


class MeanSquaredErrorMetric(Metric):
    """mean (ŷ - y)²."""

    name = "mse"
    title = {"en": "Mean squared error", "zh": "均方误差"}
    better = "lower"

    def compute(self, predictions, targets):
        return float(np.mean((predictions - targets) ** 2, dtype=np.float64))


class Accuracy(Metric):
    """The share of rows whose most probable class is right; of yes-or-no targets, the share of right answers."""

    name = "accuracy"
    title = {"en": "Accuracy", "zh": "准确率"}
    better = "higher"

    def compute(self, predictions, targets):
        if targets.ndim == 1:
            return float(np.mean(predictions.argmax(axis=1) == targets))
        return float(np.mean((predictions > 0.5) == (targets > 0.5)))


class CrossEntropyMetric(Metric):
    """-mean log p(y) in nats."""

    name = "cross-entropy"
    title = {"en": "Cross-entropy", "zh": "交叉熵"}
    better = "lower"

    def compute(self, predictions, targets):
        chosen = predictions[np.arange(len(targets)), targets].astype(np.float64)
        return float(-np.mean(np.log(np.maximum(chosen, np.finfo(np.float64).tiny))))


class BitsPerCharacter(Metric):
    """-mean log₂ p(y)."""

    name = "bits-per-character"
    title = {"en": "Bits per character", "zh": "每字符比特数"}
    better = "lower"

    def compute(self, predictions, targets):
        return CrossEntropyMetric().compute(predictions, targets) / float(np.log(2))


@hookimpl
def lab_register_metrics():
    return [RootMeanSquaredError, MeanSquaredErrorMetric, Accuracy, CrossEntropyMetric, BitsPerCharacter]
