"""Evolution strategies: the loss alone, at parameters that are moved at random."""

import numpy as np

from lab.api import Algorithm, Step, hookimpl, hyperparameter


class EvolutionStrategies(Algorithm):
    """g = Σ (L(θ + σ ε) - L(θ - σ ε)) ε / (2 σ n), over n pairs of opposite moves (Salimans et al., 2017).

    In the mean it is the gradient of the loss smoothed by a normal distribution of width σ; no derivative is computed,
    so that any loss will do, and the variance grows with the number of parameters.
    """

    name = "evolution-strategies"
    title = {"en": "Evolution strategies", "zh": "进化策略"}
    pairs: int = hyperparameter(16, low=1, high=10_000, en="Pairs of moves", zh="对称扰动对数")
    width: float = hyperparameter(0.02, low=1e-6, high=1.0, en="Width of the moves (σ)", zh="扰动幅度 (σ)")

    def updates(self, learner, batch):
        base = learner.parameters.copy()
        total = np.zeros(base.size)
        for _ in range(self.pairs):
            move = learner.random.standard_normal(base.size)
            losses = [self._loss(learner, batch, base + sign * self.width * move) for sign in (1, -1)]
            if None in losses:
                return
            total += (losses[0] - losses[1]) / (2 * self.width * self.pairs) * move
        # The last run is at the parameters as they are: what goes on from this batch goes on from there.
        loss = self._loss(learner, batch, base)
        yield Step(loss=loss, gradient=total.astype(base.dtype))

    def _loss(self, learner, batch, parameters):
        learner.parameters[:] = parameters
        learner.begin(batch)
        learner.forward(0, learner.steps)
        return learner.loss(0, learner.steps)


@hookimpl
def lab_register_algorithms():
    return [EvolutionStrategies]
