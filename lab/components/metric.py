"""The metric: a number for people, of how good predictions are."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Literal

from numpy.typing import NDArray

from lab.components.base import Component, check_choice, check_signature


class Metric(Component):
    """Abstract: a measure of predictions. `better` says whether a `lower` or a `higher` value is the better one."""

    better: ClassVar[Literal["lower", "higher"]]
    _kind = "metric"

    @abstractmethod
    def compute(self, predictions: NDArray[Any], targets: NDArray[Any]) -> float:
        """The measure over R predictions that count.

        `predictions` are the outputs of the head, (R, K): real numbers, or probabilities. `targets` are (R, K), or (R,)
        where they are classes.
        """

    @classmethod
    def check_declaration(cls) -> None:
        super().check_declaration()
        check_choice(cls, "better", ("lower", "higher"))
        check_signature(cls, Metric, "compute")
