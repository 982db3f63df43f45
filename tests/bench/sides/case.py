"""What a side makes of a problem: something that can be run again and again."""

from abc import ABC, abstractmethod
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]


class Case(ABC):
    """Abstract: one thing to time."""

    @abstractmethod
    def run(self) -> None:
        """Do it once."""

    @abstractmethod
    def results(self) -> dict[str, Array]:
        """What the last `run` came to, by names that all sides share."""

    def close(self) -> None:  # noqa: B027 - most cases have nothing to close
        """Give back what was taken."""


class Side(ABC):
    """Abstract: a library in a process of its own. ModuleNotFoundError where it is not installed."""

    version: str

    @abstractmethod
    def case(self, kind: str, options: dict[str, Any]) -> Case:
        """Make a case ready: `scan` is forward and backward, `update` a whole update of the adding problem."""
