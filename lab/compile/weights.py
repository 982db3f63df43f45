"""Weights: what the step reads of the parameters, made once an update, and the way of their gradients back."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.trace.graph import Var
from lab.trace.rules.evaluate import evaluate
from lab.trace.rules.vjp import vjp
from lab.trace.tracer import Traced

Array = NDArray[Any]


def parameter_gradients(
    traced: Traced, totals: Mapping[Var, Array], given: Mapping[Var, Array], dtype: np.dtype[Any]
) -> dict[str, Array]:
    """The gradients of the parameters, from those of the weights (summed over steps and samples)."""
    graph = traced.graph
    result = {
        name: np.zeros(leaf.shape, dtype, like=given[leaf])
        for name, leaf in traced.parameters.items()
        if traced.specs[name].trainable
    }
    leaves = {
        graph.leaf("weight_gradient", f"weight.{weight.number}", weight.shape): array
        for weight, array in totals.items()
    }
    seeds = dict(zip(totals, leaves, strict=True))
    found = vjp(seeds)
    wanted = {name: found[traced.parameters[name]] for name in result if traced.parameters[name] in found}
    arrays = evaluate(wanted.values(), dict(given) | leaves, dtype)
    for name, value in wanted.items():
        result[name] += arrays[value]
    return result
