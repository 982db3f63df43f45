"""Forecast: a network goes on behind the end of its data, fed with its own predictions."""

from collections.abc import Callable, Iterator
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lab.compile.targets.numpy import NumpyTarget
from lab.components.dataset import Continuation, Sequences
from lab.errors import DataError
from lab.model.blueprint import Blueprint
from lab.model.network import QUIET, Network
from lab.training.memory import check_room
from lab.training.setup import Setup, check_stepwise

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
    walk = _Walk(setup.plan, np.dtype(setup.spec.dtype), parameters, known[:, None], steps)
    generator = np.random.default_rng([setup.spec.seed, 3])
    written = [_choice(probabilities[0], temperature, generator, walk.put) for probabilities in walk]
    symbols = data.symbols or tuple(f"{number} " for number in range(data.inputs))
    return "".join(symbols[code] for code in known), "".join(symbols[code] for code in written)


def continued_series(setup: Setup, parameters: Array, steps: int, source: Continuation) -> list[tuple[str, Array]]:
    """`steps` values behind the end of a series: what each is called on the time axis, and its value (K,).

    The values are in data units. ExperimentError where the network cannot go on.
    """
    walk = _Walk(setup.plan, np.dtype(setup.spec.dtype), parameters, source.inputs[:, None], steps)
    found = []
    for prediction in walk:
        label, value, inputs = source.follow(prediction[0])
        walk.put(inputs[None])
        found.append((label, np.asarray(value)))
    return found


@QUIET
def free_run(network: Network, sequences: Sequences, columns: Array, first: int, last: int) -> Array:
    """What a network says at steps `first` to `last` - 1 of some sequences, (steps, columns, K), left to itself.

    It reads the true inputs up to step `first`, and from there on what it said at the step before in place of them.
    DataError where the predictions are not the inputs of the next step.
    """
    inputs = sequences.inputs
    if inputs.ndim < 3 or sequences.targets.shape != inputs.shape:
        raise DataError("there is no free run: the predictions are not the inputs of the next step")
    walk = _Walk(network.plan, network.dtype, network.parameters, inputs[: first + 1, columns], last - first)
    found = []
    for prediction in walk:
        walk.put(prediction)
        found.append(prediction)
    return np.stack(found)


def _choice(probabilities: Array, temperature: float, draw: np.random.Generator, put: Callable[[Any], None]) -> int:
    if temperature == 0:
        code = int(probabilities.argmax())
    else:
        logarithms = np.log(np.maximum(probabilities.astype(np.float64), np.finfo(np.float64).tiny)) / temperature
        shares = np.exp(logarithms - logarithms.max())
        code = int(draw.choice(len(shares), p=shares / shares.sum()))
    put([code])
    return code


@final
class _Walk:
    """Runs a network over known inputs (T, B, ...), and then step by step over those that `put` gives it, (B, ...).

    An iteration gives the outputs of the head, (B, K), of `steps` steps, the first those of the last known input.
    """

    def __init__(self, plan: Blueprint, dtype: np.dtype[Any], parameters: Array, known: Array, steps: int) -> None:
        architecture = plan.architecture
        check_stepwise(architecture)
        self.known, self.steps = len(known), steps
        total, batch = self.known + steps - 1, known.shape[1]
        needed = plan.bytes(total, batch, dtype.itemsize)
        check_room(needed, f"{steps:,} steps", "Ask for fewer steps")
        inputs = np.zeros((total, *known.shape[1:]), known.dtype)
        inputs[: self.known] = known
        targets = np.zeros((total, batch) if architecture.classes else (total, batch, architecture.outputs))
        self.network = Network(plan, steps=total, batch=batch, dtype=dtype, target=NumpyTarget())
        self.network.parameters[:] = parameters
        self.network.begin(inputs, targets.astype(np.int64 if architecture.classes else dtype))
        self.at = 0

    def __iter__(self) -> Iterator[Array]:
        network = self.network
        for last in range(self.known, self.known + self.steps):
            network.forward(self.at, last)
            network.judge(last - 1, last)
            self.at = last
            yield network.predictions().outputs

    def put(self, inputs: Any) -> None:
        """The inputs of the step after the last one that was given out."""
        if self.at < self.known + self.steps - 1:
            self.network.put_input(self.at, np.asarray(inputs))
