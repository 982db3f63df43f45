"""The reference: the pass-free equations, one step after another, in any precision. It defines what is right."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lab.compile.adjoint import Adjoint, adjoint_of
from lab.compile.weights import parameter_gradients
from lab.trace.graph import Var
from lab.trace.rules.evaluate import evaluate
from lab.trace.tracer import Traced

Array = NDArray[Any]


@final
@dataclass(frozen=True, slots=True)
class Gradients:
    """∂L/∂ of parameters (as shaped), inputs (T, B, ·) and first states (B, ·)."""

    parameters: dict[str, Array]
    inputs: dict[str, Array]
    states: dict[str, Array]


@final
class Reference:
    """Runs a traced step over time exactly as written (trace with `simplify=False`)."""

    def __init__(self, traced: Traced, parameters: Mapping[str, Array], dtype: Any = np.float64) -> None:
        self.traced = traced
        self.dtype = np.dtype(dtype)
        self.given = {leaf: np.asarray(parameters[name], dtype) for name, leaf in traced.parameters.items()}
        self.adjoint: Adjoint | None = None

    def forward(
        self, inputs: Mapping[str, Array], initial: Mapping[str, Array] | None = None, lengths: Array | None = None
    ) -> tuple[dict[str, Array], dict[str, Array]]:
        """States (T+1, B, ·), beginning with the first state, and watched values (T, B, ·).

        Past its length a sequence keeps its state.
        """
        steps, batch = inputs["x"].shape[:2]
        states = {
            name: np.zeros((steps + 1, batch, *leaf.shape), self.dtype) for name, leaf in self.traced.states.items()
        }
        for name, value in (initial or {}).items():
            states[name][0] = value
        watched = {name: np.zeros((steps, batch, *v.shape), self.dtype) for name, v in self.traced.watch.items()}
        for t in range(steps):
            arrays = self._step(inputs, states, t)
            live = np.ones(batch, bool) if lengths is None else lengths > t
            for name, following in self.traced.next.items():
                new = np.broadcast_to(arrays[following], states[name][t].shape)
                states[name][t + 1] = np.where(live[:, None], new, states[name][t])
            for name, seen in self.traced.watch.items():
                watched[name][t] = arrays[seen]
        return states, watched

    def _step(
        self, inputs: Mapping[str, Array], states: Mapping[str, Array], t: int, extra: Any = ()
    ) -> dict[Var, Array]:
        given = dict(self.given)
        given |= {leaf: np.asarray(inputs[name][t], self.dtype) for name, leaf in self.traced.inputs.items()}
        given |= {leaf: states[name][t] for name, leaf in self.traced.states.items()}
        roots = [*self.traced.next.values(), *self.traced.watch.values()]
        return evaluate(roots, given | dict(extra), self.dtype)

    def backward(
        self,
        inputs: Mapping[str, Array],
        states: Mapping[str, Array],
        seeds: Mapping[str, Array],
        lengths: Array | None = None,
    ) -> Gradients:
        """Gradients of L for given ∂L/∂output (T, B, ·) at each step; nothing flows past a sequence's length."""
        traced = self.traced
        adjoint = self.adjoint = self.adjoint or adjoint_of(traced)
        steps, batch = inputs["x"].shape[:2]
        into = {name: np.zeros((steps, batch, *leaf.shape), self.dtype) for name, leaf in traced.inputs.items()}
        totals = {weight: np.zeros(weight.shape, self.dtype) for weight in adjoint.weights}
        carried = {name: np.zeros((batch, *leaf.shape), self.dtype) for name, leaf in traced.states.items()}
        roots = [*adjoint.leaving.values(), *adjoint.inputs.values(), *adjoint.weights.values()]
        for t in reversed(range(steps)):
            live = (np.ones(batch, bool) if lengths is None else lengths > t)[:, None]
            extra = {leaf: np.where(live, carried[name], 0) for name, leaf in adjoint.arriving.items()}
            extra |= {leaf: np.where(live, seeds[name][t], 0) for name, leaf in adjoint.seeds.items()}
            arrays = evaluate(roots, self._step(inputs, states, t) | extra, self.dtype)
            for name, value in adjoint.leaving.items():
                carried[name] = np.where(live, np.broadcast_to(arrays[value], carried[name].shape), carried[name])
            for name, value in adjoint.inputs.items():
                into[name][t] = arrays[value]
            for weight, value in adjoint.weights.items():
                totals[weight] += arrays[value].sum(axis=0) if value.batched else batch * arrays[value]
        return Gradients(self._parameters(totals), into, carried)

    def _parameters(self, totals: Mapping[Var, Array]) -> dict[str, Array]:
        return parameter_gradients(self.traced, totals, self.given, self.dtype)
