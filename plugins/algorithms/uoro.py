"""Unbiased online recurrent optimisation: the influence matrix of real-time recurrent learning as one outer product."""

import numpy as np

from lab.api import hookimpl, hyperparameter

from ._forward import ForwardInTime

LEAST = 1e-30
"""Under the norms, so that what is nothing yet is divided by nothing worse."""


class UORO(ForwardInTime):
    """J_t is kept as s̃ ⊗ θ̃, with E[s̃ ⊗ θ̃] = J_t (Tallec & Ollivier, 2018).

    s̃ ← ρ0 A_t s̃ + ρ1 ν and θ̃ ← θ̃ / ρ0 + νᵀ(∂s_t/∂w) / ρ1, for random signs ν; ρ0 and ρ1 make both parts of equal
    norm, which keeps the variance low. Memory and time are those of one step and one copy of the weights a sequence,
    whatever T. The gradient (∂L/∂s_t · s̃) θ̃ is right in the mean only: single ones are noisy, so small learning rates
    or `repeats` are called for.
    """

    name = "uoro"
    title = {"en": "Unbiased online recurrent optimisation", "zh": "无偏在线循环优化"}
    repeats: int = hyperparameter(1, low=1, high=1000, en="Independent estimates averaged", zh="平均的独立估计数")

    def influence(self, learner):
        return _Estimates(learner, self.repeats)


class _Estimates:
    """Pairs of s̃, by layer (B, S), and θ̃ (B, columns)."""

    def __init__(self, learner, count):
        self.learner, self.count = learner, count
        self.shapes = {}
        for index in range(count):
            self.shapes[f"states.{index}"] = learner.batch, sum(learner.sizes)
            self.shapes[f"weights.{index}"] = learner.batch, sum(learner.columns)

    def begin(self, kept):
        kept = kept or {name: np.zeros(shape) for name, shape in self.shapes.items()}
        ends = np.cumsum(self.learner.sizes)[:-1]
        self.now = [
            (np.split(kept[f"states.{index}"], ends, axis=1), kept[f"weights.{index}"]) for index in range(self.count)
        ]

    @property
    def kept(self):
        found = {}
        for index, (states, weights) in enumerate(self.now):
            found |= {f"states.{index}": np.concatenate(states, axis=1), f"weights.{index}": weights}
        return found

    def advance(self, first, last, signals, *, more):
        """Take the estimates through the steps of a window; the sum over them of (∂L/∂s_t · s̃) θ̃, averaged."""
        total = np.zeros(sum(self.learner.columns))
        steps = self.learner.directions(first, last)
        for step in range(last - first):
            self.now = [self._step(steps, step, *estimate) for estimate in self.now]
            for seeds in signals:
                for states, weights in self.now:
                    total += np.einsum("bs,bs->b", seeds[step], states[-1]) @ weights / self.count
        return total

    def _step(self, steps, step, states, weights):
        carried = steps.tangent(step, states)
        signs = [self.learner.random.choice([-1.0, 1.0], size=one.shape) for one in states]
        entering = steps.pull(step, signs)
        forward, random = _norms(carried), _norms(signs)
        keep = np.sqrt((np.linalg.norm(weights, axis=1) + LEAST) / (forward + LEAST))
        add = np.sqrt((np.linalg.norm(entering, axis=1) + LEAST) / (random + LEAST))
        # Where there is nothing to carry yet, any factor is right; 1 keeps numbers at hand.
        keep = np.where((forward > LEAST) & (keep > LEAST), keep, 1.0)[:, None]
        add = np.where(add > np.sqrt(LEAST), add, 1.0)[:, None]
        following = [keep * one + add * sign for one, sign in zip(carried, signs, strict=True)]
        return following, weights / keep + entering / add


def _norms(parts):
    return np.sqrt(sum(np.einsum("bs,bs->b", part, part) for part in parts))


@hookimpl
def lab_register_algorithms():
    return [UORO]
