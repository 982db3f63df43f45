"""The optimizer: from a gradient to new parameters."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from numpy.typing import NDArray

from lab.components.base import Component, check_names, check_signature


class Optimizer(Component):
    """Abstract: changes the parameters along the gradient.

    `slots` names the vectors it keeps from update to update, each shaped like the parameters and zero at the start.
    """

    slots: ClassVar[tuple[str, ...]] = ()
    _kind = "optimizer"

    @abstractmethod
    def update(
        self,
        parameters: NDArray[Any],
        gradient: NDArray[Any],
        slots: Mapping[str, NDArray[Any]],
        rate: float,
        count: int,
    ) -> None:
        """Change `parameters`, all of the network's in one flat vector, and the `slots`, in place.

        `gradient` has their shape and is already clipped; `rate` is the learning rate the schedule gives for this
        update; `count` is 1 for the first update.
        """

    @classmethod
    def check_declaration(cls) -> None:
        super().check_declaration()
        check_names(cls, "slots")
        check_signature(cls, Optimizer, "update")
