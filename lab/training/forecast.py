"""Forecast: a network goes on behind the end of its data, fed with its own predictions."""

from collections.abc import Callable, Iterator
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lab.compile.targets.numpy import NumpyTarget
from lab.components.dataset import Continuation
from lab.errors import ExperimentError
from lab.model.network import Network
from lab.training.memory import check_room
from lab.training.setup import Setup

Array = NDArray[Any]


def continued_text(setup: Setup, parameters: Array, steps: int, temperature: float) -> tuple[str, str]:
    """The end of the test text, on which the state is warmed, and the `steps` symbols that the network writes after it.

    Each symbol is drawn from the network's probabilities to the power of 1 / `temperature`, with the experiment's
    seed; at temperature 0 it is the most probable one. ExperimentError where the network cannot go on.
    """
    data = setup.data
    test = data.test or data.train
    length = test.steps if test.lengths is None else int(test.lengths[-1])
    known = np.append(test.inputs[:length, -1], test.targets[length - 1, -1])
    walk = _Walk(setup, parameters, known, steps)
    generator = np.random.default_rng([setup.spec.seed, 3])
    written = [_choice(probabilities, temperature, generator, walk.put) for probabilities in walk]
    symbols = data.symbols or tuple(f"{number} " for number in range(data.inputs))
    return "".join(symbols[code] for code in known), "".join(symbols[code] for code in written)


def continued_series(setup: Setup, parameters: Array, steps: int, source: Continuation) -> list[tuple[str, Array]]:
    """`steps` values behind the end of a series: what each is called on the time axis, and its value (K,).

    The values are in data units. ExperimentError where the network cannot go on.
    """
    walk = _Walk(setup, parameters, source.inputs, steps)
    found = []
    for prediction in walk:
        label, value, inputs = source.follow(prediction)
        walk.put(inputs)
        found.append((label, np.asarray(value)))
    return found


def _choice(probabilities: Array, temperature: float, draw: np.random.Generator, put: Callable[[Any], None]) -> int:
    if temperature == 0:
        code = int(probabilities.argmax())
    else:
        logarithms = np.log(np.maximum(probabilities.astype(np.float64), np.finfo(np.float64).tiny)) / temperature
        shares = np.exp(logarithms - logarithms.max())
        code = int(draw.choice(len(shares), p=shares / shares.sum()))
    put(code)
    return code


@final
class _Walk:
    """Runs a network over known inputs (T, ...), and then step by step over those that `put` gives it.

    An iteration gives the outputs of the head, (K,), of `steps` steps, the first of them that of the last known input.
    """

    def __init__(self, setup: Setup, parameters: Array, known: Array, steps: int) -> None:
        architecture = setup.plan.architecture
        if architecture.readout != "every-step" or any(layer.bidirectional for layer in architecture.layers):
            what = "a layer of two directions" if architecture.readout == "every-step" else "its readout"
            raise ExperimentError(
                f"the network cannot go on step by step: {what} needs the whole sequence",
                remedy='Train with output.readout = "every-step" and layers in one direction',
            )
        self.known, self.steps = len(known), steps
        total = self.known + steps - 1
        needed = setup.plan.bytes(total, 1, np.dtype(setup.spec.dtype).itemsize)
        check_room(needed, f"{steps:,} steps", "Ask for fewer steps")
        inputs = np.zeros((total, 1, *known.shape[1:]), known.dtype)
        inputs[: self.known, 0] = known
        targets = np.zeros((total, 1) if architecture.classes else (total, 1, architecture.outputs))
        self.network = Network(setup.plan, steps=total, batch=1, dtype=setup.spec.dtype, target=NumpyTarget())
        self.network.parameters[:] = parameters
        self.network.begin(inputs, targets.astype(np.int64 if architecture.classes else setup.spec.dtype))
        self.at = 0

    def __iter__(self) -> Iterator[Array]:
        network = self.network
        for last in range(self.known, self.known + self.steps):
            network.forward(self.at, last)
            network.judge(last - 1, last)
            self.at = last
            yield network.predictions().outputs[0]

    def put(self, inputs: Any) -> None:
        """The inputs of the step after the last one that was given out."""
        if self.at < self.known + self.steps - 1:
            self.network.put_input(self.at, np.asarray([inputs]))
