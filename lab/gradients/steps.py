"""The steps of a whole network, linearised: how its states depend on those before and on every weight.

Algorithms that carry derivatives forward in time are made from these. Weights are the values of parameters alone that a
step reads (a matrix, a stack of matrices, U - Uᵀ); their entries are the columns of an influence matrix, and the
gradients of the parameters follow from theirs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lab.compile.executor import Executor
from lab.compile.layout import stacked, view_of
from lab.compile.weights import WeightGradients
from lab.errors import TrainingError
from lab.gradients.jacobian import state_jacobians
from lab.gradients.layer_tangent import LayerTangent
from lab.gradients.pullback import FLOAT, Passage, Pullback
from lab.gradients.unrolled import Calculus
from lab.model.blueprint import Block
from lab.model.layer import BELOW
from lab.model.network import Network
from lab.trace.graph import Var
from lab.trace.rules.evaluate import evaluate
from lab.trace.rules.vjp import vjp

Array = NDArray[Any]

GENERIC: Final = 32
"""Samples by which the structure of a step is found: that a rectified unit is off in all of them has odds of 2⁻³²."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Factor:
    """A part of ∂s_t/∂w, the states before held fixed: `left` (T, B, S, R) times `right` (T, B, C), or `left` alone.

    Entry [i, j] of the weight moves state s by left[s, i] right[j], or left[s, j] right[i] where it is `swapped`;
    `columns` are its entries, row by row, among those of the layer.
    """

    columns: slice
    left: Array
    right: Array | None
    swapped: bool = False

    def add(self, influence: Array, step: int) -> None:
        """Add ∂s_t/∂w at a step of the window to the layer's own part of an influence matrix, (B, S, columns)."""
        part = influence[:, :, self.columns]
        left = self.left[step]
        if self.right is None:
            part += left
            return
        right = self.right[step]
        # Most weights move few states: those of their own unit. Only these entries are touched.
        states, units = np.nonzero(left.any(axis=0))
        shape = (*part.shape[:2], right.shape[1], left.shape[2])
        part = part.reshape(shape if self.swapped else (*shape[:2], shape[3], shape[2]))
        index = (slice(None), states, slice(None), units) if self.swapped else (slice(None), states, units)
        if self.swapped:
            # The two index arrays are apart: their axis comes first.
            part[index] += (left[:, states, units, None] * right[:, None, :]).swapaxes(0, 1)
        else:
            part[index] += left[:, states, units, None] * right[:, None, :]


@final
@dataclass(frozen=True, slots=True, eq=False)
class LinearLayer:
    """One layer over a window of T steps: s_t ≈ A s_{t-1} + C s'_t + Σ factors, s' being the states of the layer below.

    `transition` is A (T, B, S, S), `below` is C (T, B, S, S') or None at the lowest layer. The layer's weights have
    the columns `columns` of the whole network's. A sequence past its end keeps its state: there A is 1, the rest 0.
    """

    transition: Array
    below: Array | None
    factors: Sequence[Factor]
    columns: slice


@final
class LayerStep:
    """The equations of one layer, ready to be differentiated."""

    def __init__(self, block: Block, pullback: Pullback, first_column: int, embedding: tuple[int, int] | None) -> None:
        self.block, self.pullback, self.embedding = block, pullback, embedding
        self.states = _slices({name: leaf.size for name, leaf in pullback.traced.states.items()})
        self.size = sum(leaf.size for leaf in pullback.traced.states.values())
        rows = {"input.E": embedding[0] * embedding[1]} if embedding else {}
        sizes = {str(place): pull.weight.size for place, pull in enumerate(pullback.weights)}
        self.own = _slices(rows | sizes)
        self.columns = slice(first_column, first_column + sum(sizes.values()) + sum(rows.values()))
        self.to_parameters = WeightGradients(pullback.traced, [pull.weight for pull in pullback.weights])
        names = [name for pull in pullback.weights for name in stacked(pull.weight)]
        self.plain = len(names) == len(set(names)) and all(
            view_of(pull.weight, block.places, np.zeros(block.size)) is not None for pull in pullback.weights
        )
        """Whether the weights are the parameters, or stacks of them that lie together: so are their gradients."""

    @property
    def units(self) -> Array:
        """Which unit each of the S states belongs to: states of equal size have their units in common."""
        found, begin, count = np.zeros(self.size, int), dict[int, int](), 0
        for part in self.states.values():
            size = part.stop - part.start
            if size not in begin:
                begin[size], count = count, count + size
            found[part] = begin[size] + np.arange(size)
        return found

    @cached_property
    def tangent(self) -> LayerTangent:
        """The tangent of the step."""
        return LayerTangent(self.pullback)


