"""The training algorithm: from a batch of sequences to the gradients, or updates, of the parameters."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, final

import numpy as np
from numpy.typing import NDArray

from lab.components.base import Component, check_signature
from lab.components.dataset import Sequences
from lab.gradients.linear import LinearLayer
from lab.gradients.sparse import SparseInfluence
from lab.gradients.tangent import Directions
from lab.gradients.traces import Traces


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


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """The R rows that the readout works on: what it has `seen` of the top layer, (R, D), its `outputs` and `targets`.

    Those are (R, K), targets (R,) where they are classes; `steps` (R,) are the steps they belong to. `loss` is the mean
    over the rows, None where there are none.
    """

    loss: float | None
    seen: NDArray[Any]
    outputs: NDArray[Any]
    targets: NDArray[Any]
    steps: NDArray[Any]


class Learner(Protocol):
    """What an algorithm is given of the network: the compiled step, its adjoint and its derivatives, over windows.

    `begin` and `forward` run a batch. Then either `backward` gives the gradient, or an algorithm that goes forward in
    time makes it: `judge` the loss, `linearise` the steps, and `put` what came of it. One that solves for the readout
    takes the `rows` it works on.
    """

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

    @property
    def batch(self) -> int:
        """B, the sequences of the batch."""
        ...

    @property
    def carries(self) -> bool:
        """Whether the next batch may go on where this one ends: then keep in `memory` what that needs."""
        ...

    @property
    def random(self) -> np.random.Generator:
        """The stream of random numbers of this batch: the same when a run is resumed, others for every batch."""
        ...

    @property
    def memory(self) -> dict[str, NDArray[Any]]:
        """What the algorithm keeps from batch to batch, arrays by name; checkpoints have it."""
        ...

    def begin(self, batch: Batch) -> None:
        """Take a batch; each sequence begins at zero, or where its predecessor in the last batch ended."""
        ...

    def forward(self, first: int, last: int) -> None:
        """Run steps first ... last - 1 from the state that the steps before left."""
        ...

    @property
    def fed(self) -> bool:
        """Whether the last layer reads the network's output of the step before: its cell asks for `y`."""
        ...

    def teach(self, first: int, last: int, noise: float = 0.0) -> None:
        """Run these steps as `forward` does, the last layer fed with the targets in place of the network's outputs.

        `noise` is the deviation of what is added to them. TrainingError where the targets cannot be outputs.
        """
        ...

    def backward(self, first: int, last: int, loss_from: int | None = None) -> float | None:
        """The mean loss over steps `loss_from` (or first) ... last - 1, its gradient left in `gradient`.

        Nothing flows back beyond step `first`. None where no target of the window counts.
        """
        ...

    def judge(self, first: int, last: int) -> float | None:
        """The mean loss over steps first ... last - 1; the gradient of the readout's parameters is left in `gradient`.

        None where no target of the window counts.
        """
        ...

    @property
    def linear(self) -> bool:
        """Whether the network's output is V s + b, linear in what the readout sees of the top layer."""
        ...

    @property
    def averages(self) -> bool:
        """Whether the readout sees the mean over all steps of a sequence: output.readout is mean."""
        ...

    def rows(self, first: int, last: int) -> Rows:
        """What the readout sees in steps first ... last - 1 where a target counts, what it says and is asked for."""
        ...

    def named(self, flat: NDArray[Any]) -> Mapping[str, NDArray[Any]]:
        """Views of a vector shaped like the parameters by their full names, as `output.V` and `layers.0.W`."""
        ...

    def keep(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Leave arrays (B, ...) in `memory`, for the sequences that go on where those of this batch end."""
        ...

    def recall(self, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, NDArray[Any]] | None:
        """Copies of what the batch before has kept; None unless all of it is there in these shapes."""
        ...

    @property
    def columns(self) -> Sequence[int]:
        """Entries of the weights that each layer's steps read: its columns of an influence matrix."""
        ...

    @property
    def sizes(self) -> Sequence[int]:
        """S of each layer: the numbers in all its states."""
        ...

    def seeds(self, first: int, last: int) -> NDArray[Any]:
        """∂L/∂s_t of the top layer, (T, B, S), by what it hands on at step t itself; after `judge`."""
        ...

    def linearise(self, first: int, last: int) -> Sequence[LinearLayer]:
        """How the states of each layer after steps first ... last - 1 depend on those before and on its weights."""
        ...

    def directions(self, first: int, last: int, weights: NDArray[Any] | None = None) -> Directions:
        """Steps first ... last - 1 to be followed in single directions, at the cost of the step itself.

        `weights` is a direction of all weights, one layer after the other, in which they move at every step.
        """
        ...

    def traces(self, *, products: bool) -> Traces:
        """Each weight's influence on its own unit, carried forward in time; `begin` them for every batch.

        `products` says whether a unit reaches itself through its own recurrent weight as well, or by its carry alone.
        """
        ...

    def sparse_influence(self, reach: int) -> SparseInfluence:
        """The influence matrix where what is reached within `reach` steps is kept; `begin` it for every batch."""
        ...

    @property
    def widths(self) -> Sequence[int]:
        """How many numbers each layer hands on."""
        ...

    def at_states(self, depth: int, first: int, last: int, handed: NDArray[Any]) -> NDArray[Any]:
        """Cotangents of what a layer hands on, (T, B, ·), as those of its states, (T, B, S); dropout is applied."""
        ...

    def errors(self, first: int, last: int) -> NDArray[Any]:
        """∂L/∂ of the net input of the head, (T, B, K), after `judge`; zero where no target counts."""
        ...

    def loss(self, first: int, last: int) -> float | None:
        """The mean loss over steps first ... last - 1, and no gradient. None where no target of the window counts."""
        ...

    def put(self, total: NDArray[Any]) -> None:
        """Leave in `gradient` that of the layers' parameters, from that of all weights, one layer after the other."""
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
