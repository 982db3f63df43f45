"""Gradient descent: plain, with momentum, and with Nesterov's look ahead."""

from lab.api import Optimizer, hookimpl, hyperparameter


class SGD(Optimizer):
    """θ ← θ - η g."""

    name = "sgd"
    title = {"en": "Gradient descent", "zh": "梯度下降"}

    def update(self, parameters, gradient, slots, rate, count):
        parameters -= rate * gradient


class Momentum(Optimizer):
    """v ← μ v - η g, θ ← θ + v (Polyak, 1964)."""

    name = "momentum"
    title = {"en": "Momentum", "zh": "动量法"}
    slots = ("velocity",)
    momentum: float = hyperparameter(
        0.9, low=0.0, high=1.0, en="Share of the last step kept", zh="保留上一步的比例", live=True
    )

    def update(self, parameters, gradient, slots, rate, count):
        velocity = slots["velocity"]
        velocity *= self.momentum
        velocity -= rate * gradient
        parameters += velocity


class Nesterov(Optimizer):
    """v ← μ v - η g, θ ← θ + μ v - η g (Nesterov, 1983; Sutskever et al., 2013, eq. 3 and 4, rewritten for θ + μ v)."""

    name = "nesterov"
    title = {"en": "Nesterov momentum", "zh": "Nesterov 动量法"}
    slots = ("velocity",)
    momentum: float = hyperparameter(
        0.9, low=0.0, high=1.0, en="Share of the last step kept", zh="保留上一步的比例", live=True
    )

    def update(self, parameters, gradient, slots, rate, count):
        velocity = slots["velocity"]
        velocity *= self.momentum
        velocity -= rate * gradient
        parameters += self.momentum * velocity
        parameters -= rate * gradient


@hookimpl
def lab_register_optimizers():
    return [SGD, Momentum, Nesterov]
