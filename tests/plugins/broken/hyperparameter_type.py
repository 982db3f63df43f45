from __future__ import annotations

from lab.api import Optimizer, hyperparameter


class Untyped(Optimizer):
    name = "untyped"
    momentum: Momentum = hyperparameter(0.9)  # <- here
