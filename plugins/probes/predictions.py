"""What a network says, beside what is asked of it."""

import numpy as np

from lab.api import Probe, hookimpl


class Predictions(Probe):
    """The outputs on the watched samples; of a series all forecasts in the unit of the data; of classes how often each
    is taken for which.
    """

    name = "predictions"
    title = {"en": "Predictions", "zh": "预测"}
    tier = "update"

    def measure(self, look):
        arrays = {"outputs": look.outputs, "targets": look.samples.targets}
        series = look.series()
        if series is not None:
            arrays |= {"truth": series.truth, "forecast": series.forecast, "position": series.position}
            arrays |= {f"baseline/{name}": array for name, array in series.baselines.items()}
        elif look.data.train.targets.dtype.kind != "f":
            predictions, targets, _ = look.judged()
            arrays["confusion"] = confusion(predictions, targets)
        if look.task == "next-symbol" or (look.task == "binary" and look.outputs.ndim == 3 and look.data.outputs > 1):
            arrays["probabilities"] = look.outputs
        return arrays

    def given(self, look):
        """What is to be predicted, and what baselines make of it."""
        series = look.series()
        if series is not None:
            arrays = {"truth": series.truth, "position": series.position}
            return arrays | {f"baseline/{name}": array for name, array in series.baselines.items()}
        targets = look.samples.targets
        return {"targets": targets} if targets.dtype.kind == "f" and targets.ndim == 3 else {}

    def notes(self, look):
        data = look.data
        notes = {"metric": data.metric, "unit": data.unit, "symbols": list(data.symbols), "labels": []}
        notes["output_names"] = list(data.output_names)
        series = look.series()
        if series is None:
            notes["error"] = _number(look.judged()[2])
            return notes
        return notes | {
            "error": _number(series.error),
            "validation_from": series.validation_from,
            "test_from": series.test_from,
            "labels": list(series.labels),
        }


def confusion(predictions, targets):
    """How many rows of each class (row) are taken for each class (column), (K, K); rows that are NaN are left out."""
    classes = predictions.shape[1]
    told = np.isfinite(predictions).all(axis=1)
    places = targets[told] * classes + predictions[told].argmax(axis=1)
    return np.bincount(places, minlength=classes * classes).reshape(classes, classes)


def _number(value):
    """A number as a plain value; what is not finite has no place in JSON."""
    return float(value) if np.isfinite(value) else None


@hookimpl
def lab_register_probes():
    return [Predictions]
