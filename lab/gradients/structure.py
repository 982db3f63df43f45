"""What is zero in the linearised steps of a network whatever its weights, states and inputs are."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lab.gradients.linear import LinearLayer, linearised
from lab.gradients.pullback import FLOAT, Passage
from lab.gradients.steps import Steps
from lab.trace.rules.evaluate import evaluate

Array = NDArray[Any]

GENERIC: Final = 32
"""Samples by which the structure of a step is found: that a rectified unit is off in all of them has odds of 2⁻³²."""


def structure(steps: Steps) -> list[LinearLayer]:
    """The layers at some steps with random weights, states and inputs: what is zero in all of them always is.

    Constants of the cells are as they are. Steps are counted from 0 on, one for each of as many samples, (1, B).
    """
    random = np.random.default_rng(0)
    found: list[LinearLayer] = []
    for layer, under in zip(steps.layers, [None, *steps.layers], strict=False):
        traced = layer.pullback.traced
        values = {name: random.normal(size=leaf.shape) for name, leaf in traced.parameters.items()}
        states = {name: random.normal(size=(GENERIC, leaf.size)) for name, leaf in traced.states.items()}
        inputs = {name: random.normal(size=(GENERIC, leaf.size)) for name, leaf in traced.inputs.items()}
        if "t" in inputs:
            inputs["t"] = np.arange(GENERIC, dtype=FLOAT)[:, None]
        passage = Passage(traced, values | steps.calculus.constants(layer.block), states, inputs)
        symbols = np.arange(GENERIC)[None] % layer.embedding[0] if layer.embedding else None
        live = np.ones((1, GENERIC), bool)
        found.append(linearised(layer, under, passage, live, steps.network.dtype, symbols=symbols))
    return found


def learned(steps: Steps) -> Array:
    """Which entries of the weights learned parameters have a part in, of all columns: U ⊙ M only has some."""
    random = np.random.default_rng(0)
    found = np.ones(sum(steps.columns), bool)
    for layer in steps.layers:
        traced = layer.pullback.traced
        constants = steps.calculus.constants(layer.block)
        weights = [pull.weight for pull in layer.pullback.weights]
        drawn = []
        for _ in range(2):
            values = {name: random.normal(size=leaf.shape) for name, leaf in traced.parameters.items()} | constants
            drawn.append(evaluate(weights, {leaf: values[n] for n, leaf in traced.parameters.items()}, FLOAT))
        for place, weight in enumerate(weights):
            moved = (drawn[0][weight] != drawn[1][weight]).reshape(-1)
            found[layer.columns][layer.own[str(place)]] = moved
    return found
