"""The training algorithm: from a batch of sequences to the gradients, or updates, of the parameters."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, final

from numpy.typing import NDArray

from lab.components.base import Component, check_signature
from lab.components.dataset import Sequences


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """Some sequences; `continued` where each goes on where its predecessor in the last batch ended."""

    sequences: Sequences
    continued: bool = False


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Step:
    """What one update is made from.

    `loss` is the mean over the counted targets. `gradient` is that of the loss, shaped like the flat parameter vector;
    a rule that follows no gradient gives the `change` to be added to the parameters instead. `watch` has what it wants
    shown, by name.
    """

    loss: float
    gradient: NDArray[Any] | None = None
    change: NDArray[Any] | None = None
    watch: Mapping[str, NDArray[Any]] = field(default_factory=dict)


class Learner(Protocol):
    """What an algorithm is given of the network: the compiled step and its adjoint, over windows of a batch."""

    @property
    def parameters(self) -> NDArray[Any]:
        """All parameters in one flat vector."""
        ...

    @property
    def gradient(self) -> NDArray[Any]:
        """The gradient that the last `backward` made, shaped like the parameters."""
        ...

    @property
    def steps(self) -> int:
        """T, the steps of the batch."""
        ...

    def begin(self, batch: Batch) -> None:
        """Take a batch; each sequence begins at zero, or where its predecessor in the last batch ended."""
        ...

    def forward(self, first: int, last: int) -> None:
        """Run steps first ... last - 1 from the state that the steps before left."""
        ...

    def backward(self, first: int, last: int, loss_from: int | None = None) -> float | None:
        """The mean loss over steps `loss_from` (or first) ... last - 1, its gradient left in `gradient`.

        Nothing flows back beyond step `first`. None where no target of the window counts.
        """
        ...


class Algorithm(Component):
    """Abstract: a way to learn from sequences."""

    _kind = "algorithm"

    @abstractmethod
    def updates(self, learner: Learner, batch: Batch) -> Iterator[Step]:
        """One step for each update that the batch gives; the parameters change between one step and the next."""

    def updates_in(self, steps: int) -> int:
        """How many updates a batch of this many steps gives, at most; schedules and the time left go by it."""
        return 1

    @classmethod
    def check_declaration(cls) -> None:
        super().check_declaration()
        check_signature(cls, Algorithm, "updates")
        check_signature(cls, Algorithm, "updates_in")
