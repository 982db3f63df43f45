"""Learning-rate schedules."""

import math

from lab.api import Schedule, hookimpl, hyperparameter


class Constant(Schedule):
    """The learning rate stays as it is."""

    name = "constant"
    title = {"en": "Constant", "zh": "恒定"}

    def rate(self, base, update, total, history):
        return base


class Step(Schedule):
    """The learning rate is multiplied by `factor` every `every` updates."""

    name = "step"
    title = {"en": "Steps", "zh": "阶梯式"}
    every: int = hyperparameter(1000, low=1, unit="updates", en="Updates between steps", zh="每隔多少次更新")
    factor: float = hyperparameter(0.5, low=0.0, high=1.0, en="Factor of each step", zh="每次乘以的系数")

    def rate(self, base, update, total, history):
        return base * self.factor ** (update // self.every)


class Cosine(Schedule):
    """Half a cosine wave down to `floor` times the learning rate (Loshchilov & Hutter, 2017, without restarts)."""

    name = "cosine"
    title = {"en": "Cosine", "zh": "余弦"}
    floor: float = hyperparameter(0.0, low=0.0, high=1.0, en="Share left at the end", zh="结束时的比例")

    def rate(self, base, update, total, history):
        share = min(update / max(total - 1, 1), 1.0)
        return base * (self.floor + (1 - self.floor) * 0.5 * (1 + math.cos(math.pi * share)))


class WarmUp(Schedule):
    """The learning rate rises in a line over the first `over` updates, then stays."""

    name = "warm-up"
    title = {"en": "Warm-up", "zh": "预热"}
    over: int = hyperparameter(
        100, low=1, unit="updates", en="Updates until the full rate", zh="达到完整学习率所需的更新次数"
    )

    def rate(self, base, update, total, history):
        return base * min((update + 1) / self.over, 1.0)


class OnPlateau(Schedule):
    """The rate is multiplied by `factor` whenever the validation loss has not improved for `patience` epochs."""

    name = "on-plateau"
    title = {"en": "On plateau", "zh": "停滞时降低"}
    patience: int = hyperparameter(10, low=1, unit="epochs", en="Epochs without improvement", zh="无改进的轮数")
    factor: float = hyperparameter(0.5, low=0.0, high=1.0, en="Factor of each step", zh="每次乘以的系数")

    def rate(self, base, update, total, history):
        best, waited, cuts = math.inf, 0, 0
        for loss in history:
            waited = 0 if loss < best else waited + 1
            best = min(best, loss)
            if waited >= self.patience:
                waited, cuts = 0, cuts + 1
        return base * self.factor**cuts


@hookimpl
def lab_register_schedules():
    return [Constant, Step, Cosine, WarmUp, OnPlateau]
