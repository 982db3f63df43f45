"""Optimizers with a step of its own for each parameter: Adagrad, RMSProp, Adam, AdamW."""

import numpy as np

from lab.api import Optimizer, hookimpl, hyperparameter


class Adagrad(Optimizer):
    """G ← G + g², θ ← θ - η g / (√G + ε) (Duchi, Hazan & Singer, 2011)."""

    name = "adagrad"
    title = {"en": "Adagrad", "zh": "Adagrad"}
    slots = ("squares",)
    epsilon: float = hyperparameter(1e-10, low=0.0, en="Keeps the divisor above zero", zh="防止除以零")

    def update(self, parameters, gradient, slots, rate, count):
        slots["squares"] += gradient * gradient
        parameters -= rate * gradient / (np.sqrt(slots["squares"]) + self.epsilon)


class RMSProp(Optimizer):
    """v ← ρ v + (1 - ρ) g², θ ← θ - η g / (√v + ε) (Tieleman & Hinton, 2012, lecture 6.5)."""

    name = "rmsprop"
    title = {"en": "RMSProp", "zh": "RMSProp"}
    slots = ("squares",)
    decay: float = hyperparameter(
        0.99, low=0.0, high=1.0, en="Share of the mean square kept", zh="均方值的保留比例", live=True
    )
    epsilon: float = hyperparameter(1e-8, low=0.0, en="Keeps the divisor above zero", zh="防止除以零")

    def update(self, parameters, gradient, slots, rate, count):
        squares = slots["squares"]
        squares *= self.decay
        squares += (1 - self.decay) * (gradient * gradient)
        parameters -= rate * gradient / (np.sqrt(squares) + self.epsilon)


class Adam(Optimizer):
    """m ← β₁ m + (1 - β₁) g, v ← β₂ v + (1 - β₂) g², θ ← θ - η m̂ / (√v̂ + ε) (Kingma & Ba, 2015, algorithm 1)."""

    name = "adam"
    title = {"en": "Adam", "zh": "Adam"}
    slots = ("mean", "squares")
    beta1: float = hyperparameter(0.9, low=0.0, high=1.0, en="Share of the mean kept", zh="均值的保留比例")
    beta2: float = hyperparameter(0.999, low=0.0, high=1.0, en="Share of the mean square kept", zh="均方值的保留比例")
    epsilon: float = hyperparameter(1e-8, low=0.0, en="Keeps the divisor above zero", zh="防止除以零")

    def update(self, parameters, gradient, slots, rate, count):
        mean, squares = slots["mean"], slots["squares"]
        mean *= self.beta1
        mean += (1 - self.beta1) * gradient
        squares *= self.beta2
        squares += (1 - self.beta2) * (gradient * gradient)
        step = rate / (1 - self.beta1**count)
        parameters -= step * mean / (np.sqrt(squares / (1 - self.beta2**count)) + self.epsilon)


class AdamW(Adam):
    """Adam with decoupled weight decay: θ ← θ - η λ θ besides (after Loshchilov & Hutter, 2019).

    In the paper λ is multiplied by the schedule of the learning rate alone, here by the learning rate, as in PyTorch.

    The decay is `weight_decay` of the training table, which every optimizer takes decoupled; AdamW differs from Adam
    in that `decay` here comes on top and is on by default.
    """

    name = "adamw"
    title = {"en": "AdamW", "zh": "AdamW"}
    decay: float = hyperparameter(0.01, low=0.0, en="Decoupled weight decay", zh="解耦的权重衰减", live=True)

    def update(self, parameters, gradient, slots, rate, count):
        parameters *= 1 - rate * self.decay
        super().update(parameters, gradient, slots, rate, count)


@hookimpl
def lab_register_optimizers():
    return [Adagrad, RMSProp, Adam, AdamW]
