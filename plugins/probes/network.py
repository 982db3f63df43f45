"""What goes into a network and what it keeps in mind: inputs, states, gates, weights, gradients."""

import numpy as np

from lab.api import Probe, hookimpl, hyperparameter

SATURATED = 0.05
"""A gate this near to its limits, as a share of its range, hardly moves any more."""


class Inputs(Probe):
    """The inputs and targets of the watched samples, as the network gets them."""

    name = "inputs"
    title = {"en": "Inputs and targets", "zh": "输入与目标"}
    tier = "update"

    def measure(self, look):
        samples = look.samples
        real = samples.inputs.dtype.kind == "f"
        return {
            "inputs" if real else "symbols": samples.inputs,
            "targets": samples.targets,
            "lengths": np.asarray(look.lengths),
        }

    def given(self, look):
        return self.measure(look)

    def notes(self, look):
        data = look.data
        return {
            "symbols": list(data.symbols),
            "times": list(look.times[0]) if look.times else [],
            "times_by_sample": [list(one) for one in look.times],
            "input_names": list(data.input_names),
            "unit": data.unit,
            "split": look.split,
            "labels": list(look.labels),
            "real": data.train.targets.dtype.kind == "f",
        }


class HiddenStates(Probe):
    """Every state of every layer after each step."""

    name = "hidden-states"
    title = {"en": "Hidden states", "zh": "隐藏状态"}
    tier = "update"

    def measure(self, look):
        return {f"{layer}/{name}": array for layer, one in look.layers.items() for name, array in one.states.items()}

    def notes(self, look):
        return {"lengths": [int(length) for length in look.lengths]}


class Gates(Probe):
    """The values that the cells give to be watched, and how much of them is saturated."""

    name = "gates"
    title = {"en": "Gates", "zh": "门"}
    tier = "update"
    margin: float = hyperparameter(
        SATURATED, low=0.001, high=0.5, en="Share of the range that counts as its end", zh="视为饱和的边缘比例"
    )

    def measure(self, look):
        return {f"{layer}/{name}": array for layer, one in look.layers.items() for name, array in one.watched.items()}

    def notes(self, look):
        live = np.arange(look.samples.steps)[:, None] < look.lengths
        saturation = {}
        for layer, one in look.layers.items():
            for name, (low, high) in one.bounds.items():
                if name not in one.watched:
                    continue
                values = one.watched[name][live]
                edge = self.margin * (high - low) / (1 if low == 0 else 2)
                share = np.mean((values < low + edge) | (values > high - edge))
                saturation[f"{layer}/{name}"] = float(share) if np.isfinite(values).all() else None
        return {"saturation": saturation, "lengths": [int(length) for length in look.lengths]}


class Weights(Probe):
    """Every learned parameter, by its full name."""

    name = "weights"
    title = {"en": "Weights", "zh": "权重"}
    tier = "update"

    def measure(self, look):
        return dict(look.parameters)


class Gradients(Probe):
    """Of each parameter the norm of its gradient before clipping, and ‖change‖ / ‖weight‖ of the update it made: of
    updates since the first one, in a row for each, the last of them the latest.

    A matrix of zeros has no size to compare its change with: its ratio is NaN.
    """

    name = "gradients"
    title = {"en": "Gradients by layer", "zh": "各层梯度"}
    tier = "update"

    def measure(self, look):
        course = look.course
        if not len(course.updates):
            return {}
        return {"updates": course.updates, "norms": course.norms, "ratios": course.ratios}

    def notes(self, look):
        total = np.linalg.norm(look.course.norms[-1].astype(np.float64))
        return {
            "names": list(look.parameters),
            "layer": [_layer(name, look.layers) for name in look.parameters],
            "clip": look.clip_norm,
            "total": float(total) if np.isfinite(total) else None,
        }


def _layer(name, layers):
    """The block that a parameter belongs to: the longest name of a layer that its own begins with."""
    fitting = [layer for layer in layers if name.startswith(f"{layer}.")]
    return max(fitting, key=len, default=name.partition(".")[0])


@hookimpl
def lab_register_probes():
    return [Inputs, HiddenStates, Gates, Weights, Gradients]
