"""Weights: what the step reads of the parameters, made once an update, and the way of their gradients back."""

from collections.abc import Mapping, Sequence
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lab.trace.graph import Var
from lab.trace.rules.evaluate import evaluate
from lab.trace.rules.vjp import vjp
from lab.trace.tracer import Traced

Array = NDArray[Any]


@final
class WeightGradients:
    """From the gradients of weights, (summed over steps and samples), to those of the parameters they are made of.

    Made once for a trace, which gets new equations by it.
    """

    def __init__(self, traced: Traced, weights: Sequence[Var]) -> None:
        graph = traced.graph
        self.weights = tuple(weights)
        self._shapes = {n: leaf.shape for n, leaf in traced.parameters.items() if traced.specs[n].trainable}
        self._leaves = [graph.leaf("weight_gradient", f"weight.{one.number}", one.shape) for one in weights]
        found = vjp(dict(zip(weights, self._leaves, strict=True)))
        leaves = traced.parameters
        self._wanted = {name: found[leaves[name]] for name in self._shapes if leaves[name] in found}

    def __call__(self, totals: Sequence[Array], given: Mapping[Var, Array], dtype: np.dtype[Any]) -> dict[str, Array]:
        """The gradients by the names of the parameters; `totals` are those of the weights, in their order."""
        like = next(iter(given.values()))
        result = {name: np.zeros(shape, dtype, like=like) for name, shape in self._shapes.items()}
        arrays = evaluate(self._wanted.values(), dict(given) | dict(zip(self._leaves, totals, strict=True)), dtype)
        for name, value in self._wanted.items():
            result[name] += arrays[value]
        return result


def parameter_gradients(
    traced: Traced, totals: Mapping[Var, Array], given: Mapping[Var, Array], dtype: np.dtype[Any]
) -> dict[str, Array]:
    """The gradients of the parameters, from those of the weights (summed over steps and samples)."""
    return WeightGradients(traced, list(totals))(list(totals.values()), given, dtype)
