"""Directions: how the states of a whole network move, step by step, and what brings a step's weights into it.

Both cost as much as the step itself, whatever the number of weights: a tangent is carried forward (jvp), a cotangent
of one step's states is brought back to the weights that the step reads (vjp), no further in time.
"""

from collections.abc import Sequence
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lab.gradients.layer_step import LayerStep
from lab.gradients.pullback import Passage
from lab.gradients.steps import Steps
from lab.model.layer import BELOW
from lab.trace.graph import Var

Array = NDArray[Any]


@final
class Directions:
    """Steps first ... last - 1 that a network has run, to be followed in directions of its states and weights.

    `weights` is a direction of all weights, one layer after the other, in which they move at every step; without one
    they stay. Arrays are (B, ·), in the order in which the network runs the batch.
    """

    def __init__(self, steps: Steps, first: int, last: int, weights: Array | None = None) -> None:
        self.steps, self.batch = steps, steps.batch
        self._first = first
        self._live = steps.live(first, last)
        self._passages = [steps.passage(depth, first, last) for depth in range(len(steps.layers))]
        self._symbols = steps.network.symbols[first:last]
        self._embedding: Array | None = None
        self._turned = weights is not None
        for layer, passage in zip(steps.layers, self._passages, strict=True):
            if weights is not None:
                self._turn(layer, passage, weights[layer.columns])

    def _turn(self, layer: LayerStep, passage: Passage, direction: Array) -> None:
        for place, leaf in enumerate(layer.tangent.weights):
            passage.given[leaf] = np.asarray(direction[layer.own[str(place)]], np.float64).reshape(leaf.shape)
        if layer.embedding:
            self._embedding = direction[layer.own["input.E"]].reshape(layer.embedding)

    def tangent(self, step: int, states: Sequence[Array]) -> list[Array]:
        """How the states of each layer, (B, S), move in a step of the window, from how those before it do."""
        found: list[Array] = []
        for depth, layer in enumerate(self.steps.layers):
            arrived = {f"s {name}": array for name, array in layer.vector.split(states[depth]).items()}
            arrived |= self._inputs(depth, step, found[-1] if found else None)
            roots = layer.tangent.turned if self._turned else layer.tangent.still
            arrays = layer.tangent.sweep.values(self._passages[depth], roots, arrived, self._rows(step))
            following = np.concatenate([array.reshape(self.batch, -1) for array in arrays], axis=1)
            found.append(np.where(self._live[step][:, None], following, states[depth]))
        return found

    def _inputs(self, depth: int, step: int, below: Array | None) -> dict[str, Array]:
        """How the inputs of a layer move: as what the layer below hands on, or as the embedding of what is read."""
        layer = self.steps.layers[depth]
        traced = layer.pullback.traced
        found = {}
        for name, leaf in traced.inputs.items():
            if name == "t":
                continue
            array = np.zeros((self.batch, leaf.size))
            if below is not None:
                array = self._handed(depth, step, name, below)
            elif name == "x" and self._embedding is not None:
                array = np.asarray(self._embedding[self._symbols[step]], np.float64)
            found[f"i {name}"] = array.reshape(self.batch, *leaf.shape)
        return found

    def _handed(self, depth: int, step: int, name: str, below: Array) -> Array:
        vector = self.steps.layers[depth - 1].vector
        if name.startswith(BELOW):
            return below[:, vector.parts[name.removeprefix(BELOW)]]
        at = self._first + step
        mask = self.steps.mask(depth - 1, at, at + 1)
        array = vector.handed_on(below)
        return array if mask is None else array * mask[0]

    def _rows(self, step: int) -> Array:
        """The rows of a passage that are a step of the window."""
        return np.arange(self.batch) + step * self.batch

    def pull(self, step: int, states: Sequence[Array]) -> Array:
        """Cotangents of the states of each layer after a step, (B, S), brought back to the weights, (B, columns).

        Those of upper layers reach lower ones through what these handed on at this step; nothing goes to steps before.
        """
        found = np.zeros((self.batch, sum(self.steps.columns)))
        rows = self._rows(step)
        down: Array | None = None
        for depth in reversed(range(len(self.steps.layers))):
            layer, passage = self.steps.layers[depth], self._passages[depth]
            total = states[depth] if down is None else states[depth] + down
            total = np.where(self._live[step][:, None], total, 0.0)
            pullback = layer.pullback
            roots = list(dict.fromkeys([*pullback.inputs.values(), *pullback.parts]))
            pulled = pullback.pull(passage, roots, layer.vector.split(total), rows)
            arrays = dict(zip(roots, pulled, strict=True))
            self._into_weights(layer, passage, arrays, rows, found[:, layer.columns], step)
            if depth:
                at = self._first + step
                into = {name: arrays[value].reshape(1, self.batch, -1) for name, value in pullback.inputs.items()}
                down = self.steps.handed_down(depth, at, at + 1, into)[0]
        return found

    def _into_weights(
        self, layer: LayerStep, passage: Passage, arrays: dict[Var, Array], rows: Array, found: Array, step: int
    ) -> None:
        for place, pull in enumerate(layer.pullback.weights):
            part = found[:, layer.own[str(place)]]
            for outer in pull.outers:
                left, right = arrays[outer.left], passage.at(outer.right, rows)
                pair = (right, left) if outer.swapped else (left, right)
                part += (pair[0][:, :, None] * pair[1][:, None, :]).reshape(part.shape)
            for value in pull.rows:
                part += arrays[value].reshape(part.shape)
        into = layer.pullback.inputs.get("x")
        if layer.embedding and into is not None:
            part = found[:, layer.own["input.E"]].reshape(self.batch, *layer.embedding)
            part[np.arange(self.batch), self._symbols[step]] = arrays[into]
            found[:, layer.own["input.E"]] = part.reshape(self.batch, -1)
