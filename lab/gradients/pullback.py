"""The pullback: cotangents of the states after a step, brought back to all that the step was made from.

It is made from the equations themselves, for any rows of a sequence that was run, and computes in float64: what is left
of a gradient after a hundred steps is often smaller than float32 can say.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lab.compile.adjoint import weights_of
from lab.compile.layout import is_learned
from lab.gradients.state_vector import StateVector
from lab.trace.graph import Depends, Literal, Var, reachable
from lab.trace.rules.evaluate import EVALUATE, evaluate
from lab.trace.rules.vjp import vjp
from lab.trace.tracer import Traced

Array = NDArray[Any]
FLOAT: Final = np.dtype(np.float64)

_ACTIVATIONS: Final = ("tanh", "sigmoid", "relu")
_TRANSPARENT: Final = ("add", "sub", "neg", "slice", "reshape", "concat")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Outer:
    """A part of a weight's gradient that is Σ left ⊗ right, or right ⊗ left; `left` is what depends on cotangents."""

    left: Var
    right: Var
    swapped: bool


@final
@dataclass(frozen=True, slots=True, eq=False)
class WeightPull:
    """How the gradient of one weight is summed over rows: outer products, and whole values."""

    weight: Var
    outers: tuple[Outer, ...]
    rows: tuple[Var, ...]


def parts_of(pulls: Iterable[WeightPull]) -> tuple[Var, ...]:
    """What gradients of weights are made from and depends on cotangents: left sides first, then whole values."""
    pulls = list(pulls)
    lefts = [outer.left for pull in pulls for outer in pull.outers]
    return tuple(dict.fromkeys([*lefts, *(value for pull in pulls for value in pull.rows)]))


@final
class Pullback:
    """One step of a traced cell, backwards.

    `arriving` are the cotangents of the states after the step, `seeds` the same by the values that these are; `states`,
    `inputs` and `net` are those of the states before it, of the inputs, and of the net inputs Z, as equations; what is
    missing is zero. `weights` are the sums that make the gradients of weights, and `parts` all that these are made
    from and that depends on cotangents. The trace gets new equations: it must not be in use elsewhere.
    """

    def __init__(self, traced: Traced) -> None:
        self.traced = traced
        self.vector = StateVector(traced)
        graph = traced.graph
        self.arriving = {name: graph.leaf("cotangent", name, value.shape) for name, value in traced.next.items()}
        self.seeds: dict[Var, Var] = {}
        for name, value in traced.next.items():
            arriving = self.arriving[name]
            self.seeds[value] = self.seeds[value] + arriving if value in self.seeds else arriving
        weights = weights_of(traced.next.values())
        found = vjp(self.seeds, stop=weights)
        self.states = {name: found[leaf] for name, leaf in traced.states.items() if leaf in found}
        self.inputs = {name: found[leaf] for name, leaf in traced.inputs.items() if leaf in found and name != "t"}
        self.weights = tuple(
            _weight_pull(weight, found[weight])
            for weight in weights
            if weight in found and any(is_learned(value) for value in reachable([weight]))
        )
        self.parts = parts_of(self.weights)
        back = [(one, vjp(self.seeds, stop=[*weights, one])) for one in net_inputs(traced)]
        self.net = tuple(found[one] for one, found in back if one in found)
        self.sweep = Sweep(self.arriving)

    def pull(
        self, passage: "Passage", roots: Sequence[Var], cotangents: Mapping[str, Array], steps: int | Array
    ) -> list[Array]:
        """The arrays of roots, (R, ·), for cotangents (R, ·) that arrive at `steps`: one step, or one for each row."""
        return self.sweep.values(passage, roots, cotangents, steps)


