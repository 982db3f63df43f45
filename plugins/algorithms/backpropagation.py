"""Backpropagation through time, full and truncated."""

from lab.api import Algorithm, Step, hookimpl, hyperparameter

from ._windows import InWindows


class BPTT(Algorithm):
    """The exact gradient of a batch of whole sequences (Werbos, 1990)."""

    name = "bptt"
    title = {"en": "Backpropagation through time", "zh": "随时间反向传播"}

    def updates(self, learner, batch):
        learner.begin(batch)
        learner.forward(0, learner.steps)
        loss = learner.backward(0, learner.steps)
        if loss is not None:
            yield Step(loss=loss, gradient=learner.gradient)


class TruncatedBPTT(InWindows):
    """Every `update_every` (k1) steps, the gradient of their losses, followed back over `reach_back` (k2) steps.

    Williams & Peng (1990), BPTT(h; h'). The state runs on through the whole sequence; the parameters change between
    windows, and steps of an earlier window keep the values they were run with.
    """

    name = "truncated-bptt"
    title = {"en": "Truncated backpropagation through time", "zh": "截断的随时间反向传播"}
    update_every: int = hyperparameter(20, low=1, unit="steps", en="Steps between updates (k1)", zh="更新间隔步数 (k1)")
    reach_back: int = hyperparameter(
        20, low=1, unit="steps", en="Steps the gradient reaches back (k2)", zh="梯度回溯步数 (k2)"
    )

    def updates(self, learner, batch):
        learner.begin(batch)
        for first, last in self.windows(learner.steps):
            learner.forward(first, last)
            # With k2 < k1 the oldest losses of a window have no step to flow through: every loss gets at least its own.
            loss = learner.backward(min(first, max(0, last - self.reach_back)), last, loss_from=first)
            if loss is not None:
                yield Step(loss=loss, gradient=learner.gradient)


@hookimpl
def lab_register_algorithms():
    return [BPTT, TruncatedBPTT]
