"""The executor: a program with its buffers at a capacity of T steps and B samples, run by a target."""

from collections.abc import Mapping
from typing import Any, Protocol, final

import numpy as np
from numpy.typing import NDArray

from lab.compile.after import After, Sum
from lab.compile.layout import Place, parameters_of, view_of
from lab.compile.program import Extent, Location, Product, Program, When
from lab.compile.weights import parameter_gradients
from lab.compile.workers import Workers
from lab.trace.graph import Var
from lab.trace.rules.evaluate import evaluate

Array = NDArray[Any]


class Scanner(Protocol):
    """What a target makes of a program for one executor."""

    def refresh(self) -> None:
        """Parameters have changed."""

    def rebind(self) -> None:
        """The number of active samples by step has changed."""

    def forward(self, first: int, last: int) -> None:
        """Run steps first ... last - 1."""

    def backward(self, first: int, last: int) -> None:
        """Run the adjoint of steps last - 1 ... first."""


class Target(Protocol):
    """Turns programs into scanners; `xp` is the array module (numpy, or what stands for it) of its arrays."""

    name: str
    xp: Any

    def scanner(self, executor: "Executor") -> Scanner: ...


@final
class Executor:
    """Runs a program forward and back over arrays (T, B, ·).

    Samples are ordered by length, longest first: `active[t]` of them take part in step t. `parameters` and `gradient`
    are the cell's part of the flat vectors, placed by `places`; `constants` are the parameters that are not learned.
    All arrays but `active` live where the target computes: make them with `xp`, read them with `to_host`.
    """

    def __init__(
        self,
        program: Program,
        target: Target,
        *,
        steps: int,
        batch: int,
        parameters: Array,
        gradient: Array,
        places: Mapping[str, Place],
        constants: Mapping[str, Array] | None = None,
        workers: Workers | None = None,
    ) -> None:
        self.program = program
        self.steps, self.batch = steps, batch
        self.dtype = parameters.dtype
        self.places = places
        self.workers = workers or Workers(1)
        self.gradient = gradient
        self.xp = target.xp
        extents = {
            Extent.SEQUENCE: (steps, batch),
            Extent.STATES: (steps + 1, batch),
            Extent.SCRATCH: (batch,),
            Extent.CARRY: (2, batch),
        }
        self.buffers: dict[str, Array] = {
            name: self.xp.zeros((*extents[buffer.extent], buffer.width), self.dtype)
            for name, buffer in program.buffers.items()
        }
        self.active = np.full(steps, batch, np.int64)
        self.leaves = self._leaves(parameters, constants or {})
        self.weights: dict[int, Array] = {}
        self._made: list[Var] = []
        self._bind_weights(parameters)
        self.after = After(program)
        self._direct = {s.weight.number: self._gradient_view(s) for s in self.after.sums}
        self._gradients = {name: place.view(gradient) for name, place in places.items()}
        self.scanner = target.scanner(self)

    def _leaves(self, parameters: Array, constants: Mapping[str, Array]) -> dict[Var, Array]:
        leaves = self.program.traced.parameters
        learned = {leaves[name]: place.view(parameters) for name, place in self.places.items()}
        return learned | {leaves[name]: self.xp.asarray(array, self.dtype) for name, array in constants.items()}

    def _bind_weights(self, parameters: Array) -> None:
        for weight in self.program.weights:
            view = self.leaves.get(weight)
            if view is None:
                view = view_of(weight, self.places, parameters)
            if view is None:
                view = self.xp.zeros(weight.shape, self.dtype)
                self._made.append(weight)
            self.weights[weight.number] = view

    def _gradient_view(self, one: Sum) -> Array | None:
        """The part of the flat gradient that a weight's gradient is, if its parameters serve no other weight."""
        mine = parameters_of(one.weight)
        if any(mine & parameters_of(s.weight) for s in self.after.sums if s is not one):
            return None
        return view_of(one.weight, self.places, self.gradient)

    def weight(self, value: Var) -> Array:
        """The array of a value of parameters or literals alone; it stays the same array from update to update."""
        if value.number not in self.weights:
            array = evaluate([value], self.leaves, self.dtype)[value]
            self.weights[value.number] = self.xp.array(array, self.dtype, order="C")
            if parameters_of(value):
                self._made.append(value)
        return self.weights[value.number]

    def use(self, target: Target) -> None:
        """Go on with another target of the same array module; the buffers stay as they are."""
        self.scanner = target.scanner(self)
        self.refresh()

    def refresh(self) -> None:
        """Take note of new parameters: call before the first step of every update."""
        if self._made:
            arrays = evaluate(self._made, self.leaves, self.dtype)
            for value in self._made:
                self.weights[value.number][...] = arrays[value]
        self.scanner.refresh()

    def set_active(self, active: Array) -> None:
        """Set how many samples take part in each step (not increasing over time); what lies beyond is cleared."""
        if len(active) == self.steps and (active == self.active).all():
            return
        self.active[:] = 0
        self.active[: len(active)] = active
        for name, buffer in self.program.buffers.items():
            if buffer.extent in (Extent.SEQUENCE, Extent.STATES):
                array = self.buffers[name][-self.steps :]
                for t in range(self.steps):
                    array[t, self.active[t] :] = 0
        self.scanner.rebind()

    def input(self, name: str) -> Array:
        """The buffer (T, B, ·) of an input, to be filled."""
        return self.buffers[name]

    def states(self, name: str) -> Array:
        """The buffer (T + 1, B, ·) of a state; entry 0 is the first state, to be set."""
        return self.buffers[f"s_{name}"]

    def seeds(self, name: str) -> Array:
        """The buffer (T, B, ·) of ∂L/∂ of an output, to be filled."""
        return self.buffers[f"g_{name}"]

    def first_gradient(self, name: str, first: int = 0) -> Array:
        """∂L/∂ of the state before step `first`, (B, ·), after `backward`."""
        return self.buffers[f"c_{name}"][1 - (first & 1)]

    def forward(self, first: int = 0, last: int | None = None) -> None:
        """Run steps first ... last - 1 from the state kept at `first`."""
        last = self.steps if last is None else last
        for step in self.program.before:
            if isinstance(step, Product):
                self._project(step, first, last)
            else:
                rows = self._rows(step.target, first, last)
                rows[...] = self._evaluated(step.value, first, last, step.target).reshape(rows.shape)
        self.scanner.forward(first, last)

    def _project(self, product: Product, first: int, last: int) -> None:
        source, target = self._rows(product.source, first, last), self._rows(product.target, first, last)
        weight = self.weights[product.weight.number]
        matrix = weight if product.transposed else weight.T
        self.workers.run(
            [
                lambda a=a, b=b: self.xp.matmul(source[a:b], matrix, out=target[a:b])  # type: ignore[misc]
                for a, b in self.workers.shares(len(source), 64)
            ]
        )

    def backward(self, first: int = 0, last: int | None = None) -> None:
        """Run the adjoint of steps last - 1 ... first; nothing arrives from beyond `last`."""
        last = self.steps if last is None else last
        for name, buffer in self.program.buffers.items():
            if buffer.extent is Extent.CARRY:
                self.buffers[name][...] = 0
        self.scanner.backward(first, last)

    def _rows(self, place: Location, first: int, last: int) -> Array:
        shift = int(place.when is When.NEXT)
        array = self.buffers[place.buffer][first + shift : last + shift]
        return array.reshape(-1, place.full)[:, place.start : place.start + place.width]

    def _value_rows(self, value: Var, first: int, last: int) -> Array:
        place = self.after.located(value)
        assert place is not None, value
        rows = self._rows(place, first, last)
        return rows.reshape(len(rows), *value.shape)

    def _evaluated(self, value: Var, first: int, last: int, into: Location | None = None) -> Array:
        weights = {one: self.weights[one.number] for one in self.program.weights}
        rows = (last - first) * self.batch
        array = self.after.evaluate(
            value, lambda v: self._value_rows(v, first, last), weights | self.leaves, self.dtype, into
        )
        return np.broadcast_to(array, (rows, *value.shape))

    def value(self, value: Var, first: int = 0, last: int | None = None) -> Array:
        """Any value of the step for all steps, (T, B, ·): kept ones are views, others are computed from those kept."""
        last = self.steps if last is None else last
        return self._evaluated(value, first, last).reshape(last - first, self.batch, *value.shape)

    def input_gradient(self, name: str, first: int = 0, last: int | None = None) -> Array:
        """∂L/∂ of an input, (T, B, ·), after `backward`."""
        last = self.steps if last is None else last
        total = self.program.adjoint.inputs[name]
        return self._evaluated(total, first, last).reshape(last - first, self.batch, *total.shape)

    def gradients(self, first: int = 0, last: int | None = None) -> None:
        """Sum the parameter gradients of steps first ... last - 1 into the flat gradient (which is overwritten)."""
        last = self.steps if last is None else last
        indirect: dict[Var, Array] = {}
        reached = set().union(*(parameters_of(s.weight) for s in self.after.sums), set())
        for name, place in self.places.items():
            if name not in reached or any(
                self._direct[s.weight.number] is None and name in parameters_of(s.weight) for s in self.after.sums
            ):
                place.view(self.gradient)[...] = 0
        for one in self.after.sums:
            out = self._direct[one.weight.number]
            if out is None:
                out = indirect[one.weight] = self.xp.zeros(one.weight.shape, self.dtype)
            self._sum_into(one, out, first, last)
        if indirect:
            found = parameter_gradients(self.program.traced, indirect, self.leaves, self.dtype)
            for name, array in found.items():
                self._gradients[name][...] += array

    def _sum_into(self, one: Sum, out: Array, first: int, last: int) -> None:
        fresh = True
        for left, right in one.outers:
            self._outer_into(self._value_rows(left, first, last), self._value_rows(right, first, last), out, fresh)
            fresh = False
        totals = [
            self.xp.ones(len(r), self.dtype) @ r for r in (self._value_rows(v, first, last) for v in one.rows) if r.ndim == 2
        ]
        totals += [r.sum(axis=0) for r in (self._value_rows(v, first, last) for v in one.rows) if r.ndim != 2]
        for left, right in one.products:
            pair = (self._value_rows(left, first, last), self._value_rows(right, first, last))
            totals.append(np.einsum("rj,rj->j", *pair) if pair[0].ndim == 2 else np.sum(pair[0] * pair[1], axis=0))
        totals += [self._evaluated(v, first, last).sum(axis=0) for v in one.others]
        for total in totals:
            if fresh:
                out[...] = total
            else:
                out += total
            fresh = False

    def _outer_into(self, left: Array, right: Array, out: Array, fresh: bool) -> None:
        """out (+)= leftᵀ right, split over the rows of the result, so that no sum is split."""

        def part(a: int, b: int) -> None:
            if fresh:
                self.xp.matmul(left[:, a:b].T, right, out=out[a:b])
            else:
                out[a:b] += left[:, a:b].T @ right

        self.workers.run([lambda a=a, b=b: part(a, b) for a, b in self.workers.shares(left.shape[1], 16)])  # type: ignore[misc]
