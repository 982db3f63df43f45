"""What algorithms that carry influence forward in time have in common."""

from abc import abstractmethod

from lab.api import Step, hyperparameter

from ._windows import InWindows


class ForwardInTime(InWindows):
    """Abstract: an influence of the weights on the states is carried forward, and meets learning signals on the way.

    The gradient of a window is Σ_t (∂L/∂s_t) J_t. Subclasses say which influence stands for J.
    """

    update_every: int = hyperparameter(
        0, low=0, unit="steps", en="Steps between updates (0: at the end)", zh="更新间隔步数 (0: 序列结束时)"
    )

    @abstractmethod
    def influence(self, learner):
        """What is carried.

        It has `shapes` and `kept`, arrays (B, ...) by name; `begin(kept)` with those of the batch before, or None; and
        `advance(first, last, signals, more)`, which carries it through a window (not so far where there is no `more`)
        and returns the gradient of all weights.
        """

    def signals(self, learner, first, last):
        """∂L/∂s_t at each step of a window, (T, B, S): of the top layer, or of each layer."""
        return [learner.seeds(first, last)]

    def updates(self, learner, batch):
        learner.begin(batch)
        influence = self.influence(learner)
        influence.begin(learner.recall(influence.shapes) if batch.continued else None)
        for first, last in self.windows(learner.steps):
            learner.forward(first, last)
            loss = learner.judge(first, last)
            signals = [] if loss is None else self.signals(learner, first, last)
            total = influence.advance(first, last, signals, more=learner.carries or last < learner.steps)
            if loss is not None:
                learner.put(total)
                yield Step(loss=loss, gradient=learner.gradient)
        if learner.carries:
            learner.keep(influence.kept)
