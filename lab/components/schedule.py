"""The schedule: how the learning rate changes while a network learns."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from lab.components.base import Component, check_signature


class Schedule(Component):
    """Abstract: the learning rate of each update, a pure function of what `rate` is given."""

    _kind = "schedule"

    @abstractmethod
    def rate(self, base: float, update: int, total: int, history: Sequence[float]) -> float:
        """The learning rate of an update.

        `base` is the learning rate of the experiment, `update` counts from 0, `total` is how many there will be
        by what the experiment says now, and `history` has the validation loss after each epoch so far.
        """

    @classmethod
    def check_declaration(cls) -> None:
        super().check_declaration()
        check_signature(cls, Schedule, "rate")
