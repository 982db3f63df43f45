"""Random feedback: errors reach the units by fixed random weights in place of those of the output."""

import numpy as np

from ._forward import ForwardInTime


class ByFeedback(ForwardInTime):
    """Abstract: learning signals by the output weights, or where `feedback` is "random" by random ones."""

    def signals(self, learner, first, last):
        if self.feedback == "random":
            return by_random_feedback(learner, first, last)
        return super().signals(learner, first, last)


def by_random_feedback(learner, first, last):
    """B ∂L_t/∂z_t at the states of each layer, (T, B, S); z is the net input of the network's output."""
    errors = learner.errors(first, last)
    signals = []
    for depth, width in enumerate(learner.widths):
        weights = _weights(learner, depth, width, errors.shape[2])
        signals.append(learner.at_states(depth, first, last, errors @ weights.T))
    if learner.fed:
        # The last layer makes the output itself.
        signals[-1] = learner.seeds(first, last)
    return signals


def _weights(learner, depth, width, outputs):
    """B of a layer, (width, K), as large as output weights are when they begin; drawn at first, then kept."""
    name = f"feedback.{depth}"
    if name not in learner.memory or learner.memory[name].shape != (width, outputs):
        bound = np.sqrt(6 / (width + outputs))
        drawn = learner.random.uniform(-bound, bound, (width, outputs))
        learner.memory[name] = drawn.astype(learner.parameters.dtype)
    return learner.memory[name]
