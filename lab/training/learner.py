"""The learner: a network as a training algorithm sees it, batch by batch."""

from collections.abc import Mapping, Sequence
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lab.compile.targets.numba import NumbaTarget
from lab.components.algorithm import Batch, Rows
from lab.errors import PluginError, TrainingError
from lab.gradients.linear import LinearLayer
from lab.gradients.sparse import SparseInfluence
from lab.gradients.steps import Steps
from lab.gradients.tangent import Directions
from lab.gradients.traces import Traces
from lab.gradients.unrolled import Calculus
from lab.model.network import Network, States
from lab.trace.source import source_here

Array = NDArray[Any]


@final
class NetworkLearner:
    """Runs batches through a network; carries the state from batch to batch where the batch says that it goes on.

    `draw` is the stream of dropout masks and `random` that of the algorithm, set by the trainer before each batch.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.steps = 0
        self._run = 0
        self._targets: Array = np.zeros(0)
        self.draw: np.random.Generator | None = None
        self.random = np.random.default_rng(0)
        self.memory: dict[str, Array] = {}
        """What the algorithm keeps from batch to batch."""
        self.carries = True
        """Whether the next batch may go on where this one ends: then the algorithm keeps what it needs for that."""
        self.carried: States | None = None
        self._calculus: Calculus | None = None
        self._opened: Steps | None = None
        self._traces: dict[bool, Traces] = {}
        self._sparse: dict[int, SparseInfluence] = {}

    @property
    def parameters(self) -> Array:
        """All parameters in one flat vector."""
        return self.network.parameters

    @property
    def gradient(self) -> Array:
        """The gradient that the last `backward` made, shaped like the parameters."""
        return self.network.gradient

    def begin(self, batch: Batch) -> None:
        """Take a batch; every sequence begins at zero, or where its predecessor in the last batch ended."""
        sequences = batch.sequences
        self.steps = sequences.steps
        self._run = 0
        self._targets = sequences.targets
        self.network.begin(
            sequences.inputs,
            sequences.targets,
            lengths=sequences.lengths,
            counted=sequences.counted,
            states=self.carried if batch.continued else None,
            generator=self.draw,
        )

    def forward(self, first: int, last: int) -> None:
        """Run steps first ... last - 1 from the state that the steps before left."""
        self._demand(first, last, run=first)
        self._allow_window(first, last)
        self.network.forward(first, last)
        self._run = last

    @property
    def fed(self) -> bool:
        """Whether the last layer reads the network's output of the step before: its cell asks for `y`."""
        return self.network.fed

    def teach(self, first: int, last: int, noise: float = 0.0) -> None:
        """Run these steps as `forward` does, the last layer fed with the targets in place of the network's outputs.

        `noise` is the deviation of what is added to them. TrainingError where the targets cannot be outputs.
        """
        if not self.linear or self._targets.ndim != 3:
            raise TrainingError(
                "a network fed with its output can be taught by the targets where they are real numbers at each step",
                remedy="Take a dataset with real targets at each step and a linear head, or another cell",
            )
        for step in range(first, last):
            self.forward(step, step + 1)
            targets = self._targets[step]
            self.network.feed(step, targets + noise * self.random.standard_normal(targets.shape))

    def backward(self, first: int, last: int, loss_from: int | None = None) -> float | None:
        """The mean loss over steps `loss_from` (or first) ... last - 1, its gradient left in `gradient`.

        Nothing flows back beyond step `first`. None where no target of the window counts.
        """
        self._demand(first, last)
        return self.network.backward(first, last, loss_from)

    def judge(self, first: int, last: int) -> float | None:
        """The mean loss over steps first ... last - 1; the gradient of the readout's parameters is left in `gradient`.

        None where no target of the window counts.
        """
        self._demand(first, last)
        return self.network.seed(first, last)

    @property
    def linear(self) -> bool:
        """Whether the network's output is V s + b, linear in what the readout sees of the top layer."""
        architecture = self.network.plan.architecture
        return architecture.head == "linear" and not architecture.dense

    @property
    def averages(self) -> bool:
        """Whether the readout sees the mean over all steps of a sequence: output.readout is mean."""
        return self.network.plan.architecture.readout == "mean"

    def rows(self, first: int, last: int) -> Rows:
        """What the readout sees in steps first ... last - 1 where a target counts, what it says and is asked for."""
        loss = self.loss(first, last)
        found = self.network.predictions()
        seen = self.network.read()
        return Rows(loss=loss, seen=seen, outputs=found.outputs, targets=found.targets, steps=found.steps)

    def named(self, flat: Array) -> dict[str, Array]:
        """Views of a vector shaped like the parameters by their full names, as `output.V` and `layers.0.W`."""
        return self.network.named(flat)

    @property
    def batch(self) -> int:
        """B, the sequences of the batch."""
        return len(self.network.lengths)

    def keep(self, arrays: Mapping[str, Array]) -> None:
        """Leave arrays (B, ...) in `memory`, for the sequences that go on where those of this batch end."""
        back = np.argsort(self.network.order)
        self.memory.update({name: array[back] for name, array in arrays.items()})

    def recall(self, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array] | None:
        """Copies of what the batch before has kept; None unless all of it is there in these shapes."""
        kept = {name: self.memory[name] for name in shapes if name in self.memory}
        if {name: array.shape for name, array in kept.items()} != dict(shapes):
            return None
        return {name: array[self.network.order] for name, array in kept.items()}

    @property
    def columns(self) -> Sequence[int]:
        """Entries of the weights that each layer's steps read: its columns of an influence matrix."""
        return self._steps.columns

    @property
    def sizes(self) -> Sequence[int]:
        """S of each layer: the numbers in all its states."""
        return self._steps.sizes

    def seeds(self, first: int, last: int) -> Array:
        """∂L/∂s_t of the top layer, (T, B, S), by what it hands on at step t itself; after `judge`."""
        self._demand(first, last)
        return self._steps.seeds(first, last)

    def linearise(self, first: int, last: int) -> list[LinearLayer]:
        """How the states of each layer after steps first ... last - 1 depend on those before and on its weights."""
        self._demand(first, last)
        return self._steps.linearise(first, last)

    def directions(self, first: int, last: int, weights: Array | None = None) -> Directions:
        """Steps first ... last - 1 to be followed in single directions, at the cost of the step itself.

        `weights` is a direction of all weights, one layer after the other, in which they move at every step.
        """
        self._demand(first, last)
        return Directions(self._steps, first, last, weights)

    def traces(self, *, products: bool) -> Traces:
        """Each weight's influence on its own unit, carried forward in time; `begin` them for every batch.

        `products` says whether a unit reaches itself through its own recurrent weight as well, or by its carry alone.
        """
        found = self._traces.get(products)
        if found is None or found.steps is not self._steps:
            found = self._traces[products] = Traces(self._steps, products=products)
        return found

    def compile(self, target: NumbaTarget) -> None:
        """Compile ahead of need what the algorithm has used so far beside the network itself."""
        for traces in list(self._traces.values()):
            traces.compile(target, self.network.dtype)

    def sparse_influence(self, reach: int) -> SparseInfluence:
        """The influence matrix where what is reached within `reach` steps is kept; `begin` it for every batch."""
        found = self._sparse.get(reach)
        if found is None or found.steps is not self._steps:
            found = self._sparse[reach] = SparseInfluence(self._steps, reach)
        return found

    def at_states(self, depth: int, first: int, last: int, handed: Array) -> Array:
        """Cotangents of what a layer hands on, (T, B, ·), as those of its states, (T, B, S); dropout is applied."""
        self._demand(first, last)
        return self._steps.at_states(depth, first, last, handed)

    def errors(self, first: int, last: int) -> Array:
        """∂L/∂ of the net input of the head, (T, B, K), after `judge`; zero where no target counts."""
        self._demand(first, last)
        return self._steps.errors(first, last)

    def loss(self, first: int, last: int) -> float | None:
        """The mean loss over steps first ... last - 1, and no gradient. None where no target of the window counts."""
        self._demand(first, last)
        return self.network.judge(first, last)

    def put(self, total: Array) -> None:
        """Leave in `gradient` that of the layers' parameters, from that of all weights, one layer after the other."""
        self._steps.put(total)

    @property
    def widths(self) -> Sequence[int]:
        """How many numbers each layer hands on."""
        return [block.output_width for (block,) in self.network.plan.layers]

    @property
    def _steps(self) -> Steps:
        if self._calculus is None:
            self._calculus = Calculus(self.network.plan.architecture)
        if self._opened is None or self._opened.network is not self.network:
            self._opened = Steps(self._calculus, self.network)
        return self._opened

    def end(self) -> None:
        """Keep the state for a batch that goes on from here."""
        self.carried = self.network.final_states()

    def _demand(self, first: int, last: int, *, run: int | None = None) -> None:
        """Refuse a window beyond the batch, and one that was not run (up to `run`, else to its end).

        Compiled code checks no bounds: it would read, and write, the memory of others.
        """
        if not 0 <= first <= last <= self.steps:
            message = f"steps {first} to {last} are no window of a batch of {self.steps} steps"
            remedy = "Call begin first, and keep 0 <= first <= last <= learner.steps"
        elif (last if run is None else run) > self._run:
            message = f"steps {first} to {last} are asked for, and forward has come to step {self._run} alone"
            remedy = "Call forward for the steps before, from 0 on"
        else:
            return
        place = source_here()
        raise PluginError(
            message,
            file=None if place is None else place.file,
            line=None if place is None else place.line,
            remedy=remedy,
        )

    def _allow_window(self, first: int, last: int) -> None:
        whole = first == 0 and last == self.steps
        architecture = self.network.plan.architecture
        if not whole and any(layer.bidirectional for layer in architecture.layers):
            raise TrainingError(
                "a layer of two directions needs whole sequences, and this algorithm runs them in windows",
                remedy='Set layers.N.bidirectional = false, or training.algorithm = "bptt"',
            )
        if not whole and self.averages:
            raise TrainingError(
                "the mean over steps needs whole sequences, and this algorithm runs them in windows",
                remedy='Set output.readout to "last" or "every-step", or training.algorithm = "bptt"',
            )
