"""One layer of a network as algorithms that go forward in time see it: its state, its weights, and their columns."""

from functools import cached_property
from typing import final

import numpy as np

from lab.compile.layout import stacked, view_of
from lab.compile.weights import WeightGradients
from lab.gradients.layer_tangent import LayerTangent
from lab.gradients.pullback import Pullback
from lab.gradients.state_vector import parts
from lab.model.blueprint import Block


@final
class LayerStep:
    """The equations of one layer, ready to be differentiated.

    `own` is where the entries of each of its weights lie among those of the layer, by the weight's place in the
    pullback, and first those of a learned `embedding` (symbols, width) as `input.E`; `columns` is where the layer's
    lie among those of the network.
    """

    def __init__(self, block: Block, pullback: Pullback, first_column: int, embedding: tuple[int, int] | None) -> None:
        self.block, self.pullback, self.embedding = block, pullback, embedding
        self.vector = pullback.vector
        rows = {"input.E": embedding[0] * embedding[1]} if embedding else {}
        sizes = {str(place): pull.weight.size for place, pull in enumerate(pullback.weights)}
        self.own = parts(rows | sizes)
        self.columns = slice(first_column, first_column + sum(sizes.values()) + sum(rows.values()))
        self.to_parameters = WeightGradients(pullback.traced, [pull.weight for pull in pullback.weights])
        names = [name for pull in pullback.weights for name in stacked(pull.weight)]
        self.plain = len(names) == len(set(names)) and all(
            view_of(pull.weight, block.places, np.zeros(block.size)) is not None for pull in pullback.weights
        )
        """Whether the weights are the parameters, or stacks of them that lie together: so are their gradients."""

    @cached_property
    def tangent(self) -> LayerTangent:
        """The tangent of the step."""
        return LayerTangent(self.pullback)
