"""FORCE learning: the readout by recursive least squares, online, while its output is fed back."""

import numpy as np

from lab.api import Step, hookimpl, hyperparameter

from ._linear import change_by, check_linear, with_one
from ._windows import InWindows


class Force(InWindows):
    """e_t = V_{t-1} s_t - y_t, P_t = P_{t-1} - P s sᵀ P / (1 + sᵀ P s), V_t = V_{t-1} - e_t (P_t s_t)ᵀ.

    First-order reduced and controlled error (Sussillo & Abbott, 2009, eq. 2 and 4-6): P begins as 1/α and comes to be
    the inverse of the states' correlations, so the error is small from the first steps on. In a network whose cell asks
    for its output (`fed-leaky`, `jordan`) what is fed back is thereby nearly right while it learns, and its small
    errors make the network stable against them: afterwards it goes on alone. Without such a cell it is the online way
    to the solution of `reservoir`. Everything but the readout stays as it is; the bias counts as the weight of a unit
    that is always 1. The sequences of a batch share P.

    Optimizer and learning rate play no part. Memory is (D + 1)² numbers, and so are the operations of a step.
    """

    name = "force"
    title = {"en": "FORCE (recursive least squares)", "zh": "FORCE（递归最小二乘）"}
    alpha: float = hyperparameter(
        1.0, low=1e-9, high=1e9, en="α: the larger, the slower it begins", zh="α：越大，开始时学得越慢"
    )
    update_every: int = hyperparameter(1, low=1, unit="steps", en="Steps between updates", zh="更新间隔步数")

    def updates(self, learner, batch):
        check_linear(learner, self.name)
        learner.begin(batch)
        inverse = None
        for first, last in self.windows(learner.steps):
            learner.forward(first, last)
            rows = learner.rows(last - 1, last)
            if rows.loss is None:
                continue
            seen = with_one(rows.seen)
            if inverse is None:
                inverse = self._begun(learner, seen.shape[1])
            gain = self._gain(inverse, seen) if np.isfinite(rows.loss) else np.zeros(seen.T.shape)
            error = rows.outputs.astype(np.float64) - rows.targets
            yield Step(loss=rows.loss, change=change_by(learner, -gain @ error))

    def _gain(self, inverse, seen):
        """P_t sᵀ, (D + 1, R), and `inverse` taken to P_t. Written so that it stays symmetric: else rounding grows."""
        reached = inverse @ seen.T
        root = np.linalg.cholesky(np.eye(len(seen)) + seen @ reached)
        half = np.linalg.solve(root, reached.T)
        inverse -= half.T @ half
        return np.linalg.solve(root.T, half).T

    def _begun(self, learner, size):
        """P as the batch before left it; a copy, for what is kept of that batch may still be written down."""
        kept = learner.memory.get("inverse")
        learner.memory["inverse"] = np.eye(size) / self.alpha if kept is None else kept.copy()
        return learner.memory["inverse"]


@hookimpl
def lab_register_algorithms():
    return [Force]