def _slices(sizes: dict[str, int]) -> dict[str, slice]:
    found, start = {}, 0
    for name, size in sizes.items():
        found[name] = slice(start, start + size)
        start += size
    return found


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
        self.network = network
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
        self.sizes = tuple(layer.size for layer in self.layers)
        """S of each layer: the numbers in all its states."""

    def linearise(self, first: int, last: int) -> list[LinearLayer]:
        """The layers over steps first ... last - 1, from the lowest up; A, C and factors at the states as they were."""
        return [self._linear(depth, first, last) for depth in range(len(self.layers))]

    def seeds(self, first: int, last: int) -> Array:
        """∂L/∂s_t of the top layer by what it hands on at step t itself, (T, B, S), after the loss was judged."""
        top = self.network.layers[-1]
        return self.at_states(len(self.layers) - 1, first, last, top.seeds[first:last, : self.batch])

    def at_states(self, depth: int, first: int, last: int, handed: Array) -> Array:
        """Cotangents of what a layer hands on, thinned out by dropout, (T, B, ·), as those of its states, (T, B, S)."""
        layer, mask = self.layers[depth], self.network.layers[depth].mask
        given = handed.astype(self.network.dtype)
        if mask is not None:
            given *= mask[first:last, : self.batch]
        found = np.zeros((last - first, self.batch, layer.size), self.network.dtype)
        start = 0
        for name in layer.pullback.traced.outputs:
            part = layer.states[name]
            width = part.stop - part.start
            found[:, :, part] = given[:, :, start : start + width]
            start += width
        return found

    def errors(self, first: int, last: int) -> Array:
        """∂L/∂ of the net input of the head, (T, B, K), after the loss was judged; zero where no target counts."""
        readout, executor = self._plan.readout, self.network.readout
        traced, rows = readout.program.traced, int(executor.active[0])
        given = {leaf: executor.input(name)[0, :rows].reshape(-1, *leaf.shape) for name, leaf in traced.inputs.items()}
        part = self.network.parameters[readout.start : readout.start + readout.size]
        given |= {traced.parameters[name]: place.view(part) for name, place in readout.places.items()}
        found = evaluate([self._error], given, self.network.dtype)[self._error]
        return self.network.by_step(np.broadcast_to(found, (rows, *self._error.shape)) / rows, first, last)

    @cached_property
    def _error(self) -> Var:
        """∂ of a row's loss/∂ of the net input of the head, as an equation."""
        traced = self._plan.readout.program.traced
        net, loss = traced.next["prediction"], traced.next["loss"]
        return vjp({loss: traced.graph.lift(1.0)}, stop=[net])[net]

    def handed_down(self, depth: int, first: int, last: int, inputs: Mapping[str, Array]) -> Array:
        """Cotangents of a layer's inputs at each step, (T, B, ·), as those of the states of the layer below."""
        layer = self.layers[depth - 1]
        found = np.zeros((last - first, self.batch, layer.size), self.network.dtype)
        for name, array in inputs.items():
            if name == "x":
                found += self.at_states(depth - 1, first, last, array)
            elif name.startswith(BELOW):
                found[:, :, layer.states[name.removeprefix(BELOW)]] += array
        return found

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
        block, traced = layer.block, layer.pullback.traced
        part = self.network.parameters[block.start : block.start + block.size]
        parameters = {name: place.view(part) for name, place in block.places.items()}
        rows = (last - first) * self.batch
        states = {n: executor.states(n)[first:last, : self.batch].reshape(rows, -1) for n in traced.states}
        inputs = {n: executor.input(n)[first:last, : self.batch].reshape(rows, -1) for n in traced.inputs}
        return Passage(traced, parameters | self._plan.constants(block), states, inputs)

    def _linear(self, depth: int, first: int, last: int) -> LinearLayer:
        read = self.network.symbols[first:last] if self.layers[depth].embedding else None
        mask = self.network.layers[depth - 1].mask if depth else None
        thinned = None if mask is None else mask[first:last, : self.batch]
        return self._linearised(depth, self.passage(depth, first, last), self.live(first, last), read, thinned)

    def structure(self) -> list[LinearLayer]:
        """The layers at some steps with random weights, states and inputs: what is zero in all of them always is.

        Constants of the cells are as they are. Steps are counted from 0 on, one for each of as many samples, (1, B).
        """
        random = np.random.default_rng(0)
        found = []
        for depth, layer in enumerate(self.layers):
            traced = layer.pullback.traced
            values = {name: random.normal(size=leaf.shape) for name, leaf in traced.parameters.items()}
            states = {name: random.normal(size=(GENERIC, leaf.size)) for name, leaf in traced.states.items()}
            inputs = {name: random.normal(size=(GENERIC, leaf.size)) for name, leaf in traced.inputs.items()}
            if "t" in inputs:
                inputs["t"] = np.arange(GENERIC, dtype=FLOAT)[:, None]
            passage = Passage(traced, values | self._plan.constants(layer.block), states, inputs)
            read = None if layer.embedding is None else np.arange(GENERIC)[None] % layer.embedding[0]
            found.append(self._linearised(depth, passage, np.ones((1, GENERIC), bool), read, None))
        return found

    def learned(self) -> Array:
        """Which entries of the weights learned parameters have a part in, of all columns: U ⊙ M only has some."""
        random = np.random.default_rng(0)
        found = np.ones(sum(self.columns), bool)
        for layer in self.layers:
            traced = layer.pullback.traced
            constants = self._plan.constants(layer.block)
            weights = [pull.weight for pull in layer.pullback.weights]
            drawn = []
            for _ in range(2):
                values = {name: random.normal(size=leaf.shape) for name, leaf in traced.parameters.items()} | constants
                drawn.append(evaluate(weights, {leaf: values[n] for n, leaf in traced.parameters.items()}, FLOAT))
            for place, weight in enumerate(weights):
                moved = (drawn[0][weight] != drawn[1][weight]).reshape(-1)
                found[layer.columns][layer.own[str(place)]] = moved
        return found

    def _linearised(
        self, depth: int, passage: Passage, live: Array, read: Array | None, mask: Array | None
    ) -> LinearLayer:
        """A layer over steps and samples that are `live` (T, B); of those it `read` symbols, thinned out by a mask."""
        layer = self.layers[depth]
        pullback, dtype = layer.pullback, self.network.dtype
        steps, batch = live.shape
        lefts = [outer.left for pull in pullback.weights for outer in pull.outers]
        rows = [value for pull in pullback.weights for value in pull.rows]
        roots = list(dict.fromkeys([*pullback.states.values(), *pullback.inputs.values(), *lefts, *rows]))
        arrays = state_jacobians(pullback, passage, roots, np.arange(steps * batch))
        live = live[..., None, None]
        found = {
            root: np.where(live, array.reshape(steps, batch, layer.size, -1), 0).astype(dtype)
            for root, array in zip(roots, arrays, strict=True)
        }
        transition = np.zeros((steps, batch, layer.size, layer.size), dtype)
        for name, root in pullback.states.items():
            transition[..., layer.states[name]] = found[root]
        transition += np.where(live, 0, np.eye(layer.size)).astype(dtype)
        factors = self._embedded(layer, found, read)
        for place, pull in enumerate(pullback.weights):
            columns = layer.own[str(place)]
            for outer in pull.outers:
                right = passage.values([outer.right])[outer.right]
                right = np.broadcast_to(right, (steps * batch, *outer.right.shape)).reshape(steps, batch, -1)
                factors.append(Factor(columns, found[outer.left], right.astype(dtype), outer.swapped))
            factors += [Factor(columns, found[value], None) for value in pull.rows]
        return LinearLayer(transition, self._below(depth, found, transition, mask), factors, layer.columns)

    def _embedded(self, layer: LayerStep, found: dict[Any, Array], symbols: Array | None) -> list[Factor]:
        """The factor of a learned embedding: the row of the symbol that was read."""
        into = layer.pullback.inputs.get("x")
        if layer.embedding is None or into is None:
            return []
        read = np.eye(layer.embedding[0], dtype=self.network.dtype)[symbols]
        return [Factor(layer.own["input.E"], found[into], read, swapped=True)]

    def _below(self, depth: int, found: dict[Any, Array], transition: Array, mask: Array | None) -> Array | None:
        """∂s_t/∂s'_t: through what the layer below hands on, thinned out by dropout, and through its states as such."""
        if depth == 0:
            return None
        layer, under = self.layers[depth], self.layers[depth - 1]
        total = np.zeros((*transition.shape[:3], under.size), self.network.dtype)
        inputs = layer.pullback.inputs
        if "x" in inputs:
            into, start = found[inputs["x"]], 0
            if mask is not None:
                into = into * mask[:, :, None, :]
            for name in under.pullback.traced.outputs:
                part = under.states[name]
                width = part.stop - part.start
                total[..., part] += into[..., start : start + width]
                start += width
        for name, value in inputs.items():
            if name.startswith(BELOW):
                total[..., under.states[name.removeprefix(BELOW)]] += found[value]
        return total
