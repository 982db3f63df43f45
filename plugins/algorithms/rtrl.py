"""Real-time recurrent learning, exact: derivatives are carried forward in time."""

import numpy as np

from lab.api import hookimpl

from ._forward import ForwardInTime

MOST_NUMBERS = 100_000
"""In the Jacobians of the steps that are linearised together; more is not faster and takes more memory."""


class RTRL(ForwardInTime):
    """J_t = A_t J_{t-1} + ∂s_t/∂w, and the gradient is Σ_t (∂L/∂s_t) J_t (Williams & Zipser, 1989, eq. 9 and 12).

    J_t is how the states of all layers depend on all weights w, through all steps so far; A_t is the Jacobian of one
    step. While the weights stay, this is the gradient that backpropagation through time finds. Nothing is kept of
    earlier steps, so memory does not grow with T: it is S P numbers a sequence, for S states and P weights, and S² P
    operations a step. With updates within the sequence, J is of weights that have changed meanwhile.
    """

    name = "rtrl"
    title = {"en": "Real-time recurrent learning", "zh": "实时循环学习"}

    def influence(self, learner):
        return _Influence(learner)


class _Influence:
    """J of each layer, (B, S, P'): P' are the weights of the layer and of all below."""

    def __init__(self, learner):
        self.learner = learner
        ends = np.cumsum(learner.columns)
        self.shapes = {
            f"influence.{depth}": (learner.batch, size, end)
            for depth, (size, end) in enumerate(zip(learner.sizes, ends, strict=True))
        }

    def begin(self, kept):
        dtype = self.learner.parameters.dtype
        self.now = list((kept or {name: np.zeros(shape, dtype) for name, shape in self.shapes.items()}).values())
        self.spare = [np.empty_like(array) for array in self.now]

    @property
    def kept(self):
        return dict(zip(self.shapes, self.now, strict=True))

    def advance(self, first, last, signals, *, more):
        """Take J through the steps of a window; the sum over them of (∂L/∂s_t) J_t."""
        learner = self.learner
        total = np.zeros(sum(learner.columns), learner.parameters.dtype)
        at_once = max(1, MOST_NUMBERS // (learner.batch * max(learner.sizes) ** 2))
        for start in range(first, last, at_once):
            stop = min(start + at_once, last)
            layers = learner.linearise(start, stop)
            for step in range(stop - start):
                self._step(layers, step)
                for seeds in signals:
                    seed = seeds[start - first + step]
                    if seed.any():
                        total += seed.reshape(-1) @ self.now[-1].reshape(seed.size, -1)
        return total

    def _step(self, layers, step):
        for depth, layer in enumerate(layers):
            following = np.matmul(layer.transition[step], self.now[depth], out=self.spare[depth])
            if layer.below is not None:
                following[:, :, : layer.columns.start] += layer.below[step] @ self.now[depth - 1]
            for factor in layer.factors:
                factor.add(following[:, :, layer.columns], step)
            self.now[depth], self.spare[depth] = following, self.now[depth]


@hookimpl
def lab_register_algorithms():
    return [RTRL]
