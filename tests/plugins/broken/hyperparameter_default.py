from __future__ import annotations

from lab.api import Optimizer, hyperparameter


class Hasty(Optimizer):
    name = "hasty"
    momentum: float = hyperparameter(1.5, low=0, high=1)  # <- here
