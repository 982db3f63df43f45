"""How far gradients reach back in time, and why."""

import numpy as np

from lab.api import PluginError, Probe, decay, hookimpl, hyperparameter, mean_by_lag

SATURATED = 0.05
"""A gate this near to its limits, as a share of its range, lets hardly any gradient through."""
KEEPS = ("forget", "update")
"""What cells call the gate that the old state is multiplied with."""


class ThroughTime(Probe):
    """‖∂L_t/∂s_k‖ for every loss L_t and every earlier step k of one watched sample, how it decays with t - k, and what
    is left of the full gradient if for every t only the last n steps are kept.

    With `state = "whole"` s is the whole state: with c held fixed, an LSTM would falsely seem to vanish.
    It vanishes where the fitted factor for each step, γ, is below 0.9 and the mean falls under a hundredth within a
    quarter of the sequence, and explodes where γ is above 1.05 (Bengio, Simard & Frasconi, 1994; Pascanu, Mikolov &
    Bengio, 2013). Before 10 updates, or with fewer than 8 steps to fit, it is too early to tell.
    """

    name = "through-time"
    title = {"en": "Gradient through time", "zh": "沿时间的梯度"}
    tier = "sampled"
    state: str = hyperparameter(
        "whole",
        en="The whole state, one of the states by name, or net, the net inputs",
        zh="整个状态、某个状态的名称，或净输入 net",
    )
    sample: int = hyperparameter(
        0, low=0, high=7, en="Which of the watched samples, from 0", zh="第几个被观察的样本，从 0 起"
    )
    layer: str = hyperparameter("", en="The layer, layers.0; empty is the top one", zh="层，如 layers.0；空为最上层")

    def measure(self, look):
        found = self._found(look)
        norms = found.norms.get(self.state)
        if norms is None:
            known = ", ".join(sorted(found.norms))
            raise PluginError(f"{found.layer} has no state {self.state!r}", remedy=f"Choose one of {known}")
        return {"norms": norms, "mean": mean_by_lag(norms), "share": found.share, "cosine": found.cosine}

    def notes(self, look):
        found = self._found(look)
        fitted = decay(mean_by_lag(found.norms[self.state]), look.update)
        layer = look.layers[found.layer]
        sample = self._sample(look)
        steps = look.lengths[sample]
        gates = {name: array[:steps, sample] for name, array in layer.watched.items()}
        keeps = next((name for name in KEEPS if name in gates), "")
        return {
            "gamma": fitted.gamma,
            "verdict": fitted.verdict,
            "steps_to_tenth": fitted.steps_to_tenth,
            "steps_to_hundredth": fitted.steps_to_hundredth,
            "keeps": keeps,
            "kept": float(gates[keeps].mean()) if keeps and np.isfinite(gates[keeps]).all() else None,
            "saturated": saturated(layer, sample, steps),
            "state": self.state,
            "layer": found.layer,
            "first": found.first,
        }

    def _sample(self, look):
        return min(self.sample, look.samples.count - 1)

    def _found(self, look):
        return look.through_time(self.layer or top(look), self._sample(look))


def top(look):
    """The name of the top layer, in its first direction."""
    return [name for name, layer in look.layers.items() if not layer.reverse][-1]


def saturated(layer, sample, steps):
    """The share of gates near their limits, or of states where a cell has no gates; None where nothing is limited."""
    near = []
    # Cells whose states have limits and that watch nothing are saturated in their states.
    values = layer.watched if any(name in layer.watched for name in layer.bounds) else layer.states
    for name, (low, high) in layer.bounds.items():
        if name in values:
            array = values[name][:steps, sample]
            if not np.isfinite(array).all():
                return None
            edge = SATURATED * (high - low) / (1 if low == 0 else 2)
            near.append((array < low + edge) | (array > high - edge))
    return float(np.mean(near)) if near else None


@hookimpl
def lab_register_probes():
    return [ThroughTime]
