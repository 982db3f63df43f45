"""The metric: a number for people, of how good predictions are."""

from __future__ import annotations

import inspect
from abc import abstractmethod
from typing import Any, ClassVar, Final, Literal

from lab.components.base import Component, check_arguments, check_choice

METRIC_ARGUMENTS: Final = ("predictions", "targets", "steps", "columns", "allowed", "free_run", "step_time")


class Metric(Component):
    """Abstract: a measure of predictions. `better` says whether a `lower` or a `higher` value is the better one."""

    better: ClassVar[Literal["lower", "higher"]]
    _kind = "metric"

    @abstractmethod
    def compute(self, *args: Any, **kwargs: Any) -> float:
        """The measure over R predictions that count.

        A metric asks by name for what it needs of: `predictions`, the outputs of the head, (R, K), real numbers or
        probabilities; `targets`, (R, K), or (R,) where they are classes; `steps` and `columns`, (R,), the step and the
        sequence of each row; `allowed`, (R, K), which classes are right at each row (see `Sequences`); `free_run`,
        (R, K), what the network says where, from the first step that counts, it reads its own predictions; `step_time`,
        what a step is worth (see `Data`). Numbers are in the unit of the data.
        """

    @classmethod
    def asks(cls) -> tuple[str, ...]:
        """The names of what `compute` needs."""
        return tuple(name for name in inspect.signature(cls.compute).parameters if name in METRIC_ARGUMENTS)

    @classmethod
    def check_declaration(cls) -> None:
        super().check_declaration()
        check_choice(cls, "better", ("lower", "higher"))
        check_arguments(cls, "compute", METRIC_ARGUMENTS)
