"""Real-time recurrent learning, exact: derivatives are carried forward in time."""

import numpy as np

from lab.api import Algorithm, Step, hookimpl, hyperparameter

MOST_NUMBERS = 4_000_000
"""In the Jacobians of the steps that are linearised together; more would only take more memory."""


class RTRL(Algorithm):
    """J_t = A_t J_{t-1} + ∂s_t/∂w, and the gradient is Σ_t (∂L/∂s_t) J_t (Williams & Zipser, 1989, eq. 7-9).

    J_t is how the states of all layers depend on all weights w, through all steps so far; A_t is the Jacobian of one
    step. While the weights stay, this is the gradient that backpropagation through time finds. Nothing is kept of
    earlier steps, so memory does not grow with T: it is S P numbers a sequence, for S states and P weights, and S² P
    operations a step. With updates within the sequence, J is of weights that have changed meanwhile.
    """

    name = "rtrl"
    title = {"en": "Real-time recurrent learning", "zh": "实时循环学习"}
    update_every: int = hyperparameter(
        0, low=0, unit="steps", en="Steps between updates (0: at the end)", zh="更新间隔步数 (0: 序列结束时)"
    )

    def updates(self, learner, batch):
        learner.begin(batch)
        influence = self._start(learner, batch)
        spare = [np.empty_like(array) for array in influence]
        every = self.update_every or learner.steps
        for first in range(0, learner.steps, every):
            last = min(first + every, learner.steps)
            learner.forward(first, last)
            loss = learner.judge(first, last)
            total = self._carry(learner, influence, spare, first, last, judged=loss is not None)
            if loss is not None:
                learner.put(total)
                yield Step(loss=loss, gradient=learner.gradient)
        if learner.carries:
            for depth, array in enumerate(influence):
                learner.memory[f"influence.{depth}"] = array[np.argsort(learner.order)]

    def updates_in(self, steps):
        return -(-steps // self.update_every) if self.update_every else 1

    def _start(self, learner, batch):
        """J of each layer, (B, S, columns of it and of all layers below); it goes on where the sequences do."""
        ends = np.cumsum(learner.columns)
        shapes = [(learner.batch, size, end) for size, end in zip(learner.sizes, ends, strict=True)]
        kept = [learner.memory.get(f"influence.{depth}") for depth in range(len(shapes))]
        if batch.continued and all(k is not None and k.shape == s for k, s in zip(kept, shapes, strict=True)):
            return [array[learner.order] for array in kept]
        return [np.zeros(shape, learner.parameters.dtype) for shape in shapes]

    def _carry(self, learner, influence, spare, first, last, judged):
        """Take J through the steps of a window; the sum over them of (∂L/∂s_t) J_t."""
        total = np.zeros(sum(learner.columns), learner.parameters.dtype)
        seeds = learner.seeds(first, last)
        at_once = max(1, MOST_NUMBERS // (learner.batch * max(learner.sizes) ** 2))
        for start in range(first, last, at_once):
            stop = min(start + at_once, last)
            layers = learner.linearise(start, stop)
            for step in range(stop - start):
                for depth, layer in enumerate(layers):
                    following = np.matmul(layer.transition[step], influence[depth], out=spare[depth])
                    if layer.below is not None:
                        following[:, :, : layer.columns.start] += layer.below[step] @ influence[depth - 1]
                    for factor in layer.factors:
                        factor.add(following[:, :, layer.columns], step)
                    influence[depth], spare[depth] = following, influence[depth]
                seed = seeds[start - first + step]
                if judged and seed.any():
                    total += seed.reshape(-1) @ influence[-1].reshape(seed.size, -1)
        return total


@hookimpl
def lab_register_algorithms():
    return [RTRL]
