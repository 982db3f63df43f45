"""A handful of components to write experiments with, and a catalog of them."""

from __future__ import annotations

from typing import Any

from lab.components.base import Component
from lab.components.dataset import Data, Dataset
from lab.components.loss import Loss
from lab.errors import HyperparameterError, LabError, unknown
from lab.hyperparameters import hyperparameter


class Airline(Dataset):
    name = "airline-passengers"
    task = "regression"
    transform: str = hyperparameter("log-difference", choices=("log-difference", "scaling"))

    def load(self, seed: int) -> Data:
        raise NotImplementedError


class Table(Dataset):
    name = "table"
    task = "regression"
    file: str = hyperparameter("")
    columns: list[str] = hyperparameter([])
    shares: list[float] = hyperparameter([0.7, 0.3], low=0, high=1)

    def load(self, seed: int) -> Data:
        raise NotImplementedError


class Characters(Dataset):
    name = "characters"
    task = "next-symbol"
    window: int = hyperparameter(100, low=1)
    transform: str = hyperparameter("none", choices=("none", "lowercase"))

    def load(self, seed: int) -> Data:
        raise NotImplementedError


class Lstm(Component):
    name = "lstm"
    _kind = "cell"
    forget_bias: float = hyperparameter(1.0, low=-10, high=10)
    activation: str = hyperparameter("tanh", choices=("tanh", "linear", "relu"))


class Gru(Component):
    name = "gru"
    _kind = "cell"
    reset: str = hyperparameter("before", choices=("before", "after"))
    activation: str = hyperparameter("tanh", choices=("tanh", "linear", "relu"))


class Elman(Component):
    name = "elman"
    _kind = "cell"
    activation: str = hyperparameter("tanh", choices=("tanh", "logistic"))


class Dropper(Component):
    """Has a hyperparameter with the name of a key of every layer."""

    name = "dropper"
    _kind = "cell"
    dropout: bool = hyperparameter(True)


class Bptt(Component):
    name = "bptt"
    _kind = "algorithm"


class TruncatedBptt(Component):
    name = "truncated-bptt"
    _kind = "algorithm"
    update_every: int = hyperparameter(5, low=1)
    reach_back: int = hyperparameter(20, low=1)

    def __init__(self, **values: object) -> None:
        super().__init__(**values)
        if self.reach_back < self.update_every:
            raise HyperparameterError("reach_back must not be less than update_every")


class Adam(Component):
    name = "adam"
    _kind = "optimizer"
    beta1: float = hyperparameter(0.9, low=0, high=1)
    beta2: float = hyperparameter(0.999, low=0, high=1)


class Sgd(Component):
    name = "sgd"
    _kind = "optimizer"


class Factored(Component):
    """Shares the name of a hyperparameter with the schedule `step`."""

    name = "factored"
    _kind = "optimizer"
    factor: float = hyperparameter(2.0, low=1)


class Constant(Component):
    name = "constant"
    _kind = "schedule"


class Step(Component):
    name = "step"
    _kind = "schedule"
    every: int = hyperparameter(100, low=1)
    factor: float = hyperparameter(0.5, low=0, high=1)


class Squares(Loss):
    name = "mean-squared-error"
    head = "linear"
    target_kind = "real"

    def equation(self, prediction: Any, target: Any) -> Any:
        raise NotImplementedError


class CrossEntropy(Loss):
    name = "cross-entropy"
    head = "softmax"
    target_kind = "class"
    smoothing: float = hyperparameter(0.0, low=0, high=1)

    def equation(self, prediction: Any, target: Any) -> Any:
        raise NotImplementedError


class FakeCatalog:
    """The part of the catalog that experiments ask for."""

    known: tuple[type[Component], ...] = (
        Airline,
        Table,
        Characters,
        Lstm,
        Gru,
        Elman,
        Dropper,
        Bptt,
        TruncatedBptt,
        Adam,
        Sgd,
        Factored,
        Constant,
        Step,
        Squares,
        CrossEntropy,
    )

    def get(self, kind: str, name: str) -> type[Component]:
        for component in self.known:
            if component._kind == kind and component.name == name:
                return component
        raise LabError(unknown(kind, name, self.names(kind)), remedy="See: plugins list")

    def names(self, kind: str) -> tuple[str, ...]:
        return tuple(component.name for component in self.known if component._kind == kind)


CATALOG = FakeCatalog()
SHORT = '[dataset]\nplugin = "airline-passengers"\n\n[[layers]]\ncell = "lstm"\n'
"""The shortest experiment file."""
