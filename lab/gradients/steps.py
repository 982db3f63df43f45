"""The steps of a whole network: how its states depend on those before and on every weight.

Algorithms that carry derivatives forward in time are made from these. Weights are the values of parameters alone that a
step reads (a matrix, a stack of matrices, U - Uᵀ); their entries are the columns of an influence matrix, and the
gradients of the parameters follow from theirs.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lab.compile.executor import Executor
from lab.compile.layout import view_of
from lab.errors import TrainingError
from lab.gradients.layer_step import LayerStep
from lab.gradients.linear import LinearLayer, linearised
from lab.gradients.pullback import FLOAT, Passage
from lab.gradients.unrolled import Calculus
from lab.model.network import Network
from lab.trace.graph import Var
from lab.trace.rules.evaluate import evaluate
from lab.trace.rules.vjp import vjp

Array = NDArray[Any]


@final
class Steps:
    """The steps that `network` has run, one layer above the other. Arrays are in the order in which it runs the batch.

    TrainingError for layers of two directions: what they hand on at a step depends on later ones.
    """

    def __init__(self, calculus: Calculus, network: Network) -> None:
        if any(layer.bidirectional for layer in calculus.plan.architecture.layers):
            raise TrainingError(
                "derivatives cannot be carried forward through a layer of two directions: "
                "what it hands on at a step depends on later ones",
                remedy='Set layers.N.bidirectional = false, or training.algorithm = "bptt"',
            )
        self.calculus, self.network = calculus, network
        self._plan = calculus.plan
        self.layers: list[LayerStep] = []
        start = 0
        for depth, (block,) in enumerate(calculus.plan.layers):
            place = calculus.plan.places.get("input.E") if depth == 0 else None
            embedding = None if place is None else (place.shape[0], place.shape[1])
            self.layers.append(LayerStep(block, calculus.pullback(block), start, embedding))
            start = self.layers[-1].columns.stop
        self.columns = tuple(layer.columns.stop - layer.columns.start for layer in self.layers)
        """Entries of the weights of each layer."""
        self.sizes = tuple(layer.vector.size for layer in self.layers)
        """S of each layer: the numbers in all its states."""

    def linearise(self, first: int, last: int) -> list[LinearLayer]:
        """The layers over steps first ... last - 1, from the lowest up; A, C and factors at the states as they were."""
        live, found = self.live(first, last), []
        for depth, layer in enumerate(self.layers):
            found.append(
                linearised(
                    layer,
                    self.layers[depth - 1] if depth else None,
                    self.passage(depth, first, last),
                    live,
                    self.network.dtype,
                    symbols=self.network.symbols[first:last] if layer.embedding else None,
                    mask=self.mask(depth - 1, first, last) if depth else None,
                )
            )
        return found

    def seeds(self, first: int, last: int) -> Array:
        """∂L/∂s_t of the top layer by what it hands on at step t itself, (T, B, S), after the loss was judged."""
        top = self.network.layers[-1]
        return self.at_states(len(self.layers) - 1, first, last, top.seeds[first:last, : self.batch])

    def mask(self, depth: int, first: int, last: int) -> Array | None:
        """The dropout mask of what a layer hands on, (T, B, ·); None where nothing is dropped."""
        mask = self.network.layers[depth].mask
        return None if mask is None else mask[first:last, : self.batch]

    def at_states(self, depth: int, first: int, last: int, handed: Array) -> Array:
        """Cotangents of what a layer hands on, thinned out by dropout, (T, B, ·), as those of its states, (T, B, S)."""
        return self._above(depth, first, last, {"x": handed})

    def handed_down(self, depth: int, first: int, last: int, inputs: Mapping[str, Array]) -> Array:
        """Cotangents of a layer's inputs at each step, (T, B, ·), as those of the states of the layer below."""
        return self._above(depth - 1, first, last, inputs)

    def _above(self, depth: int, first: int, last: int, inputs: Mapping[str, Array]) -> Array:
        given = {name: array.astype(self.network.dtype) for name, array in inputs.items()}
        mask = self.mask(depth, first, last)
        if mask is not None and "x" in given:
            given["x"] *= mask
        return self.layers[depth].vector.from_above(given, (last - first, self.batch), self.network.dtype)

    def errors(self, first: int, last: int) -> Array:
        """∂L/∂ of the net input of the head, (T, B, K), after the loss was judged; zero where no target counts."""
        readout, executor = self._plan.readout, self.network.readout
        traced, rows = readout.program.traced, int(executor.active[0])
        given = {leaf: executor.input(name)[0, :rows].reshape(-1, *leaf.shape) for name, leaf in traced.inputs.items()}
        arrays = self.calculus.parameters(readout, self.network.parameters)
        given |= {leaf: arrays[name] for name, leaf in traced.parameters.items()}
        found = evaluate([self._error], given, self.network.dtype)[self._error]
        return self.network.by_step(np.broadcast_to(found, (rows, *self._error.shape)) / rows, first, last)

    @cached_property
    def _error(self) -> Var:
        """∂ of a row's loss/∂ of the net input of the head, as an equation."""
        traced = self._plan.readout.program.traced
        net, loss = traced.next["prediction"], traced.next["loss"]
        return vjp({loss: traced.graph.lift(1.0)}, stop=[net])[net]

    def add_embedding(self, first: int, last: int, inputs: Array, total: Array) -> None:
        """Add the gradient of a learned embedding to that of the lowest layer's weights, from that of what was read."""
        layer = self.layers[0]
        assert layer.embedding
        live = self.live(first, last)
        table = total[layer.own["input.E"]].reshape(layer.embedding)
        np.add.at(table, self.network.symbols[first:last][live], inputs[live])

    def live(self, first: int, last: int) -> Array:
        """Which steps first ... last - 1 the sequences take part in, (T, B)."""
        return self.network.lengths > np.arange(first, last)[:, None]

    @property
    def batch(self) -> int:
        """B, the sequences of the batch."""
        return len(self.network.lengths)

    def put(self, total: Array) -> None:
        """Write the gradients of the parameters of all layers into the network's, from those of all columns."""
        for depth, layer in enumerate(self.layers):
            own = total[layer.columns]
            if layer.embedding:
                place = self._plan.places["input.E"]
                place.view(self.network.gradient)[...] = own[layer.own["input.E"]].reshape(place.shape)
            weights = [
                own[layer.own[str(place)]].reshape(pull.weight.shape)
                for place, pull in enumerate(layer.pullback.weights)
            ]
            part = self.network.gradient[layer.block.start : layer.block.start + layer.block.size]
            if layer.plain:
                part[...] = 0
                for pull, array in zip(layer.pullback.weights, weights, strict=True):
                    view = view_of(pull.weight, layer.block.places, part)
                    assert view is not None
                    view[...] = array
                continue
            given = self.passage(depth, 0, 1).given
            found = layer.to_parameters([np.asarray(array, FLOAT) for array in weights], given, FLOAT)
            for name, place in layer.block.places.items():
                place.view(part)[...] = found[name]

    def executor(self, depth: int) -> Executor:
        """What runs a layer."""
        return self.network.layers[depth].executors[0]

    def passage(self, depth: int, first: int, last: int) -> Passage:
        """All samples' way through a layer in a window; row t B + b is step first + t of sample b."""
        layer, executor = self.layers[depth], self.executor(depth)
        traced = layer.pullback.traced
        rows = (last - first) * self.batch
        states = {n: executor.states(n)[first:last, : self.batch].reshape(rows, -1) for n in traced.states}
        inputs = {n: executor.input(n)[first:last, : self.batch].reshape(rows, -1) for n in traced.inputs}
        return Passage(traced, self.calculus.parameters(layer.block, self.network.parameters), states, inputs)
