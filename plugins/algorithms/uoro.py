"""Unbiased online recurrent optimisation: the influence matrix of real-time recurrent learning as one outer product."""

import numpy as np

from lab.api import Algorithm, Step, hookimpl, hyperparameter

LEAST = 1e-30
"""Under the norms, so that what is nothing yet is divided by nothing worse."""


class UORO(Algorithm):
    """J_t is kept as s̃ ⊗ θ̃, with E[s̃ ⊗ θ̃] = J_t (Tallec & Ollivier, 2018, eq. 11-13 and algorithm 1).

    s̃ ← ρ0 A_t s̃ + ρ1 ν and θ̃ ← θ̃ / ρ0 + νᵀ(∂s_t/∂w) / ρ1, for random signs ν; ρ0 and ρ1 make both parts of equal
    norm, which keeps the variance low. Memory and time are those of one step and one copy of the weights a sequence,
    whatever T. The gradient (∂L/∂s_t · s̃) θ̃ is right in the mean only: single ones are noisy, so small learning rates
    or `repeats` are called for.
    """

    name = "uoro"
    title = {"en": "Unbiased online recurrent optimisation", "zh": "无偏在线循环优化"}
    update_every: int = hyperparameter(
        0, low=0, unit="steps", en="Steps between updates (0: at the end)", zh="更新间隔步数 (0: 序列结束时)"
    )
    repeats: int = hyperparameter(1, low=1, high=1000, en="Independent estimates averaged", zh="平均的独立估计数")

    def updates(self, learner, batch):
        learner.begin(batch)
        estimates = [self._start(learner, batch, index) for index in range(self.repeats)]
        every = self.update_every or learner.steps
        for first in range(0, learner.steps, every):
            last = min(first + every, learner.steps)
            learner.forward(first, last)
            loss = learner.judge(first, last)
            total = np.zeros(sum(learner.columns))
            steps, seeds = learner.directions(first, last), learner.seeds(first, last)
            for step in range(last - first):
                for index, (states, weights) in enumerate(estimates):
                    states, weights = self._advance(learner, steps, step, states, weights)
                    estimates[index] = (states, weights)
                    if loss is not None:
                        total += np.einsum("bs,bs->b", seeds[step], states[-1]) @ weights / self.repeats
            if loss is not None:
                learner.put(total)
                yield Step(loss=loss, gradient=learner.gradient)
        if not learner.carries:
            return
        back = np.argsort(learner.order)
        for index, (states, weights) in enumerate(estimates):
            learner.memory[f"states.{index}"] = np.concatenate(states, axis=1)[back]
            learner.memory[f"weights.{index}"] = weights[back]

    def updates_in(self, steps):
        return -(-steps // self.update_every) if self.update_every else 1

    def _start(self, learner, batch, index):
        shapes = (learner.batch, sum(learner.sizes)), (learner.batch, sum(learner.columns))
        kept = [learner.memory.get(f"{name}.{index}") for name in ("states", "weights")]
        if batch.continued and all(k is not None and k.shape == s for k, s in zip(kept, shapes, strict=True)):
            states, weights = (array[learner.order] for array in kept)
        else:
            states, weights = map(np.zeros, shapes)
        return np.split(states, np.cumsum(learner.sizes)[:-1], axis=1), weights

    def _advance(self, learner, steps, step, states, weights):
        carried = steps.tangent(step, states)
        signs = [learner.random.choice([-1.0, 1.0], size=one.shape) for one in states]
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
