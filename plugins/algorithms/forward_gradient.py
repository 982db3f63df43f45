"""The forward gradient: one tangent in a random direction, forward in time alone."""

import numpy as np

from lab.api import Algorithm, Step, hookimpl, hyperparameter


class ForwardGradient(Algorithm):
    """g = (∇L · v) v for random v with mean 0 and covariance 1, so that E g = ∇L (Baydin et al., 2022).

    The states are followed in the direction v of all weights of the layers (Silver et al., 2022); ∇L · v is the sum of
    (∂L/∂s_t) · ds_t. The readout has its exact gradient, for it has no memory. The variance grows with the number of
    weights: the mean square of g is about that number times ‖∇L‖², and `directions` divides it.
    """

    name = "forward-gradient"
    title = {"en": "Forward gradient", "zh": "前向梯度"}
    directions: int = hyperparameter(1, low=1, high=1000, en="Directions averaged", zh="平均的方向数")

    def updates(self, learner, batch):
        learner.begin(batch)
        learner.forward(0, learner.steps)
        loss = learner.judge(0, learner.steps)
        if loss is None:
            return
        seeds = learner.seeds(0, learner.steps)
        total = np.zeros(sum(learner.columns))
        for _ in range(self.directions):
            direction = learner.random.standard_normal(total.size)
            total += self._slope(learner, seeds, direction) / self.directions * direction
        learner.put(total)
        yield Step(loss=loss, gradient=learner.gradient)

    def _slope(self, learner, seeds, direction):
        """∇L · v."""
        states = [np.zeros((learner.batch, size)) for size in learner.sizes]
        steps = learner.directions(0, learner.steps, direction)
        slope = 0.0
        for step in range(learner.steps):
            states = steps.tangent(step, states)
            slope += float(np.vdot(seeds[step], states[-1]))
        return slope


@hookimpl
def lab_register_algorithms():
    return [ForwardGradient]
