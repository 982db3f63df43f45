"""What algorithms that carry influence forward in time have in common."""

from abc import abstractmethod

from lab.api import Algorithm, Step, hyperparameter


class ForwardInTime(Algorithm):
    """Abstract: an influence is carried forward, and meets the learning signals of each window of steps."""

    update_every: int = hyperparameter(
        0, low=0, unit="steps", en="Steps between updates (0: at the end)", zh="更新间隔步数 (0: 序列结束时)"
    )

    @abstractmethod
    def influence(self, learner):
        """What is carried."""

    def signals(self, learner, first, last):
        """∂L/∂s_t at each step of a window: of the top layer, or of each layer."""
        return [learner.seeds(first, last)]

    def updates(self, learner, batch):
        learner.begin(batch)
        influence = self.influence(learner)
        influence.begin(learner.memory if batch.continued else None)
        every = self.update_every or learner.steps
        for first in range(0, learner.steps, every):
            last = min(first + every, learner.steps)
            learner.forward(first, last)
            loss = learner.judge(first, last)
            signals = [] if loss is None else self.signals(learner, first, last)
            total = influence.advance(first, last, signals, more=learner.carries or last < learner.steps)
            if loss is not None:
                learner.put(total)
                yield Step(loss=loss, gradient=learner.gradient)
        if learner.carries:
            influence.end(learner.memory)

    def updates_in(self, steps):
        return -(-steps // self.update_every) if self.update_every else 1
