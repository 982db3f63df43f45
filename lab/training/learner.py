"""The learner: a network as a training algorithm sees it, batch by batch."""

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lab.components.algorithm import Batch
from lab.errors import TrainingError
from lab.model.network import Network, States

Array = NDArray[Any]


@final
class NetworkLearner:
    """Runs batches through a network; carries the state from batch to batch where the batch says that it goes on.

    `draw` is the stream of dropout masks, set by the trainer before each batch.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.steps = 0
        self.draw: np.random.Generator | None = None
        self.carried: States | None = None

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
        self._allow_window(first, last)
        self.network.forward(first, last)

    def backward(self, first: int, last: int, loss_from: int | None = None) -> float | None:
        """The mean loss over steps `loss_from` (or first) ... last - 1, its gradient left in `gradient`.

        Nothing flows back beyond step `first`. None where no target of the window counts.
        """
        return self.network.backward(first, last, loss_from)

    def end(self) -> None:
        """Keep the state for a batch that goes on from here."""
        self.carried = self.network.final_states()

    def _allow_window(self, first: int, last: int) -> None:
        whole = first == 0 and last == self.steps
        architecture = self.network.plan.architecture
        if not whole and any(layer.bidirectional for layer in architecture.layers):
            raise TrainingError(
                "a layer of two directions needs whole sequences, and this algorithm runs them in windows",
                remedy='Set layers.N.bidirectional = false, or training.algorithm = "bptt"',
            )
        if not whole and architecture.readout == "mean":
            raise TrainingError(
                "the mean over steps needs whole sequences, and this algorithm runs them in windows",
                remedy='Set output.readout to "last" or "every-step", or training.algorithm = "bptt"',
            )