@final
class Sweep:
    """Computes, step by step, what depends on values that arrive from another step; the rest is computed for all."""

    def __init__(self, arriving: Mapping[str, Var]) -> None:
        self.arriving = arriving
        self._fronts: dict[tuple[int, ...], list[Var]] = {}
        self._orders: dict[tuple[int, ...], list[Var]] = {}

    def values(
        self, passage: "Passage", roots: Sequence[Var], arrived: Mapping[str, Array], steps: int | Array
    ) -> list[Array]:
        """The arrays of roots, (R, ·), for what arrived, (R, ·), at `steps`: one step, or one for each row."""
        rows = len(next(iter(arrived.values())))
        given: dict[Var, Array] = {self.arriving[name]: array for name, array in arrived.items()}
        front = self.front(roots)
        arrays = passage.values(front)
        for value in front:
            array = arrays[value]
            if value.batched:
                # One row stands for all of them.
                array = array[steps : steps + 1] if isinstance(steps, int) else array[steps]
            given[value] = array
        for value in self._order(roots):
            if isinstance(value.origin, Literal):
                given[value] = np.asarray(value.origin.value, FLOAT)
            else:
                given[value] = EVALUATE[value.primitive](value, tuple(given[one] for one in value.inputs))
        return [np.broadcast_to(given[root], (rows, *root.shape)) for root in roots]

    def front(self, roots: Sequence[Var]) -> list[Var]:
        """The values that roots are made from and that nothing that arrives changes."""
        key = tuple(root.number for root in roots)
        if key not in self._fronts:
            found: dict[int, Var] = {}
            seen: set[int] = set()
            stack = list(roots)
            while stack:
                value = stack.pop()
                if value.number in seen or isinstance(value.origin, Literal):
                    continue
                seen.add(value.number)
                if value.depends & Depends.COTANGENT:
                    stack.extend(value.inputs)
                else:
                    found[value.number] = value
            self._fronts[key] = list(found.values())
        return self._fronts[key]

    def _order(self, roots: Sequence[Var]) -> list[Var]:
        """What is to be computed at each step, operands first."""
        key = tuple(root.number for root in roots)
        if key not in self._orders:
            known = {value.number for value in self.front(roots)}
            known |= {leaf.number for leaf in self.arriving.values()}
            reached, stack = dict.fromkeys(known), [root for root in roots if root.number not in known]
            order: list[Var] = []
            while stack:
                value = stack.pop()
                if value.number not in reached:
                    reached[value.number] = None
                    order.append(value)
                    stack.extend(value.inputs)
            self._orders[key] = sorted(order, key=lambda value: value.number)
        return self._orders[key]


@final
class Passage:
    """One sample's way through a block, by the block's own steps: what each of them was given.

    `states` (T + 1, ·) begin with the first state, `inputs` are (T, ·); `parameters` are all, learned or not.
    """

    def __init__(
        self, traced: Traced, parameters: Mapping[str, Array], states: Mapping[str, Array], inputs: Mapping[str, Array]
    ) -> None:
        self.steps = len(next(iter(inputs.values())))
        self.given: dict[Var, Array] = {
            leaf: np.asarray(parameters[name], FLOAT) for name, leaf in traced.parameters.items()
        }
        for name, leaf in traced.inputs.items():
            self.given[leaf] = np.asarray(inputs[name], FLOAT).reshape(self.steps, *leaf.shape)
        for name, leaf in traced.states.items():
            if name in states:
                self.given[leaf] = np.asarray(states[name][: self.steps], FLOAT).reshape(self.steps, *leaf.shape)

    def values(self, wanted: Sequence[Var]) -> dict[Var, Array]:
        """The arrays of values that no cotangent changes, (T, ·), or (·) where they are the same at all steps."""
        if any(value not in self.given for value in wanted):
            self.given = evaluate(wanted, self.given, FLOAT)
        return self.given

    def at(self, value: Var, rows: Array) -> Array:
        """The array of such a value at some steps, (R, *shape)."""
        array = self.values([value])[value]
        return array[rows] if value.batched else np.broadcast_to(array, (len(rows), *array.shape))


def net_inputs(traced: Traced) -> list[Var]:
    """Z: the sums with a product of a weight and a vector that an activation function is applied to.

    A next state that is itself such a sum, as in a linear unit, is one too.
    """
    values = [value for value in reachable(traced.next.values()) if value.batched]
    candidates = [value.inputs[0] for value in values if value.primitive in _ACTIVATIONS]
    candidates += list(traced.next.values())
    return list({value.number: value for value in candidates if _is_net(value)}.values())


def _is_net(value: Var) -> bool:
    if value.primitive == "matmul":
        matrix, vector = value.inputs
        return not matrix.batched and vector.batched
    return value.primitive in _TRANSPARENT and any(_is_net(operand) for operand in value.inputs)


def _weight_pull(weight: Var, total: Var) -> WeightPull:
    outers: list[Outer] = []
    rows: list[Var] = []
    for term in _terms(total):
        if not term.depends & Depends.COTANGENT:
            continue
        if term.primitive == "outer" and term.shape == weight.shape:
            left, right = term.inputs
            first = bool(left.depends & Depends.COTANGENT)
            if first != bool(right.depends & Depends.COTANGENT):
                outers.append(Outer(left, right, False) if first else Outer(right, left, True))
                continue
        rows.append(term)
    return WeightPull(weight, tuple(outers), tuple(rows))


def _terms(total: Var) -> Iterable[Var]:
    if total.primitive == "add" and all(term.shape == total.shape for term in total.inputs):
        for term in total.inputs:
            yield from _terms(term)
    else:
        yield total
